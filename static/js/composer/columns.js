/**
 * The columns of the step table: what a cell shows, what it is edited as, and what an edit writes.
 *
 * @typedef {import("./model.js").DrawnStep} DrawnStep
 * @typedef {import("./model.js").SagaData} SagaData
 * @typedef {import("./fields.js").View} View
 * @typedef {{
 *   key: string, title: string, shown: (step: DrawnStep, view: View) => string,
 *   typed: (step: DrawnStep) => string, write: (data: SagaData, name: string, typed: string) => void,
 *   path: string, choices?: readonly string[], names?: "steps" | "services", mono?: boolean, hint?: string,
 * }} Column `path`: where the value stands in a step; nothing there means that a default is shown.
 */

import { forgetServices, put, setAfter } from "sagasim/composer/edits.js";
import { timeIn, timeText } from "sagasim/composer/lines.js";
import { KINDS, placeOf, servicesOf, slug, stepNames } from "sagasim/composer/model.js";
import { numberIn } from "sagasim/composer/shapes.js";

/** @param {SagaData} data @param {string} name @param {(string | number)[]} path @param {unknown} value */
function putIn(data, name, path, value) {
  put(data, ["steps", placeOf(data, name), ...path], value === "" ? undefined : value);
}

/** @param {string} key @param {string} title @returns {Column} */
function plain(key, title) {
  return {
    key,
    title,
    path: key,
    mono: true,
    shown: (step) => String(step.written[key] ?? (key === "action" ? step.name : "")),
    typed: (step) => String(step.written[key] ?? ""),
    write: (data, name, typed) => putIn(data, name, [key], typed.trim()),
  };
}

/** @type {readonly Column[]} */
export const COLUMNS = [
  {
    key: "name",
    title: "Step",
    path: "name",
    mono: true,
    shown: (step) => step.name,
    typed: (step) => step.name,
    write: () => {}, // a name is changed everywhere at once: table.js
  },
  {
    key: "service",
    title: "Service",
    path: "service",
    mono: true,
    names: "services",
    shown: (step) => step.service,
    typed: (step) => String(step.written.service ?? ""),
    write: (data, name, typed) => {
      const before = servicesOf(data);
      putIn(data, name, ["service"], slug(typed));
      forgetServices(data, before);
    },
  },
  {
    key: "kind",
    title: "Kind",
    path: "kind",
    choices: KINDS,
    shown: (step) => step.kind,
    typed: (step) => String(step.written.kind ?? ""),
    write: (data, name, typed) => putIn(data, name, ["kind"], typed),
  },
  { ...plain("action", "Action") },
  { ...plain("compensation", "Compensation"), hint: "what takes it back" },
  {
    key: "after",
    title: "After",
    path: "after",
    mono: true,
    names: "steps",
    hint: "steps, or - to start at once",
    shown: (step) => step.after.join(", ") || "starts at once",
    typed: (step) => (Array.isArray(step.written.after) ? step.written.after.join(", ") || "-" : ""),
    write: (data, name, typed) => {
      const names = typed.split(/[,\s]+/).filter((it) => it && it !== "-");
      if (!typed.trim()) putIn(data, name, ["after"], undefined);
      else if (names.every((it) => stepNames(data).includes(it))) setAfter(data, name, names);
      else putIn(data, name, ["after"], names); // the server says which step is not there
    },
  },
  {
    key: "takes_ms",
    title: "Takes ms",
    path: "takes_ms",
    mono: true,
    hint: "40, or 20-90",
    shown: (step) => timeText(step.written.takes_ms ?? 40),
    typed: (step) => timeText(step.written.takes_ms),
    write: (data, name, typed) => putIn(data, name, ["takes_ms"], timeIn(typed)),
  },
  {
    key: "timeout_ms",
    title: "Timeout ms",
    path: "timeout_ms",
    mono: true,
    shown: (step) => String(step.written.timeout_ms ?? 1000),
    typed: (step) => String(step.written.timeout_ms ?? ""),
    write: (data, name, typed) => putIn(data, name, ["timeout_ms"], numberIn(typed)),
  },
  {
    key: "attempts",
    title: "Attempts",
    path: "retry",
    mono: true,
    shown: (step) => String(step.written.retry?.attempts ?? 3),
    typed: (step) => String(step.written.retry?.attempts ?? ""),
    write: (data, name, typed) => putIn(data, name, ["retry", "attempts"], numberIn(typed)),
  },
];
