"""Situations in one line: what is believed, written and read, so that a table of rules can be read aloud.

A belief is a phase and a word per step, in the order of the saga:

    forward: done sent#2? - -       the first is done, the second was sent again (? an attempt is in doubt), two idle
    forward: done ~error - -        the answer of the second is on its way
    halting(cancel): done sent - -  why it halts
    compensating: done/due done/undo#3 refused -    one undo is due, another is on its way for the third time
    parked: ... tells b             whom the report names; `started a b`: in which order they began

and among participants, after the word of a step, what it has heard:

    done<a>c!^                      <a its start from a; >c that c is closed; ! must not stand; ^ passed it on
    held, done/unheard, -/never     a late event; nobody was told; the event never came
    running: ... | b.refused>a      and what is on the bus; `alarm`, `failing given up`: what will be said at the end

What happens is a list of such sentences, told by `told`. All of it is the vocabulary of docs/model.md, no code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sagasim.core.blueprint import Blueprint
from sagasim.core.choreography import Ears, Message, Troupe
from sagasim.core.codec import saga_from_data
from sagasim.core.history import (
    AnswerRepeated,
    CallAbandoned,
    CallTimedOut,
    CancelRequested,
    CommandSent,
    CompensationStarted,
    CoordinatorCrashed,
    CoordinatorRecovered,
    CopyLanded,
    DeadLettered,
    DeadlinePassed,
    EventConsumed,
    EventHeard,
    EventLost,
    EventPublished,
    FaultStruck,
    HistoryEvent,
    LockFound,
    NothingChanged,
    OutageBegan,
    OutcomeRecorded,
    ReplyReceived,
    RetryScheduled,
    SagaEnded,
    SagaHalted,
    SagaResumed,
    StepCommitted,
    StepErred,
    StepRefused,
    StepSkipped,
    StrayReplyReceived,
    UndoCommitted,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.ledger import Leg
from sagasim.core.orchestration import Coordinator
from sagasim.core.saga import Saga

Data = dict[str, Any]


# ---------------------------------------------------------------- designs


def undoable(name: str, *after: str) -> Data:
    return {"name": name, "service": "s", "compensation": f"undo_{name}", "after": list(after)}


def pivot(name: str, *after: str) -> Data:
    return {"name": name, "service": "s", "kind": "pivot", "after": list(after)}


def retriable(name: str, *after: str) -> Data:
    return {"name": name, "service": "s", "kind": "retriable", "after": list(after)}


CHAIN = (undoable("a"), undoable("b", "a"), pivot("p", "b"), retriable("r", "p"))
FORK = (undoable("l"), undoable("m"), pivot("p", "l", "m"))
NO_PIVOT = (undoable("a"), retriable("r", "a"))
PAST = (pivot("p"), undoable("c", "p"))
"""A step that could be undone, behind the pivot."""


def own(step: str, **rules: object) -> dict[str, Data]:
    """One step with rules of its own."""
    return {step: rules}


def guard(step: str, **switches: object) -> dict[str, Data]:
    """One step with other safeguards."""
    return {step: {"safeguards": switches}}


def rule(**rules: object) -> Data:
    """An engine with other rules."""
    return rules


def saga_of(base: Sequence[Data], steps: dict[str, Data], engine: Data, **rest: Any) -> Saga:
    """The base with some steps' own keys changed (None: taken away), in an engine with these rules."""
    assert set(steps) <= {step["name"] for step in base}
    changed = [{**step, **steps.get(step["name"], {})} for step in base]
    kept = [{key: it for key, it in step.items() if it is not None} for step in changed]
    return saga_from_data({"sagasim": 1, "name": "tiny", "steps": kept, "engine": engine, **rest})


# ---------------------------------------------------------------- beliefs

UNDER_WAY = re.compile(r"(?P<call>sent|held|undo|~[a-z]+)(#(?P<attempt>\d))?(?P<doubt>\??)\Z")
ENDED_CALLS = ("unheard", "never")


def leg(text: str) -> Leg:
    """What is believed of one step: `-`, `sent#2?`, `~done`, `done`, `done/due`, `unknown/undo#3`, `done/~error#2`."""
    believed, undone, rest = text.partition("/")
    belief = "idle" if believed == "-" else believed
    if rest == "due":
        return Leg(belief, undoing="due")
    if rest in ENDED_CALLS:
        return Leg(belief, rest)
    under_way = UNDER_WAY.match(rest or text)
    if under_way is None:
        return Leg(belief)
    call = under_way["call"].lstrip("~").replace("undo", "sent")
    attempt, doubt = int(under_way["attempt"] or 1), bool(under_way["doubt"])
    return Leg(belief if undone else "running", call, attempt, doubt, "running" if undone else "")


