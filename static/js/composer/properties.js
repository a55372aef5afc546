/**
 * Fields for what the schema says of one key: one field, or those of a mapping with known keys; for one step, for several
 * at once, or for the saga. What is written is one step of undo, whoever it is written for.
 *
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("./fields.js").Spec} Spec
 * @typedef {import("./fields.js").Path} Path
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {import("./store.js").Store} Store
 * @typedef {ReturnType<typeof propertiesOf>} FieldsOf
 */

import { forgetServices, put } from "sagasim/composer/edits.js";
import { field } from "sagasim/composer/fields.js";
import { labelOf } from "sagasim/composer/groups.js";
import { nameAt, placeOf, servicesOf } from "sagasim/composer/model.js";
import { said, sortOf } from "sagasim/composer/shapes.js";
import { html } from "sagasim/runs/elements.js";

/** Stands in a path for all the steps that are selected. */
export const MANY = "many";

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

/** @param {Store} store */
export function propertiesOf(store) {
  /** Whose values a path means. @param {Path} path @param {View["data"]} data @returns {Path[]} */
  function paths(path, data) {
    if (path[1] !== MANY) return [path];
    return store.selection.map((name) => ["steps", placeOf(data, name), ...path.slice(2)]);
  }

  /** @param {Path} path @param {string} label @returns {Spec["write"]} */
  function writing(path, label) {
    return (value, merge) => {
      store.edit(
        `${value === undefined ? "Reset" : "Set"} ${label.toLowerCase()}${whose(path)}`,
        (data) => {
          const before = servicesOf(data);
          for (const each of paths(path, data)) put(data, each, value);
          if (path.at(-1) === "service") forgetServices(data, before);
        },
        { merge },
      );
    };
  }

  /** @param {Path} path */
  function whose(path) {
    if (path[0] !== "steps") return "";
    return ` of ${path[1] === MANY ? `${store.selection.length} steps` : nameAt(store.get().data, Number(path[1]))}`;
  }

  /**
   * The fields of one key.
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
          paths: (data) => paths(path, data),
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

  return fieldsOf;
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
