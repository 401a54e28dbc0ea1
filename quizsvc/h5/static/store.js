// What this phone keeps. Everything about a person lies under "me." and goes with them.

const PREFIX = "quizsvc.";
const memory = new Map(); // where the browser lets nothing be kept

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function kept(name) {
  try {
    const text = storage()?.getItem(PREFIX + name) ?? memory.get(name) ?? null;
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  const text = JSON.stringify(value);
  try {
    storage().setItem(PREFIX + name, text);
    memory.delete(name);
    return true;
  } catch {
    memory.set(name, text);
    return false;
  }
}

export function drop(name) {
  memory.delete(name);
  storage()?.removeItem(PREFIX + name);
}

/** The names of what is kept that begin so. */
export function keptNames(beginning) {
  const all = [...Object.keys(storage() ?? {})]
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length));
  return [...new Set([...all, ...memory.keys()])].filter((name) => name.startsWith(beginning)).sort();
}

/** Forget the person on this phone; what is public stays. */
export function forgetPerson() {
  keptNames("me.").forEach(drop);
}
