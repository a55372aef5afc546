/**
 * Folds history lines into what the space-time diagram draws. No DOM.
 *
 * A call takes a quarter of its time on the way there and a quarter on the way back (core/timetable.py), so where only
 * its effect is told, its arrival is known too. A message that never arrives keeps `arrives_at` null.
 *
 * @typedef {import("sagasim/runs/wire.js").Line} Line
 * @typedef {import("sagasim/runs/reducer.js").Cast} Cast
 * @typedef {import("sagasim/runs/ink.js").Message} Message
 * @typedef {import("sagasim/runs/ink.js").Bar} Bar
 * @typedef {{sent_at: number, effect_at: number, fault: string, message: Message | null, bar: Bar | null, retry: Bar | null, invited: Message[], held: Message[]}} Call
 */

import { Ink } from "sagasim/runs/ink.js";
import { COORDINATOR, place, REACHED } from "sagasim/runs/reducer.js";

const NEVER_ARRIVES = new Set(["request-lost", "outage"]);
const ARRIVES_LATER = new Set(["late", "reordered", "crash@before"]);
const ANSWER_LOST = new Set(["reply-lost", "crash@after", "coordinator-crash@after"]);
/** The kind of a fault out of its text, with the moment where that decides what is seen. @param {string} fault */
function faultKind(fault) {
  const [, kind = "", moment = ""] = /:([a-z-]+)(@before|@after)?/.exec(fault) ?? [];
  return kind.endsWith("crash") ? kind + moment : kind;
}

