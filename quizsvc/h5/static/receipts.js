// What this phone saw before a round was over, to be held against what is published after.

import { call } from "./api.js";
import { keep, kept } from "./store.js";

/** Remember each box's fingerprint as it was first seen; later ones never replace it. */
export function keepCommitments(campaign) {
  const seen = kept(`seen.${campaign.slug}`) ?? {};
  for (const round of campaign.rounds)
    seen[round.no] ??= { commitment: round.commitment, at: new Date().toISOString() };
  keep(`seen.${campaign.slug}`, seen);
}

export const seenCommitment = (slug, no) => kept(`seen.${slug}`)?.[no] ?? null;

const ANCHORS_KEPT = 12;

/** Save the newest anchors of the rounds that are going on. */
export async function keepAnchors(slug) {
  const { rounds } = await call("GET", "campaigns/{slug}/anchors", { slug });
  const saved = kept(`anchors.${slug}`) ?? {};
  for (const { no, anchors } of rounds) {
    const known = saved[no] ?? [];
    const fresh = anchors.filter((one) => !known.length || Date.parse(one.at) > Date.parse(known.at(-1).at)).slice(-1);
    saved[no] = [...known, ...fresh].slice(-ANCHORS_KEPT);
  }
  keep(`anchors.${slug}`, saved);
}

export const savedAnchors = (slug, no) => kept(`anchors.${slug}`)?.[no] ?? [];

/** Keep a draw's receipt as it was given; a later one for the same ticket never replaces it. */
export function keepReceipt(ticket, outcome) {
  const name = `me.receipt.${outcome.receipt.campaign}.${ticket}`;
  if (!kept(name)) keep(name, { ...outcome.receipt, prize: outcome.prize });
}

/** The own receipts of a campaign; those that another phone was given are fetched. */
export async function receiptsOf(slug, tickets) {
  const found = [];
  for (const ticket of tickets.filter((one) => one.drawn)) {
    if (!kept(`me.receipt.${slug}.${ticket.id}`)) {
      keepReceipt(ticket.id, (await call("GET", "tickets/{ticket}", { ticket: ticket.id })).draw);
    }
    found.push(kept(`me.receipt.${slug}.${ticket.id}`));
  }
  return found.sort((one, other) => one.round - other.round || one.position - other.position);
}
