/**
 * What the keys of a saga file mean where they are left out, as far as drawing and editing need it. Plain data in, plain
 * data out; what runs, and what is wrong, is the server's business, and what changes a saga is in edits.js. A draft may
 * be any nonsense that can be written down, so nothing here trusts its shape.
 *
 * @typedef {Record<string, any>} SagaData The saga as written: defaults are not filled in.
 * @typedef {"compensatable" | "pivot" | "retriable" | "read"} Kind
 * @typedef {{
 *   index: number, name: string, service: string, kind: Kind, action: string, compensation: string | null,
 *   after: string[], written: Readonly<Record<string, any>>,
 * }} DrawnStep A step with the defaults that a drawing needs; `written` is what stands in the file.
 */

export const KINDS = /** @type {const} */ (["compensatable", "pivot", "retriable", "read"]);
export const EVENT_WORDS = /** @type {const} */ ([
  "done",
  "refused",
  "undone",
  "skipped",
  "undo_failed",
  "aborting",
]);

/** @param {unknown} value @returns {value is Record<string, any>} */
export function isMapping(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {string[]} */
export function texts(value) {
  return Array.isArray(value) ? value.filter((it) => typeof it === "string") : [];
}

/**
 * Equal as data; the order of keys says nothing.
 * @param {unknown} one
 * @param {unknown} other
 * @returns {boolean}
 */
export function alike(one, other) {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((it, index) => alike(it, other[index]));
  }
  if (!isMapping(one) || !isMapping(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && alike(one[key], other[key]));
}

/** @param {SagaData} data @returns {Record<string, any>[]} The steps that can be drawn: those with a name. */
export function stepsOf(data) {
  const steps = Array.isArray(data?.steps) ? data.steps : [];
  return steps.filter((step) => isMapping(step) && typeof step.name === "string" && step.name !== "");
}

/** @param {SagaData} data @returns {string[]} */
export function stepNames(data) {
  return stepsOf(data).map((step) => step.name);
}

/** @param {SagaData} data @param {string} name @returns {Record<string, any> | undefined} */
export function stepOf(data, name) {
  return stepsOf(data).find((step) => step.name === name);
}

/** Where a step stands in the file, -1 if it does not. @param {SagaData} data @param {string} name @returns {number} */
export function placeOf(data, name) {
  return Array.isArray(data?.steps) ? data.steps.findIndex((step) => step?.name === name) : -1;
}

/** @param {SagaData} data @param {number} index @returns {string} */
export function nameAt(data, index) {
  const name = Array.isArray(data?.steps) ? data.steps[index]?.name : "";
  return typeof name === "string" ? name : "";
}

/** @param {Readonly<Record<string, any>>} step @returns {Kind} */
export function kindOf(step) {
  if (KINDS.includes(step.kind)) return step.kind;
  const changes = "compensation" in step || (isMapping(step.effects) && Object.keys(step.effects).length > 0);
  return changes ? "compensatable" : "read";
}

/** @param {Readonly<Record<string, any>>} step @returns {string} */
export function serviceOf(step) {
  return typeof step.service === "string" && step.service ? step.service : step.name;
}

/**
 * The steps before each step: those it names, else the step above.
 * @param {SagaData} data
 * @returns {Record<string, string[]>}
 */
export function afterOf(data) {
  /** @type {Record<string, string[]>} */
  const after = {};
  /** @type {string[]} */
  let above = [];
  for (const step of stepsOf(data)) {
    after[step.name] = Array.isArray(step.after) ? texts(step.after) : above;
    above = [step.name];
  }
  return after;
}

/** @param {SagaData} data @returns {DrawnStep[]} What a canvas or a table draws, in the order of the file. */
export function drawnSteps(data) {
  const known = stepNames(data);
  const after = afterOf(data);
  return stepsOf(data).map((step, index) => ({
    index,
    name: step.name,
    service: serviceOf(step),
    kind: kindOf(step),
    action: typeof step.action === "string" ? step.action : step.name,
    compensation: typeof step.compensation === "string" ? step.compensation : null,
    after: (after[step.name] ?? []).filter((name) => known.includes(name)),
    written: step,
  }));
}

/** @param {SagaData} data @returns {string[]} Every participant, in the order in which steps name them. */
export function servicesOf(data) {
  return [...new Set(stepsOf(data).map(serviceOf))];
}

/** @param {SagaData} data @returns {string[]} Every resource that something gives a value to or reads. */
export function resourcesOf(data) {
  /** @param {unknown} it */
  const keys = (it) => (isMapping(it) ? Object.keys(it) : []);
  const ofSteps = stepsOf(data).flatMap((step) => [
    ...keys(step.effects),
    ...keys(step.undo_effects),
    ...texts(step.reads),
  ]);
  return [...new Set([...keys(data?.resources), ...ofSteps])].sort();
}

/**
 * The events that a step publishes: `charge-card` publishes `ChargeCardDone`, unless it says otherwise.
 * @param {Readonly<Record<string, any>>} step
 * @returns {Record<(typeof EVENT_WORDS)[number], string>}
 */
export function publishesOf(step) {
  const stem = capitals(step.name);
  const named = isMapping(step.publishes) ? step.publishes : {};
  const events = EVENT_WORDS.map((word) => [word, named[word] ?? stem + capitals(word)]);
  return Object.fromEntries(events);
}

/** @param {string} name */
function capitals(name) {
  const parts = name.split(/[-_]/);
  return parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase()).join("");
}

