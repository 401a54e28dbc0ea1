// Checking the own draws: anchors are saved while a round is open, everything is recomputed when it is closed.

import { call } from "../api.js";
import { announce, button, card, h, linkButton, notice, pairs, para, phoneLink, refill, tag } from "../dom.js";
import { Broken, canVerify, verify } from "../ledger.js";
import { keepAnchors, keepCommitments, receiptsOf, savedAnchors, seenCommitment } from "../receipts.js";
import { kept } from "../store.js";
import { momentOf, outcomeOf, roundState, spaced } from "../words.js";

export async function showCheck(slug) {
  const campaign = await call("GET", "campaigns/{slug}", { slug });
  keepCommitments(campaign);
  const [receipts] = await Promise.all([ownReceipts(slug), keepAnchors(slug)]);
  return {
    title: "核对抽奖",
    back: `#/c/${slug}`,
    content: [
      para(
        "一轮结束以后，签箱的种子和每一支签的记录都会公开。这部手机可以把签重新洗一遍，逐条核对，也找您自己的那一条。",
      ),
      !canVerify() &&
        notice(
          "warn",
          para("核对只有以“https://”开头的地址才能用。请换用正式地址，或者用公开的核对程序检查。其他功能不受影响。"),
        ),
      campaign.rounds.length
        ? campaign.rounds.map((round) =>
            roundCard(
              campaign,
              round,
              receipts.filter((one) => one.round === round.no),
            ),
          )
        : para("本活动没有抽奖。"),
      receipts.length > 0 && askCard(campaign.organiser),
    ],
    actions: [linkButton("返回活动", `#/c/${slug}`, "plain")],
  };
}

/** What a complaint needs: the ticket's name, and whom to tell. */
const askCard = ({ name, contact }) =>
  card(
    "对抽奖有疑问",
    para("打电话给主办方，把上面的券号念给工作人员听，就能查清整个过程。不用说姓名，也不要说兑奖码。"),
    pairs(["主办方", name], ["电话", phoneLink(contact)]),
  );

async function ownReceipts(slug) {
  if (!kept("me.session")) return [];
  const state = await call("GET", "campaigns/{slug}/me", { slug });
  const closing = state.closing_draw?.position ? [{ ...state.closing_draw, prize: undefined }] : [];
  return [...(await receiptsOf(slug, state.tickets)), ...closing];
}

function roundCard(campaign, round, receipts) {
  const { slug } = campaign;
  const saved = savedAnchors(slug, round.no);
  const place = h("div");
  const check = button("现在核对", () => checkNow(), "plain");
  const checkNow = async () => {
    check.disabled = true;
    refill(place, await verdict(slug, round.no, { saved, receipts, bar: shownProgress(place) }));
    check.disabled = false;
  };
  return card(
    [`第 ${round.no} 轮 `, tag(roundState(round, campaign))],
    receipts.length ? pairs(...receipts.map(receiptRow)) : h("p", { class: "soft" }, "这一轮没有您的抽奖。"),
    round.state === "open" &&
      h("p", { class: "soft" }, `这部手机存下了 ${saved.length} 个锚点（每小时公布一次的记录指纹），结束后用来核对。`),
    round.state === "closed" && canVerify() && check,
    place,
  );
}

const receiptRow = (one) => [
  `签号 ${one.position}，${momentOf(one.drawn_at)}`,
  [outcomeOf(one), h("br"), "券号 ", h("span", { class: "hash aloud" }, spaced(one.ticket))],
];

/** Say that it is going on, and return what moves the bar. */
function shownProgress(place) {
  const bar = h("div", { class: "progress", role: "progressbar", "aria-label": "核对进度" }, h("div"));
  refill(place, para("正在核对，请稍等……"), bar);
  return (part) => {
    bar.firstChild.style.width = `${Math.round(part * 100)}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(part * 100)));
  };
}

/** Recompute a closed round; what to say of it. */
async function verdict(slug, no, { saved, receipts, bar }) {
  try {
    const bundle = await call("GET", "campaigns/{slug}/rounds/{no}/ledger", { slug, no });
    const seen = { commitment: seenCommitment(slug, no)?.commitment, anchors: saved };
    const said = await verify(bundle, { saved: seen, receipts, onProgress: bar });
    announce("核对通过");
    const list = h(
      "ul",
      null,
      said.map((one) => h("li", null, one)),
    );
    return notice("good", h("p", { class: "big" }, "核对通过"), list);
  } catch (error) {
    announce("核对没有通过");
    if (!(error instanceof Broken)) return notice("warn", para(error.message));
    return notice(
      "bad",
      h("p", { class: "big" }, "核对没有通过"),
      para(error.message),
      para("请把这一页截图，打主办方电话询问，也可以向 12345 反映。"),
    );
  }
}
