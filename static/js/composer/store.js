/**
 * One saga under three views: what was written, its text, and where its steps were put. Every change goes through
 * here and is one step of undo, whichever view it came from; what the server says about a state is attached to
 * that state and to no other.
 *
 * A state knows its data at once after an edit, and its text at once after typing; the other half follows from the
 * server, which keeps comments, and makes no step of its own. One question is under way at a time, and the newest
 * state is asked about next: answers cannot overtake one another. An edit that comes while the data is still behind
 * a typed text waits for it, so that neither is lost.
 *
 * @typedef {import("./model.js").SagaData} SagaData
 * @typedef {Record<string, {x: number, y: number}>} Layout
 * @typedef {{detail: string, line?: number | null, path?: string | null}} Mistake
 * @typedef {{
 *   text: string, data: SagaData, hash: string, problems: Problem[], engine: any, events: any,
 *   services: {name: string, steps: string[], declared: boolean}[], resources: {name: string, initial: number}[],
 * }} Checked What /sagas/check says of a saga that can run.
 * @typedef {{
 *   rule: string, severity: string, step: string, sentence: string, fix: any, fix_text: string | null,
 *   proof: string[] | null, coordination: string | null, show_url?: string | null,
 * }} Problem
 * @typedef {(Checked & {valid: true}) | (Mistake & {valid: false, text?: string, data?: SagaData | null})} Answer
 * @typedef {(asked: {text: string, data?: SagaData}) => Promise<Answer>} Check
 *   Rejects with a sentence where the server gives no answer; a saga that cannot run is an answer.
 * @typedef {{
 *   text: string, data: SagaData, layout: Layout, valid: boolean, error: Mistake | null, checked: Checked | null,
 *   behind: "text" | "data" | null, readable: boolean, server: string | null, revision: number,
 * }} State `behind`: which half still waits for the server; `readable`: false where the data is older than a text that
 *   cannot be read; `server`: why it does not answer, as a sentence.
 * @typedef {{kind: "edit" | "text" | "undo" | "redo" | "answer" | "selection" | "server", label: string}} Change
 * @typedef {(data: any, layout: Layout) => void} Recipe Changes deep copies.
 * @typedef {{text: string, data: SagaData, layout?: Layout, check: Check, answer?: Answer | null}} Start `answer`: what
 *   the server has said of it already.
 * @typedef {{merge?: string, select?: string[]}} EditOptions Edits one after another with the same `merge` are
 *   one step; `select` is what is selected afterwards.
 */

import { alike, stepNames } from "sagasim/composer/model.js";

const MOST_MOMENTS = 1000;
const MERGES_WITHIN_MS = 1200;
const WAITS_MS = { edit: 15, text: 120 };
const TRIES_AGAIN_MS = [500, 1000, 2000, 5000, 10000];

/**
 * @typedef {{
 *   revision: number, label: string, merge: string | undefined, at: number, kind: "edit" | "text", text: string,
 *   data: SagaData, layout: Layout, behind: "text" | "data" | null, asked: boolean, readable: boolean,
 *   error: Mistake | null, checked: Checked | null, selection: readonly string[],
 * }} Moment One state of the history. `asked`: the server has said all it knows about it.
 */

