/**
 * What the keys of a saga file mean where they are left out, as far as drawing and editing need it; and the changes
 * of a saga that touch more than one place. Plain data in, plain data out; what runs, and what is wrong, is the
 * server's business. A draft may be any nonsense that can be written down, so nothing here trusts its shape.
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
function texts(value) {
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

/**
 * Says what a step comes after, and nothing where that is the default anyway.
 * @param {SagaData} data
 * @param {string} name
 * @param {readonly string[]} after
 */
export function setAfter(data, name, after) {
  const steps = stepsOf(data);
  const index = steps.findIndex((step) => step.name === name);
  const step = steps[index];
  if (!step) return;
  const above = steps[index - 1];
  const wanted = [...new Set(after)];
  if (alike(wanted, above ? [above.name] : [])) delete step.after;
  else step.after = wanted;
}

/**
 * Whether `after` would go round in a circle if `to` came after `from`.
 * @param {SagaData} data
 * @param {string} from
 * @param {string} to
 */
export function wouldCircle(data, from, to) {
  const after = afterOf(data);
  const seen = new Set();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (!seen.has(name)) open.push(...(after[name] ?? []));
    seen.add(name);
  }
  return false;
}

/** @param {SagaData} data @param {string} from @param {string} to */
export function connect(data, from, to) {
  if (wouldCircle(data, from, to)) return;
  setAfter(data, to, [...(afterOf(data)[to] ?? []), from]);
}

/** @param {SagaData} data @param {string} from @param {string} to */
export function disconnect(data, from, to) {
  const left = (afterOf(data)[to] ?? []).filter((name) => name !== from);
  setAfter(data, to, left);
}

/**
 * A new step below another, or at the end. What follows by default follows the new one; give it `after` to say more.
 * @param {SagaData} data
 * @param {Record<string, any>} [step]
 * @param {{below?: string, above?: string}} [where]
 * @returns {string} its name
 */
export function addStep(data, step = {}, where = {}) {
  const name = freeName(data, typeof step.name === "string" ? step.name : "step");
  if (!Array.isArray(data.steps)) data.steps = [];
  const at = data.steps.findIndex((/** @type {any} */ it) => it?.name === (where.below ?? where.above));
  const index = at < 0 ? data.steps.length : at + (where.below === undefined ? 0 : 1);
  const { after, ...rest } = step;
  data.steps.splice(index, 0, { ...rest, name });
  if (Array.isArray(after)) setAfter(data, name, after);
  return name;
}

/**
 * A copy of a step under a free name, below it.
 * @param {SagaData} data
 * @param {string} name
 */
export function duplicateStep(data, name) {
  const step = structuredClone(stepOf(data, name));
  if (!step) return name;
  const { publishes: _, ...rest } = step; // two steps that publish one event would start each other's followers
  return addStep(data, rest, { below: name });
}

/**
 * Takes steps away. Who came after one of them comes after what it came after; what names it names it no more.
 * @param {SagaData} data
 * @param {Layout} layout
 * @param {readonly string[]} names
 * @typedef {Record<string, {x: number, y: number}>} Layout
 */
export function removeSteps(data, layout, names) {
  const gone = new Set(names);
  const after = afterOf(data);
  /** @param {string} name @param {Set<string>} [seen] @returns {string[]} */
  const standing = (name, seen = new Set()) => {
    if (!gone.has(name)) return [name];
    if (seen.has(name)) return [];
    return (after[name] ?? []).flatMap((before) => standing(before, new Set([...seen, name])));
  };
  const services = servicesOf(data);
  data.steps = data.steps.filter((/** @type {any} */ step) => !gone.has(step?.name));
  for (const step of stepsOf(data)) {
    const before = (after[step.name] ?? []).flatMap((name) => standing(name));
    const wasWritten = Array.isArray(step.after);
    if (!wasWritten || step.after.some((/** @type {string} */ name) => gone.has(name)))
      setAfter(data, step.name, before);
    if (Array.isArray(step.builds_on))
      step.builds_on = [...new Set(texts(step.builds_on).flatMap((name) => standing(name)))];
  }
  if (Array.isArray(data.engine?.compensates))
    data.engine.compensates = texts(data.engine.compensates).filter((name) => !gone.has(name));
  forgetServices(data, services);
  const targets = new Set([...stepNames(data), ...servicesOf(data), "saga"]);
  if (Array.isArray(data.given)) {
    data.given = data.given.filter(
      (fault) => typeof fault !== "string" || (targets.has(targetOf(fault)) && !gone.has(momentOf(fault))),
    );
    if (!data.given.length) delete data.given;
  }
  for (const name of names) delete layout[name];
}

/**
 * A service that no step names any more cannot stand in the file.
 * @param {SagaData} data
 * @param {readonly string[]} before The services that steps named before the change.
 */
export function forgetServices(data, before) {
  if (!isMapping(data.services)) return;
  const used = servicesOf(data);
  for (const name of before) if (!used.includes(name)) delete data.services[name];
  if (!Object.keys(data.services).length) delete data.services;
}

