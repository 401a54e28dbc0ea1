// The campaign: open to everybody, also without logging in.

import { call, callAll, serverNow, Unreachable } from "../api.js";
import { card, h, linkButton, more, notice, pairs, para, phoneLink, row, tag, told, ways } from "../dom.js";
import { keepCommitments } from "../receipts.js";
import { kept } from "../store.js";
import { dayOf, momentOf, roundState, standingOf, untilOf, yuan } from "../words.js";

/** The campaigns; a single one at once. */
export async function showCampaigns() {
  const campaigns = await callAll("campaigns");
  if (campaigns.length === 1) return { go: `#/c/${campaigns[0].slug}` };
  const now = serverNow();
  const line = (one) => {
    const [words, kind] = standingOf(one, now);
    return card(
      h("a", { href: `#/c/${one.slug}` }, one.title),
      para(tag(words, kind)),
      h("p", { class: "soft" }, `${dayOf(one.opens_at)} 至 ${untilOf(one.closes_at)}`),
    );
  };
  return {
    title: "反诈答题活动",
    content: [
      campaigns.length ? campaigns.map(line) : para("现在没有公开的活动。活动开始前，社区会张贴通知。"),
      ways(
        ["如何辨别真活动", "#/safety"],
        ["我的奖品", "#/prizes"],
        ["我的信息", "#/me"],
        ["我是志愿者", "#/volunteer"],
      ),
    ],
  };
}

export async function showCampaign(slug) {
  const campaign = await call("GET", "campaigns/{slug}", { slug });
  keepCommitments(campaign);
  const [state, reach] = await Promise.all([
    ownState(slug),
    call("GET", "campaigns/{slug}/reach", { slug }).catch(() => null),
  ]);
  const [words, kind, dealing] = standingOf(campaign, serverNow());
  const ticket = state?.tickets.find((one) => !one.drawn);
  return {
    title: campaign.title,
    back: null,
    content: [
      notice(kind, para(words)),
      state && ownCard(state, dealing),
      organiserCard(campaign),
      rulesCard(campaign),
      prizesCard(campaign),
      chancesCard(campaign),
      reach && reachCard(reach),
      ways(
        ["我的奖品", "#/prizes"],
        ["我的错题", "#/mistakes"],
        ["核对抽奖", `#/c/${slug}/check`],
        ["如何辨别真活动", `#/safety/${slug}`],
        ["我的信息", "#/me"],
        ["我是志愿者", "#/volunteer"],
      ),
    ],
    actions: [
      ticket &&
        linkButton("去抽奖", `#/c/${slug}/draw/${ticket.id}`, dealing && state.papers_left_today ? "plain" : ""),
      answerButton(slug, state, dealing),
    ],
  };
}

/** The own state, where somebody is logged in; a log-in that has run out is no reason to show nothing. */
async function ownState(slug) {
  if (!kept("me.session")) return null;
  try {
    return await call("GET", "campaigns/{slug}/me", { slug });
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    return null;
  }
}

function answerButton(slug, state, dealing) {
  if (kept(`me.paper.${slug}`)) return linkButton("继续答题", `#/c/${slug}/paper`);
  if (!dealing) return null;
  if (state && state.open_paper) return linkButton("继续答题", `#/c/${slug}/start`);
  if (state && state.papers_left_today === 0) return null;
  return linkButton("开始答题", `#/c/${slug}/start`);
}

function ownCard(state, dealing) {
  const left = state.tickets.filter((one) => !one.drawn).length;
  return card(
    "我的情况",
    dealing && row("今天还可以答", `${state.papers_left_today} 份`),
    row("没有抽的抽奖券", `${left} 张`),
    row("中奖", `${state.awards.length} 次`),
    !state.consents.privacy && h("p", { class: "soft small" }, "您还没有同意个人信息保护告知，答题前会请您看一遍。"),
  );
}

