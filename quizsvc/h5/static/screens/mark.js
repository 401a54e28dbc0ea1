// The mark of the paper that was just handed in, and what there is to learn from it.

import { call } from "../api.js";
import { h, linkButton, more, notice, pairs, para } from "../dom.js";
import { kept } from "../store.js";
import { spaced } from "../words.js";

export async function showMark(slug) {
  const found = kept(`me.mark.${slug}`);
  if (!found) return { go: `#/c/${slug}` };
  const { mark, questions, paper } = found;
  const state = await call("GET", "campaigns/{slug}/me", { slug }).catch(() => null);
  const undrawn = state?.tickets.find((one) => !one.drawn)?.id ?? (state ? undefined : mark.tickets[0]);
  const mayGoOn = state?.papers_left_today > 0;
  return {
    title: mark.late ? "已经交卷" : mark.passed ? "通过了" : "这次没有通过",
    back: `#/c/${slug}`,
    content: [scoreCard(mark), verdict(mark, state), reviewCards(mark.review, questions), paper && numberOf(paper)],
    actions: [
      mayGoOn && linkButton("再答一份", `#/c/${slug}/start`, undrawn ? "plain" : ""),
      undrawn && linkButton("去抽奖", `#/c/${slug}/draw/${undrawn}`),
      !undrawn && linkButton("返回活动", `#/c/${slug}`, mayGoOn ? "plain" : ""),
    ],
  };
}

function scoreCard({ correct, total }) {
  const number = h("div", { class: "number" }, `${correct} / ${total}`);
  return h("div", { class: "card score" }, number, para(`答对 ${correct} 题，共 ${total} 题`));
}

function verdict(mark, state) {
  if (mark.late) return notice("warn", para("交卷时已经过了时间，这一份只供学习，不得抽奖券。"));
  if (mark.passed && mark.tickets.length) return notice("good", para("您得到一张抽奖券。"));
  if (mark.passed) return notice("good", para("成绩已经记下。这一份没有抽奖券，原因请看活动规则。"));
  const left = state?.papers_left_today ?? 0;
  return notice(
    "",
    para(left ? `今天还可以再答 ${left} 份。看完解析再试一次。` : "今天的次数用完了。看看解析，多学一点。"),
  );
}

/** What the office finds this paper by, if somebody thinks that it was marked wrong. */
const numberOf = (paper) =>
  more(
    "对成绩有疑问",
    para("打主办方电话，把试卷编号念给工作人员听，就能查到这份试卷。不用说姓名。"),
    pairs(["试卷编号", h("span", { class: "hash aloud" }, spaced(paper.replaceAll("-", "")))]),
  );

/** What was wrong first; what was right for those who want to read on. */
function reviewCards(review, questions) {
  const cardOf = (one) =>
    reviewCard(
      questions.find((question) => question.no === one.no),
      one,
    );
  const wrong = review.filter((one) => !one.correct);
  const right = review.filter((one) => one.correct);
  return [
    h("h2", null, wrong.length ? "看看错在哪里" : "全部答对，了不起"),
    wrong.map(cardOf),
    right.length > 0 && more("答对的题和解析", right.map(cardOf)),
  ];
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