/** What somebody typed, as a name that files allow: "Charge the card" becomes "charge-the-card".
 * @param {string} typed
 */
export function slug(typed) {
  const plain = typed.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/[-_]{2,}/g, "-")
    .replace(/^[-_]+|[-_]+$/g, "")
    .slice(0, 100);
}

/** A name like the wanted one that no step has yet: `charge`, else `charge-2`, ...
 * @param {SagaData} data
 * @param {string} wanted
 */
export function freeName(data, wanted) {
  const taken = new Set([...stepNames(data), "saga"]);
  const base = slug(wanted) || "step";
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
  return name;
}

// ---------------------------------------------------------------- changes: of a draft, in place

// ---------------------------------------------------------------- what holds where nothing is written

/**
 * The defaults of a step that depend on what stands around it; the others are in the schema.
 * @param {SagaData} data
 * @param {string} name
 * @param {Readonly<Record<string, {value: unknown}>>} [rules] The engine's rules in force, as the server told them.
 * @returns {Record<string, any>}
 */
export function standardsOf(data, name, rules = {}) {
  const step = stepOf(data, name) ?? { name };
  const after = afterOf(data);
  const service = isMapping(data?.services) ? data.services[serviceOf(step)] : undefined;
  const order = rules.order?.value ?? "reverse";
  const isFinal = kindOf(step) === "retriable" || isBehindPivot(data, name);
  const above = stepNames(data)[stepNames(data).indexOf(name) - 1];
  const adds = isMapping(step.effects) ? Object.entries(step.effects) : [];
  return {
    service: name,
    kind: kindOf({ ...step, kind: undefined }),
    action: name,
    after: above === undefined ? [] : [above],
    builds_on: order === "reverse" ? (after[name] ?? []) : [],
    takes_ms: 40,
    retry: { upon: ["error", "unknown"] },
    undo_effects: Object.fromEntries(adds.map(([resource, amount]) => [resource, -amount])),
    may_refuse: "refuses_when" in step || !isFinal,
    safeguards: isMapping(service?.safeguards) ? service.safeguards : {},
    publishes: publishesOf({ name }),
    starts_on: (after[name] ?? []).map(
      (before) => publishesOf(stepOf(data, before) ?? { name: before }).done,
    ),
    on_refusal: rules.on_refusal?.value,
    on_error: rules.on_error?.value,
    on_unknown: rules.on_unknown?.value,
    on_undo_failure: rules.on_undo_failure?.value,
  };
}

/** @param {SagaData} data @param {string} name */
function isBehindPivot(data, name) {
  const after = afterOf(data);
  const pivots = new Set(
    stepsOf(data)
      .filter((step) => step.kind === "pivot")
      .map((step) => step.name),
  );
  const open = [...(after[name] ?? [])];
  const seen = new Set();
  for (let before = open.pop(); before !== undefined; before = open.pop()) {
    if (pivots.has(before)) return true;
    if (!seen.has(before)) open.push(...(after[before] ?? []));
    seen.add(before);
  }
  return false;
}

/** @param {SagaData} data @returns {string[]} Every event that a step publishes. */
export function eventsOf(data) {
  return [...new Set(stepsOf(data).flatMap((step) => Object.values(publishesOf(step))))];
}

/** @param {any} data @param {readonly (string | number)[]} path @returns {any} */
export function at(data, path) {
  return path.reduce((inner, key) => inner?.[key], data);
}
