// Addresses (#/...) to screens; one frame for all of them.

import { announce, button, h, linkButton, notice, para, refill } from "./dom.js";
import { Refused } from "./api.js";
import { finishWeChat, logIn } from "./screens/login.js";
import { showCampaign, showCampaigns } from "./screens/campaign.js";
import { showStart } from "./screens/start.js";
import { showPrivacy } from "./screens/privacy.js";
import { showRegion } from "./screens/region.js";
import { showPaper } from "./screens/paper.js";
import { showMark } from "./screens/mark.js";
import { showDraw } from "./screens/draw.js";
import { showPrizes } from "./screens/prizes.js";
import { showMistakes } from "./screens/mistakes.js";
import { showCheck } from "./screens/check.js";
import { showGone, showMe } from "./screens/me.js";
import { showSafety } from "./screens/safety.js";
import { showVolunteer } from "./screens/volunteer.js";
import { showJoin } from "./screens/join.js";
import { showTally } from "./screens/tally.js";
import { kept } from "./store.js";
import { send, unsent } from "./tallies.js";

const SLUG = "([a-z0-9-]+)";
const ROUTES = [
  ["", showCampaigns],
  [`c/${SLUG}`, showCampaign],
  [`c/${SLUG}/start`, showStart],
  [`c/${SLUG}/privacy`, showPrivacy],
  [`c/${SLUG}/region(/me)?`, showRegion],
  [`c/${SLUG}/paper`, showPaper],
  [`c/${SLUG}/mark`, showMark],
  [`c/${SLUG}/draw/([0-9a-f-]+)`, showDraw],
  [`c/${SLUG}/check`, showCheck],
  ["prizes", showPrizes],
  ["mistakes", showMistakes],
  ["me", showMe],
  ["gone", showGone],
  ["safety(?:/([a-z0-9-]+))?", showSafety],
  ["volunteer", showVolunteer],
  ["volunteer/join", showJoin],
  ["volunteer/tally(?:/(.+))?", showTally],
  ["login/(.*)", logIn],
].map(([pattern, show]) => [new RegExp(`^${pattern}$`), show]);

let leave = null; // what the screen that is shown wants done when it goes
let shown = 0;

async function route() {
  const number = ++shown;
  leave?.();
  leave = null;
  const address = location.hash.replace(/^#\/?/, "");
  const found = ROUTES.map(([pattern, show]) => [address.match(pattern), show]).find(([match]) => match);
  const main = document.getElementById("screen");
  main.setAttribute("aria-busy", "true");
  let screen;
  try {
    screen = found ? await found[1](...found[0].slice(1).map((part) => part && decodeURIComponent(part))) : nowhere();
  } catch (error) {
    screen = failed(error);
  }
  if (number !== shown) return screen.leave?.(); // somebody went on meanwhile
  if (screen.go) return location.replace(screen.go);
  leave = screen.leave ?? null;
  render(screen);
}

/** A screen is {title, quiet?, back?, content, actions?, leave?}, or {go} where there is nothing to see. */
function render({ title, quiet, back, content, actions = [] }) {
  document.title = title;
  const link = back && h("a", { class: "back", href: back }, "返回");
  refill(
    document.getElementById("top"),
    h("div", { class: "bar" }, link, unsentMark(), h("a", { class: "name", href: "#/" }, "反诈答题")),
  );
  const heading = h("h1", { tabindex: "-1", class: quiet && "unseen" }, title);
  const main = document.getElementById("screen");
  refill(main, heading, content);
  main.removeAttribute("aria-busy");
  setActions(actions);
  announce("");
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

/** A volunteer sees on every screen what has not been sent. */
function unsentMark() {
  const mark = h("a", { class: "unsent", href: "#/volunteer" });
  const count = kept("me.volunteer") ? unsent().length : 0;
  mark.textContent = `未发送 ${count}`;
  mark.hidden = count === 0;
  return mark;
}

function setActions(actions) {
  const footer = document.getElementById("actions");
  const there = actions.filter(Boolean);
  footer.hidden = there.length === 0;
  refill(footer, h("div", { class: "bar" }, there));
}

function failed(error) {
  if (error instanceof Refused && error.status === 401) {
    return { go: `#/login/${encodeURIComponent(location.hash)}` };
  }
  if (!(error instanceof Error && "message" in error) || error instanceof TypeError) console.error(error);
  const said = error instanceof TypeError ? "页面出了问题，请重新打开" : error.message;
  return {
    title: error instanceof Refused && error.status < 500 ? "现在还不行" : "没有打开",
    content: notice("warn", h("p", { role: "alert" }, said)),
    actions: [button("再试一次", route), linkButton("回到首页", "#/", "plain")],
  };
}

function nowhere() {
  return { title: "没有这个页面", content: para("地址可能抄错了。"), actions: [linkButton("回到首页", "#/")] };
}

async function begin() {
  const said = await finishWeChat();
  if (said) history.replaceState(null, "", location.pathname + said);
  window.addEventListener("hashchange", route);
  window.addEventListener("tallies", () => document.querySelector("#top .unsent")?.replaceWith(unsentMark()));
  window.addEventListener("online", () => unsent().length && send().catch(() => {})); // else the own page says it
  keepShell().catch(() => {}); // without it the page only wants a network to open
  route();
}

/** Let the page open without a network: its worker, and what was loaded before the worker was there. */
async function keepShell() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const loaded = performance
    .getEntriesByType("resource")
    .map((one) => new URL(one.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith("/h5/"));
  const shell = await caches.open("shell");
  await shell.addAll(["/", "/h5.json", ...new Set(loaded.map((url) => url.pathname))]);
}

begin();
