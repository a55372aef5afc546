/**
 * Which part of the drawing is seen, and how large: fit, zoom, and keeping in sight what is chosen.
 */

import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";

const MARGIN = 24;
const BELOW = 28; // more, for the zoom buttons
const SMALLEST = 0.15;
const LARGEST = 2;

export class Window {
  #isFitting = false;
  /** Whether all of it was shown last, and nobody has looked elsewhere since. */ #isFitted = false;

  /**
   * @param {any} diagram
   * @param {import("sagasim/composer/canvas/drawing.js").Drawing} drawing
   */
  constructor(diagram, drawing) {
    this.canvas = diagram.get("canvas");
    this.drawing = drawing;
    diagram.get("eventBus").on("canvas.viewbox.changed", () => {
      if (!this.#isFitting) this.#isFitted = false;
    });
  }

  /** Shows all, and goes on doing so while it grows or the place for it changes, until somebody looks elsewhere. */
  fit() {
    this.#isFitting = true;
    this.#fit();
    this.#isFitting = false;
    this.#isFitted = true;
  }

  /** After something was drawn: all stays in sight that was, and never is nothing in sight. */
  settle() {
    if (this.drawing.shapes.length && (this.#isFitted ? !this.#holds() : !this.#shows())) this.fit();
  }

  /** Also when the view comes back that was hidden: what was drawn meanwhile may lie elsewhere. */
  resized() {
    const wasFitted = this.#isFitted;
    this.canvas.resized();
    if (wasFitted) this.fit();
    else this.settle();
  }

  /** No larger than life. */
  #fit() {
    const { width, height } = this.canvas.getSize();
    if (!width || !height) return;
    const bounds = this.#bounds();
    const room = { width: width - 2 * MARGIN, height: height - 2 * MARGIN - BELOW };
    const scale = Math.max(SMALLEST, Math.min(1, room.width / bounds.width, room.height / bounds.height));
    const spare = { x: room.width / scale - bounds.width, y: room.height / scale - bounds.height };
    this.canvas.viewbox({
      x: bounds.x - MARGIN / scale - Math.max(0, spare.x) / 2,
      y: bounds.y - MARGIN / scale - Math.max(0, spare.y) / 2,
      width: width / scale,
      height: height / scale,
    });
  }

  /** @param {number} factor */
  zoom(factor) {
    const scale = Math.max(SMALLEST, Math.min(LARGEST, this.canvas.zoom() * factor));
    this.canvas.zoom(scale, "auto");
  }

  /** Moves the drawing just so far that a step is in sight. @param {{x: number, y: number}} shape */
  reveal(shape) {
    const { scale, x, y, width, height } = this.canvas.viewbox();
    if (!(width > 0 && height > 0)) return; // behind another tab nothing is in sight
    const margin = 12 / scale;
    /** @param {number} from @param {number} to @param {number} low @param {number} high */
    const lacking = (from, to, low, high) => (from < low ? low - from : to > high ? high - to : 0);
    const dx = lacking(shape.x, shape.x + WIDTH, x + margin, x + width - margin);
    const dy = lacking(shape.y, shape.y + HEIGHT, y + margin, y + height - margin);
    if (dx || dy) this.canvas.scroll({ dx: dx * scale, dy: dy * scale });
  }

  /** Whether all of it can be seen. */
  #holds() {
    const { x, y, width, height } = this.canvas.viewbox();
    const all = this.#bounds();
    return all.x >= x && all.y >= y && all.x + all.width <= x + width && all.y + all.height <= y + height;
  }

  /** Whether any step can be seen. */
  #shows() {
    const { x, y, width, height } = this.canvas.viewbox();
    if (!(width > 0 && height > 0)) return true; // behind another tab nothing is missed
    return this.drawing.shapes.some(
      (box) => box.x < x + width && box.x + WIDTH > x && box.y < y + height && box.y + HEIGHT > y,
    );
  }

  /** What steps and links take. */
  #bounds() {
    const { shapes, links } = this.drawing;
    if (!shapes.length) return { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    const ends = shapes.map((box) => ({ x: box.x + WIDTH, y: box.y + HEIGHT }));
    const corners = [...shapes, ...ends, ...links.flatMap(({ waypoints }) => waypoints)];
    const x = Math.min(...corners.map((corner) => corner.x));
    const y = Math.min(...corners.map((corner) => corner.y)) - 12; // a badge stands out
    const right = Math.max(...corners.map((corner) => corner.x));
    const bottom = Math.max(...corners.map((corner) => corner.y)) + 12;
    return { x, y, width: right - x, height: bottom - y };
  }
}
