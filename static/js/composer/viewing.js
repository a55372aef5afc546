/** What fields, table and map need to know of a state, gathered once for each change. */

import { eventsOf, resourcesOf, servicesOf, stepNames } from "sagasim/composer/model.js";

/**
 * @param {import("./store.js").Store} store
 * @returns {(state: import("./store.js").State) => import("./fields.js").View}
 */
export function viewing(store) {
  /** What the server last said of a saga that could run: rules and presets hold until it says otherwise.
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
      rules: last?.engine?.rules ?? {},
      presets: last?.engine?.presets ?? {},
      checked: last,
    };
  };
}