def _leg_text(it: Leg) -> str:
    belief = "-" if it.belief == "idle" else it.belief
    call = it.call if it.call in ("", "sent", "held", *ENDED_CALLS) else f"~{it.call}"
    attempt = f"#{it.attempt}" if it.attempt != 1 else ""
    if it.undoing == "running":
        return f"{belief}/{call.replace('sent', 'undo')}{attempt}{'?' * it.doubt}"
    if it.belief == "running" and it.call:
        return f"{call}{attempt}{'?' * it.doubt}"
    if it in (Leg(it.belief, it.call), Leg(it.belief, undoing="due")):
        return "/".join(filter(None, (belief, call, it.undoing)))
    return repr(it)  # no situation that the rules can bring about


def coordinator(bp: Blueprint, text: str) -> Coordinator:
    head, _, line = text.partition(": ")
    phase, _, reason = head.rstrip(")").partition("(")
    line, _, told = line.partition(" tells ")
    line, _, started = line.partition(" started ")
    return Coordinator(
        phase,
        tuple(map(leg, line.split())),
        reason,
        tuple(bp.index[name] for name in started.split()),
        tuple(bp.index[name] for name in told.split()),
    )


def coordinator_text(bp: Blueprint, it: Coordinator) -> str:
    head = f"{it.phase}({it.reason})" if it.reason else it.phase
    line = f"{head}: {' '.join(map(_leg_text, it.legs))}"
    return line + _named(bp, " started ", it.started) + _named(bp, " tells ", it.report)


def _named(bp: Blueprint, word: str, steps: Sequence[int]) -> str:
    return word + " ".join(bp.steps[step].name for step in steps) if steps != () else ""


# ---------------------------------------------------------------- among participants

EARS = re.compile(r"(?P<leg>[^<>!^]+)(?P<heard>(<\w+)*)(?P<closed>(>\w+)*)(?P<aborted>!?)(?P<passed>\^?)\Z")
LATER = re.compile(r" (alarm)$| failing (given up|abandoned)$| tells ([\w ]+)$")


def troupe(bp: Blueprint, text: str) -> Troupe:
    line, later = text, {}
    while said := LATER.search(line):
        line = line[: said.start()]
        later[said.lastindex] = said[said.lastindex or 0]
    phase, _, line = line.partition(": ")
    line, _, bus = line.partition(" | ")
    words = [EARS.match(word) for word in line.split()]
    assert all(words), line
    return Troupe(
        phase,
        tuple(leg(word["leg"]) for word in words if word),
        tuple(
            Ears(
                sum(
                    bp.start_bits[step][bp.steps[bp.index[name]].publishes.done]
                    for name in _names(word["heard"])
                ),
                sum(1 << bp.index[name] for name in _names(word["closed"])),
                bool(word["aborted"]),
                bool(word["passed"]),
            )
            for step, word in enumerate(words)
            if word
        ),
        tuple(message(bp, each) for each in bus.split()),
        1 in later,
        later.get(2, ""),
        tuple(bp.index[name] for name in later.get(3, "").split()),
    )


