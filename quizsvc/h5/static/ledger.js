// A closed round recomputed on this phone: commitment, deck, outcomes, chain, anchors, the own lines. Trusts nobody.

import { outcomeOf } from "./words.js";

const HEADER = [
  "campaign",
  "round",
  "cards",
  "beacon",
  "prizes",
  "planned",
  "carried",
  "rules_hash",
  "commitment",
  "previous_head",
  "list_hash",
];
const STRETCH = 500; // cards and lines between two looks at the screen
const utf8 = new TextEncoder();

/** The first thing that is wrong, and where, in a sentence for people. */
export class Broken extends Error {}

/** Whether this browser can compute hashes: only where the page came by HTTPS (or from this machine). */
export const canVerify = () => globalThis.crypto?.subtle !== undefined;

const hexOf = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const sha256 = async (text) =>
  hexOf(await crypto.subtle.digest("SHA-256", typeof text === "string" ? utf8.encode(text) : text));

/** The one text of a JSON value: keys sorted, no spaces, nothing escaped that need not be. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)
    .join(",")}}`;
}

/**
 * Recompute a published round. `saved`: what this phone saw before: {commitment, anchors}; `receipts`: the own draws.
 * Returns what was checked, a sentence each; throws Broken at the first wrong thing. `onProgress` gets 0 to 1.
 */
export async function verify(bundle, { saved, receipts, onProgress }) {
  const said = await checkBox(bundle, saved.commitment);
  const deck = await deckOf(bundle, (part) => onProgress(part * 0.6));
  said.push(`用种子把 ${bundle.cards} 支签重新洗了一遍。`);
  const texts = await checkLines(bundle, deck, (part) => onProgress(0.6 + part * 0.3));
  said.push(`${bundle.lines.length} 条抽奖记录逐条对上，前后记录的指纹连成一串，中间没有改动。`);
  if (bundle.list_hash) {
    await checkClosingDraw(bundle);
    said.push("参加收尾抽奖的名单和顺序，与公开数定下的一致。");
  }
  said.push(...(await checkAnchors(bundle, texts, saved.anchors)));
  said.push(...receipts.map((receipt) => checkReceipt(bundle, receipt)));
  onProgress(1);
  return said;
}

async function checkBox(bundle, seen) {
  if ((await sha256(bytesOf(bundle.seed))) !== bundle.commitment) throw new Broken("公布的种子与承诺值对不上。");
  if (seen && seen !== bundle.commitment) throw new Broken("承诺值与这部手机早先看到的不一样，签箱被换过。");
  const total = {};
  for (const one of [...bundle.planned, ...bundle.carried]) total[one.code] = (total[one.code] ?? 0) + one.count;
  const listed = Object.fromEntries(bundle.prizes.filter((one) => one.count).map((one) => [one.code, one.count]));
  if (canonical(total) !== canonical(listed)) throw new Broken("箱里的奖品数与公布的不一样。");
  return [seen ? "种子与承诺值一致，承诺值就是这部手机在抽奖前看到的那一个。" : "种子与承诺值一致。"];
}

