// The own community, so that its figures are right. Never a position.

import { call, callAll } from "../api.js";
import { announce, button, field, h, para, refill } from "../dom.js";
import { keep, kept } from "../store.js";

/** Choose on the way to the paper, or anew from the own page. */
export async function showRegion(slug, again) {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  const campaign = await call("GET", "campaigns/{slug}", { slug });
  const regions = await communitiesOf(campaign.rules.region);
  const wrong = h("p", { role: "alert" });
  const goOn = () => (location.hash = again ? "#/me" : `#/c/${slug}/start`);
  const choose = (region) =>
    record(region).then(goOn, (error) => {
      wrong.textContent = error.message;
    });
  const list = h("div");
  const show = (part) => refill(list, found(regions, part, choose));
  show("");
  const oninput = () => show(search.value.trim());
  const search = h("input", { id: "search", type: "search", autocomplete: "off", oninput });
  const skip = () => {
    keep("me.no-region", true);
    goOn();
  };
  return {
    title: "您在哪个社区",
    back: again ? "#/me" : `#/c/${slug}`,
    content: [
      para("只用来统计各社区有多少人参加，不影响答题和抽奖。"),
      field("search", "查找社区", search),
      wrong,
      list,
    ],
    actions: [!again && button("不选，直接答题", skip, "plain")],
  };
}

/** The communities of a campaign's region; a community's own campaign has that one alone. */
async function communitiesOf(region) {
  const inside = await callAll("regions?under={region}&level=community", { region });
  if (inside.length) return inside;
  return (await callAll("regions?level=community")).filter((one) => one.code === region);
}

/** The communities with these letters in their name, to be chosen from. */
function found(regions, part, choose) {
  const ones = regions.filter((region) => region.name.includes(part));
  announce(`找到 ${ones.length} 个社区`);
  if (!ones.length) {
    return h("p", { class: "soft" }, "没有找到这个社区。请少写几个字再试。");
  }
  const way = (region) => h("li", null, h("button", { type: "button", onclick: () => choose(region) }, region.name));
  return h("ul", { class: "ways" }, ones.map(way));
}

async function record(region) {
  await call("PUT", "me/region", {}, { region: region.code });
  const session = kept("me.session");
  keep("me.session", { ...session, citizen: { ...session.citizen, region: region.code } });
}
