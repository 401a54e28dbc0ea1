// Becoming a volunteer by an invitation of the office.

import { call } from "../api.js";
import { h, notice } from "../dom.js";
import { keep, kept } from "../store.js";

export async function showJoin() {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent("#/volunteer/join")}` };
  const code = h("input", { id: "invitation", autocomplete: "off", autocapitalize: "characters", required: true, maxlength: "60" });
  const name = h("input", { id: "own-name", autocomplete: "name", maxlength: "40" });
  const wrong = h("p", { role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    if (!code.value.trim()) {
      wrong.textContent = "请先填写邀请码";
      return code.focus();
    }
    try {
      await call("POST", "volunteers", {}, { invitation: code.value.trim(), ...(name.value.trim() && { name: name.value.trim() }) });
      const session = kept("me.session");
      keep("me.session", { ...session, citizen: { ...session.citizen, roles: ["citizen", "volunteer"] } });
      location.hash = "#/volunteer";
    } catch (error) {
      wrong.textContent = error.code === "http.bad_shape" ? "这个邀请码是公开的，请把姓名也填上" : error.message;
    }
  };
  return {
    title: "加入志愿者",
    back: "#/",
    content: [
      h("p", null, "用社区或街道给您的邀请码加入，大小写和横线不影响。"),
      notice("", h("p", null, "志愿者可以答题，不参加抽奖。")),
      h("form", { id: "join", onsubmit: submit, novalidate: true },
        h("div", { class: "field" }, h("label", { for: "invitation" }, "邀请码"), code),
        h("div", { class: "field" }, h("label", { for: "own-name" }, "姓名（名单上已有您时不用填）"), name), wrong),
    ],
    actions: [h("button", { type: "submit", form: "join" }, "加入")],
  };
}
