/**
 * How the property panel sorts the keys of a saga file, and what it calls them. What a key means, may be and is by
 * default comes from the schema; a key that stands here nowhere still gets a field, in the last group.
 *
 * @typedef {{title: string, keys: readonly string[], open?: boolean, says?: string}} Group
 */

/** @type {readonly Group[]} */
export const STEP_GROUPS = [
  { title: "Step", keys: ["name", "service", "kind", "action", "compensation"], open: true },
  { title: "Order", keys: ["after", "builds_on"], open: true },
  { title: "Time and retries", keys: ["takes_ms", "timeout_ms", "retry", "undo_retry"] },
  {
    title: "Effects",
    keys: ["effects", "undo_effects", "reads", "refuses_when", "may_refuse", "irreversible"],
    open: true,
  },
  { title: "Safeguards of this step", keys: ["safeguards"] },
  {
    title: "Rules of this step",
    keys: ["on_refusal", "on_error", "on_unknown", "on_undo_failure"],
    says: "Where the step differs from its engine.",
  },
  { title: "Events", keys: ["publishes", "starts_on", "compensates_on"], says: "In choreography." },
];

/** @type {readonly Group[]} */
export const SAGA_GROUPS = [
  { title: "Saga", keys: ["name", "title", "description"], open: true },
  { title: "Engine", keys: ["engine"], open: true },
  { title: "Resources", keys: ["resources"], says: "What is there at the start." },
  { title: "Invariants", keys: ["invariants"], open: true, says: "What must hold, in your own words." },
  { title: "Services", keys: ["services"], says: "Participants, where they differ from the defaults." },
  { title: "Given faults", keys: ["given"] },
  { title: "Deadline and instances", keys: ["deadline_ms", "instances"] },
];

/** Keys that are no field: the format's version, and the steps, which are all over the page. */
export const ELSEWHERE = ["sagasim", "steps"];

/** @type {Readonly<Record<string, string>>} */
const LABELS = {
  builds_on: "Builds on",
  takes_ms: "Takes (ms)",
  timeout_ms: "Timeout (ms)",
  deadline_ms: "Deadline (ms)",
  first_ms: "First wait (ms)",
  max_ms: "Longest wait (ms)",
  retry: "Retries of the action",
  undo_retry: "Retries of the undo",
  undo_effects: "Effects of the undo",
  refuses_when: "Refuses when",
  may_refuse: "May be refused",
  upon: "Retried after",
  starts_on: "Starts on",
  compensates_on: "Is undone on",
  given: "Faults in every run",
  always: "At every moment",
  finally: "At the end",
  undo_of_nothing: "Undo of nothing",
  natural_key: "Natural key",
  intent_log: "Intent log",
  sticky_refusal: "Sticky refusal",
  dead_letter_alarm: "Dead letter alarm",
  semantic_lock: "Semantic lock",
  errors_are: "A reported error means",
  on_refusal: "On a refusal",
  on_error: "On an error",
  on_unknown: "On no answer",
  on_undo_failure: "On a failing undo",
  on_cancel: "On a cancel",
  on_deadline: "At the deadline",
  pivot_unknown: "Pivot unknown",
  on_recover: "After its own crash",
  on_stray_reply: "On a stray reply",
  on_sibling_failure: "On a failing branch",
  undo_failed: "Undo failed",
  order: "Order of undos",
};

/** @param {string} key */
export function labelOf(key) {
  return LABELS[key] ?? key.slice(0, 1).toUpperCase() + key.slice(1).replaceAll("_", " ");
}

/**
 * The groups with what the schema has beyond them.
 * @param {readonly Group[]} groups
 * @param {readonly string[]} keys
 * @returns {Group[]}
 */
export function grouped(groups, keys) {
  const placed = new Set([...groups.flatMap((group) => group.keys), ...ELSEWHERE]);
  const rest = keys.filter((key) => !placed.has(key));
  const known = groups.map((group) => ({ ...group, keys: group.keys.filter((key) => keys.includes(key)) }));
  return rest.length ? [...known, { title: "More", keys: rest }] : known;
}