function prizesCard(campaign) {
  if (!campaign.prizes.length) return null;
  const counts = {};
  for (const round of campaign.rules.rounds)
    for (const one of round.planned) counts[one.code] = (counts[one.code] ?? 0) + one.count;
  return card(
    "奖品",
    campaign.prizes.map((prize) =>
      row(
        [prize.name, h("br"), h("span", { class: "soft small" }, `价值 ${yuan(prize.value_fen)}`)],
        `${counts[prize.code] ?? 0} 份`,
      ),
    ),
  );
}

const sum = (counts) => counts.reduce((all, one) => all + one.count, 0);

/** Of so many cards so many win. Exact once the round is open, for only then is it known what was carried over. */
function chanceOf(round) {
  const exact = round.state !== "planned";
  const wins = sum(round.planned) + sum(round.carried);
  const percent = (Math.floor((wins * 1000) / round.cards) / 10).toFixed(1);
  return `${round.cards} 支签，${exact ? "" : "至少 "}${wins} 支有奖，中奖机会${exact ? "" : "至少"} ${percent}%`;
}

function chancesCard(campaign) {
  if (!campaign.rounds.length) return null;
  return card(
    "抽奖机会",
    campaign.rounds.map((round) =>
      h(
        "div",
        { class: "part" },
        h("strong", null, `第 ${round.no} 轮 `),
        tag(roundState(round, campaign)),
        h("br"),
        chanceOf(round),
        h("br"),
        h("span", { class: "soft small" }, `${momentOf(round.opens_at)} 至 ${momentOf(round.closes_at)}`),
      ),
    ),
    more(
      "签箱是封好的：承诺值",
      para("签箱在活动发布时就封好了。下面是它的“指纹”，签箱换一点，指纹就对不上。轮次结束后公开签箱，人人可以核对。"),
      pairs(...campaign.rounds.map((round) => [`第 ${round.no} 轮`, h("span", { class: "hash" }, round.commitment)]), [
        "公开数",
        campaign.rules.beacon || "本活动的规则没有另设公开数",
      ]),
    ),
  );
}

function rulesCard(campaign) {
  const { rules, paper } = campaign;
  const limit = paper.minutes ? `，限时 ${paper.minutes} 分钟` : "，不限时";
  return card(
    "活动规则",
    para(`每份试卷 ${paper.questions} 题${limit}，答对 ${paper.pass_percent}% 为通过，每天最多 ${paper.per_day} 份。`),
    more("怎么参加", told(rules.conditions)),
    rules.method && more("怎么抽奖", told(rules.method)),
    rules.handover &&
      more("怎么领奖", told(rules.handover), para(`领奖截止：${untilOf(rules.claim_until)}`), para(leftoversOf(rules))),
    more("规则版本", pairs(...campaign.versions.map(versionRow))),
  );
}

const leftoversOf = ({ leftovers }) =>
  leftovers === "closing-draw" ? "最后没有抽出的奖品：活动结束时举行收尾抽奖。" : "最后没有抽出的奖品：退回主办方。";

const versionRow = (one) => [
  `第 ${one.version} 版，${momentOf(one.published_at)}${one.withdrawn_at ? "（已撤回）" : ""}`,
  [
    one.reason && para(`变更原因：${one.reason}`),
    one.withdrawn_reason && para(`撤回原因：${one.withdrawn_reason}`),
    h("span", { class: "hash" }, one.rules_hash),
  ],
];

function organiserCard({ organiser, partners }) {
  return card(
    "主办方",
    pairs(
      ["单位", organiser.name],
      ["电话", phoneLink(organiser.contact)],
      partners.length && ["联合单位", partners.map((one) => one.name).join("、")],
    ),
  );
}

function reachCard(reach) {
  return card(
    "活动情况",
    reach.figures.map((one) =>
      row(one.id === "offline.handed_out" ? `发放${one.name}` : one.name, `${one.shown} ${one.unit}`),
    ),
    h("p", { class: "soft small" }, `截至 ${momentOf(reach.as_of)}。只公布总数，1 至 4 显示为“<5”。`),
  );
}
