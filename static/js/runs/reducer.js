/**
 * What the stage shows, as plain data: folds one history line in. No DOM, no timers, no socket.
 *
 * A view is never changed, so any view may be kept as a checkpoint. Two stories are told side by side: `belief`, and
 * `truth` (how often the effect is really there). drawn.js folds the same lines into what the diagram draws.
 *
 * @typedef {import("sagasim/runs/wire.js").Line} Line
 * @typedef {{
 *   name: string, service: string, kind: string, compensation: string | null,
 *   after: string[], predecessors: string[], successors: string[],
 *   effects: Record<string, number>, undo_effects: Record<string, number>,
 * }} Step
 * @typedef {{
 *   coordination: string, steps: Step[], services: string[], resources: Record<string, number>,
 *   invariants: {name: string, when: string}[], instances: number, recorded: boolean,
 * }} Cast what is known before a run: who plays, and what they may do; of a recorded one, nobody sees what is true
 * @typedef {{belief: string, truth: number | null, undo: boolean, attempt: number, trouble: string, harms: string[]}} Standing
 * @typedef {{
 *   seq: number, at_ms: number, blank: Standing, standings: Record<string, Standing>, down: Record<string, string>,
 *   resources: Record<string, number>, direction: string, outcome: string, outcomes: Record<number, string>,
 *   parked: string[], harms: {harm: string, step: string, seq: number}[], trouble: Line | null,
 * }} View
 */

export const COORDINATOR = "coordinator";

/** @type {Standing} */
const BLANK = Object.freeze({ belief: "idle", truth: 0, undo: false, attempt: 0, trouble: "", harms: [] });

/** @type {Standing} where nobody sees what is true, until a line says it */
const UNSEEN = Object.freeze({ ...BLANK, truth: null });

/** @param {Cast} cast @returns {View} */
export function opening(cast) {
  return Object.freeze({
    seq: 0,
    at_ms: 0,
    blank: cast.recorded ? UNSEEN : BLANK,
    standings: {},
    down: {},
    resources: cast.recorded ? {} : cast.resources,
    direction: "",
    outcome: "",
    outcomes: {},
    parked: [],
    harms: [],
    trouble: null,
  });
}

/** @param {number} instance @param {string} step */
export function place(instance, step) {
  return `${instance}/${step}`;
}

/** How a step stands in one instance. @param {View} view @param {string} step @param {number} [instance] */
export function standing(view, step, instance = 1) {
  return view.standings[place(instance, step)] ?? view.blank;
}

/** @param {View} view @param {Line} line @returns {View} */
export function evolve(view, line) {
  if (line.seq <= view.seq) return view; // sent again on reconnect
  const { data } = line;
  return {
    ...view,
    seq: line.seq,
    at_ms: Math.max(view.at_ms, line.at_ms),
    standings: data.step ? stepped(view, line) : view.standings,
    resources: data.resources ? { ...view.resources, ...data.resources } : view.resources,
    down: broken(view.down, line),
    ...turned(view, line),
  };
}

/** @param {View} view @param {Line} line */
function stepped({ standings, blank }, { kind, data }) {
  const key = place(data.instance ?? 1, data.step);
  const was = standings[key] ?? blank;
  const now = {
    ...was,
    belief: data.belief || was.belief,
    truth: data.truth ?? was.truth,
    undo: data.undo ?? was.undo,
    attempt: data.attempt ?? was.attempt,
  };
  if (kind === "FaultStruck") now.trouble = data.fault;
  if (kind === "HarmDone") now.harms = [...was.harms, data.harm];
  if (kind === "SagaStuck") now.trouble = "stuck";
  return { ...standings, [key]: now };
}

/** A call reached its participant if one of these happened. */
export const REACHED = new Set([
  "StepCommitted",
  "UndoCommitted",
  "NothingChanged",
  "AnswerRepeated",
  "StepRefused",
  "StepErred",
]);

/**
 * Who is down: a service in an outage until it answers again, the coordinator until it has read its log.
 * @param {View["down"]} down
 * @param {Line} line
 */
function broken(down, { kind, data }) {
  if (kind === "OutageBegan") return { ...down, [data.service]: data.step };
  if (kind === "OutageEnded") return without(down, (name) => name === data.service);
  if (kind === "CoordinatorCrashed") return { ...down, [COORDINATOR]: data.step };
  if (kind === "CoordinatorRecovered") return without(down, (name) => name === COORDINATOR);
  if (REACHED.has(kind)) return without(down, (name) => name !== COORDINATOR && down[name] === data.step);
  return down;
}

/** @param {View["down"]} down @param {(name: string) => boolean} gone */
function without(down, gone) {
  const names = Object.keys(down);
  return names.some(gone)
    ? Object.fromEntries(names.filter((it) => !gone(it)).map((it) => [it, down[it] ?? ""]))
    : down;
}

/** Where the saga as a whole is going, and what it has done wrong. @param {View} view @param {Line} line @returns {Partial<View>} */
function turned(view, line) {
  const { kind, data } = line;
  switch (kind) {
    case "SagaStarted":
      return { direction: view.direction || "forward" };
    case "SagaResumed":
      return { direction: "forward" };
    case "SagaHalted":
      return { direction: "halted" };
    case "CompensationStarted":
      return { direction: "back" };
    case "SagaEnded":
      return ended(view, data.instance ?? 1, data.outcome, data.parked ?? []);
    case "SagaStuck":
      return ended(view, data.instance ?? 1, "stuck", []);
    case "HarmDone":
      return { harms: [...view.harms, { harm: data.harm, step: data.step, seq: line.seq }], trouble: line };
    case "EventHeard":
      return data.word === "done"
        ? {}
        : { direction: view.direction === "forward" ? "back" : view.direction };
    default:
      return {};
  }
}

const SERIOUS_FIRST = ["stuck", "failed", "parked", "compensated", "completed"];

/** @param {View} view @param {number} instance @param {string} outcome @param {string[]} parked */
function ended(view, instance, outcome, parked) {
  const outcomes = { ...view.outcomes, [instance]: outcome };
  const worst = SERIOUS_FIRST.find((each) => Object.values(outcomes).includes(each)) ?? outcome;
  return { outcomes, outcome: worst, direction: "ended", parked: [...view.parked, ...parked] };
}
