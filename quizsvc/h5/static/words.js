// Numbers, days and states in people's words.

const SHANGHAI = "Asia/Shanghai";
const DAY = new Intl.DateTimeFormat("zh-CN", { timeZone: SHANGHAI, year: "numeric", month: "long", day: "numeric" });
const TIME = new Intl.DateTimeFormat("zh-CN", {
  timeZone: SHANGHAI,
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

export const dayOf = (moment) => DAY.format(new Date(moment));
export const timeOf = (moment) => TIME.format(new Date(moment)).replace(/^24/, "00");
export const momentOf = (moment) => `${dayOf(moment)} ${timeOf(moment)}`;

/** The last moment before an end that does not count itself: "12月25日零点前" reads wrong as "12月25日". */
export const untilOf = (moment) => `${momentOf(Date.parse(moment) - 60_000)}`;

/** 50.5 元 from fen. */
export const yuan = (fen) => `${fen % 100 ? (fen / 100).toFixed(2) : fen / 100} 元`;

/** 3:07 from milliseconds. */
export function clockOf(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** How long there is still: days, hours or minutes, never more than there is. */
export function leftOf(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "不到 1 分钟";
  if (minutes < 60) return `${minutes} 分钟`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} 小时`;
  return `${Math.floor(minutes / 1440)} 天`;
}

/** 1234 5678 9012, as it is read aloud. */
export const spaced = (code) => code.replace(/(.{4})(?=.)/g, "$1 ");

/** What a receipt says was drawn; the closing draw's says nothing. */
export function outcomeOf({ prize }) {
  if (prize === undefined) return "收尾抽奖";
  return prize ? `中了${prize.name}` : "没有中奖";
}

export const AWARD_STATES = {
  won: ["待领取", ""],
  redeemed: ["已领取", "good"],
  expired: ["已过期", "warn"],
  void: ["已作废", "bad"],
};

export const SETTINGS = { household: "住户", shop: "商铺", stall: "摆点", talk: "讲座" };

export const KINDS = { single: "单选题", multiple: "多选题", judge: "判断题" };

/** A round's state; one that waits for its time waits in vain once the campaign is over. */
export function roundState(round, campaign) {
  const isOver = campaign.state !== "published" && campaign.state !== "paused";
  return { planned: isOver ? "没有举行" : "未开始", open: "正在进行", closed: "已结束，可核对" }[round.state];
}

/** A campaign's state and how long it lasts: [words, kind of mark, whether papers are dealt]. */
export function standingOf(campaign, now) {
  const opens = Date.parse(campaign.opens_at),
    closes = Date.parse(campaign.closes_at);
  if (campaign.state === "paused") return ["活动暂停，已领的试卷仍可交卷", "warn", false];
  if (campaign.state !== "published" || now >= closes) return ["活动已结束", "warn", false];
  if (now < opens) return [`活动还没有开始，${momentOf(campaign.opens_at)} 开始`, "warn", false];
  return [`正在进行，还剩 ${leftOf(closes - now)}`, "good", true];
}
