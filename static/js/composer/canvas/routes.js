/**
 * How the links run: at right angles, bending in the gaps between columns and rows, where no step stands.
 *
 * @typedef {import("sagasim/composer/canvas/places.js").Point} Point
 * @typedef {import("sagasim/composer/canvas/places.js").Place} Place
 * @typedef {import("sagasim/composer/canvas/places.js").Places} Places
 */

import { linkId } from "sagasim/composer/canvas/places.js";
import { GAP, HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";

export const BAR = 14; // how far before a step the bar stands at which links are joined
const OUT = 22; // where a link bends that leaves a step
const SPREAD = 7; // between links that bend in one gap

/**
 * @param {Places} all
 * @param {string} from
 * @param {string} to
 * @param {{joined: boolean, turn: number, channel: number}} look `joined`: it ends at a bar; `turn`, `channel`: its number
 *   among those that leave from this column, and that run below this row, so that they do not run into one another
 * @returns {Point[]}
 */
export function routeOf({ places, rows, lanes }, from, to, { joined, turn, channel }) {
  const source = places.get(from);
  const target = places.get(to);
  if (!source || !target) return [];
  const start = { x: source.x + WIDTH, y: source.y + HEIGHT / 2 };
  const end = { x: target.x - (joined ? BAR : 0), y: target.y + HEIGHT / 2 };
  const bend = start.x + OUT + (turn % 4) * SPREAD;
  const sameRow = source.row === target.row && !source.moved && !target.moved;
  const passing = sameRow ? lanes.get(linkId(from, to)) : undefined;
  if (passing) return tidy(alongLanes(start, end, bend, passing));
  if (end.x >= start.x + OUT) return tidy(acrossGap(start, end, source.moved ? (start.x + end.x) / 2 : bend));
  const row = source.moved || source.row === target.row ? undefined : rows[source.row];
  const between = channelOf(source, target, row?.bottom) + (channel % 4) * SPREAD;
  const before = target.x - OUT - BAR - (channel % 3) * SPREAD;
  return tidy([
    start,
    { x: bend, y: start.y },
    { x: bend, y: between },
    { x: before, y: between },
    { x: before, y: end.y },
    end,
  ]);
}

/** A link that is still being drawn. @param {Point} start @param {Point} end */
export function sketch(start, end) {
  return end.x > start.x + OUT ? tidy(acrossGap(start, end, (start.x + end.x) / 2)) : [start, end];
}

/** @param {Point} start @param {Point} end @param {number} bend */
function acrossGap(start, end, bend) {
  const x = Math.min(bend, end.x - 10);
  return [start, { x, y: start.y }, { x, y: end.y }, end];
}

/**
 * Past the steps of the columns between, each at the height that was kept free there.
 * @param {Point} start @param {Point} end @param {number} bend @param {readonly number[]} heights
 */
function alongLanes(start, end, bend, heights) {
  const points = [start];
  let { y } = start;
  for (const [index, height] of [...heights, end.y].entries()) {
    const x = bend + index * (WIDTH + GAP);
    points.push({ x, y }, { x, y: height });
    y = height;
  }
  return [...points, end];
}

/**
 * The height at which a link runs back: under its row, else between the two steps, else below both.
 * @param {Point} source @param {Point} target @param {number | undefined} bottom
 */
function channelOf(source, target, bottom) {
  if (bottom !== undefined && target.y > bottom) return bottom + 20;
  if (target.y > source.y + HEIGHT + 24) return (source.y + HEIGHT + target.y) / 2;
  if (source.y > target.y + HEIGHT + 24) return (target.y + HEIGHT + source.y) / 2;
  return Math.max(source.y, target.y) + HEIGHT + 24;
}

/** Without points that are in line with their neighbours. @param {Point[]} points */
function tidy(points) {
  /** @type {Point[]} */
  const kept = [];
  for (const [index, point] of points.entries()) {
    const before = kept.at(-1);
    const after = points[index + 1];
    if (before && before.x === point.x && before.y === point.y) continue;
    const inLine = (/** @type {"x" | "y"} */ axis) =>
      before?.[axis] === point[axis] && after?.[axis] === point[axis];
    if (before && after && (inLine("x") || inLine("y"))) continue;
    kept.push({ x: Math.round(point.x), y: Math.round(point.y) });
  }
  return kept;
}

/**
 * The same as a path with rounded corners.
 * @param {readonly Point[]} points
 * @param {number} radius
 */
export function roundedPath(points, radius = 10) {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  for (const [index, point] of rest.entries()) {
    const before = points[index];
    const after = rest[index + 1];
    if (!before || !after) {
      path += `L${point.x} ${point.y}`;
      continue;
    }
    const into = towards(point, before, radius);
    const out = towards(point, after, radius);
    path += `L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`;
  }
  return path;
}

/** @param {Point} from @param {Point} to @param {number} most */
function towards(from, to, most) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const part = Math.min(most, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