/** What each card carries: cards rank by HMAC, the lowest ranks take the prizes in the order of the list. */
async function deckOf({ seed, campaign, round, beacon, cards, prizes }, onProgress) {
  const key = await crypto.subtle.importKey("raw", bytesOf(seed), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const ranked = [];
  for (let first = 1; first <= cards; first += STRETCH) {
    const stretch = Array.from({ length: Math.min(STRETCH, cards - first + 1) }, (_, index) => first + index);
    const rankOf = async (card) => [
      hexOf(
        await crypto.subtle.sign("HMAC", key, utf8.encode(`quizsvc/deck/v1|${campaign}|${round}|${beacon}|${card}`)),
      ),
      card,
    ];
    ranked.push(...(await Promise.all(stretch.map(rankOf))));
    onProgress(first / cards);
  }
  ranked.sort(([one], [other]) => (one < other ? -1 : 1));
  const carried = prizes.flatMap((prize) => Array(prize.count).fill(prize.code));
  if (carried.length > cards) throw new Broken("奖品比签还多。");
  return new Map(carried.map((code, index) => [ranked[index][1], code])); // a card that is not in it is a blank
}

async function checkLines(bundle, deck, onProgress) {
  let head = await sha256(
    canonical(Object.fromEntries(HEADER.filter((name) => name in bundle).map((name) => [name, bundle[name]]))),
  );
  let before = 0;
  const tickets = new Set();
  const texts = [];
  for (const [index, line] of bundle.lines.entries()) {
    const { hash, ...rest } = line;
    const where = `第 ${index + 1} 条记录（签号 ${line.position}）`;
    if (!(before < line.position && line.position <= bundle.cards)) throw new Broken(`${where}：签号的顺序不对。`);
    if (tickets.has(line.ticket)) throw new Broken(`${where}：同一张抽奖券出现了两次。`);
    if (line.prize !== (deck.get(line.position) ?? null)) throw new Broken(`${where}：记录的结果与签箱里的签不一样。`);
    texts.push(canonical(rest));
    head = await sha256(head + texts.at(-1));
    if (hash !== head) throw new Broken(`${where}：这一条或它前面的内容被改过，指纹接不上。`);
    before = line.position;
    tickets.add(line.ticket);
    if (index % STRETCH === 0) onProgress(index / bundle.lines.length);
  }
  if (head !== bundle.head) throw new Broken("最后的总指纹对不上。");
  return texts;
}

/** Who took part was fixed by its hash before the public number; that alone decides who takes which card. */
async function checkClosingDraw(bundle) {
  const listed = bundle.lines.map((line) => line.ticket);
  if ((await sha256(canonical([...listed].sort()))) !== bundle.list_hash)
    throw new Broken("收尾抽奖的名单与事先公布的指纹对不上。");
  const ordered = await Promise.all(listed.map(async (alias) => [await sha256(`${bundle.beacon}|${alias}`), alias]));
  ordered.sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [index, line] of bundle.lines.entries()) {
    if (line.position !== index + 1 || line.ticket !== ordered[index][1]) {
      throw new Broken(`第 ${index + 1} 条记录（签号 ${line.position}）：不是公开数定下的顺序。`);
    }
  }
}

/** Every anchor's count; the text behind it for those that this phone saved itself, and for the last published one. */
async function checkAnchors(bundle, texts, saved) {
  const drawn = bundle.lines.map((line) => Date.parse(line.drawn_at));
  for (const anchor of bundle.anchors) {
    if (drawn.filter((at) => at <= Date.parse(anchor.at)).length !== anchor.count) {
      throw new Broken(`${anchor.at} 的锚点：当时的抽奖次数与记录不一样。`);
    }
  }
  for (const anchor of [...bundle.anchors.slice(-1), ...saved]) {
    const covered = texts.filter((_, index) => drawn[index] <= Date.parse(anchor.at));
    if (covered.length !== anchor.count || (await sha256(covered.join("\n"))) !== anchor.digest) {
      throw new Broken(`${anchor.at} 的锚点：当时已有的抽奖记录后来被改过。`);
    }
  }
  if (saved.length) return [`这部手机在抽奖期间存下的 ${saved.length} 个锚点都对得上，记录没有事后重写。`];
  return ["这部手机没有存过锚点，只能说明公开的记录自己前后一致；要排除事后整本重写，请与别人保存的锚点对照。"];
}

function checkReceipt(bundle, receipt) {
  const line = bundle.lines.find((one) => one.ticket === receipt.ticket);
  if (!line) throw new Broken(`您的凭据（签号 ${receipt.position}）不在公开的记录里。`);
  const asShown = line.position === receipt.position && Date.parse(line.drawn_at) === Date.parse(receipt.drawn_at);
  if (!asShown || (receipt.prize !== undefined && line.prize !== (receipt.prize?.code ?? null))) {
    throw new Broken(`第 ${bundle.lines.indexOf(line) + 1} 条记录（签号 ${line.position}）：与您的凭据不一样。`);
  }
  return `您的凭据（签号 ${receipt.position}，${outcomeOf(receipt)}）在记录里，一字不差。`;
}
