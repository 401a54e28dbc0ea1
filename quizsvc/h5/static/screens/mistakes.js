// The own wrong questions, by scam type.

import { callAll } from "../api.js";
import { h, linkButton, notice, para } from "../dom.js";
import { kept } from "../store.js";
import { reviewCard } from "./mark.js";

export async function showMistakes() {
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  const mistakes = await callAll("me/mistakes");
  const types = grouped(mistakes);
  return {
    title: "我的错题",
    back: "#/",
    content: mistakes.length
      ? [
          para(`共 ${mistakes.length} 题。遇到拿不准的事，打 96110 问一问。`),
          [...types].map(([name, ones]) =>
            h(
              "details",
              { open: types.size === 1 },
              h("summary", null, `${name}（${ones.length} 题）`),
              ones.map((one) => reviewCard(one, { ...one, correct: false })),
            ),
          ),
        ]
      : notice("good", para("还没有错题。")),
    actions: [linkButton("返回活动", "#/", "plain")],
  };
}

function grouped(mistakes) {
  const types = new Map();
  for (const one of mistakes) types.set(one.scam_type_name, [...(types.get(one.scam_type_name) ?? []), one]);
  return types;
}
