/**
 * The space-time diagram: time runs down, participants stand side by side, messages slant as long as they travel.
 *
 * It draws the whole known history once; the moment shown is a curtain over what is still to come (pane.js). So seeking
 * moves one element, and a bar is never drawn by what came of it later.
 */

import { set, svg } from "sagasim/runs/elements.js";
import { sign } from "sagasim/runs/icons.js";
import { COORDINATOR } from "sagasim/runs/reducer.js";
import { time } from "sagasim/runs/words.js";

/** @typedef {import("sagasim/runs/drawn.js").Drawn} Drawn */
/** @typedef {import("sagasim/runs/ink.js").Message} Message */
/** @typedef {import("sagasim/runs/scale.js").Scale} Scale */
/** @typedef {import("sagasim/runs/shape.js").Column} Column */

export const HEADROOM = 14; // px above the first instant
const FOOTROOM = 40;
const BAR = 10;
const LANE = 4.5; // px between two effects of one service
const LETTER = 6.2; // px: about what one of a label takes
const NEAR = 8; // px: closer marks of one participant would cover one another

let drawings = 0;

export class Diagram {
  constructor() {
    this.name = `drawing-${++drawings}`;
    this.element = svg("svg", { class: "diagram", role: "img" });
    this.lit = new Set();
  }

  /**
   * @param {Drawn} drawn
   * @param {Scale} scale
   * @param {Map<string, Column>} columns
   * @param {number} width
   * @param {number} axis px that the time axis takes
   * @param {number} [parting] when a what-if parts from the run that it came from, in ms
   */
  draw(drawn, scale, columns, width, axis, parting) {
    this.drawn = drawn;
    this.columns = columns;
    this.width = width;
    this.y = (/** @type {number} */ ms) => HEADROOM + scale.to(ms);
    this.end = HEADROOM + scale.length;
    const height = this.end + FOOTROOM;
    const lanes = lanesOf(drawn);
    set(this.element, { width, height, viewBox: `0 0 ${width} ${height}` });
    this.element.replaceChildren(
      this.#patterns(),
      ...this.#axis(scale, width, axis),
      ...(parting === undefined ? [] : [this.#parting(parting, width, axis)]),
      ...this.#lifelines(),
      ...drawn.gaps.map((gap) => this.#gap(gap)),
      ...drawn.effects.map((effect) => this.#effect(effect, lanes)),
      ...drawn.bars.flatMap((bar) => this.#bar(bar)),
      ...drawn.messages.flatMap((message) => this.#message(message)),
      ...this.#marks(),
    );
  }

  /** @param {string} name */
  #x(name) {
    return this.columns?.get(name)?.x ?? 0;
  }

  #patterns() {
    const hatch = svg("pattern", {
      id: `${this.name}-hatch`,
      class: "hatch",
      width: 6,
      height: 6,
      patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(-45)",
    });
    hatch.append(
      svg("rect", { width: 6, height: 6, class: "hatch-ground" }),
      svg("rect", { width: 2.5, height: 6, class: "hatch-line" }),
    );
    const heads = ["command", "reply", "event", "undo", "bad", "late"].map((kind) => {
      const head = svg("marker", {
        id: `${this.name}-${kind}`,
        class: `head ${kind}`,
        viewBox: "0 0 8 8",
        refX: 7,
        refY: 4,
        markerWidth: 8,
        markerHeight: 8,
        markerUnits: "userSpaceOnUse",
        orient: "auto",
      });
      head.append(svg("path", { d: kind === "reply" ? "M1 1 7 4 1 7" : "M1 1 7 4 1 7z" }));
      return head;
    });
    return svg("defs", {}, hatch, ...heads);
  }

  /** @param {Scale} scale @param {number} width @param {number} axis */
  #axis(scale, width, axis) {
    const y = this.y ?? Number;
    const lines = scale
      .ticks()
      .map((at) => svg("line", { class: "tick", x1: axis, x2: width, y1: y(at), y2: y(at) }));
    const breaks = scale.stretches
      .filter((stretch) => stretch.idle)
      .map((stretch) => {
        const top = HEADROOM + stretch.from;
        const height = stretch.to - stretch.from;
        return svg("rect", {
          class: "idle-time",
          x: axis,
          y: top + 4,
          width: width - axis,
          height: height - 8,
        });
      });
    return [...breaks, ...lines];
  }

  /** @param {number} at @param {number} width @param {number} axis */
  #parting(at, width, axis) {
    const y = this.y?.(at) ?? 0;
    return svg(
      "g",
      { class: "parting" },
      svg("line", { x1: axis, x2: width, y1: y, y2: y }),
      svg(
        "text",
        { class: "label", x: width - 6, y: y - 4, "text-anchor": "end" },
        "another story from here",
      ),
    );
  }

  #lifelines() {
    const end = this.end ?? 0;
    return [...(this.columns ?? [])].map(([name, { x }]) =>
      svg("line", {
        class: name === COORDINATOR ? "lifeline coordinator" : "lifeline",
        x1: x,
        x2: x,
        y1: 0,
        y2: end + FOOTROOM - 8,
      }),
    );
  }

  /** A broken lifeline: who is down answers nobody. @param {import("sagasim/runs/ink.js").Gap} gap */
  #gap({ place, from, to, word, seq }) {
    const y = this.y ?? Number;
    const x = this.#x(place);
    const top = y(from);
    const bottom = to === null ? (this.end ?? 0) + FOOTROOM - 8 : Math.max(y(to), top + 12);
    let zigzag = `M${x} ${top}`;
    for (let at = top + 5, side = 1; at < bottom; at += 6, side = -side) zigzag += `L${x + 5 * side} ${at}`;
    return svg(
      "g",
      { class: "gap", "data-seq": seq },
      svg("title", {}, `${place}: ${word}`),
      svg("line", { class: "gap-ground", x1: x, x2: x, y1: top, y2: bottom }),
      svg("path", { d: `${zigzag}L${x} ${bottom}` }),
    );
  }

