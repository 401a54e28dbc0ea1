// One visit: where, when, whom, and what was handed out. Works without a network.

import { field, h, linkButton, notice, para, refill } from "../dom.js";
import { drop, kept } from "../store.js";
import { lastTold, send, tell } from "../tallies.js";
import { SETTINGS } from "../words.js";

const MOST_PEOPLE = 100_000,
  MOST_GIVEN = 1_000_000;

/** A new visit, one like the last, or another word on one that was told. `which`: "last", "edit/<id>", "fix/<name>". */
export async function showTally(which = "") {
  const start = kept("me.volunteer");
  if (!start) return { go: "#/volunteer" };
  if (!start.campaigns.length) {
    return {
      title: "现在不能上报",
      back: "#/volunteer",
      content: para("您服务的地方没有正在接受上报的活动。"),
      actions: [linkButton("返回", "#/volunteer")],
    };
  }
  const [how, id] = which.split("/");
  const stuck = how === "fix" ? kept(id) && { name: id, ...kept(id) } : null;
  const before = how === "edit" ? kept(`me.today.${id}`)?.tally : stuck?.tally;
  const like = before ?? (how === "last" ? lastTold() : null);
  const form = new TallyForm(start, like, Boolean(before));
  const submit = (event) => {
    event.preventDefault();
    const content = form.read();
    if (!content) return;
    tell(content, stuck?.problem.reason === "id_taken" ? null : before);
    if (stuck) drop(stuck.name);
    send().catch(() => {}); // it waits on the phone, and the next screen says so
    location.hash = "#/volunteer";
  };
  return {
    title: before ? "改正上报" : "新的上报",
    back: "#/volunteer",
    content: h("form", { id: "tally", onsubmit: submit, novalidate: true }, form.fields),
    actions: [h("button", { type: "submit", form: "tally" }, "保存并上报")],
  };
}

const chooser = (id, options, chosen, onchange = () => {}) =>
  h(
    "select",
    { id, onchange },
    options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );

