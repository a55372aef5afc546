/**
 * From one text to another by as little as is needed, line by line: whatever stands on both sides stays, and a cursor in
 * it with it.
 *
 * @typedef {{from: number, to: number, insert: string}} Change
 */

const MOST_CELLS = 400_000; // of the table of common lines; larger middles are replaced whole

/** @param {string} before @param {string} after @returns {Change[]} */
export function changesBetween(before, after) {
  const one = lines(before);
  const other = lines(after);
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < one.length - head && tail < other.length - head && one.at(-1 - tail) === other.at(-1 - tail))
    tail += 1;
  const start = one.slice(0, head).join("").length;
  return hunks(one.slice(head, one.length - tail), other.slice(head, other.length - tail), start);
}

/** With their ends. @param {string} text */
function lines(text) {
  return text.split(/(?<=\n)/);
}

/** @param {string[]} one @param {string[]} other @param {number} start @returns {Change[]} */
function hunks(one, other, start) {
  if (!one.length && !other.length) return [];
  if (one.length * other.length > MOST_CELLS)
    return [{ from: start, to: start + one.join("").length, insert: other.join("") }];
  const common = table(one, other);
  /** @type {Change[]} */
  const changes = [];
  let at = start;
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const from = at;
    let insert = "";
    while ((i < one.length || j < other.length) && !(i < one.length && one[i] === other[j])) {
      const drop =
        j >= other.length || (i < one.length && lookup(common, i + 1, j) >= lookup(common, i, j + 1));
      if (drop) at += /** @type {string} */ (one[i++]).length;
      else insert += other[j++];
    }
    if (at > from || insert)
      changes.push(...narrowed(one.join("").slice(from - start, at - start), insert, from));
    for (; i < one.length && one[i] === other[j]; i += 1, j += 1) at += /** @type {string} */ (one[i]).length;
  }
  return changes;
}

/** Only what differs within a line or two. @param {string} old @param {string} wanted @param {number} from @returns {Change[]} */
function narrowed(old, wanted, from) {
  let head = 0;
  while (head < old.length && head < wanted.length && old[head] === wanted[head]) head += 1;
  let tail = 0;
  const most = Math.min(old.length, wanted.length) - head;
  while (tail < most && old.at(-1 - tail) === wanted.at(-1 - tail)) tail += 1;
  return [
    { from: from + head, to: from + old.length - tail, insert: wanted.slice(head, wanted.length - tail) },
  ];
}

/** How many lines are common from each pair of places on. @param {string[]} one @param {string[]} other */
function table(one, other) {
  const common = Array.from({ length: one.length + 1 }, () => new Uint32Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1)
    for (let j = other.length - 1; j >= 0; j -= 1)
      /** @type {Uint32Array} */ (common[i])[j] =
        one[i] === other[j]
          ? lookup(common, i + 1, j + 1) + 1
          : Math.max(lookup(common, i + 1, j), lookup(common, i, j + 1));
  return common;
}

/** @param {Uint32Array[]} common @param {number} i @param {number} j */
function lookup(common, i, j) {
  return common[i]?.[j] ?? 0;
}
