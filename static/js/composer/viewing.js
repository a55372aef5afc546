/** What fields, table and map need to know of a state, gathered once for each change. */

import { eventsOf, isMapping, resourcesOf, servicesOf, stepNames } from "sagasim/composer/model.js";

/**
 * The rules in force: those of the preset, and what the file says instead.
 * @param {import("./fields.js").View["presets"]} presets
 * @param {any} engine as written
 */
function rulesOf(presets, engine) {
  const usual = presets[engine?.preset] ?? presets.default ?? {};
  const rules = Object.entries(usual).map(([rule, value]) => {
    const written = isMapping(engine) ? engine[rule] : undefined;
    return [rule, { value: written ?? value, from: written === undefined ? "preset" : "here" }];
  });
  return Object.fromEntries(rules);
}

/**
 * @param {import("./store.js").Store} store
 * @param {import("./fields.js").View["presets"]} presets
 * @returns {(state: import("./store.js").State) => import("./fields.js").View}
 */
export function viewing(store, presets) {
  /** What the server last said of a saga that could run.
   * @type {import("./store.js").Checked | null}
   */
  let last = store.get().checked;
  return (state) => {
    last = state.checked ?? last;
    const { data, error } = state;
    const path = error?.path ?? "";
    return {
      data,
      mistake: (where) =>
        path === where || path.startsWith(`${where}[`) || path.startsWith(`${where}.`)
          ? (error?.detail ?? null)
          : null,
      steps: stepNames(data),
      services: servicesOf(data),
      resources: [...new Set([...(last?.resources ?? []).map((it) => it.name), ...resourcesOf(data)])].sort(),
      events: eventsOf(data),
      rules: rulesOf(presets, data?.engine),
      presets,
      checked: last,
    };
  };
}