/** @template T @param {T} value @returns {T} */
function frozen(value) {
  if (value && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

export class Store {
  /** @type {Moment[]} */ #moments;
  #now = 0;
  #revision = 0;
  /** @type {Set<(state: State, change: Change) => void>} */ #subscribers = new Set();
  /** @type {{label: string, recipe: Recipe, options: EditOptions}[]} Edits that wait for data. */ #waiting =
    [];
  /** @type {((known: boolean) => void)[]} */ #settling = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {Moment | null} */ #asking = null;
  /** @type {string | null} */ #server = null;
  #failures = 0;
  /** @type {State | null} */ #state = null;
  #check;

  /** @param {Start} start */
  constructor({ text, data, layout = {}, check, answer }) {
    this.#check = check;
    this.#moments = [this.#moment({ label: "", kind: "edit", text, data, layout })];
    if (answer) this.#take(this.#current, answer);
    else this.#askSoon(0);
  }

  /** @returns {State} What the views show. The same object until something changes; nobody may change it. */
  get() {
    const { error, text, data, layout, checked, behind, readable, revision } = this.#current;
    const known = { text, data, layout, checked, behind, readable, revision };
    this.#state ??= { ...known, valid: !error, error, server: this.#server };
    return this.#state;
  }

  get canUndo() {
    return this.#now > 0 || this.#waiting.length > 0;
  }

  get canRedo() {
    return this.#now < this.#moments.length - 1;
  }

  /** What undo and redo would take back or do again, in words. */
  get labels() {
    return {
      undo: this.#waiting.at(-1)?.label ?? (this.#now > 0 ? this.#current.label : null),
      redo: this.#moments[this.#now + 1]?.label ?? null,
    };
  }

  /** @returns {readonly string[]} Names of steps. */
  get selection() {
    return this.#current.selection;
  }

  /** @param {readonly string[]} names */
  select(names) {
    const known = stepNames(this.#current.data);
    const selection = names.filter((name) => known.includes(name));
    if (alike(selection, this.selection)) return;
    this.#current.selection = selection;
    this.#tell("selection", "");
  }

  /**
   * One step of undo. What changes nothing makes no step.
   * @param {string} label What was done: "Rename charge"
   * @param {Recipe} recipe
   * @param {EditOptions} [options]
   */
  edit(label, recipe, options = {}) {
    if (this.#current.behind === "data") this.#waiting.push({ label, recipe, options });
    else this.#apply(label, recipe, options);
  }

  /**
   * What was typed. Typing without a pause is one step.
   * @param {string} label
   * @param {string} text
   */
  setText(label, text) {
    if (text === this.#current.text && this.#current.behind !== "text") return;
    const { data, layout, selection } = this.#current;
    this.#push({ label, kind: "text", merge: "text", text, data, layout, behind: "data", selection });
    this.#tell("text", label);
    this.#askSoon(WAITS_MS.text);
  }

  /**
   * A state of which text and data are both known: a fix, an older version, what somebody else has saved.
   * @param {string} label
   * @param {Answer & {text: string, data: SagaData}} answer
   * @param {Layout} [layout]
   */
  adopt(label, answer, layout = this.#current.layout) {
    this.#push({
      label,
      kind: "edit",
      text: answer.text,
      data: answer.data,
      layout,
      selection: this.selection,
    });
    this.#take(this.#current, answer);
    this.select(this.selection);
    this.#tell("edit", label);
  }

  undo() {
    const dropped = this.#waiting.pop();
    if (dropped) this.#tell("undo", dropped.label);
    else if (this.#now > 0) this.#go(this.#now - 1, "undo", this.#current.label);
  }

  redo() {
    const next = this.#moments[this.#now + 1];
    if (next && !this.#waiting.length) this.#go(this.#now + 1, "redo", next.label);
  }

  /** @param {(state: State, change: Change) => void} subscriber */
  subscribe(subscriber) {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Resolves when text and data of the newest state are both known; false where the server gives no answer. */
  settled() {
    if (this.#isSettled) return Promise.resolve(true);
    if (this.#server) return Promise.resolve(false);
    /** @type {Promise<boolean>} */
    const settled = new Promise((resolve) => this.#settling.push(resolve));
    return settled;
  }

  /** Asks now rather than when the pause is over: the network is back. */
  askAgain() {
    if (!this.#asking) this.#askSoon(0);
  }

  get #current() {
    return /** @type {Moment} */ (this.#moments[this.#now]);
  }

  get #isSettled() {
    return this.#current.asked && !this.#waiting.length;
  }

  /** @param {Partial<Moment> & Pick<Moment, "label" | "kind" | "text" | "data" | "layout">} said @returns {Moment} */
  #moment(said) {
    this.#revision += 1;
    frozen(said.data);
    frozen(said.layout);
    return {
      revision: this.#revision,
      merge: undefined,
      at: Date.now(),
      behind: null,
      asked: false,
      readable: true,
      error: null,
      checked: null,
      selection: [],
      ...said,
    };
  }

  /** @param {Parameters<Store["edit"]>[0]} label @param {Recipe} recipe @param {EditOptions} options */
  #apply(label, recipe, { merge, select }) {
    const before = this.#current;
    const data = structuredClone(before.data);
    const layout = structuredClone(before.layout);
    recipe(data, layout);
    const sameData = alike(data, before.data);
    if (sameData && alike(layout, before.layout)) {
      if (select) this.select(select);
      return;
    }
    const known = stepNames(data);
    const selection = (select ?? before.selection).filter((name) => known.includes(name));
    const { text, behind, asked, readable, error, checked } = before;
    const kept = sameData ? { data: before.data, behind, asked, readable, error, checked } : { data };
    this.#push({ label, kind: "edit", merge, text, layout, behind: "text", selection, ...kept });
    this.#tell("edit", label);
    if (!this.#current.asked) this.#askSoon(WAITS_MS.edit);
  }

  /** @param {Partial<Moment> & Pick<Moment, "label" | "kind" | "text" | "data" | "layout">} said */
  #push(said) {
    const before = this.#current;
    const moment = this.#moment(said);
    const isRecent = said.kind !== "text" || moment.at - before.at < MERGES_WITHIN_MS;
    const merges = said.merge && said.merge === before.merge && isRecent;
    const isNewest = this.#now === this.#moments.length - 1;
    this.#moments.length = this.#now + 1;
    if (merges && isNewest && this.#now > 0) this.#moments[this.#now] = moment;
    else this.#now = this.#moments.push(moment) - 1;
    while (this.#moments.length > MOST_MOMENTS && this.#moments[1]?.behind === null) {
      this.#moments.shift();
      this.#now -= 1;
    }
  }

  /** @param {number} index @param {"undo" | "redo"} kind @param {string} label */
  #go(index, kind, label) {
    this.#now = index;
    this.#current.merge = undefined; // what is typed next is another step
    this.#tell(kind, label);
    if (!this.#current.asked) this.#askSoon(WAITS_MS.edit);
  }

  /** @param {Change["kind"]} kind @param {string} label */
  #tell(kind, label) {
    this.#state = null;
    const state = this.get();
    for (const subscriber of [...this.#subscribers]) subscriber(state, { kind, label });
  }

  /** @param {number} waitsMs */
  #askSoon(waitsMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), waitsMs);
  }

  /** The text that an edit is written into: the newest one before it that could be read. */
  #textBefore() {
    for (let index = this.#now - 1; index >= 0; index -= 1) {
      const moment = this.#moments[index];
      if (moment?.behind === null && moment.readable) return moment.text;
    }
    return this.#current.text;
  }

  async #ask() {
    const moment = this.#current;
    if (this.#asking || moment.asked) return;
    this.#asking = moment;
    const { text, data } = moment;
    try {
      const answer = await this.#check(
        moment.behind === "text" ? { text: this.#textBefore(), data } : { text },
      );
      this.#asking = null;
      this.#answered(moment, answer);
    } catch (failure) {
      this.#asking = null;
      this.#failed(failure instanceof Error ? failure.message : String(failure));
    }
  }

  /** @param {Moment} moment @param {Answer} answer */
  #answered(moment, answer) {
    const wasGone = this.#server !== null;
    this.#failures = 0;
    this.#server = null;
    this.#take(moment, answer);
    if (wasGone) this.#tell("server", "");
    if (moment !== this.#current) {
      this.#askSoon(0);
      return;
    }
    this.#tell("answer", moment.label);
    for (const { label, recipe, options } of this.#waiting.splice(0)) this.edit(label, recipe, options);
    if (this.#isSettled) for (const resolve of this.#settling.splice(0)) resolve(true);
  }

  /** @param {Moment} moment @param {Answer} answer */
  #take(moment, answer) {
    if (moment.behind === "text" && answer.text !== undefined) moment.text = answer.text;
    if (answer.data && !alike(answer.data, moment.data)) moment.data = frozen(answer.data);
    if (moment.behind === "data") moment.readable = Boolean(answer.data);
    moment.behind = null;
    moment.asked = true;
    if (answer.valid) {
      const { valid: _, ...checked } = answer;
      moment.checked = checked;
      moment.error = null;
    } else {
      moment.checked = null;
      moment.error = { detail: answer.detail, line: answer.line ?? null, path: answer.path ?? null };
    }
  }

  /** @param {string} sentence */
  #failed(sentence) {
    this.#server = sentence;
    this.#tell("server", sentence);
    for (const resolve of this.#settling.splice(0)) resolve(false);
    const waitsMs = TRIES_AGAIN_MS[Math.min(this.#failures, TRIES_AGAIN_MS.length - 1)] ?? 0;
    this.#failures += 1;
    this.#askSoon(waitsMs);
  }
}

/** @param {Start} start */
export function createStore(start) {
  return new Store(start);
}
