// Becoming a volunteer by an invitation of the office.

import { call } from "../api.js";
import { field, h, notice, para } from "../dom.js";
import { keep, kept } from "../store.js";

export async function showJoin() {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent("#/volunteer/join")}` };
  const code = h("input", {
    id: "invitation",
    autocomplete: "off",
    autocapitalize: "characters",
    required: true,
    maxlength: "60",
  });
  const name = h("input", { id: "own-name", autocomplete: "name", maxlength: "40" });
  const wrong = h("p", { role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    if (!code.value.trim()) {
      wrong.textContent = "请先填写邀请码";
      return code.focus();
    }
    try {
      await join({ invitation: code.value.trim(), ...(name.value.trim() && { name: name.value.trim() }) });
      location.hash = "#/volunteer";
    } catch (error) {
      wrong.textContent = error.code === "http.bad_shape" ? "这个邀请码是公开的，请把姓名也填上" : error.message;
    }
  };
  return {
    title: "加入志愿者",
    back: "#/",
    content: [
      para("用社区或街道给您的邀请码加入，大小写和横线不影响。"),
      notice("", para("志愿者可以答题，不参加抽奖。")),
      h(
        "form",
        { id: "join", onsubmit: submit, novalidate: true },
        field("invitation", "邀请码", code),
        field("own-name", "姓名（名单上已有您时不用填）", name),
        wrong,
      ),
    ],
    actions: [h("button", { type: "submit", form: "join" }, "加入")],
  };
}

async function join(invited) {
  await call("POST", "volunteers", {}, invited);
  const session = kept("me.session");
  keep("me.session", { ...session, citizen: { ...session.citizen, roles: ["citizen", "volunteer"] } });
}
