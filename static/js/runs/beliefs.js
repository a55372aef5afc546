/**
 * What the saga believes of each resource: its first value, and what the steps that it believes done have added.
 *
 * Of a step in doubt nobody knows, so a believed value is a least and a most. Pure numbers; the ledger shows them.
 *
 * @typedef {import("sagasim/runs/reducer.js").Cast} Cast
 * @typedef {import("sagasim/runs/reducer.js").View} View
 */

import { standing } from "sagasim/runs/reducer.js";
import { lookOf } from "sagasim/runs/words.js";

/**
 * @param {Cast} cast
 * @param {View} view
 * @param {string} resource
 * @returns {{least: number, most: number, doubt: boolean}}
 */
export function believed(cast, view, resource) {
  const start = cast.resources[resource] ?? 0;
  const sum = { least: start, most: start, doubt: false };
  for (const step of cast.steps) {
    const effect = step.effects[resource] ?? 0;
    const rest = effect + (step.undo_effects[resource] ?? -effect); // what an action and its undo leave together
    if (!effect && !rest) continue;
    for (let instance = 1; instance <= cast.instances; instance++) {
      const { belief } = standing(view, step.name, instance);
      const amounts = belief === "undone" ? [rest] : lookOf(belief).there.map((times) => times * effect);
      if (belief === "undoing") amounts[0] = rest;
      sum.least += Math.min(...amounts);
      sum.most += Math.max(...amounts);
      sum.doubt ||= belief === "unknown";
    }
  }
  return sum;
}
