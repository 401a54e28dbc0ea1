// Checking the own draws: anchors are saved while a round is open, everything is recomputed when it is closed.

import { call } from "../api.js";
import { announce, button, h, linkButton, notice, pairs, refill } from "../dom.js";
import { Broken, canVerify, verify } from "../ledger.js";
import { keepAnchors, keepCommitments, receiptsOf, savedAnchors, seenCommitment } from "../receipts.js";
import { kept } from "../store.js";
import { momentOf, ROUND_STATES } from "../words.js";

export async function showCheck(slug) {
  const campaign = await call("GET", "campaigns/{slug}", { slug });
  keepCommitments(campaign);
  const [receipts] = await Promise.all([ownReceipts(slug), keepAnchors(slug)]);
  return {
    title: "核对抽奖",
    back: `#/c/${slug}`,
    content: [
      h("p", null, "一轮结束以后，签箱的种子和每一支签的记录都会公开。这部手机可以把签箱重新洗一遍，逐条核对，也找您自己的那一条。"),
      !canVerify() && notice("warn", h("p", null, "核对要用到浏览器的加密功能，只有以“https://”开头的地址才能用。请换用正式地址，或者请懂电脑的人用公开的核对程序检查。其他功能不受影响。")),
      campaign.rounds.length
        ? campaign.rounds.map((round) => roundCard(slug, round, receipts.filter((one) => one.round === round.no)))
        : h("p", null, "本活动没有抽奖。"),
    ],
    actions: [linkButton("返回活动", `#/c/${slug}`, "plain")],
  };
}

async function ownReceipts(slug) {
  if (!kept("me.session")) return [];
  const state = await call("GET", "campaigns/{slug}/me", { slug });
  const closing = state.closing_draw?.position ? [{ ...state.closing_draw, prize: undefined }] : [];
  return [...(await receiptsOf(slug, state.tickets)), ...closing];
}

function roundCard(slug, round, receipts) {
  const place = h("div");
  const saved = savedAnchors(slug, round.no);
  const check = button("现在核对", () => checkNow(), "plain");

  async function checkNow() {
    check.disabled = true;
    const bar = h("div", { class: "progress", role: "progressbar", "aria-label": "核对进度", "aria-valuemin": "0", "aria-valuemax": "100" }, h("div"));
    refill(place, h("p", null, "正在核对，请稍等……"), bar);
    const onProgress = (part) => {
      bar.firstChild.style.width = `${Math.round(part * 100)}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(part * 100)));
    };
    try {
      const bundle = await call("GET", "campaigns/{slug}/rounds/{no}/ledger", { slug, no: round.no });
      const seen = seenCommitment(slug, round.no);
      const said = await verify(bundle, { saved: { commitment: seen?.commitment, anchors: saved }, receipts, onProgress });
      refill(place, notice("good", h("p", { class: "big" }, "核对通过"), h("ul", null, said.map((one) => h("li", null, one)))));
      announce("核对通过");
    } catch (error) {
      refill(place, error instanceof Broken
        ? notice("bad", h("p", { class: "big" }, "核对没有通过"), h("p", null, error.message), h("p", null, "请把这一页截图，打主办方电话询问，也可以向 12345 反映。"))
        : notice("warn", h("p", null, error.message)));
    } finally {
      check.disabled = false;
    }
  }

  return h("div", { class: "card" },
    h("h2", null, `第 ${round.no} 轮 `, h("span", { class: "mark" }, ROUND_STATES[round.state])),
    receipts.length
      ? pairs(...receipts.map((one) => [`签号 ${one.position}，${momentOf(one.drawn_at)}`, one.prize === undefined ? "收尾抽奖" : one.prize ? `中了${one.prize.name}` : "没有中奖"]))
      : h("p", { class: "soft" }, "这一轮没有您的抽奖。"),
    round.state === "open" && h("p", { class: "soft" }, `这部手机存下了 ${saved.length} 个锚点（系统每小时公布一次的记录指纹），结束后用来核对。`),
    round.state === "closed" && canVerify() && check,
    place);
}
