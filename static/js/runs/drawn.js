/**
 * What the space-time diagram draws: bars, messages, marks, folded out of the history lines. No DOM.
 *
 * A call takes a quarter of its time on the way there and a quarter on the way back (core/execution.py), so where only
 * its effect is told, its arrival is known too. A message that never arrives keeps `arrives_at` null.
 *
 * @typedef {import("sagasim/runs/wire.js").Line} Line
 * @typedef {import("sagasim/runs/reducer.js").Cast} Cast
 * @typedef {"" | "lost" | "late" | "second" | "stray"} Fate
 * @typedef {{
 *   kind: "command" | "reply" | "event", from: string, to: string, step: string, undo: boolean, answer: string,
 *   sent_at: number, arrives_at: number | null, due_at: number, fate: Fate, label: string, seq: number,
 * }} Message
 * @typedef {{
 *   place: string, step: string, undo: boolean, attempt: number, from: number, to: number | null,
 *   state: string, unsure: boolean, lane: number, seq: number,
 * }} Bar
 * @typedef {{place: string, at: number, icon: string, tone: string, word: string, seq: number}} Mark
 * @typedef {{place: string, step: string, from: number, to: number | null, times: number, seq: number}} Effect
 * @typedef {{place: string, from: number, to: number | null, word: string, seq: number}} Gap
 * @typedef {{sent_at: number, effect_at: number, fault: string, message: Message | null, bar: Bar | null, retry: Bar | null, held: Message[]}} Call
 */

import { COORDINATOR, place } from "sagasim/runs/reducer.js";
import { kindOf } from "sagasim/runs/words.js";

const NEVER_ARRIVES = new Set(["request-lost", "outage"]);
const ARRIVES_LATER = new Set(["late", "reordered", "crash@before"]);
const ANSWER_LOST = new Set(["reply-lost", "crash@after", "coordinator-crash@after"]);
const REACHED = new Set([
  "StepCommitted",
  "UndoCommitted",
  "NothingChanged",
  "AnswerRepeated",
  "StepRefused",
  "StepErred",
]);

/** The kind of a fault out of its text, with the moment where that decides what is seen. @param {string} fault */
export function faultKind(fault) {
  const [, kind = "", moment = ""] = /:([a-z-]+)(@before|@after)?/.exec(fault) ?? [];
  return kind.endsWith("crash") ? kind + moment : kind;
}

/** Grows with the history; drawing again is starting again. */
export class Drawn {
  /** @param {Cast} cast */
  constructor(cast) {
    this.cast = cast;
    this.orchestrated = cast.coordination === "orchestration";
    /** @type {Message[]} */ this.messages = [];
    /** @type {Bar[]} */ this.bars = [];
    /** @type {Mark[]} */ this.marks = [];
    /** @type {Effect[]} */ this.effects = [];
    /** @type {Gap[]} */ this.gaps = [];
    /** @type {Map<string, Call>} */ this.calls = new Map();
    /** @type {Map<string, {at: number, seq: number}>} */ this.published = new Map();
    /** @type {Map<string, number>} */ this.heard = new Map();
    /** @type {Map<string, Effect>} */ this.standing = new Map();
    /** @type {Map<string, string>} */ this.owners = new Map(
      cast.steps.map((step) => [step.name, step.service]),
    );
    /** @type {Map<string, Bar>} */
    this.doubts = new Map();
    this.landed = 0; // the line of the last copy that landed: what follows from it is not the call's own answer
  }

  /** @param {Line[]} lines */
  append(lines) {
    for (const line of lines) this.#fold(line);
  }

  /** @param {Line} line */
  #fold(line) {
    const { kind, data } = line;
    if (REACHED.has(kind)) this.#reached(line);
    else
      switch (kind) {
        case "CommandSent":
          return this.#sent(line);
        case "EventConsumed":
          return this.#consumed(line);
        case "FaultStruck":
          return this.#struck(line);
        case "ReplyReceived":
          return this.#answered(line);
        case "CallTimedOut":
        case "CallAbandoned":
          this.#close(line);
          return this.#mark(line, this.#home(data.step), kind === "CallTimedOut" ? "timed out" : "abandoned");
        case "RetryScheduled":
          return this.#waits(line);
        case "OutcomeRecorded":
          return this.#recorded(line);
        case "EventPublished":
          this.published.set(this.#word(data, data.step, data.word), { at: line.at_ms, seq: line.seq });
          return;
        case "EventHeard":
          return this.#hears(line);
        case "EventLost":
          return this.#loses(line);
        case "CopyLanded":
          return this.#lands(line);
        case "StrayReplyReceived":
          this.#say(line, "reply", this.#service(data.step), COORDINATOR, line.at_ms, line.at_ms, "stray");
          return;
        case "CoordinatorCrashed":
          this.gaps.push({ place: COORDINATOR, from: line.at_ms, to: null, word: "crashed", seq: line.seq });
          return this.#mark(line, COORDINATOR, "crashed");
        case "CoordinatorRecovered":
          this.#mend(COORDINATOR, line.at_ms);
          return this.#mark(line, COORDINATOR, `back: ${data.decision}`);
        case "OutageBegan":
          this.gaps.push({ place: data.service, from: line.at_ms, to: null, word: "down", seq: line.seq });
          return;
        case "OutageEnded":
          return this.#mend(data.service, line.at_ms);
        default:
          return this.#other(line);
      }
  }

