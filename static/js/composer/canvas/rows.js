/**
 * Where a long saga is broken into rows, as a text is into lines: so that all of it is as large as can be in a window of
 * common size, and rather where one link runs on than where branches are open.
 *
 * @typedef {{from: number, to: number}} Extent The heights that a column takes.
 */

import { GAP, HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";

const NOMINAL = { width: 960, height: 540 }; // whatever window there is: two people see the same picture
const MOST_COLUMNS = 20;
const NEARLY = 0.85; // of the best size is good enough for fewer rows
const OPEN_BRANCH = 0.6; // rows that one link more across a break is worth
const BROKEN_BRANCH = 0.12; // of the size that it is worth

/**
 * @param {readonly Extent[]} extents by column
 * @param {readonly {from: number, to: number}[]} links from column to column
 * @returns {number[]} the first column of each row
 */
export function rowStarts(extents, links) {
  const crossing = extents.map((_, at) => links.filter(({ from, to }) => from < at && to >= at).length);
  let best = { size: 0, starts: [0] };
  for (let columns = 1; columns <= Math.min(extents.length, MOST_COLUMNS); columns += 1) {
    const starts = broken(crossing, columns);
    const branches = starts.slice(1).map((start) => Math.max(0, (crossing[start] ?? 0) - 1));
    const size =
      sizeOf(extents, starts) * (1 - BROKEN_BRANCH) ** branches.reduce((sum, each) => sum + each, 0);
    if (size >= best.size * (starts.length < best.starts.length ? NEARLY : 1)) best = { size, starts };
  }
  return best.starts;
}

/**
 * The cheapest breaks into rows of at most so many columns.
 * @param {readonly number[]} crossing how many links cross a break before each column
 * @param {number} most
 */
function broken(crossing, most) {
  /** @type {{cost: number, start: number}[]} the best way to set the first n columns, and where their last row begins */
  const ways = [{ cost: 0, start: 0 }];
  for (let end = 1; end <= crossing.length; end += 1) {
    let way = { cost: Infinity, start: 0 };
    for (let start = Math.max(0, end - most); start < end; start += 1) {
      const unused = (most - (end - start)) / most;
      const branches = start ? Math.max(0, (crossing[start] ?? 0) - 1) * OPEN_BRANCH : 0;
      const isLast = end === crossing.length;
      const cost = (ways[start]?.cost ?? 0) + 1 + branches + unused * unused * (isLast ? 0.2 : 0.5);
      if (cost < way.cost) way = { cost, start };
    }
    ways.push(way);
  }
  const starts = [];
  for (let end = crossing.length; end > 0; end = /** @type {number} */ (ways[end]?.start))
    starts.unshift(ways[end]?.start ?? 0);
  return starts.length ? starts : [0];
}

/** How large it can be shown. @param {readonly Extent[]} extents @param {readonly number[]} starts */
function sizeOf(extents, starts) {
  const rows = starts.map((start, index) => extents.slice(start, starts[index + 1]));
  const columns = Math.max(...rows.map((row) => row.length));
  const heights = rows.map(
    (row) => Math.max(...row.map((each) => each.to)) - Math.min(...row.map((each) => each.from)),
  );
  const height = heights.reduce((sum, each) => sum + each + GAP, -GAP) || HEIGHT;
  return Math.min(NOMINAL.width / (columns * (WIDTH + GAP) - GAP), NOMINAL.height / height, 1);
}
