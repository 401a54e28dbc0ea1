// What is kept about oneself: to be taken along, or deleted.

import { call, callAll } from "../api.js";
import { button, card, h, linkButton, more, notice, para, refill, ways } from "../dom.js";
import { forgetPerson, kept } from "../store.js";
import { forget, stuck, unsent } from "../tallies.js";

export async function showMe() {
  const session = kept("me.session");
  if (!session) return { go: `#/login/${encodeURIComponent("#/me")}` };
  const campaigns = await callAll("campaigns");
  const said = h("div", { role: "alert" });
  const place = h("div");
  ask(place);
  return {
    title: "我的信息",
    back: "#/",
    content: [
      card(
        "导出",
        para("把系统里有关您的全部记录存成一个文件：同意书、答题、抽奖券、抽奖和奖品。"),
        button("导出我的信息", () => exportAll(said), "plain"),
        said,
      ),
      card("更正与撤回", para("可以换社区；每个活动的个人信息保护告知都可以再看一遍，也可以撤回同意。")),
      ways(
        ...campaigns.map((one) => [`告知与同意：${one.title}`, `#/c/${one.slug}/privacy`]),
        campaigns.length > 0 && ["换一个社区", `#/c/${campaigns[0].slug}/region/me`],
      ),
      card("删除", place),
      card(
        "退出",
        para("手机要给别人用时，请先退出。存在这部手机上的记录会清掉，系统里的不受影响。"),
        button("退出登录", logOut, "plain"),
      ),
    ],
  };
}

function logOut() {
  forgetPerson();
  location.hash = "#/";
}

async function exportAll(said) {
  try {
    const all = await call("GET", "me");
    const text = JSON.stringify(all, null, 2);
    const file = new Blob([text], { type: "application/json" });
    const link = h("a", { href: URL.createObjectURL(file), download: "我的反诈答题记录.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    const counted = `${all.papers.length} 份试卷，${all.draws.length} 次抽奖，${all.awards.length} 份奖品`;
    // WeChat's browser saves no files: there the text can be copied
    const shown = h("textarea", { rows: "8", readonly: true, "aria-label": "导出的内容" }, text);
    refill(said, notice("good", para(`已经导出：${counted}。`)), more("没有存成文件？点这里看内容，全选复制", shown));
  } catch (error) {
    refill(said, notice("warn", para(error.message)));
  }
}

/** Deleting is asked for twice, and says first what stays. */
function ask(place) {
  refill(
    place,
    para("删除以后，系统里不再有您这个人。没有领的奖品请先记下兑奖码，删除后仍可凭码领取，但在这里看不到了。"),
    button("删除我的信息", () => askAgain(place), "danger"),
  );
}

function askAgain(place) {
  const wrong = h("p", { role: "alert" });
  const really = h("button", { type: "button", class: "danger", onclick: () => remove(wrong) }, "确认删除");
  refill(
    place,
    notice(
      "bad",
      para("真的要删除吗？删除不能恢复。"),
      para("会留下的：统计里不带姓名的数字、公开的抽奖记录（只有券号）、依法要保存的领奖记录。答题次数不会重来。"),
    ),
    unsent().length > 0 && notice("warn", para(`还有 ${unsent().length} 条上报未发送，会一起删掉。`)),
    wrong,
    h(
      "div",
      { class: "pair" },
      button("不删了", () => ask(place), "plain"),
      really,
    ),
  );
  really.previousSibling.focus();
}

async function remove(wrong) {
  try {
    await call("DELETE", "me");
    [...unsent(), ...stuck()].forEach(forget);
    forgetPerson();
    location.hash = "#/gone";
  } catch (error) {
    wrong.textContent = error.message;
  }
}

export function showGone() {
  return {
    title: "已经删除",
    content: [
      para("您的信息已经删除，这部手机上的记录也清掉了。"),
      h("p", { class: "soft" }, "留下的只有不带姓名的数字和依法要保存的记录。"),
    ],
    actions: [linkButton("回到首页", "#/")],
  };
}
