/**
 * All lines of one run, and the view at any moment: a fold from the nearest checkpoint, whichever way one came there.
 *
 * @typedef {import("sagasim/runs/wire.js").Line} Line
 * @typedef {import("sagasim/runs/reducer.js").View} View
 */

import { evolve, opening } from "sagasim/runs/reducer.js";

const EVERY = 32; // lines between two checkpoints: a seek folds fewer than this

export class Tape {
  /** @param {import("sagasim/runs/reducer.js").Cast} cast */
  constructor(cast) {
    this.cast = cast;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {View[]} */
    this.checkpoints = [opening(cast)];
    this.latest = opening(cast);
  }

  /** @param {Line[]} lines */
  append(lines) {
    for (const line of lines) {
      const now = evolve(this.latest, line);
      if (now === this.latest) continue;
      this.latest = now;
      this.lines.push(line);
      if (this.lines.length % EVERY === 0) this.checkpoints.push(now);
    }
  }

  /** How many lines have happened at a moment. @param {number} at_ms */
  count(at_ms) {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lines[middle]?.at_ms ?? 0) <= at_ms + 1e-6) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The view after so many lines. @param {number} count */
  view(count) {
    const nearest = Math.min(Math.floor(count / EVERY), this.checkpoints.length - 1);
    let view = this.checkpoints[nearest] ?? this.latest;
    for (let index = nearest * EVERY; index < count; index++) {
      const line = this.lines[index];
      if (line) view = evolve(view, line);
    }
    return view;
  }

  /** @param {number} seq */
  line(seq) {
    return this.lines[seq - 1];
  }

  /** A line and everything that led to it. @param {number} seq */
  causes(seq) {
    /** @type {Set<number>} */
    const found = new Set();
    for (let at = seq; at > 0 && !found.has(at); at = this.line(at)?.data.because ?? 0) found.add(at);
    return found;
  }
}

/**
 * What makes two lines of a pair the same thing in two coordinations: which call they belong to, and how far it is.
 * @param {Line} line
 */
export function twin({ kind, data }) {
  const phase = PHASES[kind] ?? kind;
  return `${phase} ${data.step ?? ""} ${data.undo ?? kind === "UndoCommitted"} ${data.attempt ?? 0} ${data.instance ?? 1}`;
}

/** @type {Record<string, string>} */
const PHASES = {
  CommandSent: "asked",
  EventConsumed: "asked",
  StepCommitted: "effect",
  UndoCommitted: "effect",
  NothingChanged: "effect",
};
