/**
 * One scale from virtual time to the length on screen, shared by both panes, the axis, the scrubber and the clock.
 *
 * Where nothing happens for long, time can be folded: the idle stretch gets a fixed length and is marked as a
 * break, so that milliseconds and timeouts fit one drawing. Everything between breaks is to scale.
 *
 * @typedef {{from_ms: number, to_ms: number, from: number, to: number, idle: boolean}} Stretch
 */

const CLOSEST = 22; // px between two typical instants
const BREAK = 46; // px of a folded idle stretch
const IDLE_IS = 5; // times the typical distance
const LONGEST = 60_000; // px; beyond it, browsers stop drawing

export class Scale {
  /**
   * @param {readonly number[]} times of everything that happens, in ms
   * @param {boolean} folded whether idle stretches are folded
   */
  constructor(times, folded) {
    this.instants = [...new Set([0, ...times])].sort((one, other) => one - other);
    this.end_ms = this.instants.at(-1) ?? 0;
    const steps = this.instants.slice(1).map((at, place) => at - (this.instants[place] ?? 0));
    const typical = [...steps].sort((one, other) => one - other)[Math.floor(steps.length / 2)] || 10;
    this.rate = Math.min(4, CLOSEST / typical); // px per ms
    if (!folded) this.rate = Math.min(this.rate, LONGEST / Math.max(1, this.end_ms));
    const idle_ms = folded ? Math.max(IDLE_IS * typical, (2 * BREAK) / this.rate) : Number.POSITIVE_INFINITY;
    /** @type {Stretch[]} */
    this.stretches = [];
    let y = 0;
    for (const [place, step] of steps.entries()) {
      const from_ms = this.instants[place] ?? 0;
      const idle = step > idle_ms;
      const length = idle ? BREAK : step * this.rate;
      this.#add({ from_ms, to_ms: from_ms + step, from: y, to: y + length, idle });
      y += length;
    }
    this.length = y;
  }

  /** @param {Stretch} stretch */
  #add(stretch) {
    const last = this.stretches.at(-1);
    if (last && !last.idle && !stretch.idle) {
      last.to = stretch.to;
      last.to_ms = stretch.to_ms;
    } else this.stretches.push(stretch);
  }

  /** Where a time is on screen. @param {number} ms */
  to(ms) {
    return this.#map(ms, "from_ms", "to_ms", "from", "to");
  }

  /** Which time a place on screen is. @param {number} length */
  from(length) {
    return this.#map(length, "from", "to", "from_ms", "to_ms");
  }

  /**
   * @param {number} value
   * @param {"from" | "from_ms"} low
   * @param {"to" | "to_ms"} high
   * @param {"from" | "from_ms"} start
   * @param {"to" | "to_ms"} stop
   */
  #map(value, low, high, start, stop) {
    if (value <= 0) return 0;
    for (const stretch of this.stretches) {
      if (value > stretch[high]) continue;
      const part = (value - stretch[low]) / (stretch[high] - stretch[low] || 1);
      return stretch[start] + part * (stretch[stop] - stretch[start]);
    }
    return this.stretches.at(-1)?.[stop] ?? 0;
  }

  /**
   * The next instant at which something happens, in a direction; the end of the run beyond the last.
   * @param {number} ms
   * @param {1 | -1} direction
   */
  neighbour(ms, direction) {
    return next(this.instants, ms, direction) ?? (direction > 0 ? this.end_ms : 0);
  }

  /** Round times for the axis, each far enough from the one before. */
  ticks() {
    /** @type {number[]} */
    const found = [];
    for (const stretch of this.stretches) {
      if (stretch.idle) continue;
      const every = round(70 / this.rate);
      for (let at = Math.ceil(stretch.from_ms / every) * every; at <= stretch.to_ms; at += every) {
        if (this.to(at) - this.to(found.at(-1) ?? -1e9) >= 24 || !found.length) found.push(at);
      }
    }
    return found;
  }
}

/**
 * @param {readonly number[]} sorted
 * @param {number} ms
 * @param {1 | -1} direction
 */
export function next(sorted, ms, direction) {
  return direction > 0 ? sorted.find((at) => at > ms + 1e-6) : sorted.findLast((at) => at < ms - 1e-6);
}

/** The smallest of 1, 2, 5, 10, 20, ... that is not smaller. @param {number} value */
function round(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power;
}
