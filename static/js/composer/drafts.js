/**
 * Unsaved work outlives a reload and a crash: it is kept in this browser, one entry for each tab that edits, and offered
 * back with its age and what it began as. What is offered is kept until the reader has decided.
 *
 * @typedef {{
 *   tab: string, base: number, at: number, text: string, data: import("./model.js").SagaData | null,
 *   layout: import("./store.js").Layout,
 * }} Draft `data` where the text was still behind it.
 */

const WAITS_MS = 150;
const MOST = 5;

/** @param {string} name */
function keyOf(name) {
  return `sagasim drafts of ${name || "a new saga"}`;
}

/** @param {string} name @returns {Draft[]} */
function kept(name) {
  try {
    const drafts = JSON.parse(localStorage.getItem(keyOf(name)) ?? "[]");
    return Array.isArray(drafts) ? drafts.filter((draft) => typeof draft?.text === "string") : [];
  } catch {
    return []; // somebody else's, or torn
  }
}

/** @param {string} name @param {Draft[]} drafts @returns {boolean} whether the browser has taken it */
function keep(name, drafts) {
  try {
    if (drafts.length) localStorage.setItem(keyOf(name), JSON.stringify(drafts.slice(-MOST)));
    else localStorage.removeItem(keyOf(name));
    return true;
  } catch {
    return false; // full, or forbidden
  }
}

/** The tabs that still live: each holds a lock under its name. Where browsers give none, no tab is known to. */
async function livingTabs() {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set(held.map((lock) => lock.name));
}

export class Drafts {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {Draft | null} */ #newest = null;
  /** Whether all that is unsaved is in the browser's keeping. */
  isSafe = true;

  /** @param {string} name of the saga */
  constructor(name) {
    this.name = name;
    this.tab = `sagasim tab ${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    navigator.locks?.request(this.tab, () => new Promise(() => {})); // held until the tab is gone
    addEventListener("pagehide", () => this.flush());
  }

  /** Drafts of tabs that are gone. @returns {Promise<Draft[]>} */
  async left() {
    const living = await livingTabs();
    return kept(this.name).filter((draft) => draft.tab !== this.tab && !living.has(draft.tab));
  }

  /** @param {Omit<Draft, "tab" | "at"> | null} draft null: nothing is unsaved any more */
  note(draft) {
    this.#newest = draft && { ...draft, tab: this.tab, at: Date.now() };
    this.isSafe = !draft;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), WAITS_MS);
  }

  flush() {
    clearTimeout(this.#timer);
    const others = kept(this.name).filter((draft) => draft.tab !== this.tab);
    if (!this.#newest && others.length === kept(this.name).length) return;
    this.isSafe = keep(this.name, this.#newest ? [...others, this.#newest] : others);
  }

  /** @param {Draft} draft */
  forget(draft) {
    keep(
      this.name,
      kept(this.name).filter((other) => other.tab !== draft.tab),
    );
  }
}

/** @param {number} at @returns {string} "at 14:05", or with its day where that is another one */
export function when(at) {
  const then = new Date(at);
  const time = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday
    ? `at ${time}`
    : `on ${then.toLocaleDateString("en-GB", { day: "numeric", month: "long" })} at ${time}`;
}
