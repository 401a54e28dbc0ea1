// A paper: one question a screen. What was chosen is on the phone at once, and handing in can be repeated.

import { call, serverNow, Unreachable } from "../api.js";
import { announce, button, h, notice, para, refill, tag } from "../dom.js";
import { drop, keep, kept } from "../store.js";
import { clockOf, KINDS } from "../words.js";

const RETRY_MS = 5000;

/** The paper in hand as this phone kept it, else the one that the service deals. */
export async function showPaper(slug) {
  const name = `me.paper.${slug}`;
  if (!kept("me.session")) return { go: `#/login/${encodeURIComponent(location.hash)}` };
  if (!kept(name)) {
    try {
      const paper = await call("POST", "campaigns/{slug}/papers", { slug });
      keep(name, { paper, answers: {}, at: 0 });
    } catch (error) {
      if (error.code === "accounts.consent_needed") return { go: `#/c/${slug}/privacy` };
      throw error;
    }
  }
  return new Sitting(slug, name).screen();
}

class Sitting {
  constructor(slug, name) {
    this.slug = slug;
    this.name = name;
    this.hand = kept(name);
    this.due = this.hand.paper.due_at && Date.parse(this.hand.paper.due_at);
    this.content = h("div");
    this.actions = h("div", { class: "bar" });
    this.left = h("span", { class: "digits" });
    this.timers = [];
  }

  screen() {
    if (this.due) this.timers.push(setInterval(() => this.showLeft(), 500));
    this.showLeft();
    this.back = button("上一题", () => this.turn(-1), "plain");
    this.next = button("", () => this.goOn());
    this.show(false);
    return {
      title: "答题",
      quiet: true,
      back: `#/c/${this.slug}`,
      content: this.content,
      actions: [this.back, this.next],
      leave: () => this.leave(),
    };
  }

  leave() {
    this.timers.forEach(clearInterval);
    this.timers = [];
    window.removeEventListener("online", this.again);
    this.gone = true;
  }

  get questions() {
    return this.hand.paper.questions;
  }

  save() {
    keep(this.name, this.hand);
  }

  showLeft() {
    if (!this.due) return (this.left.textContent = "不限时");
    const left = this.due - serverNow();
    this.left.textContent = left > 0 ? `还剩 ${clockOf(left)}` : "时间已到";
    const minute = Math.ceil(left / 60_000);
    if (left > 0 && minute !== this.toldMinute && minute <= 1) announce("答题时间还剩不到一分钟");
    this.toldMinute = minute;
  }

  turn(step) {
    this.hand.at += step;
    this.save();
    this.show(true);
  }

  show(moved) {
    const { at } = this.hand;
    if (at >= this.questions.length) return this.showEnd();
    const question = this.questions[at];
    const choices = this.hand.answers[question.no] ?? [];
    const kind = question.kind === "multiple" ? "checkbox" : "radio";
    const option = (one) =>
      h(
        "label",
        { class: "option" },
        h("input", {
          type: kind,
          name: "option",
          value: one.id,
          ...(choices.includes(one.id) && { checked: true }),
          onchange: () => this.choose(question),
        }),
        h("span", null, one.text),
      );
    const stem = h("legend", { tabindex: "-1" }, question.stem);
    refill(
      this.content,
      h("div", { class: "row" }, h("span", null, `第 ${at + 1} 题，共 ${this.questions.length} 题`), this.left),
      this.progress(at),
      para(
        tag(KINDS[question.kind] ?? "题目"),
        question.kind === "multiple" && h("span", { class: "soft" }, " 可以选几个，全部选对才得分"),
      ),
      h("fieldset", null, stem, question.options.map(option)),
    );
    this.setButtons(at, choices.length > 0);
    if (moved) stem.focus();
    window.scrollTo(0, 0);
  }

