// The public API, as any other client meets it.

import { drop, keep, kept } from "./store.js";

const BASE = "/api/v1/";
const PATIENCE_MS = 20_000;

/** The service said no, in a sentence for people. */
export class Refused extends Error {
  constructor(status, content, retryAfter) {
    super(content?.errmsg ?? "系统暂时没有回应，请稍后再试");
    this.status = status;
    this.code = content?.errcode ?? "";
    this.retryAfter = retryAfter;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {
  constructor() {
    super("网络连接不上，请检查网络后再试");
  }
}

/** The service's time, as far as this phone can know it: an answer's Date corrects the phone's clock. */
export const serverNow = () => Date.now() + (kept("clock") ?? 0);

function setClock(response, asked) {
  const said = Date.parse(response.headers.get("Date") ?? "");
  const answered = Date.now();
  if (Number.isNaN(said) || answered - asked > 5000) return;
  const ahead = said + 500 - (asked + answered) / 2; // Date is cut to the second
  keep("clock", Math.abs(ahead) < 1500 ? 0 : Math.round(ahead));
}

const filledIn = (path, parts) => path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parts[name]));

/** Ask, and get the content. `parts` fill the braces of the path. Throws Refused or Unreachable. */
export async function call(method, path, parts = {}, body = undefined) {
  const headers = { "Accept-Language": "zh" };
  const session = kept("me.session");
  if (session) headers.Authorization = `Bearer ${session.token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const asked = Date.now();
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), PATIENCE_MS);
  let response, content;
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    response = await fetch(BASE + filledIn(path, parts), { method, headers, body: text, signal: impatience.signal });
    content = response.status === 204 ? null : await response.json();
  } catch (error) {
    if (!(response && error instanceof SyntaxError)) throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
  setClock(response, asked);
  if (response.ok) return content;
  if (response.status === 401 && session) drop("me.session");
  throw new Refused(response.status, content, Number(response.headers.get("Retry-After")) || 1);
}

/** All items of a list, page by page. */
export async function callAll(path, parts = {}) {
  const first = `${path}${path.includes("?") ? "&" : "?"}limit=200`;
  const items = [];
  let next = null;
  do {
    const page = await call("GET", next ? `${first}&cursor={next}` : first, { ...parts, next });
    items.push(...page.items);
    next = page.next;
  } while (next);
  return items;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Try again while the service asks for patience (429, 503): as long as it says and a little more, some times. */
export async function patiently(ask, onWait, tries = 5) {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      const mayRepeat = error instanceof Refused && (error.status === 429 || error.status === 503);
      if (!mayRepeat || tried === tries || error.retryAfter > 60) throw error;
      onWait(error);
      await pause(error.retryAfter * 1000 * (1 + Math.random() * 0.5) + Math.random() * 300 * tried);
    }
  }
}