def _names(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def message(bp: Blueprint, text: str) -> Message:
    publisher, word, listener = re.split(r"[.>]", text)
    return Message(bp.index[publisher], word, bp.index[listener])


def troupe_text(bp: Blueprint, it: Troupe) -> str:
    words = []
    for step, (its, ears) in enumerate(zip(it.legs, it.ears, strict=True)):
        heard = [name for name, bit in bp.start_bits[step].items() if ears.heard & bit]
        publishers = [other.name for name in heard for other in bp.steps if other.publishes.done == name]
        closed = [other.name for number, other in enumerate(bp.steps) if ears.closed >> number & 1]
        words.append(
            _leg_text(its)
            + "".join(f"<{name}" for name in publishers)
            + "".join(f">{name}" for name in closed)
            + "!" * ears.aborted
            + "^" * ears.passed
        )
    bus = [f"{bp.steps[one].name}.{word}>{bp.steps[other].name}" for one, word, other in it.bus]
    line = f"{it.phase}: {' '.join(words)}" + (f" | {' '.join(bus)}" if bus else "")
    line += _named(bp, " tells ", it.report)
    return line + (f" failing {it.failing}" if it.failing != "" else "") + " alarm" * it.alarm


# ---------------------------------------------------------------- what happened


def told(events: Sequence[HistoryEvent]) -> list[str]:
    return [_told(event) for event in events]


def _told(event: HistoryEvent) -> str:  # noqa: C901  # one line per kind of event
    match event:
        case CommandSent(step, undo, attempt, key) if key == f"{'undo' if undo else 'do'}:{step}":
            return f"sent {_call(step, undo, attempt)}"
        case RetryScheduled(step, undo, attempt):
            return f"again {_call(step, undo, attempt)}"
        case ReplyReceived(step, undo, attempt, answer):
            return f"heard {_call(step, undo, attempt)} {answer}"
        case CallTimedOut(step, undo, attempt):
            return f"silence of {_call(step, undo, attempt)}"
        case CallAbandoned(step, undo, attempt):
            return f"abandoned {_call(step, undo, attempt)}"
        case CoordinatorCrashed(step, undo, attempt):
            return f"crashed at {_call(step, undo, attempt)}"
        case CoordinatorRecovered(step, undo, decision):
            return f"back at {_call(step, undo)}: {decision}"
        case StrayReplyReceived(step, undo, answer, taken):
            return f"stray {_call(step, undo)} {answer}: {taken}"
        case OutcomeRecorded(step, belief):
            return f"{step} is {belief}"
        case SagaHalted(step, reason):
            return f"halted by {_who(step)}: {reason}"
        case SagaResumed(step, reason):
            return f"resumed by {_who(step)}: {reason}"
        case CompensationStarted(steps):
            return f"turned back: {' '.join(steps) or 'nothing'}"
        case UndoGivenUp(step):
            return f"gave up {step}"
        case UndoFailureSwallowed(step):
            return f"swallowed {step}"
        case UndoSkipped(step):
            return f"never undid {step}"
        case CancelRequested(rule):
            return f"cancel: {rule}"
        case DeadlinePassed(rule):
            return f"deadline: {rule}"
        case EventPublished(step, word, event_name):
            return f"{step} told {word}{_unless_usual(step, word, event_name)}"
        case EventHeard(step, word, event_name, publisher):
            return f"{step} heard {publisher} {word}{_unless_usual(publisher, word, event_name)}"
        case EventLost(step, word, event_name):
            return f"lost {step} {word}: {'nothing' if event_name == '' else event_name}"
        case StepSkipped(step):
            return f"skipped {step}"
        case DeadLettered(step, undo, alarm):
            return f"dead letter {_call(step, undo)}{', alarm' if alarm else ''}"
        case SagaEnded(outcome, parked):
            return f"ended {' '.join((outcome, *parked))}"
        case _:
            return _told_of_truth(event)


def _told_of_truth(event: HistoryEvent) -> str:
    match event:
        case EventConsumed(step, undo, attempt):
            return f"took up {_call(step, undo, attempt)}"
        case FaultStruck(fault, step, undo, attempt):
            return f"fault {fault} at {_call(step, undo, attempt)}"
        case StepCommitted(step, attempt, times):
            return f"committed {step}#{attempt}, now {times}"
        case UndoCommitted(step, attempt, times):
            return f"undid {step}#{attempt}, now {times}"
        case NothingChanged(step, undo, attempt, reason):
            return f"nothing at {_call(step, undo, attempt)}: {reason}"
        case AnswerRepeated(step, undo, attempt, answer):
            return f"repeated {_call(step, undo, attempt)} {answer}"
        case StepRefused(step, undo, attempt, reason):
            return f"refused {_call(step, undo, attempt)}: {reason}"
        case StepErred(step, undo, attempt, reason):
            return f"erred {_call(step, undo, attempt)}: {reason}"
        case CopyLanded(step, undo, attempt, kind):
            return f"landed {kind} {_call(step, undo, attempt)}"
        case OutageBegan(service, step):
            return f"outage of {service} at {step}"
        case LockFound(step, resource, does):
            return f"lock on {resource} at {step} {does}"
        case _:
            return repr(event)


def _call(step: str, undo: bool, attempt: int = 0) -> str:
    return step + {False: "", True: ".undo"}[undo] + (f"#{attempt}" if attempt else "")


def _who(step: str) -> str:
    return "nobody" if step == "" else step


def _unless_usual(step: str, word: str, event: str) -> str:
    usual = step.capitalize() + "".join(part.capitalize() for part in word.split("_"))
    return "" if event == usual else f" as {event}"
