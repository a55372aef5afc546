/**
 * The property panel: everything that a saga file can say about what is selected, a step, several of them, or the saga
 * where nothing is. The fields come from the schema, their order and names from groups.js; those of steps are fetched
 * when a step is first selected.
 *
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {import("./store.js").Store} Store
 */

import { placeOf } from "sagasim/composer/model.js";
import { sagaFields } from "sagasim/composer/sagapanel.js";

/** @param {Store} store @param {Shape} schema @param {HTMLElement} element */
export function panel(store, schema, element) {
  let shown = "";
  /** @type {Field[]} */
  let fields = [];
  /** @type {typeof import("./steppanel.js") | undefined} */
  let ofSteps;
  /** @type {View | undefined} */
  let latest;

  const fetched = async () => {
    ofSteps = await import("sagasim/composer/steppanel.js");
  };

  /** @param {View} view */
  function update(view) {
    latest = view;
    const selection = store.selection;
    const index = selection.length === 1 ? placeOf(view.data, selection[0] ?? "") : -1;
    const key = index >= 0 ? `step ${index}` : selection.length > 1 ? `many ${selection.join(" ")}` : "saga";
    if (key !== "saga" && !ofSteps) {
      fetched().then(() => latest && update(latest));
      return;
    }
    if (key !== shown) {
      if (shown) element.scrollTop = 0; // which makes the browser lay out the page: not for nothing
      shown = key;
      if (!ofSteps || key === "saga") fields = sagaFields(store, schema);
      else if (index >= 0) fields = ofSteps.stepFields(store, schema, index);
      else fields = ofSteps.manyFields(store, schema);
      element.replaceChildren(...fields.map((each) => each.element));
    }
    for (const each of fields) each.update(view);
  }

  return {
    update,
    /** Goes to the first field, which may still be on its way. */
    focus: async () => {
      if (store.selection.length && !ofSteps) await fetched();
      if (latest) update(latest);
      element.querySelector("input")?.focus();
    },
  };
}
