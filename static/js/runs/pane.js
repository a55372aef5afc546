/**
 * One run on stage: its shape above, its diagram below, and the moment that is shown.
 *
 * Both grow from one tape of lines. Nothing here decides anything about a saga.
 */

import { Diagram, HEADROOM } from "sagasim/runs/diagram.js";
import { Drawn } from "sagasim/runs/drawn.js";
import { html, say, set } from "sagasim/runs/elements.js";
import { Shape } from "sagasim/runs/shape.js";
import { Tape } from "sagasim/runs/tape.js";
import { OUTCOMES, time } from "sagasim/runs/words.js";

/** @typedef {import("sagasim/runs/scale.js").Scale} Scale */
/** @typedef {import("sagasim/runs/ink.js").Message} Message */

const AXIS = 46; // px of the time axis

const GOING = Object.freeze({
  "": "not begun",
  forward: "going forward",
  halted: "halting",
  back: "turning back",
  ended: "",
});

export class Pane {
  /**
   * @param {HTMLElement} element the article that the page brings
   * @param {import("sagasim/runs/reducer.js").Cast} cast
   * @param {{shared_seq?: number | null, parting_ms?: number | null}} [run] up to which line it is the same as the run
   *   that it came from, or as the one beside it; and when their stories part, where the page knows
   */
  constructor(element, cast, run) {
    this.shared = run?.shared_seq ?? 0;
    this.parting_ms = run?.parting_ms ?? undefined;
    this.element = element;
    this.name = (element.dataset.name ?? cast.coordination).toLowerCase();
    this.cast = cast;
    this.tape = new Tape(cast);
    this.drawn = new Drawn(cast);
    this.shape = new Shape(cast);
    this.diagram = new Diagram();
    this.count = -1;
    const view = element.querySelector(".pane-view");
    if (!(view instanceof HTMLElement)) throw new Error("a pane has no view");
    this.view = view;
    this.axis = html("div", { class: "axis", "aria-hidden": "true" });
    this.curtain = html("div", { class: "curtain" });
    this.playhead = html("div", { class: "playhead" });
    this.clock = html("output", { class: "playhead-time" });
    this.playhead.append(this.clock);
    this.canvas = html(
      "div",
      { class: "space-time" },
      this.diagram.element,
      this.curtain,
      this.axis,
      this.playhead,
    );
    this.content = html("div", { class: "pane-content" }, this.shape.element, this.canvas);
    this.content.style.setProperty("--columns", String(this.shape.places.length));
    view.replaceChildren(this.content);
    this.state = element.querySelector(".pane-state");
    set(this.diagram.element, {
      "aria-label": `What the participants of the ${cast.coordination} said to one another; the log says the same in sentences`,
    });
  }

  /** @param {import("sagasim/runs/wire.js").Line[]} lines */
  append(lines) {
    this.tape.append(lines);
    this.drawn.append(lines);
    this.flights = [...this.drawn.messages].sort((one, other) => one.sent_at - other.sent_at);
    this.count = -1;
  }

  /** @param {Scale} scale */
  measure(scale) {
    this.scale = scale;
    const columns = this.shape.measure();
    const width = this.content.clientWidth;
    const parting = this.shared ? (this.parting_ms ?? this.tape.line(this.shared + 1)?.at_ms) : undefined;
    this.diagram.draw(this.drawn, scale, columns, width, AXIS, parting);
    this.visible = this.view.clientHeight - this.shape.element.offsetHeight; // not to be asked in every frame
    this.axis.replaceChildren(...axisLabels(scale));
    this.canvas.style.height = `${this.diagram.element.getAttribute("height")}px`;
  }

  /** Shows a moment; returns whether anything but the clock has changed. @param {number} at_ms */
  show(at_ms) {
    const y = HEADROOM + (this.scale?.to(at_ms) ?? 0);
    this.playhead.style.transform = `translateY(${y}px)`;
    this.curtain.style.transform = `translateY(${y}px)`;
    say(this.clock, time(at_ms));
    this.fly(at_ms);
    const count = this.tape.count(at_ms);
    if (count === this.count) return false;
    this.count = count;
    this.now = this.tape.view(count);
    this.shape.show(this.now);
    this.#tell(this.now);
    return true;
  }

  /** @param {import("sagasim/runs/reducer.js").View} view */
  #tell(view) {
    if (!this.state) return;
    const outcome = OUTCOMES[view.outcome];
    const going =
      view.direction in GOING ? GOING[/** @type {keyof typeof GOING} */ (view.direction)] : view.direction;
    const broken = view.harms.length ? `, ${view.harms.length} broken` : "";
    say(this.state, `${outcome ? outcome.word : going}${broken}`);
    set(this.state, {
      "data-harm": view.harms.length > 0,
      "data-outcome": view.outcome || null,
      "data-direction": view.direction,
    });
  }

  /** What is under way at a moment travels over the shape. @param {number} at_ms */
  fly(at_ms) {
    if (still.matches) return this.shape.fly([]);
    /** @type {{message: Message, part: number}[]} */
    const flying = [];
    for (const message of this.flights ?? []) {
      if (message.sent_at > at_ms) break;
      const arrives = message.arrives_at ?? message.due_at;
      const lost = message.fate === "lost" || message.arrives_at === null;
      if (arrives <= at_ms) continue;
      const part = (at_ms - message.sent_at) / (arrives - message.sent_at);
      if (!lost || part < 0.6) flying.push({ message, part: lost ? Math.min(part, 0.5) : part });
    }
    this.shape.fly(flying);
  }

  /** Keeps the moment in sight, and lets the drawing glide under it while it plays. @param {number} at_ms */
  follow(at_ms) {
    const y = HEADROOM + (this.scale?.to(at_ms) ?? 0);
    const visible = this.visible ?? 0;
    const top = this.view.scrollTop;
    if (y < top + 24) this.view.scrollTop = y - visible * 0.35;
    else if (y > top + visible * 0.62) this.view.scrollTop = y - visible * 0.62;
  }

  /** Both panes stand at the same height of time. @param {Pane} other */
  scrollLike(other) {
    if (Math.abs(this.view.scrollTop - other.view.scrollTop) > 1) this.view.scrollTop = other.view.scrollTop;
  }

  /** The moment under a pointer. @param {number} clientY */
  momentAt(clientY) {
    return this.scale?.from(clientY - this.canvas.getBoundingClientRect().top - HEADROOM) ?? 0;
  }
}

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {Scale} scale */
function axisLabels(scale) {
  const at = (/** @type {HTMLElement} */ label, /** @type {number} */ length) => {
    label.style.top = `${HEADROOM + length}px`;
    return label;
  };
  return [
    ...scale.ticks().map((ms) => at(html("span", { class: "axis-time" }, short(ms)), scale.to(ms))),
    ...scale.stretches
      .filter((stretch) => stretch.idle)
      .map(({ from, to, from_ms, to_ms }) =>
        at(html("span", { class: "axis-break" }, `+${short(to_ms - from_ms)}`), (from + to) / 2),
      ),
  ];
}

/** @param {number} ms */
function short(ms) {
  return ms < 1000 ? `${ms}` : `${+(ms / 1000).toFixed(2)}s`;
}
