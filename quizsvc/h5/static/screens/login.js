// Logging in: the stand-in of the demonstration, or WeChat's web authorisation.

import { call } from "../api.js";
import { button, field, h, linkButton, notice, para } from "../dom.js";
import { forgetPerson, keep, kept } from "../store.js";

let trouble = ""; // why the last try did not work, to be said once
const AUTHORISE = "https://open.weixin.qq.com/connect/oauth2/authorize";

/** Show how to log in here; then go on where the person wanted to be. */
export async function logIn(wanted) {
  const to = wanted.startsWith("#/") ? wanted : "#/";
  const way = await (await fetch("/h5.json")).json();
  if (way.log_in === "stand-in") return standIn(to);
  if (way.log_in === "wechat") return byWeChat(way.appid, to);
  return {
    title: "请在微信小程序中参加",
    back: "#/",
    content: para(
      "本活动通过微信小程序登录。请在微信中搜索主办方的小程序，或扫社区张贴的小程序码。这里可以浏览活动内容。",
    ),
    actions: [linkButton("浏览活动", "#/")],
  };
}

function standIn(to) {
  const name = h("input", { id: "name", name: "name", autocomplete: "off", required: true, maxlength: "40" });
  const wrong = h("p", { id: "wrong", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    wrong.textContent = name.value.trim() ? "" : "请先写一个名字或号码";
    if (!name.value.trim()) return name.focus();
    try {
      await enter(name.value.trim());
      location.hash = to;
    } catch (error) {
      wrong.textContent = error.message;
    }
  };
  const form = h(
    "form",
    { id: "log-in", onsubmit: submit, novalidate: true },
    field("name", "名字或号码", name),
    wrong,
  );
  return {
    title: "演示登录",
    back: "#/",
    content: [
      notice(
        "warn",
        para("这是演示系统。随便写一个名字或号码就能登录，同一个名字就是同一个人。正式活动用微信登录，不需要填写。"),
      ),
      form,
    ],
    actions: [h("button", { type: "submit", form: "log-in" }, "登录")],
  };
}

function byWeChat(appid, to) {
  if (!/MicroMessenger/i.test(navigator.userAgent)) {
    return {
      title: "请在微信中打开",
      back: "#/",
      content: para("请把本页地址发到微信里，在微信中点开，再参加答题。在这里可以浏览活动内容。"),
      actions: [linkButton("浏览活动", "#/")],
    };
  }
  const wrong = trouble && notice("warn", h("p", { role: "alert" }, trouble));
  trouble = "";
  return {
    title: "微信登录",
    back: "#/",
    content: [
      wrong,
      para("我们只取得一个不能还原的登录标识，用来记住您的成绩和奖品。不取您的头像、昵称、手机号和位置。"),
    ],
    actions: [button("用微信登录", () => leaveForWeChat(appid, to))],
  };
}

function leaveForWeChat(appid, to) {
  const state = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  sessionStorage.setItem("wechat", JSON.stringify({ state, to }));
  const asked = new URLSearchParams({
    appid,
    redirect_uri: location.origin + location.pathname,
    response_type: "code",
    scope: "snsapi_base",
    state,
  });
  location.assign(`${AUTHORISE}?${asked}#wechat_redirect`);
}

/** Coming back from WeChat: log in with its code, if we asked for it. The address to go on with, or null. */
export async function finishWeChat() {
  const said = new URLSearchParams(location.search);
  const asked = JSON.parse(sessionStorage.getItem("wechat") ?? "null");
  if (!said.has("state")) return null;
  sessionStorage.removeItem("wechat");
  history.replaceState(null, "", location.pathname); // a code is nobody else's business
  const to = asked?.to ?? "#/";
  if (said.get("state") !== asked?.state)
    return kept("me.session") ? to : tryAgain(to, "这次登录不是从本页发起的，或者已经过时，请再点一次登录。");
  if (!said.get("code")) return tryAgain(to, "您没有同意微信登录。不登录也可以浏览活动内容。"); // WeChat's way to say so
  try {
    await enter(said.get("code"));
    return to;
  } catch (error) {
    return tryAgain(to, error.message);
  }
}

function tryAgain(to, why) {
  trouble = why;
  return `#/login/${encodeURIComponent(to)}`;
}

async function enter(code) {
  const session = await call("POST", "sessions", {}, { code });
  if (kept("me.who") !== session.citizen.id) forgetPerson();
  keep("me.who", session.citizen.id);
  keep("me.session", session);
}
