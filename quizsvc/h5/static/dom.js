// Building what is seen: elements from values, never from markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on…` attributes are listeners, false and null leave an attribute or a child out. */
export function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== false && child != null));
  return element;
}

/** A link that looks like a button. */
export const linkButton = (text, href, kind = "") => h("a", { class: `button ${kind}`, href }, text);

export const button = (text, onclick, kind = "") => h("button", { type: "button", class: kind, onclick }, text);

export const para = (...children) => h("p", null, children);

/** What is there for those who want to know more. */
export const more = (name, ...children) => h("details", null, h("summary", null, name), children);

/** What belongs together, under its name. */
export const card = (title, ...children) => h("div", { class: "card" }, h("h2", null, title), children);

/** A name at the left, its value at the right. */
export const row = (name, value) => h("div", { class: "row" }, h("span", null, name), h("strong", null, value));

/** A word that stands out: a state, a kind. */
export const tag = (words, kind = "") => h("span", { class: `mark ${kind}` }, words);

/** A telephone number to be tapped. */
export const phoneLink = (number) => h("a", { href: `tel:${number.replace(/[^\d+]/g, "")}` }, number);

/** An input under its label. */
export const field = (id, name, input) => h("div", { class: "field" }, h("label", { for: id }, name), input);

/** A list of ways to go on: [text, address] each. */
export const ways = (...places) =>
  h(
    "ul",
    { class: "ways" },
    places.filter(Boolean).map(([text, href]) => h("li", null, h("a", { href }, text))),
  );

/** Names and values: [name, value] each; what has no value is left out. */
export const pairs = (...rows) =>
  h(
    "dl",
    { class: "pairs" },
    rows
      .filter((row) => row && row[1] != null && row[1] !== "")
      .map(([name, value]) => h("div", null, h("dt", null, name), h("dd", { class: "told" }, value))),
  );

export const notice = (kind, ...children) => h("div", { class: `notice ${kind}` }, children);

export const told = (text) => h("p", { class: "told" }, text.trim());

/** Say something to those who listen instead of looking. */
export function announce(text) {
  document.getElementById("status").textContent = text;
}

/** Put other children into an element. */
export function refill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== false && child != null));
}
