// A volunteer's own page: what waits on this phone, what was told today, the own stock and totals.

import { call, Unreachable } from "../api.js";
import { announce, button, card, h, linkButton, notice, para, refill, row, tag } from "../dom.js";
import { drop, keep, kept } from "../store.js";
import { forget, lastTold, send, stuck, takeBack, toldToday, unsent } from "../tallies.js";
import { momentOf, SETTINGS, timeOf } from "../words.js";

const AGAIN_MS = 60_000; // a network may come back without saying so
const STATES = {
  unsent: ["未发送", "warn"],
  created: ["已上报", "good"],
  duplicate: ["已上报", "good"],
  held: ["待核实", "warn"],
  conflict: ["有冲突", "bad"],
  rejected: ["没有通过", "bad"],
};
const HELD = {
  no_assignment: "那时您不负责这个区域，等工作人员核实后再计入。",
  outside_campaign: "时间或地点不在活动之内，等工作人员核实后再计入。",
  too_late: "已经过了补报期，等工作人员核实后再计入。",
  clock_ahead: "时间在将来，等工作人员核实后再计入。请校准手机时间。",
};
const FAULTS = {
  other_content: "系统里已经有这次上报，内容与手机上的不一样，以系统里的为准。要改就点“改正”。",
  id_taken: "这次上报的编号已被别人用过，请点“改正”重新上报。",
  bad_shape: "填写的内容有误，请点“改正”。",
};

/** What a phone needs offline: asked for when there is a network, else as it was kept. Null: no volunteer. */
export async function bootstrap() {
  try {
    keep("me.volunteer", await call("GET", "outreach/bootstrap"));
  } catch (error) {
    if (error.code === "accounts.not_a_volunteer") drop("me.volunteer");
    else if (!(error instanceof Unreachable && kept("me.volunteer"))) throw error;
  }
  return kept("me.volunteer");
}

export async function showVolunteer() {
  if (!kept("me.session") && !kept("me.volunteer")) return { go: `#/login/${encodeURIComponent("#/volunteer")}` };
  const start = await bootstrap();
  if (!start) return { go: "#/volunteer/join" };
  const places = { waiting: h("div"), today: h("div", { class: "card" }), own: h("div") };
  const show = () => {
    refill(places.waiting, waitingCard(places));
    refill(places.today, todayList(start, places));
  };
  const sendAgain = () => sendQuietly(places);
  show();
  window.addEventListener("tallies", show);
  window.addEventListener("online", sendAgain);
  const often = setInterval(() => unsent().length && sendAgain(), AGAIN_MS);
  sendAgain();
  return {
    title: "志愿者上报",
    back: "#/",
    content: [
      para(`${start.volunteer.name}（${start.volunteer.code}）`),
      start.volunteer.left_at && notice("warn", para("您已经退出志愿者名单。以前的走访仍可补报。")),
      !window.isSecureContext &&
        notice("warn", para("现在的地址不是“https://”开头：没有网络时请不要刷新本页。填好的上报存在手机上，不会丢。")),
      places.waiting,
      places.today,
      places.own,
    ],
    actions: [
      lastTold() && linkButton("照上次填", "#/volunteer/tally/last", "plain"),
      linkButton("新的上报", "#/volunteer/tally"),
    ],
    leave: () => {
      window.removeEventListener("tallies", show);
      window.removeEventListener("online", sendAgain);
      clearInterval(often);
    },
  };
}

/** Send what waits and show the own totals; without a network, those of the last time. */
async function sendQuietly(places) {
  try {
    places.said = null;
    const { clockOff } = await send();
    if (clockOff) places.said = notice("warn", para("手机的时间不准，差了 10 分钟以上，请在手机设置里校准。"));
    keep("me.own", { ...(await call("GET", "outreach/me")), at: Date.now() });
  } catch (error) {
    places.said = notice(
      "warn",
      para(error instanceof Unreachable ? "现在没有网络。上报存在手机上，有网络时自动发送。" : error.message),
    );
  }
  refill(places.waiting, waitingCard(places));
  if (kept("me.own")) refill(places.own, ownCards(kept("me.own")));
}

