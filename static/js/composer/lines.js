/**
 * Steps as people jot them down, one a line: `payments: charge card / refund` is a step of the service payments with
 * that action and its undo. The service and the undo may be left out.
 *
 * @typedef {{name: string, service?: string, action?: string, compensation?: string}} Jotted
 */

import { slug } from "sagasim/composer/model.js";

/** @param {string} line @returns {Jotted | null} null where nothing is said. */
export function stepOfLine(line) {
  const [, before, action = "", undo] =
    line.match(/^\s*[-*\d.]*\s*(?:([^:/]+):)?\s*([^/]*?)\s*(?:\/\s*(.*?)\s*)?$/) ?? [];
  const name = slug(action);
  if (!name) return null;
  const service = slug(before ?? "");
  return {
    name,
    ...(service ? { service } : {}),
    ...(action === name ? {} : { action }),
    ...(undo ? { compensation: undo } : {}),
  };
}

/** @param {string} text @returns {Jotted[]} */
export function stepsOfLines(text) {
  return text
    .split(/\r?\n/)
    .map(stepOfLine)
    .filter((step) => step !== null);
}

/** @param {string} typed `40`, or `20-90` for the least and the most. @returns {unknown} */
export function timeIn(typed) {
  const [, min, max] = typed.match(/^\s*(\d+)\s*(?:-|–|to|\.\.)\s*(\d+)\s*$/) ?? [];
  if (min !== undefined) return { min: Number(min), max: Number(max) };
  const plain = typed.trim();
  if (!plain) return undefined;
  return /^\d+$/.test(plain) ? Number(plain) : plain;
}

/** @param {any} value @returns {string} */
export function timeText(value) {
  if (value && typeof value === "object") return `${value.min}-${value.max}`;
  return value === undefined ? "" : String(value);
}
