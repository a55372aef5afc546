/**
 * Which key of a saga file one is at, by indentation and brackets: also in a line that is not finished, which is where
 * completion is wanted and no parser helps.
 *
 * @typedef {{path: string[], isKey: boolean, word: string, from: number}} Place
 *   `path` leads to the mapping or list that one is in, "[]" stands for an item; in a value it ends with the key;
 *   `from`: where the word begins that is being written.
 * @typedef {{column: number, key: string | null}} Token A key, or null for the dash of an item.
 */

const KEY = /^["']?([A-Za-z0-9_.-]+)["']?\s*:(?=\s|$)/;

/** @param {string} text @param {number} at @returns {Place} */
export function placeAt(text, at) {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const line = text.slice(start, at);
  const { tokens, rest, column } = tokensOf(line);
  const above = text.slice(0, start).split("\n").slice(0, -1);
  const path = ancestors(above, tokens, column);
  const last = tokens.at(-1);
  if (last?.key == null && !/[[{]/.test(rest))
    return { path, isKey: true, word: rest, from: at - rest.length };
  if (last?.key != null) path.push(last.key);
  return inBrackets(path, rest, at);
}

/** Dashes and the key at the beginning of a line, and what stands behind them. @param {string} line */
function tokensOf(line) {
  /** @type {Token[]} */
  const tokens = [];
  let column = line.length - line.trimStart().length;
  for (let rest = line.slice(column); ; rest = line.slice(column)) {
    const dash = /^-(\s+|$)/.exec(rest);
    if (dash) tokens.push({ column, key: null });
    const key = dash ? null : KEY.exec(rest);
    if (key) tokens.push({ column, key: key[1] ?? "" });
    if (!dash) {
      const behind = key ? rest.slice(key[0].length) : rest;
      return { tokens, rest: key ? behind.trimStart() : behind, column };
    }
    column += dash[0].length;
  }
}

/** @param {string[]} above @param {Token[]} own @param {number} column */
function ancestors(above, own, column) {
  /** @type {string[]} */
  const path = [];
  let limit = column;
  let isItem = false; // the items of a list may stand right below its key
  /** @param {Token[]} tokens */
  const climb = (tokens) => {
    for (const { column: at, key } of tokens.toReversed()) {
      const isAbove = at < limit || (isItem && key !== null && at === limit);
      if (!isAbove) continue;
      path.unshift(key ?? "[]");
      limit = at;
      isItem = key === null;
    }
  };
  climb(own.filter(({ key }) => key === null));
  for (const line of above.toReversed()) {
    if (limit <= 0 && !isItem) break;
    if (line.trim() && !line.trimStart().startsWith("#")) climb(tokensOf(line).tokens);
  }
  return path;
}

/** @param {string[]} path @param {string} rest @param {number} at @returns {Place} */
function inBrackets(path, rest, at) {
  /** @type {{bracket: string, path: string[]}[]} */
  const open = [];
  let here = path;
  let segment = 0;
  for (let index = 0; index < rest.length; index += 1) {
    const sign = rest[index] ?? "";
    if (sign === '"' || sign === "'") {
      const end = rest.indexOf(sign, index + 1);
      index = end < 0 ? rest.length : end;
    } else if (sign === "{" || sign === "[") {
      const key = KEY.exec(rest.slice(segment).trimStart())?.[1];
      open.push({ bracket: sign, path: here });
      here = [...here, ...(key ? [key] : []), ...(sign === "[" ? ["[]"] : [])];
      segment = index + 1;
    } else if (sign === "}" || sign === "]") {
      here = open.pop()?.path ?? here;
    } else if (sign === ",") segment = index + 1;
  }
  const written = rest.slice(open.length ? segment : 0).trimStart();
  const inner = open.at(-1);
  const key = inner?.bracket === "{" ? KEY.exec(written) : null;
  const word = key ? written.slice(key[0].length).trimStart() : written;
  const isKey = inner?.bracket === "{" && !key;
  return { path: key ? [...here, key[1] ?? ""] : here, isKey, word, from: at - word.length };
}
