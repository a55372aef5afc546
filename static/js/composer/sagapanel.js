/**
 * What a saga file says of the saga as a whole: its engine, resources, invariants, participants and the rest.
 *
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {import("./store.js").Store} Store
 */

import { grouped, SAGA_GROUPS } from "sagasim/composer/groups.js";
import { invariantsField } from "sagasim/composer/invariants.js";
import { propertiesOf } from "sagasim/composer/properties.js";
import { section } from "sagasim/composer/sections.js";
import { sortOf } from "sagasim/composer/shapes.js";
import { html } from "sagasim/runs/elements.js";

/** @param {Store} store @param {Shape} schema @returns {Field[]} */
export function sagaFields(store, schema) {
  const fieldsOf = propertiesOf(store);
  const head = html("header", { class: "panel-head" }, html("h2", {}, "The saga"));
  head.append(html("p", { class: "panel-hint" }, "Select a step to see what it can be told."));
  const groups = grouped(SAGA_GROUPS, Object.keys(schema.properties)).map((group) => {
    const fields = group.keys.flatMap((key) => sagaField(key, group.keys.length === 1));
    return section(group, fields);
  });
  return [{ element: head, update: () => {} }, ...groups];

  /** @param {string} key @param {boolean} bare @returns {Field[]} */
  function sagaField(key, bare) {
    const shape = schema.properties[key];
    if (key === "invariants") return [invariantsField(store, shape)];
    if (sortOf(shape) === "records-by-name") return [services(shape.additionalProperties)];
    if (key === "engine") return [...fieldsOf(shape, [key], engineStandard, bare), overridden(store)];
    return fieldsOf(shape, [key], () => undefined, bare);
  }

  /** Each participant that a step names. @param {Shape} shape @returns {Field} */
  function services(shape) {
    const element = html("div", { class: "services" });
    /** @type {string[]} */
    let names = [];
    /** @type {Field[]} */
    let fields = [];
    const one = (/** @type {string} */ name) => {
      const inner = Object.entries(/** @type {Record<string, Shape>} */ (shape.properties)).flatMap(
        ([key, its]) => fieldsOf(its, ["services", name, key], () => undefined, true),
      );
      return section({ title: name, keys: [] }, inner);
    };
    return {
      element,
      update: (view) => {
        if (names.join() !== view.services.join() || !fields.length) {
          names = view.services;
          fields = names.map(one);
          const none = html("p", { class: "none" }, "No step names a service yet.");
          element.replaceChildren(...(fields.length ? fields.map((each) => each.element) : [none]));
        }
        for (const each of fields) each.update(view);
      },
    };
  }
}

/** What the file says beyond its preset, and the way back. @param {Store} store @returns {Field} */
function overridden(store) {
  const reset = html("button", { class: "quiet small", type: "button" });
  const element = html("p", { class: "panel-acts" }, reset);
  reset.addEventListener("click", () => {
    store.edit("Reset all rules to the preset", (data) => {
      const { preset } = data.engine ?? {};
      if (preset === undefined) delete data.engine;
      else data.engine = { preset };
    });
  });
  return {
    element,
    update: (view) => {
      const rules = Object.keys(view.data.engine ?? {}).filter((key) => key !== "preset");
      element.hidden = !rules.length;
      reset.textContent = `Reset ${rules.length === 1 ? "1 rule" : `${rules.length} rules`} to the preset`;
    },
  };
}

/** @param {View} view */
function engineStandard(view) {
  return {
    ...view.presets.default,
    ...view.presets[view.data.engine?.preset ?? "default"],
    preset: "default",
  };
}
