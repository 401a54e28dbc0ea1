// A volunteer's tallies on this phone: made without a network, sent in batches, kept until the service has them.
//
// "out.<who>.<id>.<revision>" waits to be sent; with a `problem`, for a person. It outlives a log-out: what was counted
// at the door is not lost because somebody else used the phone. "me.today.<id>" is what was told last of a visit today.
// Each lies under a name of its own, so that two open pages spoil nothing.

import { call } from "./api.js";
import { drop, keep, kept, keptNames } from "./store.js";
import { dayOf } from "./words.js";

const MOST_AT_ONCE = 100;
const FORGOTTEN = new Set(["created", "duplicate", "held"]);

/** A random UUID; `crypto.randomUUID` is missing where the page came by plain HTTP. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const changed = () => window.dispatchEvent(new Event("tallies"));

const outbox = () => `out.${kept("me.who")}.`;
const waiting = () => keptNames(outbox()).map((name) => ({ name, ...kept(name) }));
export const unsent = () => waiting().filter((one) => !one.problem);
export const stuck = () => waiting().filter((one) => one.problem);

/** What was told today, the latest first. */
export function toldToday() {
  const today = dayOf(Date.now());
  const all = keptNames("me.today.").map((name) => ({ name, ...kept(name) }));
  all.filter((one) => one.day !== today).forEach((one) => drop(one.name));
  return all.filter((one) => one.day === today).sort((one, other) => other.told - one.told);
}

export const lastTold = () => kept("me.last");

/** Keep a visit to be sent: a new one, or the next revision of one that was told before. */
export function tell(content, before = null) {
  const tally = { ...content, id: before?.id ?? newId(), revision: (before?.revision ?? 0) + 1 };
  keep("me.last", content);
  putAway(tally);
  return tally;
}

/** Take a visit back: it counts no more, whatever was or will be told of it. */
export function takeBack(tally) {
  putAway({ id: tally.id, revision: tally.revision + 1, void: true }, tally);
}

function putAway(tally, shown = tally) {
  keep(`${outbox()}${tally.id}.${tally.revision}`, { tally });
  keep(`me.today.${tally.id}`, {
    tally: { ...shown, revision: tally.revision },
    void: tally.void ?? false,
    state: "unsent",
    day: dayOf(Date.now()),
    told: Date.now(),
  });
  changed();
}

/** Forget what the service will not take, when a person has decided so. */
export function forget(one) {
  drop(one.name);
  changed();
}

let sending = null;

/** Send all that waits. Safe at any time: the service knows each by id and revision. Throws what the network throws. */
export function send() {
  sending ??= sendAll().finally(() => (sending = null));
  return sending;
}

async function sendAll() {
  let clockOff = false;
  for (let batch = unsent().slice(0, MOST_AT_ONCE); batch.length; batch = unsent().slice(0, MOST_AT_ONCE)) {
    const body = { clock: new Date().toISOString(), tallies: batch.map((one) => one.tally) };
    const answer = await call("POST", "outreach/tallies", {}, body);
    answer.results.forEach((result, index) => settle(batch[index], result));
    clockOff ||= answer.clock_off;
    changed();
  }
  return { clockOff };
}

function settle({ name, tally }, result) {
  if (FORGOTTEN.has(result.status)) drop(name);
  else keep(name, { tally, problem: { status: result.status, reason: result.reason, fields: result.fields } });
  const today = kept(`me.today.${tally.id}`);
  const state = result.status === "duplicate" && result.reason ? "held" : result.status; // whose first answer was lost
  if (today?.tally.revision === tally.revision) keep(`me.today.${tally.id}`, { ...today, state, reason: result.reason });
}
