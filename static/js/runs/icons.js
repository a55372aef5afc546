/** The signs of the grammar, drawn by us so that they look the same everywhere. */

import { svg } from "sagasim/runs/elements.js";

/** @type {Readonly<Record<string, string>>} Paths in a box of 16, drawn with a round pen. */
const PATHS = Object.freeze({
  idle: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
  running: "M3 8h9.5M9 4.5 12.5 8 9 11.5",
  done: "M3 8.6 6.4 12 13 4.6",
  failed: "m4 4 8 8m0-8-8 8",
  unknown: "M5.3 6a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 1.9m0 2.7v.1",
  undoing: "M13 8H3.5M7 4.5 3.5 8 7 11.5",
  undone: "M3.5 6H10a3.2 3.2 0 0 1 0 6.4H7M6.3 3 3.4 6l2.9 3",
  skipped: "M3.5 8h2m2 0h2m2 0h1.5",
  stuck: "M8 2.8v6.4m0 3.6v.1",
  parked: "M5.5 13.5v-11h3.3a3 3 0 0 1 0 6.1H5.5",
  there: "M8 5.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8zm0 1.2a1.2 1.2 0 1 0 0 2.4 1.2 1.2 0 0 0 0-2.4z",
  gone: "M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  differs: "M3 6h10M3 10h10M10.8 3 5.2 13",
  lost: "M1.5 8h5M9 5.2l5 5.6m0-5.6-5 5.6",
  late: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.3",
  second: "M3 3.5h7v7H3zM6 13h7.5V6",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.2v3h-3",
  restart: "M3 8a5 5 0 1 0 1.6-3.7M3 2.2v3h3",
  crash: "m2 8 3-4 2 7 2.5-9 2 9L14 8",
  fault: "M9.2 1.8 4.2 9h3.6l-1 5.2L12 6.6H8.4z",
  harm: "M8 2.4 14.2 13H1.8zM8 6.4v3m0 1.9v.1",
  command: "M2.5 8h9m-3.5-4 4 4-4 4",
  reply: "M13.5 8h-9M8 4 4 8l4 4",
  event: "M8 6.6a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8zM4.6 4.4a5 5 0 0 0 0 7.2m6.8-7.2a5 5 0 0 1 0 7.2",
  record: "M4 2.5h8v11H4zm2 3h4M6 8h4",
  start: "M4.5 14V2.5m0 .5h7.5L10 6l2 3H4.5",
  end: "M3.5 3.5h9v9h-9z",
  cancel: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM4.2 11.8l7.6-7.6",
  play: "M5 3v10l8-5z",
  pause: "M5.2 3v10m5.6-10v10",
  forward: "M4 3.5 9.5 8 4 12.5M12.2 3.5v9",
  back: "M12 3.5 6.5 8l5.5 4.5M3.8 3.5v9",
  hub: "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 1.5v4m0 5v4M1.5 8h4m5 0h4",
  bus: "M1.5 11h13M4 11V4m4 7V4m4 7V4",
});

/**
 * A sign for the eye; the word beside it is for everybody.
 * @param {string} name
 */
export function icon(name) {
  const drawn = svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", "data-icon": name });
  drawn.append(svg("path", { d: PATHS[name] ?? PATHS.record }));
  return drawn;
}

/**
 * The same inside a drawing, centred on a point.
 * @param {string} name
 * @param {number} x
 * @param {number} y
 */
export function sign(name, x, y) {
  return svg("path", {
    d: PATHS[name] ?? PATHS.record,
    class: "sign",
    transform: `translate(${x - 6} ${y - 6}) scale(.75)`,
  });
}