  /** @param {Line} line */
  #sent(line) {
    const { data, at_ms } = line;
    const call = this.#open(data, at_ms);
    call.message = this.#say(line, "command", COORDINATOR, this.#service(data.step), at_ms, null, "");
    call.bar = this.#bar(line, COORDINATOR, at_ms, data.undo ? "undoing" : "running", {
      unsure: data.belief === "unknown",
    });
  }

  /** @param {Line} line */
  #consumed(line) {
    const { data, at_ms } = line;
    const before = this.calls.get(this.#key(data));
    if (before?.held.length) {
      for (const message of before.held) message.arrives_at = at_ms;
      Object.assign(before, { sent_at: at_ms, held: [], fault: "" });
      this.#mend(this.#service(data.step), at_ms);
      return;
    }
    const fault = before?.fault ?? "";
    const call = this.#open(data, at_ms);
    call.fault = fault;
    if (data.undo) {
      call.sent_at = this.heard.get(place(data.instance ?? 1, data.step)) ?? at_ms;
      return;
    }
    const messages = before && data.attempt > 1 ? [] : this.#invitations(line, "done");
    call.sent_at = messages.length ? Math.max(...messages.map((message) => message.sent_at)) : call.sent_at;
    const quarter = (at_ms - call.sent_at) / 3;
    for (const message of messages) {
      message.due_at = message.sent_at + quarter;
      if (ARRIVES_LATER.has(fault) || fault === "outage") {
        message.fate = "late";
        call.held.push(message);
      } else {
        message.arrives_at = message.due_at;
        if (fault === "duplicate") message.fate = "second";
      }
    }
  }

  /** The events that let a step begin, each from its publisher. @param {Line} line @param {string} word @returns {Message[]} */
  #invitations(line, word) {
    const { data } = line;
    const step = this.cast.steps.find((each) => each.name === data.step);
    return (step?.predecessors ?? []).flatMap((name) => {
      const publication = this.published.get(this.#word(data, name, word));
      const from = this.#service(name);
      if (!publication) return [];
      const message = this.#say(line, "event", from, this.#service(data.step), publication.at, null, "");
      message.seq = publication.seq;
      return [message];
    });
  }

  /** @param {Line} line */
  #struck(line) {
    const { data, at_ms } = line;
    const kind = faultKind(data.fault);
    const call = this.calls.get(this.#key(data)) ?? this.#open(data, at_ms);
    call.fault = kind;
    const coordinators = kind.startsWith("coordinator-crash") && this.orchestrated;
    this.#mark(line, coordinators ? COORDINATOR : this.#service(data.step), kind.replace("@", " "));
    if (call.message) {
      call.message.due_at = call.sent_at + (at_ms - call.sent_at) / 3;
      if (NEVER_ARRIVES.has(kind) || kind === "coordinator-crash@before") call.message.fate = "lost";
      if (ARRIVES_LATER.has(kind)) call.message.fate = "late";
      if (kind === "duplicate") call.message.fate = "second";
    }
    if (kind === "crash@before" || kind === "crash@after") {
      this.gaps.push({
        place: this.#service(data.step),
        from: at_ms,
        to: at_ms + 100,
        word: "crashed",
        seq: line.seq,
      });
    }
  }

  /** @param {Line} line */
  #reached(line) {
    const { data, kind, at_ms } = line;
    const service = this.#service(data.step);
    const undo = data.undo ?? kind === "UndoCommitted";
    const tone = kind.endsWith("Committed") ? { icon: undo ? "gone" : "done" } : {};
    this.#mark(line, service, WORDS[kind] ?? "", tone);
    if (kind === "StepCommitted" || kind === "UndoCommitted") this.#stands(line, service);
    if (data.because === this.landed && this.landed) return;
    this.#mend(service, at_ms);
    const call = this.calls.get(this.#key({ ...data, undo }));
    if (!call) return;
    const quarter = (at_ms - call.sent_at) / 3;
    const arrives = call.sent_at + quarter;
    if (call.message && call.message.arrives_at === null) call.message.arrives_at = arrives;
    this.#bar(line, service, arrives, undo ? "undoing" : "running", { undo, to: at_ms });
    call.effect_at = at_ms;
    if (ANSWER_LOST.has(call.fault) && this.orchestrated) {
      const reply = this.#say(
        { ...line, data: { ...data, undo } },
        "reply",
        service,
        COORDINATOR,
        at_ms,
        null,
        "lost",
      );
      reply.due_at = at_ms + quarter;
    }
  }

  /** @param {Line} line */
  #answered(line) {
    const { data, at_ms } = line;
    const call = this.calls.get(this.#key(data));
    const reply = this.#say(
      line,
      "reply",
      this.#service(data.step),
      COORDINATOR,
      call?.effect_at ?? at_ms,
      at_ms,
      "",
    );
    reply.answer = data.answer;
    this.#close(line);
    this.#mark(line, COORDINATOR, "", {
      icon: data.answer === "done" ? (data.undo ? "undone" : "done") : "failed",
    });
  }

  /** What stays unknown is unknown until something else is done about the step. @param {Line} line */
  #recorded(line) {
    const { data, at_ms } = line;
    if (!this.orchestrated) {
      const bar = this.bars.findLast((each) => each.step === data.step && each.to !== null);
      if (bar) bar.to = Math.max(bar.to ?? 0, at_ms);
      return;
    }
    const key = place(data.instance ?? 1, data.step);
    const doubt = this.doubts.get(key);
    if (doubt) doubt.to = at_ms;
    this.doubts.delete(key);
    if (data.belief === "unknown")
      this.doubts.set(key, this.#bar(line, COORDINATOR, at_ms, "doubt", { unsure: true }));
  }

  /** @param {Line} line */
  #waits(line) {
    const call = this.calls.get(this.#key(line.data));
    if (!call) return;
    const unsure = line.data.belief === "unknown";
    call.retry = this.#bar(line, this.#home(line.data.step), line.at_ms, "retry", { unsure });
  }

  /** @param {Line} line */
  #hears(line) {
    const { data, at_ms } = line;
    const sent = this.published.get(this.#word(data, data.publisher, data.word));
    const from = this.#service(data.publisher);
    const message = this.#say(line, "event", from, this.#service(data.step), sent?.at ?? at_ms, at_ms, "");
    message.undo = data.word !== "done";
    message.label = data.event;
    this.heard.set(place(data.instance ?? 1, data.step), at_ms);
  }

  /** @param {Line} line */
  #loses(line) {
    const { data, at_ms } = line;
    const service = this.#service(data.step);
    const lost =
      data.word === "start" || data.word === "undo"
        ? this.#invitations(line, data.word === "start" ? "done" : "undone")
        : this.#listeners(data.step).map((to) => this.#say(line, "event", service, to, at_ms, null, "lost"));
    for (const message of lost) {
      message.fate = "lost";
      message.due_at = Math.max(message.sent_at + 10, at_ms);
    }
    this.#mark(line, service, "event lost");
  }

  /** @param {Line} line */
  #lands(line) {
    const { data, at_ms } = line;
    this.landed = line.seq;
    const same = (/** @type {Message} */ each) =>
      each.step === data.step && each.undo === data.undo && each.kind !== "reply" && each.seq < line.seq;
    const sent = this.messages.findLast(
      (each) => same(each) && (each.arrives_at === null || data.copy === "second"),
    );
    if (sent && data.copy !== "second") {
      sent.arrives_at = at_ms;
      sent.fate = "late";
    } else {
      const from = sent?.from ?? (this.orchestrated ? COORDINATOR : this.#service(data.step));
      const copy = this.#say(
        line,
        sent?.kind ?? "command",
        from,
        this.#service(data.step),
        sent?.sent_at ?? at_ms,
        at_ms,
        "second",
      );
      copy.label = sent?.label ?? "";
    }
    this.#mark(line, this.#service(data.step), data.copy === "second" ? "second copy" : "late copy");
  }

  /** @param {Line} line */
  #stands(line, service = "") {
    const { data, at_ms, seq } = line;
    const key = place(data.instance ?? 1, data.step);
    const before = this.standing.get(key);
    if (before) before.to = at_ms;
    this.standing.delete(key);
    if (data.times === 0) return;
    const effect = { place: service, step: data.step, from: at_ms, to: null, times: data.times, seq };
    this.effects.push(effect);
    this.standing.set(key, effect);
  }

  /** @param {Line} line */
  #other(line) {
    const word = WORDS[line.kind];
    if (word !== undefined)
      this.#mark(line, line.data.step ? this.#home(line.data.step) : this.#first(), word);
  }

  /**
   * @param {Line} line
   * @param {Message["kind"]} kind
   * @param {string} from
   * @param {string} to
   * @param {number} sent_at
   * @param {number | null} arrives_at
   * @param {Fate} fate
   * @returns {Message}
   */
  #say({ data, seq, at_ms }, kind, from, to, sent_at, arrives_at, fate) {
    const undo = Boolean(data.undo);
    const due_at = arrives_at ?? at_ms;
    const message = {
      kind,
      from,
      to,
      step: data.step,
      undo,
      answer: "",
      sent_at,
      arrives_at,
      due_at,
      fate,
      label: "",
      seq,
    };
    this.messages.push(message);
    return message;
  }

  /**
   * @param {Line} line
   * @param {string} where
   * @param {number} from
   * @param {string} state
   * @param {Partial<Bar>} [more]
   */
  #bar({ data, seq }, where, from, state, more = {}) {
    const taken = new Set(
      this.bars
        .filter((bar) => bar.place === where && (bar.to === null || bar.to > from))
        .map((bar) => bar.lane),
    );
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    const bar = {
      place: where,
      step: data.step,
      undo: Boolean(data.undo),
      attempt: data.attempt ?? 1,
      from,
      to: null,
      state,
      unsure: false,
      lane,
      seq,
      ...more,
    };
    this.bars.push(bar);
    return bar;
  }

  /** @param {Line} line @param {string} where @param {string} word @param {{icon?: string, tone?: string}} [more] */
  #mark(line, where, word, more = {}) {
    const { icon, tone = "" } = kindOf(line.kind);
    this.marks.push({ place: where, at: line.at_ms, icon, tone, word, seq: line.seq, ...more });
  }

  /** @param {Record<string, any>} data @param {number} at_ms @returns {Call} */
  #open(data, at_ms) {
    const before = this.calls.get(this.#key(data));
    if (before?.retry && before.retry.to === null) before.retry.to = at_ms;
    const doubt = this.doubts.get(place(data.instance ?? 1, data.step));
    if (doubt && doubt.to === null) doubt.to = at_ms;
    const call = {
      sent_at: at_ms,
      effect_at: at_ms,
      fault: "",
      message: null,
      bar: null,
      retry: null,
      held: [],
    };
    this.calls.set(this.#key(data), call);
    return call;
  }

  /** @param {Line} line */
  #close({ data, at_ms }) {
    const bar = this.calls.get(this.#key(data))?.bar;
    if (bar && bar.to === null) bar.to = at_ms;
  }

  /** @param {string} where @param {number} at_ms */
  #mend(where, at_ms) {
    for (const gap of this.gaps)
      if (gap.place === where && (gap.to === null || gap.to > at_ms)) gap.to = at_ms;
  }

  /** @param {Record<string, any>} data */
  #key(data) {
    return `${data.instance ?? 1}/${data.step}/${Boolean(data.undo)}`;
  }

  /** @param {Record<string, any>} data @param {string} step @param {string} word */
  #word(data, step, word) {
    return `${data.instance ?? 1}/${step}/${word}`;
  }

  /** @param {string} step */
  #service(step) {
    return this.owners.get(step) ?? "";
  }

  /** Whose belief it is: the coordinator's, or the participant's own. @param {string} step */
  #home(step) {
    return this.orchestrated ? COORDINATOR : this.#service(step);
  }

  #first() {
    return this.orchestrated ? COORDINATOR : this.#service(this.cast.steps[0]?.name ?? "");
  }

  /** @param {string} step */
  #listeners(step) {
    const successors = this.cast.steps.find((each) => each.name === step)?.successors ?? [];
    return [...new Set(successors.map((name) => this.#service(name)))];
  }
}

/** @type {Record<string, string>} What is written beside a mark; a kind that is not here gets no mark of its own. */
const WORDS = {
  StepRefused: "refused",
  StepErred: "error",
  NothingChanged: "nothing changed",
  AnswerRepeated: "answered again",
  CancelRequested: "cancelled",
  DeadlinePassed: "deadline",
  CompensationStarted: "turns back",
  UndoGivenUp: "undo given up",
  UndoFailureSwallowed: "failure swallowed",
  UndoSkipped: "undo skipped",
  StepSkipped: "skipped",
  DeadLettered: "dead letter",
  LockFound: "locked",
  SagaEnded: "end",
  SagaStuck: "stuck",
  HarmDone: "",
};
