/**
 * The visual grammar as tables: how a belief and a line look and read. A state is an icon, a word and a line style;
 * the colours are css/tokens.css's business.
 *
 * @typedef {"idle" | "running" | "done" | "failed" | "unknown" | "undoing" | "undone" | "stuck" | "skipped"} State
 * @typedef {{state: State, icon: string, word: string, there: readonly number[]}} Look
 *   `there`: how often the effect would be there if the belief were right; several numbers are a doubt.
 */

/** @type {Readonly<Record<string, Look>>} */
export const BELIEFS = Object.freeze({
  idle: { state: "idle", icon: "idle", word: "not begun", there: [0] },
  running: { state: "running", icon: "running", word: "running", there: [0, 1] },
  done: { state: "done", icon: "done", word: "done", there: [1] },
  refused: { state: "failed", icon: "failed", word: "refused", there: [0] },
  failed: { state: "failed", icon: "failed", word: "failed", there: [0] },
  unknown: { state: "unknown", icon: "unknown", word: "unknown", there: [0, 1] },
  undoing: { state: "undoing", icon: "undoing", word: "undoing", there: [0, 1] },
  undone: { state: "undone", icon: "undone", word: "undone", there: [0] },
  "given-up": { state: "stuck", icon: "stuck", word: "undo given up", there: [1] },
  "undo-skipped": { state: "stuck", icon: "stuck", word: "undo skipped", there: [1] },
  skipped: { state: "skipped", icon: "skipped", word: "skipped", there: [0] },
  dead: { state: "stuck", icon: "stuck", word: "dead letter", there: [0, 1] },
});

/** @param {string} belief */
export function lookOf(belief) {
  return BELIEFS[belief] ?? { state: "idle", icon: "idle", word: belief, there: [0, 1] };
}

/** @type {Readonly<Record<string, {icon: string, word: string, good: boolean}>>} */
export const OUTCOMES = Object.freeze({
  completed: { icon: "done", word: "completed", good: true },
  compensated: { icon: "undone", word: "compensated", good: true },
  parked: { icon: "parked", word: "parked for a person", good: false },
  failed: { icon: "failed", word: "failed", good: false },
  stuck: { icon: "stuck", word: "stuck", good: false },
});

/**
 * Every kind of line: its icon, and `trouble` where it is something that "next failure" stops at.
 * tests/runs ties this table to core/history.py.
 * @type {Readonly<Record<string, {icon: string, tone?: State, trouble?: true}>>}
 */
export const KINDS = Object.freeze({
  SagaStarted: { icon: "start" },
  CommandSent: { icon: "command", tone: "running" },
  EventConsumed: { icon: "event", tone: "running" },
  FaultStruck: { icon: "fault", tone: "failed", trouble: true },
  StepCommitted: { icon: "there", tone: "done" },
  UndoCommitted: { icon: "gone", tone: "undoing" },
  NothingChanged: { icon: "skipped" },
  AnswerRepeated: { icon: "second", tone: "done" },
  StepRefused: { icon: "failed", tone: "failed", trouble: true },
  StepErred: { icon: "failed", tone: "failed", trouble: true },
  ReplyReceived: { icon: "reply", tone: "running" },
  CallTimedOut: { icon: "late", tone: "unknown", trouble: true },
  RetryScheduled: { icon: "retry", tone: "running" },
  OutcomeRecorded: { icon: "record" },
  CopyLanded: { icon: "second", tone: "unknown" },
  StrayReplyReceived: { icon: "reply", tone: "unknown" },
  CallAbandoned: { icon: "lost", tone: "unknown", trouble: true },
  CoordinatorCrashed: { icon: "crash", tone: "failed", trouble: true },
  CoordinatorRecovered: { icon: "restart" },
  OutageBegan: { icon: "crash", tone: "failed", trouble: true },
  OutageEnded: { icon: "restart" },
  CancelRequested: { icon: "cancel", tone: "undoing", trouble: true },
  DeadlinePassed: { icon: "late", tone: "failed", trouble: true },
  SagaHalted: { icon: "pause", tone: "undoing" },
  SagaResumed: { icon: "play" },
  CompensationStarted: { icon: "undoing", tone: "undoing" },
  UndoGivenUp: { icon: "stuck", tone: "failed", trouble: true },
  UndoFailureSwallowed: { icon: "stuck", tone: "failed", trouble: true },
  UndoSkipped: { icon: "stuck", tone: "failed", trouble: true },
  EventPublished: { icon: "event", tone: "running" },
  EventLost: { icon: "lost", tone: "failed", trouble: true },
  EventHeard: { icon: "event", tone: "undoing" },
  StepSkipped: { icon: "skipped" },
  DeadLettered: { icon: "stuck", tone: "failed", trouble: true },
  LockFound: { icon: "stuck", tone: "unknown" },
  SagaEnded: { icon: "end" },
  SagaStuck: { icon: "stuck", tone: "failed", trouble: true },
  HarmDone: { icon: "harm", tone: "failed", trouble: true },
});

/** @param {string} kind */
export function kindOf(kind) {
  return KINDS[kind] ?? { icon: "record" };
}

/** @param {number} ms */
export function time(ms) {
  return ms < 10_000 ? `${Math.round(ms).toLocaleString("en")} ms` : `${(ms / 1000).toFixed(2)} s`;
}