  progress(done) {
    const bar = h(
      "div",
      {
        class: "progress",
        role: "progressbar",
        "aria-label": "答题进度",
        "aria-valuemin": "0",
        "aria-valuemax": String(this.questions.length),
        "aria-valuenow": String(done),
      },
      h("div"),
    );
    bar.firstChild.style.width = `${(done / this.questions.length) * 100}%`;
    return bar;
  }

  setButtons(at, answered) {
    this.back.hidden = at === 0;
    this.next.textContent = at + 1 === this.questions.length ? "答完了" : answered ? "下一题" : "先跳过";
    this.next.className = answered ? "" : "plain";
    this.next.disabled = false;
  }

  choose(question) {
    const chosen = [...this.content.querySelectorAll("input:checked")].map((input) => input.value);
    this.hand.answers[question.no] = chosen;
    this.save();
    this.setButtons(this.hand.at, chosen.length > 0);
  }

  goOn() {
    if (this.hand.at < this.questions.length) this.turn(1);
    else this.handIn();
  }

  showEnd() {
    const open = this.questions.filter((one) => !(this.hand.answers[one.no] ?? []).length);
    const heading = h("h2", { tabindex: "-1" }, open.length ? `还有 ${open.length} 题没有答` : "全部答完了");
    this.said = h("div", { role: "alert" });
    refill(
      this.content,
      h("div", { class: "row" }, h("span", null, "交卷"), this.left),
      this.progress(this.questions.length - open.length),
      heading,
      open.length
        ? h(
            "ul",
            { class: "ways" },
            open.map((one) =>
              h(
                "li",
                null,
                h(
                  "button",
                  { type: "button", onclick: () => this.turn(this.questions.indexOf(one) - this.hand.at) },
                  `第 ${one.no} 题`,
                ),
              ),
            ),
          )
        : para("交卷以后马上看到成绩和解析，答案不能再改。"),
      this.due &&
        serverNow() > this.due &&
        notice("warn", para("答题时间已经过了。仍可交卷看成绩和解析，只是这一份不能得抽奖券。")),
      this.said,
    );
    this.back.hidden = false;
    this.next.textContent = "交卷";
    this.next.className = "";
    heading.focus();
  }

  /** Hand in; a lost network loses nothing, for the service answers a repeat with the first mark. */
  async handIn() {
    if (this.sending) return;
    this.sending = true;
    this.next.disabled = true;
    refill(this.said, h("p", { class: "soft" }, "正在交卷……"));
    const answers = this.questions.map(({ no }) => ({ no, choices: this.hand.answers[no] ?? [] }));
    try {
      const mark = await call("PUT", "papers/{paper}/answers", { paper: this.hand.paper.id }, { answers });
      keep(`me.mark.${this.slug}`, { mark, questions: this.questions, paper: this.hand.paper.id });
      drop(this.name);
      if (!this.gone) location.hash = `#/c/${this.slug}/mark`;
    } catch (error) {
      this.refused(error);
    } finally {
      this.sending = false;
      this.next.disabled = false;
    }
  }

  refused(error) {
    if (error.status === 401) return (location.hash = `#/login/${encodeURIComponent(`#/c/${this.slug}/paper`)}`);
    if (error.status === 404) {
      drop(this.name); // somebody else's, or gone with its person
      this.next.hidden = true;
      return refill(this.said, notice("bad", para(error.message)));
    }
    const unreachable = error instanceof Unreachable;
    refill(
      this.said,
      notice(
        "warn",
        para(
          unreachable
            ? "网络断了，答案已经存在手机上，一个也不会丢。网络恢复后会自动交卷，也可以自己再点“交卷”。"
            : error.message,
        ),
      ),
    );
    if (this.gone || !(unreachable || error.status >= 500 || error.status === 429)) return;
    this.again ??= () => !this.gone && this.handIn();
    window.addEventListener("online", this.again, { once: true });
    this.timers.push(setTimeout(this.again, Math.max(RETRY_MS, (error.retryAfter ?? 0) * 1000)));
  }
}
