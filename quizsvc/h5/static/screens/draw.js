// One draw: the outcome is the service's, the box is only a picture.

import { call, patiently } from "../api.js";
import { announce, button, h, linkButton, more, notice, pairs, para, refill } from "../dom.js";
import { keepAnchors, keepReceipt } from "../receipts.js";
import { kept } from "../store.js";
import { momentOf, spaced } from "../words.js";

const SHAKEN_MS = 1400;
const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function showDraw(slug, ticket) {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  const state = await call("GET", "campaigns/{slug}/me", { slug });
  const own = state.tickets.find((one) => one.id === ticket);
  if (!own) return { go: `#/c/${slug}` };
  const next = state.tickets.find((one) => !one.drawn && one.id !== ticket);
  const drawing = new Drawing(slug, ticket, next);
  if (own.drawn) drawing.draw(0); // a repeat is answered with what stands
  return { title: "抽奖", back: `#/c/${slug}`, content: drawing.place, actions: [drawing.button] };
}

class Drawing {
  constructor(slug, ticket, next) {
    Object.assign(this, { slug, ticket, next });
    this.box = h(
      "div",
      { class: "box", "aria-hidden": "true" },
      h("div", { class: "clip" }, h("div", { class: "slip" })),
      h("div", { class: "body" }),
    );
    this.said = h(
      "div",
      { "aria-live": "polite" },
      para("签箱在活动开始前就封好了。您取到的是下一支签，中不中在封箱时就定了，谁也改不了。"),
    );
    this.place = h("div", null, this.box, this.said);
    this.button = button("抽一支签", () => this.draw(still() ? 0 : SHAKEN_MS));
  }

  async draw(shaken) {
    this.button.disabled = true;
    this.box.className = "box drawing";
    refill(this.said, para("正在抽签……"));
    const wait = (error) =>
      refill(this.said, notice("", para(`${error.message}。不用着急，抽奖券还在，正在为您重试。`)));
    try {
      const asked = patiently(() => call("PUT", "tickets/{ticket}/draw", { ticket: this.ticket }), wait);
      const [outcome] = await Promise.all([asked, pause(shaken)]);
      keepReceipt(this.ticket, outcome);
      keepAnchors(this.slug).catch(() => {}); // good to have, not needed
      this.show(outcome);
    } catch (error) {
      this.box.className = "box";
      this.button.disabled = false;
      this.button.textContent = "再试一次";
      refill(this.said, notice("warn", para(error.message), para("抽奖券没有用掉，可以稍后再抽。")));
    }
  }

  show(outcome) {
    const { slug, next } = this;
    const won = outcome.outcome === "won";
    this.box.className = "box drawn";
    refill(this.place, this.box, outcomeCard(outcome));
    announce(won ? `中奖了：${outcome.prize.name}` : "这支签没有奖");
    const ways = [
      won ? linkButton("看我的奖品", "#/prizes") : linkButton("返回活动", `#/c/${slug}`, next ? "plain" : ""),
      next && linkButton("抽下一张", `#/c/${slug}/draw/${next.id}`, won ? "plain" : ""),
    ];
    this.button.replaceWith(...ways.filter(Boolean));
  }
}

function outcomeCard({ outcome, prize, receipt }) {
  const won = outcome === "won";
  return h(
    "div",
    { class: `outcome ${outcome}` },
    h("p", { class: "seal" }, won ? "中奖" : "这支签没有奖"),
    won && h("p", { class: "big" }, prize.name),
    para(won ? "奖品在“我的奖品”里，领奖不收任何费用。" : "谢谢参与。您学到的防骗知识，比奖品更值钱。"),
    more(
      "抽奖凭据",
      pairs(
        ["轮次", `第 ${receipt.round} 轮`],
        ["签号", String(receipt.position)],
        ["券号", h("span", { class: "hash aloud" }, spaced(receipt.ticket))],
        ["时间", momentOf(receipt.drawn_at)],
      ),
      h("p", { class: "soft small" }, "凭据已经存在这部手机上。以后在“核对抽奖”里也能看到，轮次结束后可以对照公开的记录。"),
    ),
  );
}
