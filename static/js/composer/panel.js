/**
 * The property panel: everything that a saga file can say about what is selected, a step, several of them, or the saga
 * where nothing is. The fields come from the schema, their order and names from groups.js.
 *
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {import("./store.js").Store} Store
 */

import { placeOf } from "sagasim/composer/model.js";
import { sagaFields } from "sagasim/composer/sagapanel.js";
import { manyFields, stepFields } from "sagasim/composer/steppanel.js";

/** @param {Store} store @param {Shape} schema @param {HTMLElement} element */
export function panel(store, schema, element) {
  let shown = "";
  /** @type {Field[]} */
  let fields = [];

  return (/** @type {View} */ view) => {
    const selection = store.selection;
    const index = selection.length === 1 ? placeOf(view.data, selection[0] ?? "") : -1;
    const key = index >= 0 ? `step ${index}` : selection.length > 1 ? `many ${selection.join(" ")}` : "saga";
    if (key !== shown) {
      if (shown) element.scrollTop = 0; // which makes the browser lay out the page: not for nothing
      shown = key;
      if (index >= 0) fields = stepFields(store, schema, index);
      else fields = selection.length > 1 ? manyFields(store, schema) : sagaFields(store, schema);
      element.replaceChildren(...fields.map((each) => each.element));
    }
    for (const each of fields) each.update(view);
  };
}