function waitingCard(places) {
  const count = unsent().length;
  const problems = stuck();
  announce(count ? `${count} 条上报未发送` : "");
  return [
    h(
      "div",
      { class: `notice ${count ? "warn" : "good"}` },
      h("p", { class: "big" }, count ? `${count} 条上报未发送` : "没有未发送的上报"),
      count > 0 && button("现在发送", () => sendQuietly(places), "plain"),
    ),
    places.said,
    problems.map(problemCard),
  ];
}

function problemCard(one) {
  const { status, reason, fields } = one.problem;
  const faults = Object.values(fields ?? {}).flat();
  return card(
    ["上报有问题 ", tag(STATES[status][0], "bad")],
    para(FAULTS[reason] ?? "系统没有接受，请点“改正”。", faults.length > 0 && `（${[...new Set(faults)].join("，")}）`),
    h(
      "p",
      { class: "soft" },
      one.tally.occurred_at
        ? `${momentOf(one.tally.occurred_at)} ${SETTINGS[one.tally.setting] ?? ""}`
        : "作废一次上报",
    ),
    h(
      "div",
      { class: "pair" },
      button("不要了", () => forget(one), "plain"),
      one.tally.void ? null : linkButton("改正", `#/volunteer/tally/fix/${one.name}`),
    ),
  );
}

function todayList(start, places) {
  const told = toldToday();
  const names = Object.fromEntries(start.regions.map((one) => [one.code, one.name]));
  const line = (one) => {
    const [words, kind] = one.void ? ["已作废", ""] : (STATES[one.state] ?? ["", ""]);
    return h(
      "div",
      { class: "part" },
      h(
        "strong",
        null,
        `${timeOf(one.tally.occurred_at)} ${names[one.tally.region] ?? ""} ${SETTINGS[one.tally.setting]} `,
      ),
      tag(one.void && one.state === "unsent" ? "已作废，未发送" : words, kind),
      para(summary(one.tally, start)),
      one.state === "held" && h("p", { class: "soft" }, HELD[one.reason] ?? "等工作人员核实后再计入。"),
      !one.void &&
        h(
          "div",
          { class: "pair" },
          button("作废", (event) => askToTakeBack(event.target.parentElement, one, places), "plain"),
          linkButton("改", `#/volunteer/tally/edit/${one.tally.id}`, "plain"),
        ),
    );
  };
  return [
    h("h2", null, `今天的上报（${told.length}）`),
    told.length ? told.map(line) : h("p", { class: "soft" }, "今天还没有上报。"),
  ];
}

function askToTakeBack(place, one, places) {
  const really = button(
    "确认作废",
    () => {
      takeBack(one.tally);
      sendQuietly(places);
    },
    "danger",
  );
  refill(
    place,
    button("不作废", () => window.dispatchEvent(new Event("tallies")), "plain"),
    really,
  );
  really.focus();
}

/** What a visit was, in a line. */
export function summary(tally, start) {
  const materials = Object.fromEntries(start.materials.map((one) => [one.code, one]));
  const given = (tally.handouts ?? []).map(({ material, quantity, pack }) => {
    const { name = material, unit = "" } = materials[material] ?? {};
    return `${name} ${quantity} ${pack ?? unit}`;
  });
  return [`${tally.households} 户`, `${tally.people} 人次`, ...given].join("，");
}

function ownCards(own) {
  const names = Object.fromEntries(own.stock.map((one) => [one.material.code, one.material]));
  return [
    card(
      "手上的物料",
      own.stock.length
        ? own.stock.map((one) =>
            row(
              one.material.name,
              one.overdrawn ? `多发了 ${-one.on_hand} ${one.material.unit}` : `${one.on_hand} ${one.material.unit}`,
            ),
          )
        : h("p", { class: "soft" }, "没有领用记录。"),
    ),
    own.campaigns.map((one) =>
      card(
        `我的累计：${one.title}`,
        row("上报", `${one.tallies} 次`),
        row("走访", `${one.households} 户`),
        row("触达", `${one.people} 人次`),
        one.handed_out.map((given) =>
          row(
            `发放${names[given.material]?.name ?? given.material}`,
            `${given.quantity} ${names[given.material]?.unit ?? ""}`,
          ),
        ),
        one.held > 0 && row("待核实", `${one.held} 次`),
        one.voided > 0 && row("已作废", `${one.voided} 次`),
      ),
    ),
    h("p", { class: "soft" }, `截至 ${momentOf(own.at)}`),
  ];
}
