/**
 * The property panel: everything that a saga file can say about what is selected, a step, or the saga where nothing
 * is. The fields come from the schema, their order and names from groups.js.
 *
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./fields.js").Spec} Spec
 * @typedef {import("./fields.js").Path} Path
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {import("./store.js").Store} Store
 */

import { field } from "sagasim/composer/fields.js";
import { grouped, labelOf, SAGA_GROUPS, STEP_GROUPS } from "sagasim/composer/groups.js";
import { identityField } from "sagasim/composer/identity.js";
import { invariantsField } from "sagasim/composer/invariants.js";
import { forgetServices, nameAt, placeOf, put, servicesOf, standardsOf } from "sagasim/composer/model.js";
import { said, sortOf } from "sagasim/composer/shapes.js";
import { html } from "sagasim/runs/elements.js";

/** @type {Readonly<Record<string, Spec["names"]>>} */
const NAMES = {
  after: "steps",
  builds_on: "steps",
  compensates: "steps",
  service: "services",
  reads: "resources",
  starts_on: "events",
  compensates_on: "events",
};

/** @type {Readonly<Record<string, string>>} What an empty list means, where it means more than none. */
const EMPTY_MEANS = {
  after: "starts at once",
  builds_on: "builds on nothing",
  starts_on: "starts at once",
  compensates_on: "no event undoes it",
};

const CHANGES_AT_ONCE = "neighbour rule: when all steps behind it are undone or never began";

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
      element.replaceChildren();
      if (index >= 0) fields = stepFields(index);
      else if (selection.length > 1) fields = [manySteps()];
      else fields = sagaFields();
      element.append(...fields.map((each) => each.element));
      shown = key;
    }
    for (const each of fields) each.update(view);
  };

  /** @param {Path} path @param {string} label @returns {Spec["write"]} */
  function writing(path, label) {
    return (value, merge) => {
      const now = store.get().data;
      const whose = path[0] === "steps" ? ` of ${nameAt(now, Number(path[1]))}` : "";
      store.edit(
        `${value === undefined ? "Reset" : "Set"} ${label.toLowerCase()}${whose}`,
        (data) => {
          const before = servicesOf(data);
          put(data, path, value);
          if (path.at(-1) === "service") forgetServices(data, before);
        },
        { merge },
      );
    };
  }

  /**
   * The fields of one key: one, or those of a mapping with known keys.
   * @param {Shape} shape @param {Path} path @param {(view: View) => any} standard @param {boolean} [bare]
   * @returns {Field[]}
   */
  function fieldsOf(shape, path, standard, bare = false) {
    const key = String(path.at(-1));
    const usual = (/** @type {View} */ view) => standard(view) ?? shape.default;
    if (sortOf(shape) !== "record") {
      const names = NAMES[key];
      const emptyMeans = EMPTY_MEANS[key];
      const label = labelOf(key);
      return [
        field({
          shape,
          path,
          label,
          standard: usual,
          write: writing(path, label),
          standardSays: standardSays(path),
          ...(names ? { names } : {}),
          ...(emptyMeans ? { emptyMeans } : {}),
        }),
      ];
    }
    /** @type {[string, Shape][]} */
    const entries = Object.entries(shape.properties);
    const inner = entries.flatMap(([name, its]) =>
      fieldsOf(its, [...path, name], (view) => usual(view)?.[name] ?? its.default),
    );
    return bare ? inner : [nested(labelOf(key), inner)];
  }

  /** @param {string} title @param {Field[]} fields @returns {Field} */
  function nested(title, fields) {
    const element = html("fieldset", { class: "nested" }, html("legend", {}, title));
    element.append(...fields.map((each) => each.element));
    return {
      element,
      update: (view) => {
        for (const each of fields) each.update(view);
      },
    };
  }

  /** @param {Path} path @returns {(view: View) => string | null} */
  function standardSays(path) {
    const key = String(path.at(-1));
    if (path[0] === "engine")
      return (view) => {
        if (key === "preset") return "default";
        const preset = view.data.engine?.preset ?? "default";
        const its = view.presets[preset]?.[key];
        return its === undefined
          ? `${said(view.presets.default?.[key])} (default)`
          : `${said(its)} (${preset})`;
      };
    if (path[0] === "steps" && path.length === 3 && key.startsWith("on_"))
      return (view) => `${said(view.rules[key]?.value)} (as the engine)`;
    if (key === "compensates_on") return () => CHANGES_AT_ONCE;
    if (key === "after")
      return (view) =>
        Number(path[1]) === 0 ? "starts at once" : said(nameAt(view.data, Number(path[1]) - 1));
    if (key === "starts_on") return (view) => (Number(path[1]) === 0 && view ? "starts at once" : null);
    return () => null;
  }

  /** @param {number} index @returns {Field[]} */
  function stepFields(index) {
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

  function sagaFields() {
    const head = html("header", { class: "panel-head" }, html("h2", {}, "The saga"));
    head.append(html("p", { class: "panel-hint" }, "Select a step to see what it can be told."));
    const groups = grouped(SAGA_GROUPS, Object.keys(schema.properties)).map((group) => {
      const fields = group.keys.flatMap((key) => sagaField(key, group.keys.length === 1));
      return section(group, fields);
    });
    return [{ element: head, update: () => {} }, ...groups];
  }

  /** @param {string} key @param {boolean} bare @returns {Field[]} */
  function sagaField(key, bare) {
    const shape = schema.properties[key];
    if (key === "invariants") return [invariantsField(store, shape)];
    if (sortOf(shape) === "records-by-name") return [services(shape.additionalProperties)];
    if (key === "engine") return [...fieldsOf(shape, [key], engineStandard, bare), overridden()];
    return fieldsOf(shape, [key], () => undefined, bare);
  }

  /** What the file says beyond its preset, and the way back. @returns {Field} */
  function overridden() {
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

  /** @returns {Field} */
  function manySteps() {
    const element = html("header", { class: "panel-head" });
    const update = () => {
      const names = store.selection;
      const remove = html("button", { class: "quiet", type: "button", "data-do": "delete" }, "Delete them");
      element.replaceChildren(
        html("h2", {}, `${names.length} steps`),
        html("p", { class: "panel-hint" }, names.join(", ")),
        html("p", { class: "panel-acts" }, remove),
      );
    };
    return { element, update };
  }
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

/**
 * @param {import("./groups.js").Group} group
 * @param {Field[]} fields
 * @returns {Field}
 */
function section(group, fields) {
  const count = html("span", { class: "group-count" });
  const element = html(
    "details",
    { class: "group" },
    html("summary", {}, html("span", {}, group.title), count),
  );
  const remembered = sessionStorage.getItem(`composer group ${group.title}`);
  element.open = remembered ? remembered === "open" : Boolean(group.open);
  element.addEventListener("toggle", () => {
    sessionStorage.setItem(`composer group ${group.title}`, element.open ? "open" : "closed");
  });
  if (group.says) element.append(html("p", { class: "group-says" }, group.says));
  element.append(...fields.map((each) => each.element));
  return {
    element,
    update: (view) => {
      for (const each of fields) each.update(view);
      const written = element.querySelectorAll(".field[data-written]").length;
      const bad = element.querySelector(".field[data-bad]");
      count.textContent = bad ? "needs a look" : written ? `${written} written` : "";
      element.toggleAttribute("data-bad", Boolean(bad));
    },
  };
}
