/**
 * The changes of a saga that touch more than one place: what follows what, a step that comes, goes or gets another name,
 * and everything that names it. Each changes the data that it is handed, and leaves nothing behind that points nowhere.
 *
 * @typedef {import("./model.js").SagaData} SagaData
 */

import {
  afterOf,
  alike,
  EVENT_WORDS,
  freeName,
  isMapping,
  publishesOf,
  servicesOf,
  stepNames,
  stepOf,
  stepsOf,
  texts,
} from "sagasim/composer/model.js";

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
function goesRound(data) {
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
