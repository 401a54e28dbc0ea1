// The own prizes: what, where and until when; the code for the desk, the coupon apart from it.

import { call, callAll } from "../api.js";
import { button, card, h, linkButton, more, notice, pairs, para, phoneLink, tag, told } from "../dom.js";
import { qrOf } from "../qr.js";
import { kept } from "../store.js";
import { AWARD_STATES, momentOf, spaced, untilOf, yuan } from "../words.js";

export async function showPrizes() {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  const awards = await callAll("me/awards");
  const campaigns = {};
  for (const slug of new Set(awards.map((one) => one.campaign)))
    campaigns[slug] = await call("GET", "campaigns/{slug}", { slug });
  return {
    title: "我的奖品",
    back: "#/",
    content: awards.length
      ? [
          notice("", para("领奖不收任何费用。工作人员不会要您的密码和验证码。")),
          awards.map((one) => awardCard(one, campaigns[one.campaign])).reverse(),
        ]
      : para("还没有中奖。答题通过得到抽奖券，就可以抽奖。"),
    actions: [linkButton("返回活动", "#/", awards.length ? "plain" : "")],
  };
}

function awardCard(award, campaign) {
  const [words, kind] = AWARD_STATES[award.state] ?? [award.state, ""];
  return card(
    [`${award.prize.name} `, tag(award.coupon && award.state === "won" ? "可以使用" : words, kind)],
    award.coupon ? couponOf(award.coupon) : award.state === "won" && deskOf(award, campaign),
    pairs(
      ["活动", campaign.title],
      ["中奖时间", momentOf(award.won_at)],
      !award.coupon && award.state === "won" && ["领奖截止", untilOf(award.expires_at)],
      award.state === "expired" && ["说明", "领奖期限已过，按规则视为放弃。有疑问请打主办方电话。"],
      award.state === "void" && ["说明", "这份奖品已作废，原因请打主办方电话询问。"],
      ["主办方电话", phoneLink(campaign.organiser.contact)],
    ),
  );
}

function deskOf(award, campaign) {
  return [
    para("到社区窗口出示下面的兑奖码，或者读给工作人员听："),
    qrOf(award.code),
    h("p", { class: "code" }, spaced(award.code)),
    more("到哪里领", told(campaign.rules.handover)),
  ];
}

function couponOf(coupon) {
  const said = h("span", { role: "status", class: "soft" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(coupon.code);
      said.textContent = "已复制";
    } catch {
      said.textContent = "这个浏览器不能复制，请长按券码";
    }
  };
  return [
    para("券码，只有您能看到，请不要发给别人："),
    h("p", { class: "big hash" }, coupon.code),
    para(button("复制券码", copy, "plain"), " ", said),
    pairs(["面值", yuan(coupon.face_value_fen)], ["券码有效期至", untilOf(coupon.expires_at)]),
  ];
}
