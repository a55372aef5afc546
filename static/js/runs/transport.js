/** The controls of the player: buttons, scrubber, clock. What they do is the stage's business. */

import { html, say, set } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";
import { time } from "sagasim/runs/words.js";

/** @typedef {import("sagasim/runs/scale.js").Scale} Scale */

const SIGNS = Object.freeze({
  forward: "forward",
  back: "back",
  trouble: "harm",
  fold: "late",
  together: "hub",
  cancel: "cancel",
});

export class Transport {
  /**
   * @param {HTMLElement} stage
   * @param {Record<string, () => void>} does what each button is for, by its data-do
   * @param {(place: number) => void} scrub to a place on the scale
   */
  constructor(stage, does, scrub) {
    const find = (/** @type {string} */ selector) => {
      const found = stage.querySelector(selector);
      if (!(found instanceof HTMLElement)) throw new Error(`the player has no ${selector}`);
      return found;
    };
    this.stage = stage;
    /** @type {boolean | undefined} */
    this.playing = undefined;
    this.button = (/** @type {string} */ name) => find(`[data-do=${name}]`);
    this.scrubber = /** @type {HTMLInputElement} */ (find("#scrubber"));
    this.clock = find("#clock");
    this.total = find("#total");
    this.speed = find("#speed");
    this.troubles = find("#troubles");
    this.scrubber.addEventListener("input", () => scrub(Number(this.scrubber.value)));
    stage.addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("[data-do]") : null;
      does[button?.getAttribute("data-do") ?? ""]?.();
    });
    for (const [name, sign] of Object.entries(SIGNS)) this.button(name).prepend(icon(sign));
    find(".transport").hidden = stage.hasAttribute("data-empty");
    const tray = stage.querySelector(".tray");
    if (tray) set(tray, { hidden: null });
    this.play(false);
  }

  /** @param {boolean} playing */
  play(playing) {
    if (this.playing === playing) return;
    this.playing = playing;
    this.button("toggle").replaceChildren(
      icon(playing ? "pause" : "play"),
      html("span", {}, playing ? "Pause" : "Play"),
    );
    set(this.stage, { "data-playing": playing });
  }

  /** @param {number} at_ms @param {Scale} scale */
  show(at_ms, scale) {
    this.scrubber.value = String(Math.round(scale.to(at_ms)));
    set(this.scrubber, { "aria-valuetext": time(at_ms) });
    say(this.clock, time(at_ms));
    say(this.total, `of ${time(scale.end_ms)}`);
  }

  /** The scrubber over a scale, and where on it something goes wrong. @param {Scale} scale @param {number[]} troubles in ms */
  measure(scale, troubles) {
    const length = Math.max(1, Math.round(scale.length));
    this.scrubber.max = String(length);
    this.troubles.replaceChildren(
      ...troubles.map((at) => {
        const mark = html("span", { class: "trouble" });
        mark.style.left = `${(100 * scale.to(at)) / length}%`;
        return mark;
      }),
    );
  }

  /** @param {number} speed */
  pace(speed) {
    say(this.speed, `${speed}×`);
  }

  /** @param {string} name @param {boolean} pressed */
  press(name, pressed) {
    set(this.button(name), { "aria-pressed": String(pressed) });
  }
}