  /** The truth: as long as the effect is there, a line beside the lifeline. @param {import("sagasim/runs/ink.js").Effect} effect @param {Map<string, number>} lanes */
  #effect({ place, step, from, to, times, seq }, lanes) {
    const y = this.y ?? Number;
    const x = this.#x(place) + BAR / 2 + 4 + (lanes.get(step) ?? 0) * LANE;
    const bottom = to === null ? (this.end ?? 0) + 18 : y(to);
    const group = svg("g", {
      class: "effect",
      "data-times": times === 1 ? null : times > 1 ? "many" : "never",
      "data-seq": seq,
    });
    group.append(
      svg(
        "title",
        {},
        `${step}: the effect is ${times < 0 ? "undone although it never was" : times > 1 ? `there ${times} times` : "there"}`,
      ),
      svg("line", { x1: x, x2: x, y1: y(from), y2: bottom }),
      svg("circle", { cx: x, cy: y(from), r: 2.6 }),
    );
    return group;
  }

  /** @param {import("sagasim/runs/ink.js").Bar} bar */
  #bar({ place, step, undo, attempt, from, to, state, unsure, lane, seq }) {
    const y = this.y ?? Number;
    const x = this.#x(place) - BAR / 2 - lane * (BAR + 2) * (place === COORDINATOR ? -1 : 1);
    const top = y(from);
    const height = Math.max(2, (to === null ? (this.end ?? 0) : y(to)) - top);
    const bar = svg("rect", {
      class: place === COORDINATOR ? "bar waits" : "bar",
      "data-state": state,
      "data-unsure": unsure,
      "data-seq": seq,
      x,
      y: top,
      width: BAR,
      height,
      rx: 2,
    });
    bar.append(
      svg(
        "title",
        {},
        `${undo ? "undo of " : ""}${step}, attempt ${attempt}: ${state === "retry" ? "waits for the next attempt" : state}`,
      ),
    );
    if (unsure) bar.style.fill = `url(#${this.name}-hatch)`;
    if (place === COORDINATOR || state === "retry") return [bar];
    const says = `${undo ? "undo " : ""}${step}${attempt > 1 ? ` #${attempt}` : ""}`;
    const beside = BAR / 2 + 5;
    const fits = this.#x(place) + beside + says.length * LETTER <= (this.width ?? 0);
    const at = {
      x: this.#x(place) + (fits ? beside : -beside),
      y: top + Math.min(height / 2 + 3.5, 16),
      "text-anchor": fits ? null : "end",
    };
    return [bar, svg("text", { class: undo ? "label undo" : "label", ...at, "data-seq": seq }, says)];
  }

  /** @param {Message} message */
  #message(message) {
    const y = this.y ?? Number;
    const { from, to, sent_at, arrives_at, due_at, fate, kind, undo, answer, seq } = message;
    const bad = answer === "refused" || answer === "error";
    const side = Math.sign(this.#x(to) - this.#x(from)) || 1;
    const x1 = this.#x(from) + side * 5;
    let x2 = this.#x(to) - side * 6;
    const y1 = y(sent_at);
    let y2 = y(arrives_at ?? due_at);
    const look = bad ? "bad" : undo ? "undo" : fate === "late" ? "late" : kind;
    const lost = fate === "lost" || arrives_at === null;
    if (lost) {
      x2 = (x1 + x2) / 2;
      y2 = (y1 + y2) / 2;
    }
    const d = from === to ? `M${x1} ${y1}h14V${y2}h-12` : `M${x1} ${y1}L${x2} ${y2}`;
    const group = svg("g", {
      class: "message",
      "data-kind": kind,
      "data-look": look,
      "data-fate": fate || null,
      "data-seq": seq,
    });
    group.append(svg("title", {}, this.#told(message)));
    if (fate === "second") group.append(svg("path", { d, class: "double" }));
    group.append(svg("path", { d, "marker-end": lost ? null : `url(#${this.name}-${look})` }));
    if (fate === "lost") {
      const cross = sign("failed", x2, y2);
      cross.classList.add("stopped");
      group.append(cross);
    }
    if (fate === "late") {
      const clock = sign("late", x1 + (x2 - x1) * 0.14, y1 + (y2 - y1) * 0.14);
      clock.classList.add("waiting");
      group.append(clock);
    }
    return [group];
  }

  /** @param {Message} message */
  #told({ kind, step, undo, fate, sent_at, arrives_at, answer, label }) {
    const what =
      label ||
      `${kind === "event" ? "event of" : kind === "reply" ? `reply (${answer || "lost"}) of` : undo ? "undo" : "do"} ${step}`;
    const fates = {
      "": "",
      lost: ", lost",
      late: ", late",
      second: ", second copy",
      stray: ", nobody waits for it",
    };
    return `${what}${fates[fate]}: ${time(sent_at)}${arrives_at === null ? "" : ` to ${time(arrives_at)}`}`;
  }

  /**
   * Signs on the lifelines: with a word on their left, without one on the line itself. Where one would cover another,
   * it gives up its word, then its place.
   */
  #marks() {
    /** @type {Map<string, number[]>} */
    const taken = new Map();
    const crowd = (/** @type {string} */ place, /** @type {number} */ y) => {
      const near = (taken.get(place) ?? []).filter((other) => Math.abs(other - y) < NEAR).length;
      taken.set(place, [...(taken.get(place) ?? []), y]);
      return near;
    };
    return (this.drawn?.marks ?? []).map((mark) => {
      const y = this.y?.(mark.at) ?? 0;
      const worded = mark.word !== "" && !crowd(`${mark.place} left`, y);
      const aside = worded ? -15 : 13 * crowd(mark.place, y);
      const at = this.#x(mark.place) + aside;
      const group = svg(
        "g",
        { class: "mark", "data-tone": mark.tone, "data-icon": mark.icon, "data-seq": mark.seq },
        svg("title", {}, `${mark.word || mark.icon} at ${time(mark.at)}`),
        svg("circle", { cx: at, cy: y, r: 7 }),
        sign(mark.icon, at, y),
      );
      if (worded) {
        group.append(
          svg("text", { class: "label", x: at - 10, y: y + 3.5, "text-anchor": "end" }, mark.word),
        );
      }
      return group;
    });
  }

  /** Fades everything but these lines; null brings all back. @param {Set<number> | null} lit */
  light(lit) {
    this.element.toggleAttribute("data-lit", lit !== null);
    for (const part of this.element.querySelectorAll("[data-seq]")) {
      part.toggleAttribute("data-on", lit?.has(Number(part.getAttribute("data-seq"))) ?? false);
    }
  }

  /** @param {number} seq 0: nothing */
  point(seq) {
    for (const part of this.element.querySelectorAll("[data-twin]")) part.removeAttribute("data-twin");
    if (seq)
      for (const part of this.element.querySelectorAll(`[data-seq="${seq}"]`))
        part.setAttribute("data-twin", "");
  }
}

/** Each step that leaves an effect gets a lane of its own beside its service's lifeline. @param {Drawn} drawn */
function lanesOf(drawn) {
  /** @type {Map<string, number>} */
  const lanes = new Map();
  /** @type {Map<string, number>} */
  const used = new Map();
  for (const { step, place } of drawn.effects) {
    if (lanes.has(step)) continue;
    lanes.set(step, used.get(place) ?? 0);
    used.set(place, (used.get(place) ?? 0) + 1);
  }
  return lanes;
}
