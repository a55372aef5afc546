/**
 * The published JSON Schema, as far as the property panel reads it: what kind of value a key has, and one sentence
 * for a value that does not do. The server judges the saga; this only answers before it does.
 *
 * @typedef {Record<string, any>} Shape A node of the schema.
 */

import { isMapping } from "sagasim/composer/model.js";

/** @param {Shape} shape @returns {"text" | "number" | "flag" | "choice" | "choices" | "list" | "records" | "amounts" | "records-by-name" | "record" | "range" | "choice-or-list" | "const"} */
export function sortOf(shape) {
  if ("const" in shape) return "const";
  if (Array.isArray(shape.enum)) return "choice";
  if (Array.isArray(shape.anyOf)) return shape.anyOf[0]?.enum ? "choice-or-list" : "range";
  if (shape.type === "array") {
    if (shape.items?.type === "object") return "records";
    return shape.items?.enum ? "choices" : "list";
  }
  if (shape.type === "object") {
    if (shape.properties) return "record";
    return shape.additionalProperties?.type === "object" ? "records-by-name" : "amounts";
  }
  if (shape.type === "boolean") return "flag";
  return shape.type === "string" ? "text" : "number";
}

/** @param {Shape} shape */
function wantedText(shape) {
  const pattern = String(shape.pattern ?? "");
  if (pattern.includes("a-z0-9]+(?:[-_]"))
    return "Write lower-case words joined by hyphens, such as charge-card.";
  if (pattern.includes("[a-z_]+(?:"))
    return "Write lower-case letters and _, joined by dots, such as stock.reserved.";
  if (pattern.includes("A-Za-z0-9_")) return "Write an event's name, such as OrderCreated.";
  return `Write at most ${shape.maxLength} characters.`;
}

/** @param {Shape} shape */
function wantedNumber(shape) {
  const what = shape.type === "integer" ? "a whole number" : "a number";
  const most = Math.abs(shape.maximum ?? Infinity) < 1e9 ? ` and at most ${shape.maximum}` : "";
  const least = Math.abs(shape.minimum ?? -Infinity) < 1e9 ? ` of at least ${shape.minimum}` : "";
  return `Write ${what}${least}${least ? most : ""}.`;
}

/**
 * What would have been right, where the value does not do.
 * @param {Shape} shape
 * @param {unknown} value
 * @returns {string | null}
 */
export function wrong(shape, value) {
  if (value === undefined) return null;
  switch (sortOf(shape)) {
    case "number": {
      const isNumber = typeof value === "number" && (shape.type !== "integer" || Number.isInteger(value));
      const fits = isNumber && value >= (shape.minimum ?? -Infinity) && value <= (shape.maximum ?? Infinity);
      return fits ? null : wantedNumber(shape);
    }
    case "text": {
      const fits =
        typeof value === "string" &&
        value.length <= (shape.maxLength ?? Infinity) &&
        value.length >= (shape.minLength ?? 0) &&
        (!shape.pattern || new RegExp(shape.pattern, "u").test(value));
      return fits ? null : wantedText(shape);
    }
    case "choice":
      return shape.enum.includes(value) ? null : `Choose one of ${shape.enum.join(", ")}.`;
    case "list":
      if (!Array.isArray(value)) return "Write a list.";
      return value.map((it) => wrong(shape.items, it)).find(Boolean) ?? null;
    case "amounts": {
      if (!isMapping(value)) return "Write resources and amounts.";
      const names = Object.keys(value).map((name) => wrong(shape.propertyNames ?? { type: "string" }, name));
      const amounts = Object.values(value).map((amount) => wrong(shape.additionalProperties, amount));
      return [...names, ...amounts].find(Boolean) ?? null;
    }
    case "range": {
      const [plain, both] = shape.anyOf;
      if (!isMapping(value)) return wrong(plain, value);
      const bad = wrong(both.properties.min, value.min) ?? wrong(both.properties.max, value.max);
      return bad ?? (value.min > value.max ? "The least is above the most; swap them." : null);
    }
    default:
      return null;
  }
}

/** What was typed into a field for numbers; a text stays one, so that the server can say what is wrong with it.
 * @param {string} typed
 * @returns {number | string | undefined}
 */
export function numberIn(typed) {
  const text = typed.trim();
  if (text === "") return undefined;
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** How a value is said in a placeholder or an option. @param {unknown} value */
export function said(value) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "none";
  return value === undefined || value === null ? "none" : String(value);
}

/** A path as the server writes it: `steps[1].retry.attempts`. @param {readonly (string | number)[]} path */
export function pathText(path) {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}
