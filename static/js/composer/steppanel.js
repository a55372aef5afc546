/**
 * What a saga file says of the selected step; or, where several are selected, what can be said of all of them at once.
 *
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {import("./store.js").Store} Store
 */

import { grouped, STEP_GROUPS } from "sagasim/composer/groups.js";
import { identityField } from "sagasim/composer/identity.js";
import { nameAt, standardsOf } from "sagasim/composer/model.js";
import { MANY, propertiesOf } from "sagasim/composer/properties.js";
import { section } from "sagasim/composer/sections.js";
import { html } from "sagasim/runs/elements.js";

/** What each step has for itself: nobody wants the same for several. */
const OF_ONE = new Set([
  "name",
  "action",
  "compensation",
  "after",
  "builds_on",
  "effects",
  "undo_effects",
  "reads",
  "refuses_when",
  "publishes",
  "starts_on",
  "compensates_on",
]);

/** @param {Store} store @param {Shape} schema @param {number} index @returns {Field[]} */
export function stepFields(store, schema, index) {
  const fieldsOf = propertiesOf(store);
  const shape = schema.properties.steps.items;
  const standards = (/** @type {View} */ view) =>
    standardsOf(view.data, nameAt(view.data, index), view.rules);
  const groups = grouped(STEP_GROUPS, Object.keys(shape.properties)).map((group) => {
    const fields = group.keys.flatMap((key) => {
      const path = ["steps", index, key];
      if (key === "name") return [identityField(store, index)];
      return fieldsOf(shape.properties[key], path, (view) => standards(view)[key], group.keys.length === 1);
    });
    return section(group, fields);
  });
  return [stepHead(store, index), ...groups];
}

/** @param {Store} store @param {Shape} schema @returns {Field[]} */
export function manyFields(store, schema) {
  const fieldsOf = propertiesOf(store);
  const shape = schema.properties.steps.items;
  const standards = (/** @type {View} */ view) =>
    standardsOf(view.data, store.selection[0] ?? "", view.rules);
  const shared = Object.keys(shape.properties).filter((key) => !OF_ONE.has(key));
  const groups = grouped(STEP_GROUPS, shared)
    .filter((group) => group.keys.length)
    .map((group) => {
      const fields = group.keys.flatMap((key) =>
        fieldsOf(
          shape.properties[key],
          ["steps", MANY, key],
          (view) => standards(view)[key],
          group.keys.length === 1,
        ),
      );
      return section(group, fields);
    });
  return [manyHead(store), ...groups];
}

/** @param {Store} store @param {number} index @returns {Field} */
function stepHead(store, index) {
  const title = html("h2");
  const acts = html("p", { class: "panel-acts" });
  for (const [act, label] of [
    ["up", "Move up"],
    ["down", "Move down"],
    ["duplicate", "Duplicate"],
    ["delete", "Delete"],
  ])
    acts.append(html("button", { class: "quiet small", type: "button", "data-do": act ?? "" }, label ?? ""));
  const back = html("button", { class: "quiet small", type: "button" }, "The saga");
  back.title = "Show the properties of the saga (Escape)";
  back.addEventListener("click", () => store.select([]));
  const element = html(
    "header",
    { class: "panel-head" },
    html("p", { class: "panel-back" }, back),
    title,
    acts,
  );
  return {
    element,
    update: (view) => {
      title.textContent = nameAt(view.data, index);
    },
  };
}

/** @param {Store} store @returns {Field} */
function manyHead(store) {
  const names = store.selection;
  const remove = html("button", { class: "quiet small", type: "button", "data-do": "delete" }, "Delete them");
  const element = html(
    "header",
    { class: "panel-head" },
    html("h2", {}, `${names.length} steps`),
    html("p", { class: "panel-hint" }, names.join(", ")),
    html("p", { class: "panel-hint" }, "What is set here is set for all of them, as one step of undo."),
    html("p", { class: "panel-acts" }, remove),
  );
  return { element, update: () => {} };
}
