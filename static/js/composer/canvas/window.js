/**
 * Which part of the drawing is seen, and how large: fit, zoom, and keeping in sight what is chosen.
 */

import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";

const MARGIN = 24;
const BELOW = 28; // more, for the zoom buttons
const SMALLEST = 0.15;
const LARGEST = 2;

export class Window {
  /** @param {any} diagram */
  constructor(diagram) {
    this.canvas = diagram.get("canvas");
  }

  /**
   * All of it, no larger than life.
   * @param {readonly {x: number, y: number}[]} boxes
   * @param {readonly {x: number, y: number}[]} points of the links
   */
  fit(boxes, points) {
    const { width, height } = this.canvas.getSize();
    if (!width || !height) return;
    const bounds = boundsOf(boxes, points);
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

  /** Whether all of it can be seen. @param {readonly {x: number, y: number}[]} boxes @param {readonly {x: number, y: number}[]} points */
  holds(boxes, points) {
    const { x, y, width, height } = this.canvas.viewbox();
    const all = boundsOf(boxes, points);
    return all.x >= x && all.y >= y && all.x + all.width <= x + width && all.y + all.height <= y + height;
  }

  /** Whether any step can be seen. @param {readonly {x: number, y: number}[]} boxes */
  shows(boxes) {
    const { x, y, width, height } = this.canvas.viewbox();
    return boxes.some(
      (box) => box.x < x + width && box.x + WIDTH > x && box.y < y + height && box.y + HEIGHT > y,
    );
  }
}

/** @param {readonly {x: number, y: number}[]} boxes @param {readonly {x: number, y: number}[]} points */
function boundsOf(boxes, points) {
  if (!boxes.length) return { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const corners = [...boxes, ...boxes.map((box) => ({ x: box.x + WIDTH, y: box.y + HEIGHT })), ...points];
  const x = Math.min(...corners.map((corner) => corner.x));
  const y = Math.min(...corners.map((corner) => corner.y)) - 12; // a badge stands out
  const right = Math.max(...corners.map((corner) => corner.x));
  const bottom = Math.max(...corners.map((corner) => corner.y)) + 12;
  return { x, y, width: right - x, height: bottom - y };
}