/** Now, as the phone's field for a time wants it. */
function localTime(moment) {
  const at = new Date(moment);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

class TallyForm {
  constructor(start, like, sameVisit) {
    const now = Date.now();
    this.start = start;
    this.regions = new Map(start.regions.map((one) => [one.code, one]));
    this.campaign = chooser(
      "campaign",
      start.campaigns.map((one) => [one.slug, one.title]),
      like?.campaign,
    );
    this.place = h("div");
    this.detail = h("div");
    this.settle((like ?? lastTold())?.region); // the next door is near the last one
    this.setting = like?.setting ?? "household";
    this.shown = localTime(sameVisit ? like.occurred_at : now);
    this.exact = sameVisit ? new Date(like.occurred_at) : null; // the field knows minutes only
    this.when = h("input", { id: "when", type: "datetime-local", value: this.shown, max: localTime(now) });
    this.households = stepper("households", "户数", like?.households ?? 1, MOST_PEOPLE);
    this.people = stepper("people", "人次", like?.people ?? 1, MOST_PEOPLE);
    this.given = start.materials.map((one) =>
      givenRow(
        one,
        like?.handouts?.find((given) => given.material === one.code),
      ),
    );
    this.note = h("textarea", { id: "note", maxlength: "200", rows: "2" }, like?.note ?? "");
    this.wrong = h("div", { role: "alert" });
  }

  /** Communities first; within one, its compounds and buildings. */
  settle(chosen) {
    const own = this.start.assignments.map((one) => this.regions.get(one.region)).filter(Boolean);
    const communities = this.start.regions.filter((one) => one.level === "community");
    const tops = communities.length ? communities : own;
    const above = (code) => tops.find((top) => this.lineOf(code).includes(top.code))?.code;
    const top = chooser(
      "region",
      tops.map((one) => [one.code, one.name]),
      above(chosen),
      () => this.showDetail(top.value),
    );
    refill(this.place, field("region", "社区", top));
    this.top = top;
    this.showDetail(top.value, chosen);
  }

  lineOf(code) {
    const line = [];
    for (let at = this.regions.get(code); at; at = this.regions.get(at.parent)) line.push(at.code);
    return line;
  }

  showDetail(top, chosen) {
    const below = this.start.regions.filter((one) => one.code !== top && this.lineOf(one.code).includes(top));
    this.lower = chooser("lower", [["", "不细分"], ...below.map((one) => [one.code, one.name])], chosen);
    refill(this.detail, below.length > 0 && field("lower", "小区或楼栋（可以不选）", this.lower));
  }

  get fields() {
    const radio = ([value, text]) =>
      h(
        "label",
        { class: "option" },
        h("input", {
          type: "radio",
          name: "setting",
          value,
          ...(value === this.setting && { checked: true }),
          onchange: () => this.choose(value),
        }),
        h("span", null, text),
      );
    return [
      this.start.campaigns.length > 1 && field("campaign", "活动", this.campaign),
      this.place,
      this.detail,
      h("fieldset", { class: "settings" }, h("legend", null, "场景"), Object.entries(SETTINGS).map(radio)),
      field("when", "时间", this.when),
      h("div", { class: "pair" }, this.households.node, this.people.node),
      h("h2", null, "发放的物料"),
      this.given.map((one) => one.node),
      field("note", "备注（可以不填，不要写住户姓名）", this.note),
      this.wrong,
    ];
  }

  choose(value) {
    this.setting = value;
    this.households.input.value = value === "household" ? 1 : 0;
  }

  /** What was filled in; null when it cannot be sent, and says why. */
  read() {
    const at = this.when.value === this.shown ? (this.exact ?? new Date()) : new Date(this.when.value);
    const wrong = this.fault(at);
    refill(this.wrong, wrong && notice("bad", para(wrong)));
    if (wrong) return null;
    return {
      campaign: this.campaign.value,
      region: this.lower.value || this.top.value,
      setting: this.setting,
      occurred_at: at.toISOString(),
      households: this.households.value,
      people: this.people.value,
      handouts: this.given.map((one) => one.value).filter(Boolean),
      ...(this.note.value.trim() && { note: this.note.value.trim() }),
    };
  }

  fault(at) {
    if (!this.top.value) return "没有可以上报的社区，请联系街道安排。";
    if (Number.isNaN(at.getTime())) return "请填写时间。";
    if (at > Date.now() + 60_000) return "时间不能在将来。";
    const numbers = [this.households, this.people, ...this.given];
    if (numbers.some((one) => !one.isGood)) return "数字要写整数，不能小于 0。";
    if (!this.households.value && !this.people.value && !this.given.some((one) => one.value))
      return "户数、人次和物料都是 0，没有可以上报的内容。";
    return null;
  }
}

/** A number with a finger's width on each side. */
function stepper(id, name, value, most) {
  const input = h("input", { id, inputmode: "numeric", autocomplete: "off", value: String(value) });
  const step = (by) => () => (input.value = String(Math.min(most, Math.max(0, (Number(input.value) || 0) + by))));
  const node = h(
    "div",
    { class: "field" },
    h("label", { for: id }, name),
    h(
      "div",
      { class: "stepper" },
      h("button", { type: "button", class: "plain", "aria-label": `${name}减一`, onclick: step(-1) }, "−"),
      input,
      h("button", { type: "button", class: "plain", "aria-label": `${name}加一`, onclick: step(1) }, "+"),
    ),
  );
  return {
    node,
    input,
    get isGood() {
      return /^\d+$/.test(input.value.trim() || "0") && Number(input.value) <= most;
    },
    get value() {
      return Number(input.value) || 0;
    },
  };
}

function givenRow(material, before) {
  const number = stepper(`given-${material.code}`, material.name, before?.quantity ?? 0, MOST_GIVEN);
  const packs = [
    ["", material.unit],
    ...material.packs.map((one) => [one.name, `${one.name}（${one.factor} ${material.unit}）`]),
  ];
  const unit = chooser(`unit-${material.code}`, packs, before?.pack ?? "");
  unit.setAttribute("aria-label", `${material.name}的单位`);
  return {
    node: h("div", { class: "given" }, number.node, unit),
    get isGood() {
      return number.isGood;
    },
    get value() {
      return number.value
        ? { material: material.code, quantity: number.value, ...(unit.value && { pack: unit.value }) }
        : null;
    },
  };
}
