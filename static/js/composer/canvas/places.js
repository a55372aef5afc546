/**
 * Where every step stands. Steps that the user moved stay where they were put; the others are laid out by dagre, from
 * left to right, and a long saga is set in rows like text, so that it can be read without a magnifying glass.
 * A pure function of the order of the steps and of the moved ones: two people see the same picture.
 *
 * @typedef {import("sagasim/composer/model.js").DrawnStep} DrawnStep
 * @typedef {{x: number, y: number}} Point
 * @typedef {import("sagasim/composer/canvas/rows.js").Extent} Extent
 * @typedef {Point & {row: number, rank: number, moved: boolean}} Place The top left corner of a step.
 * @typedef {{top: number, bottom: number}} Row
 * @typedef {{places: Map<string, Place>, rows: Row[], lanes: Map<string, number[]>}} Places
 *   `lanes`: for a link that passes other steps by, the heights at which it does, by rank.
 */

import { rowStarts } from "sagasim/composer/canvas/rows.js";
import { GAP, HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";
import { alike } from "sagasim/composer/model.js";
import { layout as arrange, Graph } from "vendor/dagre.js";

const PITCH = WIDTH + GAP;
const BETWEEN_ROWS = 60;

/** Of any two names, whatever a draft calls its steps. @param {string} from @param {string} to */
export const linkId = (from, to) => `link:${from.length}:${from}>${to}`;

/** @param {readonly DrawnStep[]} steps @param {Readonly<Record<string, Point>>} layout @returns {Places} */
export function placesOf(steps, layout) {
  const arranged = arrangedOf(steps);
  const places = new Map(arranged.places);
  const moved = steps.filter(({ name }) => isPoint(layout[name]));
  for (const { name } of moved) {
    const place = arranged.places.get(name);
    if (place) places.set(name, { ...place, ...layout[name], moved: true });
  }
  if (moved.length) makeRoom(places);
  return { ...arranged, places };
}

/** @type {{key: string, arranged: Places}} Most edits change no order: then nothing is arranged again. */
let latest = { key: "", arranged: { places: new Map(), rows: [], lanes: new Map() } };

/** @param {readonly DrawnStep[]} steps @returns {Places} */
function arrangedOf(steps) {
  const key = JSON.stringify(steps.map(({ name, after }) => [name, after]));
  if (key !== latest.key)
    latest = { key, arranged: inRows(steps, isChain(steps) ? chained(steps) : layered(steps)) };
  return latest.arranged;
}

/** Whether each step follows the one before it and no other. @param {readonly DrawnStep[]} steps */
function isChain(steps) {
  return steps.every(({ after }, index) => alike(after, index ? [steps[index - 1]?.name] : []));
}

/** What dagre would say of a chain, without asking: most sagas are one, and dagre takes its time. @param {readonly DrawnStep[]} steps */
function chained(steps) {
  const ranks = new Map(steps.map(({ name }, index) => [name, index]));
  const heights = new Map(steps.map(({ name }) => [name, HEIGHT / 2]));
  return { ranks, heights, columns: steps.length, heightAt: () => HEIGHT / 2 };
}

/**
 * What dagre says: columns of equal width, and heights. It is told numbers, for it trips over names like `__proto__`.
 * @param {readonly DrawnStep[]} steps
 */
function layered(steps) {
  const graph = new Graph({ directed: true });
  graph.setGraph({ rankdir: "LR", nodesep: 32, edgesep: 24, ranksep: GAP, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const numbers = new Map(steps.map(({ name }, index) => [name, String(index)]));
  /** @param {string} name */
  const idOf = (name) => numbers.get(name) ?? "";
  for (const id of numbers.values()) graph.setNode(id, { width: WIDTH, height: HEIGHT });
  // dagre turns branches round that have no reason to stand either way; links told backwards come out as in the file
  for (const { name, after } of steps.toReversed())
    for (const from of after.toReversed()) if (numbers.has(from)) graph.setEdge(idOf(from), idOf(name), {});
  if (steps.length) arrange(graph);
  /** @param {string} name */
  const nodeOf = (name) => graph.node(idOf(name));
  const middles = [...new Set(steps.map(({ name }) => Math.round(nodeOf(name).x)))].sort((a, b) => a - b);
  const ranks = new Map(steps.map(({ name }) => [name, middles.indexOf(Math.round(nodeOf(name).x))]));
  const heights = new Map(steps.map(({ name }) => [name, Math.round(nodeOf(name).y)]));
  /** @param {string} from @param {string} to @param {number} rank */
  const heightAt = (from, to, rank) => {
    const middle = middles[rank] ?? 0;
    const points = graph.edge(idOf(from), idOf(to)).points ?? [];
    const nearest = points.reduce((/** @type {Point} */ a, /** @type {Point} */ b) =>
      Math.abs(b.x - middle) < Math.abs(a.x - middle) ? b : a,
    );
    return Math.round(nearest.y);
  };
  return { ranks, heights, columns: middles.length, heightAt };
}

/** @param {readonly DrawnStep[]} steps @param {ReturnType<typeof layered>} layers @returns {Places} */
function inRows(steps, { ranks, heights, columns, heightAt }) {
  /** @param {string} name */
  const rankOf = (name) => ranks.get(name) ?? 0;
  /** @type {Map<string, Map<number, number>>} */
  const passing = new Map();
  const extents = Array.from({ length: columns }, () => ({ from: Infinity, to: -Infinity }));
  /** @param {number} rank @param {number} middle @param {number} half */
  const reach = (rank, middle, half) => {
    const extent = extents[rank];
    if (!extent) return;
    extent.from = Math.min(extent.from, middle - half);
    extent.to = Math.max(extent.to, middle + half);
  };
  for (const { name, after } of steps) {
    reach(rankOf(name), heights.get(name) ?? 0, HEIGHT / 2);
    for (const from of after) {
      const lane = new Map();
      for (let rank = rankOf(from) + 1; rank < rankOf(name); rank += 1)
        lane.set(rank, heightAt(from, name, rank));
      for (const [rank, height] of lane) reach(rank, height, 8);
      if (lane.size) passing.set(linkId(from, name), lane);
    }
  }
  const links = steps.flatMap(({ name, after }) =>
    after.map((from) => ({ from: rankOf(from), to: rankOf(name) })),
  );
  const starts = rowStarts(extents, links);
  const rows = rowsOf(extents, starts);
  /** @param {number} rank */
  const rowOf = (rank) => starts.findLastIndex((start) => start <= rank);
  /** @param {number} rank @param {number} height */
  const down = (rank, height) => {
    const row = rows[rowOf(rank)];
    return row ? row.top + height - row.from : height;
  };
  const places = new Map();
  for (const { name } of steps) {
    const rank = rankOf(name);
    const row = rowOf(rank);
    const x = (rank - (starts[row] ?? 0)) * PITCH;
    const y = Math.round(down(rank, heights.get(name) ?? 0) - HEIGHT / 2);
    places.set(name, { x, y, row, rank, moved: false });
  }
  const lanes = [...passing].map(([id, lane]) => [id, [...lane].map(([rank, height]) => down(rank, height))]);
  return { places, rows, lanes: new Map(/** @type {[string, number[]][]} */ (lanes)) };
}

/** @param {readonly Extent[]} extents @param {readonly number[]} starts */
function rowsOf(extents, starts) {
  let top = 0;
  return starts.map((start, index) => {
    const row = extents.slice(start, starts[index + 1]);
    const from = Math.min(...row.map((each) => each.from));
    const bottom = top + Math.max(...row.map((each) => each.to)) - from;
    const placed = { top, bottom, from };
    top = bottom + BETWEEN_ROWS;
    return placed;
  });
}

/**
 * A step that nobody moved gives way, downwards, to one that was put in its place.
 * @param {Map<string, Place>} places
 */
function makeRoom(places) {
  const fixed = [...places.values()].filter((place) => place.moved);
  for (const [name, place] of places) {
    if (place.moved) continue;
    let { y } = place;
    /** @param {Point} other */
    const isInTheWay = (other) =>
      Math.abs(other.x - place.x) < WIDTH + 8 && Math.abs(other.y - y) < HEIGHT + 8;
    for (let other = fixed.find(isInTheWay); other; other = fixed.find(isInTheWay)) y = other.y + HEIGHT + 24;
    if (y !== place.y) places.set(name, { ...place, y });
  }
}

/** @param {unknown} value @returns {value is Point} */
function isPoint(value) {
  const { x, y } = /** @type {any} */ (value ?? {});
  return Number.isFinite(x) && Number.isFinite(y);
}