/** Grows with the history; drawing again is starting again. */
export class Drawn extends Ink {
  /** @param {Cast} cast */
  constructor(cast) {
    super();
    this.cast = cast;
    this.orchestrated = cast.coordination === "orchestration";
    /** @type {Map<string, Call>} */ this.calls = new Map();
    /** @type {Map<string, {at: number, seq: number}>} */ this.published = new Map();
    /** @type {Map<string, number>} */ this.heard = new Map();
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
          return this.mark(line, this.#home(data.step), kind === "CallTimedOut" ? "timed out" : "abandoned");
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
          this.say(line, "reply", this.#service(data.step), COORDINATOR, line.at_ms, line.at_ms, "stray");
          return;
        case "CoordinatorCrashed":
          this.breaks(line, COORDINATOR, "crashed", null);
          return this.mark(line, COORDINATOR, "crashed");
        case "CoordinatorRecovered":
          this.mend(COORDINATOR, line.at_ms);
          return this.mark(line, COORDINATOR, `back: ${data.decision}`);
        case "OutageBegan":
          this.breaks(line, data.service, "down", null);
          return;
        case "OutageEnded":
          return this.mend(data.service, line.at_ms);
        default:
          return this.#other(line);
      }
  }

  /** @param {Line} line */
  #sent(line) {
    const { data, at_ms } = line;
    const call = this.#open(data, at_ms);
    call.message = this.say(line, "command", COORDINATOR, this.#service(data.step), at_ms, null, "");
    call.bar = this.bar(line, COORDINATOR, at_ms, data.undo ? "undoing" : "running", {
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
      this.mend(this.#service(data.step), at_ms);
      return;
    }
    const call = this.#open(data, at_ms);
    if (data.undo) {
      call.sent_at = this.heard.get(place(data.instance ?? 1, data.step)) ?? at_ms;
      return;
    }
    if (before && data.attempt > 1) return;
    this.#invite(line, call);
    for (const message of call.invited) message.arrives_at = message.due_at;
  }

  /** Draws the events that let the call begin. @param {Line} line @param {Call} call */
  #invite(line, call) {
    call.invited = this.#invitations(line, "done");
    if (call.invited.length) call.sent_at = Math.max(...call.invited.map((message) => message.sent_at));
    const quarter = (line.at_ms - call.sent_at) / 3;
    for (const message of call.invited) message.due_at = message.sent_at + quarter;
  }

  /** The events that let a step begin, each from its publisher. @param {Line} line @param {string} word @returns {Message[]} */
  #invitations(line, word) {
    const { data } = line;
    const step = this.cast.steps.find((each) => each.name === data.step);
    return (step?.predecessors ?? []).flatMap((name) => {
      const publication = this.published.get(this.#word(data, name, word));
      const from = this.#service(name);
      if (!publication) return [];
      const message = this.say(line, "event", from, this.#service(data.step), publication.at, null, "");
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
    this.mark(line, coordinators ? COORDINATOR : this.#service(data.step), kind.replace("@", " "));
    if (call.message) {
      call.message.due_at = call.sent_at + (at_ms - call.sent_at) / 3;
      if (NEVER_ARRIVES.has(kind) || kind === "coordinator-crash@before") call.message.fate = "lost";
      if (ARRIVES_LATER.has(kind)) call.message.fate = "late";
      if (kind === "duplicate") call.message.fate = "second";
    }
    if (this.orchestrated && ANSWER_LOST.has(kind)) this.#unheard(line, call);
    if (!this.orchestrated) this.#struckEvent(line, call, kind);
    if (kind === "crash@before" || kind === "crash@after") {
      this.breaks(line, this.#service(data.step), "crashed", at_ms + 100);
    }
  }

  /** The answer sets out, and is heard by nobody. @param {Line} line @param {Call} call */
  #unheard(line, call) {
    const at_ms = call.effect_at;
    const reply = this.say(line, "reply", this.#service(line.data.step), COORDINATOR, at_ms, null, "lost");
    reply.due_at = at_ms + (at_ms - call.sent_at) / 3;
  }

  /** Where events are consumed: a late one is held up, a doubled one has come twice. @param {Line} line @param {Call} call @param {string} kind */
  #struckEvent(line, call, kind) {
    const late = ARRIVES_LATER.has(kind) || kind === "outage";
    if (late && !call.invited.length && !line.data.undo) {
      this.#invite(line, call);
      for (const message of call.invited) message.fate = "late";
      call.held = call.invited;
    }
    if (kind === "duplicate") for (const message of call.invited) message.fate = "second";
  }

  /** @param {Line} line */
  #reached(line) {
    const { data, kind, at_ms } = line;
    const service = this.#service(data.step);
    const undo = data.undo ?? kind === "UndoCommitted";
    const tone = kind.endsWith("Committed") ? { icon: undo ? "gone" : "done" } : {};
    this.mark(line, service, WORDS[kind] ?? "", tone);
    const seen = data.truth !== undefined || !this.cast.recorded;
    if (seen && (kind === "StepCommitted" || kind === "UndoCommitted")) this.stands(line, service);
    if (data.because === this.landed && this.landed) return;
    this.mend(service, at_ms);
    const call = this.calls.get(this.#key({ ...data, undo }));
    if (!call) return;
    const quarter = (at_ms - call.sent_at) / 3;
    const arrives = call.sent_at + quarter;
    if (call.message && call.message.arrives_at === null) call.message.arrives_at = arrives;
    this.bar(line, service, arrives, undo ? "undoing" : "running", { undo, to: at_ms });
    call.effect_at = at_ms;
  }

  /** @param {Line} line */
  #answered(line) {
    const { data, at_ms } = line;
    const call = this.calls.get(this.#key(data));
    const reply = this.say(
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
    this.mark(line, COORDINATOR, "", {
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
      this.doubts.set(key, this.bar(line, COORDINATOR, at_ms, "doubt", { unsure: true }));
  }

  /** @param {Line} line */
  #waits(line) {
    const call = this.calls.get(this.#key(line.data));
    if (!call) return;
    const unsure = line.data.belief === "unknown";
    call.retry = this.bar(line, this.#home(line.data.step), line.at_ms, "retry", { unsure });
  }

  /** @param {Line} line */
  #hears(line) {
    const { data, at_ms } = line;
    const sent = this.published.get(this.#word(data, data.publisher, data.word));
    const from = this.#service(data.publisher);
    const message = this.say(line, "event", from, this.#service(data.step), sent?.at ?? at_ms, at_ms, "");
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
        : this.#listeners(data.step).map((to) => this.say(line, "event", service, to, at_ms, null, "lost"));
    for (const message of lost) {
      message.fate = "lost";
      message.due_at = Math.max(message.sent_at + 10, at_ms);
    }
    this.mark(line, service, "event lost");
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
      const copy = this.say(
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
    this.mark(line, this.#service(data.step), data.copy === "second" ? "second copy" : "late copy");
  }

  /** @param {Line} line */
  #other(line) {
    const word = WORDS[line.kind];
    if (word !== undefined)
      this.mark(line, line.data.step ? this.#home(line.data.step) : this.#first(), word);
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
      invited: [],
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
