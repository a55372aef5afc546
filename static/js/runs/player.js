/**
 * The clock of the stage: which moment is shown. It knows no line and no drawing.
 *
 * While it plays, the moment follows from the browser's clock, not from counted frames: a hidden tab draws nothing and
 * is where it should be when it comes back. It moves evenly over the scale, so folded idle time is passed quickly.
 */

/** @typedef {import("sagasim/runs/scale.js").Scale} Scale */

export const SPEEDS = Object.freeze([0.25, 0.5, 1, 2, 4, 8]);
const PACE = 110; // px of the scale per second, at speed 1

export class Player {
  /**
   * @param {Scale} scale
   * @param {(at_ms: number, playing: boolean) => void} show
   */
  constructor(scale, show) {
    this.scale = scale;
    this.show = show;
    this.playing = false;
    this.speed = 1;
    this.live = false; // more may come: at the end we wait instead of stopping
    this.at_ms = 0;
    this.frame = 0;
    this.anchor = { clock: 0, place: 0 };
    this.wake = () => this.#look();
    document.addEventListener("visibilitychange", this.wake);
  }

  play() {
    if (this.playing) return;
    if (this.at_ms >= this.scale.end_ms && !this.live) this.at_ms = 0;
    this.playing = true;
    this.#anchor();
    this.#look();
  }

  pause() {
    if (!this.playing) return;
    this.#advance();
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.#settle();
    this.show(this.at_ms, false);
  }

  /** @param {number} at_ms */
  seek(at_ms) {
    this.at_ms = Math.min(Math.max(0, at_ms), this.scale.end_ms);
    this.#anchor();
    this.show(this.at_ms, this.playing);
  }

  /** @param {number} speed */
  pace(speed) {
    this.#advance();
    this.speed = speed;
    this.#anchor();
  }

  /** The same moment on another scale: lines were added, idle time folded or unfolded. @param {Scale} scale */
  measure(scale) {
    this.#advance();
    this.scale = scale;
    this.#anchor();
    if (this.playing) this.#look();
    else this.show(this.at_ms, false);
  }

  close() {
    cancelAnimationFrame(this.frame);
    document.removeEventListener("visibilitychange", this.wake);
  }

  #anchor() {
    this.anchor = { clock: performance.now(), place: this.scale.to(this.at_ms) };
  }

  /** Between two whole milliseconds nothing can happen; a moment at rest has an address that says it exactly. */
  #settle() {
    this.at_ms = Math.floor(this.at_ms + 1e-6);
  }

  #advance() {
    if (!this.playing) return;
    const passed = Math.max(0, performance.now() - this.anchor.clock) / 1000;
    const place = this.anchor.place + passed * PACE * this.speed;
    this.at_ms = place >= this.scale.length ? this.scale.end_ms : this.scale.from(place);
  }

  #look() {
    cancelAnimationFrame(this.frame);
    if (!this.playing) return;
    this.#advance();
    if (this.at_ms >= this.scale.end_ms) {
      if (!this.live) this.playing = false;
      this.#anchor();
      this.show(this.at_ms, this.playing);
      return; // live: measure() looks again when there is more
    }
    this.show(this.at_ms, true);
    this.frame = requestAnimationFrame(() => this.#look());
  }
}
