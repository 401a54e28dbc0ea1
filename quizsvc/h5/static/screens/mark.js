// The mark of the paper that was just handed in, and what there is to learn from it.

import { call } from "../api.js";
import { h, linkButton, more, notice, pairs, para } from "../dom.js";
import { kept } from "../store.js";

export async function showMark(slug) {
  const found = kept(`me.mark.${slug}`);
  if (!found) return { go: `#/c/${slug}` };
  const { mark, questions } = found;
  const state = await call("GET", "campaigns/{slug}/me", { slug }).catch(() => null);
  const undrawn = state?.tickets.find((one) => !one.drawn)?.id ?? (state ? undefined : mark.tickets[0]);
  const wrong = mark.review.filter((one) => !one.correct);
  return {
    title: mark.passed ? "通过了" : "这次没有通过",
    back: `#/c/${slug}`,
    content: [
      h(
        "div",
        { class: "card score" },
        h("div", { class: "number" }, `${mark.correct} / ${mark.total}`),
        para(`答对 ${mark.correct} 题，共 ${mark.total} 题`),
      ),
      verdict(mark, state),
      h("h2", null, wrong.length ? "看看错在哪里" : "全部答对，了不起"),
      wrong.map((one) =>
        reviewCard(
          questions.find((question) => question.no === one.no),
          one,
        ),
      ),
      mark.review.some((one) => one.correct) &&
        more(
          "答对的题和解析",
          mark.review
            .filter((one) => one.correct)
            .map((one) =>
              reviewCard(
                questions.find((question) => question.no === one.no),
                one,
              ),
            ),
        ),
    ],
    actions: [
      state?.papers_left_today > 0 && linkButton("再答一份", `#/c/${slug}/start`, undrawn ? "plain" : ""),
      undrawn && linkButton("去抽奖", `#/c/${slug}/draw/${undrawn}`),
      !undrawn && linkButton("返回活动", `#/c/${slug}`, state?.papers_left_today > 0 ? "plain" : ""),
    ],
  };
}

function verdict(mark, state) {
  if (mark.late) return notice("warn", para("交卷时已经过了时间，这一份只供学习，不得抽奖券。"));
  if (!mark.passed)
    return notice(
      "",
      para(
        state?.papers_left_today > 0
          ? `今天还可以再答 ${state.papers_left_today} 份。看完解析再试一次。`
          : "今天的次数用完了，明天再来。",
      ),
    );
  if (!mark.tickets.length) return notice("good", para("成绩已经记下。这一份没有抽奖券，原因请看活动规则。"));
  return notice("good", para("您得到一张抽奖券。"));
}

export function reviewCard(question, one) {
  const texts = (ids) =>
    question.options
      .filter((option) => ids.includes(option.id))
      .map((option) => option.text)
      .join("；");
  return h(
    "div",
    { class: "card" },
    h("h3", null, question.stem),
    pairs(
      !one.correct && ["您选的", texts(one.choices) || "没有选"],
      ["正确答案", h("strong", null, texts(one.answer))],
      ["为什么", one.explanation],
      ["依据", one.source],
    ),
  );
}
