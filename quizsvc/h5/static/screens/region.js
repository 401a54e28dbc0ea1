// The own community, so that its figures are right. Never a position.

import { call, callAll } from "../api.js";
import { announce, button, h, refill } from "../dom.js";
import { keep, kept } from "../store.js";

export async function showRegion(slug) {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  const campaign = await call("GET", "campaigns/{slug}", { slug });
  const regions = await callAll("regions?under={under}&level=community", { under: campaign.rules.region });
  const wrong = h("p", { role: "alert" });
  const choose = async (region) => {
    try {
      await call("PUT", "me/region", {}, { region: region.code });
      const session = kept("me.session");
      keep("me.session", { ...session, citizen: { ...session.citizen, region: region.code } });
      location.hash = `#/c/${slug}/start`;
    } catch (error) {
      wrong.textContent = error.message;
    }
  };
  const list = h("div");
  const show = (part) => {
    const found = regions.filter((region) => region.name.includes(part));
    refill(list, found.length
      ? h("ul", { class: "ways" }, found.map((region) => h("li", null, h("button", { type: "button", onclick: () => choose(region) }, region.name))))
      : h("p", { class: "soft" }, "没有找到这个社区。请少写几个字再试，或者点“不选，直接答题”。"));
    announce(`找到 ${found.length} 个社区`);
  };
  show("");
  const search = h("input", { id: "search", type: "search", autocomplete: "off", oninput: () => show(search.value.trim()) });
  return {
    title: "您在哪个社区",
    back: `#/c/${slug}`,
    content: [
      h("p", null, "只用来统计各社区有多少人参加，不影响答题和抽奖。"),
      h("div", { class: "field" }, h("label", { for: "search" }, "查找社区"), search),
      wrong,
      list,
    ],
    actions: [button("不选，直接答题", () => { keep("me.no-region", true); location.hash = `#/c/${slug}/start`; }, "plain")],
  };
}
