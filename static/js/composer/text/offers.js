/**
 * What can be written at a place of the text, and what the key there means: both from the JSON Schema, names of steps,
 * services and resources from the saga itself. No editor, no DOM.
 *
 * @typedef {Record<string, any>} Schema
 * @typedef {{label: string, type?: string, detail?: string, info?: string, apply?: string}} Offer
 */

import { resourcesOf, servicesOf, stepNames } from "sagasim/composer/model.js";
import { placeAt } from "sagasim/composer/text/place.js";

/** @type {Record<string, (data: any) => string[]>} Where the names come from that a list or a value takes. */
const NAMES = {
  after: stepNames,
  builds_on: stepNames,
  compensates: stepNames,
  service: servicesOf,
  reads: resourcesOf,
};
/** @type {Record<string, (data: any) => string[]>} The same for keys. */
const KEYS = {
  effects: resourcesOf,
  undo_effects: resourcesOf,
  resources: resourcesOf,
  services: servicesOf,
};

/** @param {Schema} schema @returns {Schema[]} The schema, or its alternatives. */
function alternatives(schema) {
  const several = schema.anyOf ?? schema.oneOf;
  return several ? several.flatMap(alternatives) : [schema];
}

/** @param {Schema[]} schemas @param {string} key @returns {Schema[]} */
function inside(schemas, key) {
  return schemas.flatMap(alternatives).flatMap((schema) => {
    const inner = key === "[]" ? schema.items : (schema.properties?.[key] ?? schema.additionalProperties);
    return typeof inner === "object" ? [inner] : [];
  });
}

/** @param {Schema} schema @param {readonly string[]} path @returns {Schema[]} */
function schemasAt(schema, path) {
  return path.reduce(inside, [schema]).flatMap(alternatives);
}

/** @param {Schema} schema */
function defaultOf(schema) {
  return schema.default === undefined ? undefined : `default: ${JSON.stringify(schema.default)}`;
}

/** @param {Schema[]} schemas @returns {Offer[]} */
function keysOf(schemas) {
  return schemas.flatMap((schema) =>
    Object.entries(schema.properties ?? {}).map(([label, inner]) => ({
      label,
      type: "property",
      detail: defaultOf(inner),
      info: inner.description,
      apply: `${label}: `,
    })),
  );
}

/** @param {Schema[]} schemas @returns {Offer[]} */
function valuesOf(schemas) {
  return schemas.flatMap((schema) => {
    const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
    const known = values ?? (schema.type === "boolean" ? [true, false] : []);
    const detail = (/** @type {unknown} */ value) => (value === schema.default ? "default" : undefined);
    return known.map((/** @type {unknown} */ value) => ({
      label: String(value),
      type: "enum",
      detail: detail(value),
    }));
  });
}

/** @param {string[]} names @param {string} [ending] @returns {Offer[]} */
function named(names, ending = "") {
  return names.map((label) => ({ label, type: "variable", apply: label + ending }));
}

/**
 * @param {string} text @param {number} at @param {Schema} schema @param {any} data @param {boolean} isAsked
 * @returns {{from: number, options: Offer[], validFor: RegExp} | null}
 */
export function completions(text, at, schema, data, isAsked) {
  const { path, isKey, word, from } = placeAt(text, at);
  if (!/^[A-Za-z0-9_.-]*$/.test(word) || (!word && !isAsked && isKey)) return null;
  const schemas = schemasAt(schema, path);
  const last = path.findLast((key) => key !== "[]") ?? "";
  const keys = isKey ? [...keysOf(schemas), ...named(KEYS[last]?.(data) ?? [], ": ")] : [];
  const isItem = path.at(-1) === "[]"; // which may be a value as well as the first key of a mapping
  const values = isKey && !isItem ? [] : [...valuesOf(schemas), ...named(NAMES[last]?.(data) ?? [])];
  const options = [...keys, ...values];
  const distinct = options.filter(
    ({ label }, index) => options.findIndex((each) => each.label === label) === index,
  );
  return distinct.length ? { from, options: distinct, validFor: /^[A-Za-z0-9_.-]*$/ } : null;
}

/** @param {string} text @param {number} at @param {Schema} schema @returns {{key: string, says: string, from: number, to: number} | null} */
export function explanation(text, at, schema) {
  const before = /[A-Za-z0-9_.-]*$/.exec(text.slice(0, at))?.[0] ?? "";
  const behind = /^[A-Za-z0-9_.-]*(?=["']?\s*:(?:\s|$))/.exec(text.slice(at))?.[0];
  const from = at - before.length;
  if (behind === undefined || !(before + behind)) return null;
  const to = at + behind.length;
  const { path, isKey } = placeAt(text, to);
  if (!isKey) return null;
  const key = text.slice(from, to);
  const schemas = inside(schemasAt(schema, path), key);
  const says = schemas.find(({ description }) => description)?.description;
  if (!says) return null;
  const values = schemas.flatMap(alternatives).flatMap((each) => each.enum ?? []);
  const also = [
    values.length ? `One of ${values.join(", ")}.` : "",
    ...schemas.map((each) => defaultOf(each) ?? ""),
  ];
  return { key, says: [says, ...also].filter(Boolean).join(" "), from, to };
}
