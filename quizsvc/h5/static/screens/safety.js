// How to tell this campaign from a fraud.

import { call, callAll } from "../api.js";
import { card, h, linkButton, notice, pairs, para, phoneLink } from "../dom.js";

export async function showSafety(slug) {
  const slugs = slug ? [slug] : (await callAll("campaigns")).map((one) => one.slug);
  const campaigns = [];
  for (const one of slugs) campaigns.push(await call("GET", "campaigns/{slug}", { slug: one }));
  return {
    title: "如何辨别真活动",
    back: slug ? `#/c/${slug}` : "#/",
    content: [
      notice("good", h("p", { class: "big" }, "我们不收任何费用、不索要密码和验证码、不让您下载软件或加群转账。")),
      para("谁这样要求您，谁就是骗子，哪怕他说得出您中了什么奖。"),
      card(
        "官方入口",
        h("p", { class: "hash" }, location.origin),
        h("p", { class: "soft" }, "别人发来的链接，先看开头是不是和这一行一模一样。"),
      ),
      campaigns.map((one) =>
        card(
          "主办方电话",
          pairs(["活动", one.title], ["单位", one.organiser.name], ["电话", phoneLink(one.organiser.contact)]),
        ),
      ),
      card(
        "拿不准，先打电话",
        para(h("a", { class: "big", href: "tel:96110" }, "96110"), " 反诈劝阻和咨询。这个号码打来的电话，请一定接。"),
        para(h("a", { class: "big", href: "tel:110" }, "110"), " 已经转了钱，马上报警，越早越好。"),
      ),
    ],
    actions: [linkButton("返回活动", slug ? `#/c/${slug}` : "#/", "plain")],
  };
}