/** @param {string} fault `charge.undo#2:error@after` strikes `charge` */
function targetOf(fault) {
  return fault.split(/[:.#[]/, 1)[0] ?? "";
}

/** @param {string} fault `reserve:late@charge.after` lands at `charge` */
function momentOf(fault) {
  return fault.match(/@([a-z0-9_-]+)\./)?.[1] ?? "";
}

/**
 * Moves a step up or down in the file. What follows by default follows another step then; where that would go round
 * in a circle, everybody keeps who came before.
 * @param {SagaData} data
 * @param {string} name
 * @param {number} by -1 up, 1 down
 */
export function moveStep(data, name, by) {
  const steps = data.steps;
  if (!Array.isArray(steps)) return;
  const from = steps.findIndex((/** @type {any} */ step) => step?.name === name);
  const to = Math.max(0, Math.min(steps.length - 1, from + by));
  if (from < 0 || from === to) return;
  const before = afterOf(data);
  steps.splice(to, 0, ...steps.splice(from, 1));
  if (goesRound(data)) for (const step of stepsOf(data)) setAfter(data, step.name, before[step.name] ?? []);
}

/** @param {SagaData} data */
export function goesRound(data) {
  const waiting = new Map(Object.entries(afterOf(data)).map(([name, after]) => [name, new Set(after)]));
  for (;;) {
    const ready = [...waiting].filter(([, after]) => ![...after].some((name) => waiting.has(name)));
    if (!ready.length) return waiting.size > 0;
    for (const [name] of ready) waiting.delete(name);
  }
}

/**
 * Renames a step everywhere it is named: by other steps, the engine, given faults, the events that are called after
 * it, and its place on the canvas. A service that it gave its name to keeps that name where others use it.
 * @param {SagaData} data
 * @param {string} old
 * @param {string} name
 * @param {Layout} [layout]
 */
export function renameStep(data, old, name, layout) {
  const step = stepOf(data, old);
  if (!step || old === name) return;
  keepService(data, step);
  const eventsBefore = publishesOf(step);
  step.name = name;
  const eventsAfter = publishesOf(step);
  /** @type {Record<string, string>} */
  const events = Object.fromEntries(EVENT_WORDS.map((word) => [eventsBefore[word], eventsAfter[word]]));
  for (const other of stepsOf(data)) {
    for (const key of ["after", "builds_on"]) other[key] = renamed(other[key], { [old]: name });
    for (const key of ["starts_on", "compensates_on"]) other[key] = renamed(other[key], events);
    for (const key of ["after", "builds_on", "starts_on", "compensates_on"])
      if (other[key] === undefined) delete other[key];
  }
  if (Array.isArray(data.engine?.compensates))
    data.engine.compensates = renamed(data.engine.compensates, { [old]: name });
  if (Array.isArray(data.given))
    data.given = data.given.map((fault) => (typeof fault === "string" ? inFault(fault, old, name) : fault));
  if (layout && Object.hasOwn(layout, old)) {
    layout[name] = /** @type {{x: number, y: number}} */ (layout[old]);
    delete layout[old];
  }
}

/** @param {SagaData} data @param {Record<string, any>} step */
function keepService(data, step) {
  if (typeof step.service === "string") return;
  const isNamed = isMapping(data.services) && Object.hasOwn(data.services, step.name);
  const isShared = stepsOf(data).some((other) => other !== step && other.service === step.name);
  if (isNamed || isShared) step.service = step.name;
}

/** @param {unknown} list @param {Record<string, string>} names */
function renamed(list, names) {
  if (!Array.isArray(list)) return list;
  return list.map((it) => (typeof it === "string" && Object.hasOwn(names, it) ? names[it] : it));
}

/** @param {string} fault @param {string} old @param {string} name */
function inFault(fault, old, name) {
  const quoted = old.replace(/[-_]/g, "\\$&");
  const target = new RegExp(`^${quoted}(?=[.#:\\[])`);
  const moment = new RegExp(`@${quoted}(?=\\.)`);
  return fault.replace(target, name).replace(moment, `@${name}`);
}

/**
 * Renames a service everywhere it is named.
 * @param {SagaData} data
 * @param {string} old
 * @param {string} name
 */
export function renameService(data, old, name) {
  for (const step of stepsOf(data)) if (serviceOf(step) === old) step.service = name;
  if (isMapping(data.services) && Object.hasOwn(data.services, old)) {
    const named = Object.entries(data.services).map(([key, value]) => [key === old ? name : key, value]);
    data.services = Object.fromEntries(named);
  }
  if (Array.isArray(data.given) && !stepNames(data).includes(old))
    data.given = data.given.map((fault) => (typeof fault === "string" ? inFault(fault, old, name) : fault));
}

/**
 * Sets what stands at a path, or takes it away; a mapping that becomes empty goes too.
 * @param {SagaData} data
 * @param {readonly (string | number)[]} path
 * @param {unknown} value undefined takes it away
 */
export function put(data, path, value) {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const inner = /** @type {any} */ (data)[key];
  if (rest.length) {
    if (typeof inner !== "object" || inner === null) {
      if (value === undefined) return;
      /** @type {any} */ (data)[key] = typeof rest[0] === "number" ? [] : {};
    }
    const now = /** @type {any} */ (data)[key];
    put(now, rest, value);
    if (value === undefined && isMapping(now) && !Object.keys(now).length)
      delete (/** @type {any} */ (data)[key]);
  } else if (value === undefined) {
    if (Array.isArray(data)) data.splice(Number(key), 1);
    else delete data[key];
  } else {
    /** @type {any} */ (data)[key] = value;
  }
}

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
