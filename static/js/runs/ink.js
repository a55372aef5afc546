/**
 * What there is to draw of a run: bars, messages, marks, effects and broken lifelines, as plain values. drawn.js fills
 * it line by line, diagram.js draws it; times are virtual milliseconds, null is "not yet" or "never".
 *
 * @typedef {import("sagasim/runs/wire.js").Line} Line
 * @typedef {import("sagasim/runs/reducer.js").Cast} Cast
 * @typedef {"" | "lost" | "late" | "second" | "stray"} Fate
 * @typedef {{
 *   kind: "command" | "reply" | "event", from: string, to: string, step: string, undo: boolean, answer: string,
 *   sent_at: number, arrives_at: number | null, due_at: number, fate: Fate, label: string, seq: number,
 * }} Message
 * @typedef {{
 *   place: string, step: string, undo: boolean, attempt: number, from: number, to: number | null,
 *   state: string, unsure: boolean, lane: number, seq: number,
 * }} Bar
 * @typedef {{place: string, at: number, icon: string, tone: string, word: string, seq: number}} Mark
 * @typedef {{place: string, step: string, from: number, to: number | null, times: number, seq: number}} Effect
 * @typedef {{place: string, from: number, to: number | null, word: string, seq: number}} Gap
 */

import { place } from "sagasim/runs/reducer.js";
import { kindOf } from "sagasim/runs/words.js";

export class Ink {
  constructor() {
    /** @type {Message[]} */
    this.messages = [];
    /** @type {Bar[]} */
    this.bars = [];
    /** @type {Mark[]} */
    this.marks = [];
    /** @type {Effect[]} */
    this.effects = [];
    /** @type {Gap[]} */
    this.gaps = [];
    /** @type {Map<string, Effect>} the effects that are there now */
    this.standing = new Map();
  }

  /**
   * @param {Line} line
   * @param {Message["kind"]} kind
   * @param {string} from
   * @param {string} to
   * @param {number} sent_at
   * @param {number | null} arrives_at
   * @param {Fate} fate
   * @returns {Message}
   */
  say({ data, seq, at_ms }, kind, from, to, sent_at, arrives_at, fate) {
    const undo = Boolean(data.undo);
    const due_at = arrives_at ?? at_ms;
    const message = {
      kind,
      from,
      to,
      step: data.step,
      undo,
      answer: "",
      sent_at,
      arrives_at,
      due_at,
      fate,
      label: "",
      seq,
    };
    this.messages.push(message);
    return message;
  }

  /**
   * @param {Line} line
   * @param {string} where
   * @param {number} from
   * @param {string} state
   * @param {Partial<Bar>} [more]
   */
  bar({ data, seq }, where, from, state, more = {}) {
    const taken = new Set(
      this.bars
        .filter((bar) => bar.place === where && (bar.to === null || bar.to > from))
        .map((bar) => bar.lane),
    );
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    const bar = {
      place: where,
      step: data.step,
      undo: Boolean(data.undo),
      attempt: data.attempt ?? 1,
      from,
      to: null,
      state,
      unsure: false,
      lane,
      seq,
      ...more,
    };
    this.bars.push(bar);
    return bar;
  }

  /** @param {Line} line @param {string} where @param {string} word @param {{icon?: string, tone?: string}} [more] */
  mark(line, where, word, more = {}) {
    const { icon, tone = "" } = kindOf(line.kind);
    this.marks.push({ place: where, at: line.at_ms, icon, tone, word, seq: line.seq, ...more });
  }

  /** A lifeline is whole again. @param {string} where @param {number} at_ms */
  mend(where, at_ms) {
    for (const gap of this.gaps)
      if (gap.place === where && gap.from < at_ms && (gap.to === null || gap.to > at_ms)) gap.to = at_ms;
  }

  /** From here on the effect is there so many times. @param {Line} line */
  stands(line, service = "") {
    const { data, at_ms, seq } = line;
    const key = place(data.instance ?? 1, data.step);
    const before = this.standing.get(key);
    if (before) before.to = at_ms;
    this.standing.delete(key);
    if (data.times === 0) return;
    const effect = { place: service, step: data.step, from: at_ms, to: null, times: data.times, seq };
    this.effects.push(effect);
    this.standing.set(key, effect);
  }

  /** Whoever stands there answers nobody, until it is mended. @param {Line} line @param {string} where @param {string} word @param {number | null} to */
  breaks({ at_ms, seq }, where, word, to) {
    this.gaps.push({ place: where, from: at_ms, to, word, seq });
  }
}
