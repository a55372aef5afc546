/**
 * Steps as people jot them down, one a line: `payments: charge card / refund` is a step of the service payments with
 * that action and its undo. The service and the undo may be left out; `(pivot)` behind it says the kind.
 *
 * @typedef {{name: string, service?: string, kind?: string, action?: string, compensation?: string}} Jotted
 */

import { slug } from "sagasim/composer/model.js";

/**
 * @param {string} line
 * @param {boolean} [behindPivot] What stands behind the go or no-go is retried until it works.
 * @returns {Jotted | null} null where nothing is said.
 */
export function stepOfLine(line, behindPivot = false) {
  const [, said = line, kind] = line.match(/^(.*?)\(\s*(compensatable|pivot|retriable|read)\s*\)\s*$/) ?? [];
  const [, before, action = "", undo] =
    said.match(/^\s*(?:(?:[-*•]|\d{1,3}[.)])\s+)?(?:([^:/]+):)?\s*([^/]*?)\s*(?:\/\s*(.*?)\s*)?$/) ?? [];
  const name = slug(action);
  if (!name || said.trim().startsWith("#")) return null;
  const service = slug(before ?? "");
  const usual = undo ? undefined : behindPivot ? "retriable" : "compensatable";
  return {
    name,
    ...(service && service !== name ? { service } : {}),
    ...(kind || usual ? { kind: kind ?? usual } : {}),
    ...(action === name ? {} : { action }),
    ...(undo ? { compensation: undo } : {}),
  };
}

/**
 * @param {string} text
 * @param {boolean} [behindPivot]
 * @returns {Jotted[]}
 */
export function stepsOfLines(text, behindPivot = false) {
  let isBehind = behindPivot;
  /** @type {Jotted[]} */
  const steps = [];
  for (const line of text.split(/\r?\n/)) {
    const step = stepOfLine(line, isBehind);
    if (step) steps.push(step);
    isBehind ||= step?.kind === "pivot";
  }
  return steps;
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
