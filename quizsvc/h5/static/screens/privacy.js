// The privacy notice: read, agreed to or refused, and taken back as easily.

import { call } from "../api.js";
import { button, h, notice, para, told } from "../dom.js";
import { kept } from "../store.js";

export async function showPrivacy(slug) {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  const [privacy, state] = await Promise.all([
    call("GET", "campaigns/{slug}/privacy", { slug }),
    call("GET", "campaigns/{slug}/me", { slug }),
  ]);
  const granted = state.consents.privacy;
  const wrong = h("p", { role: "alert" });
  const say = (word, next) => async () => {
    try {
      await call(
        "PUT",
        "me/consents/{purpose}",
        { purpose: privacy.purpose },
        { version: privacy.version, granted: word },
      );
      location.hash = next;
    } catch (error) {
      wrong.textContent = error.message;
    }
  };
  const refuse = granted ? say(false, `#/c/${slug}`) : () => (location.hash = `#/c/${slug}`);
  return {
    title: "个人信息保护告知",
    back: `#/c/${slug}`,
    content: [
      granted && notice("good", para("您已经同意这份告知。撤回以后不能再答题，已经得到的奖品仍可领取。")),
      h("div", { class: "card" }, told(privacy.text)),
      !granted && h("p", { class: "soft" }, "不同意也可以浏览活动内容，只是不能答题和抽奖。"),
      h("p", { class: "soft small" }, `告知版本：${privacy.version}`),
      wrong,
    ],
    actions: granted
      ? [button("撤回同意", refuse, "danger"), button("返回", () => (location.hash = `#/c/${slug}`), "plain")]
      : [button("不同意", refuse, "plain"), button("同意并继续", say(true, `#/c/${slug}/start`))],
  };
}
