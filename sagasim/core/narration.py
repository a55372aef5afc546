"""Runs in plain words: one sentence per event, per fault and per fix, and how far an exploration goes.

The words are those of the glossary. A sentence says who did what to which step; belief and truth stand behind
it, wherever one of them has changed. What a finding means is postmortem.py's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from sagasim.core.harms import PROPERTIES
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
    Entry,
    EventConsumed,
    EventHeard,
    EventLost,
    EventPublished,
    FaultStruck,
    HarmDone,
    HistoryEvent,
    LockFound,
    NothingChanged,
    OutageBegan,
    OutageEnded,
    OutcomeRecorded,
    ReplyReceived,
    RetryScheduled,
    SagaEnded,
    SagaHalted,
    SagaResumed,
    SagaStarted,
    SagaStuck,
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
from sagasim.core.phrases import call_of, counted, joined, kind_in_words, kind_of
from sagasim.core.saga import Saga

# ---------------------------------------------------------------- events


def sentence(event: HistoryEvent, saga: Saga) -> str:  # noqa: C901  # one branch per kind of event, no more
    """What this event says, in the past tense, without a full stop."""
    match event:
        case SagaStarted(correlation):
            return f"the saga {correlation} started"
        case CommandSent(step, undo, attempt):
            asked = f"to undo {step} ({saga.step(step).compensation})" if undo else f"for {step}"
            return f"the coordinator asked {_who(saga, step)} {asked}{_attempt(attempt)}"
        case EventConsumed(step, undo, attempt):
            return f"{_who(saga, step)} took up {call_of(step, undo)}{_attempt(attempt)}"
        case FaultStruck(fault, step, undo, attempt):
            return f"FAULT: {_fault_struck(fault, step, undo, saga)}{_attempt(attempt)}"
        case StepCommitted(step, _, times):
            again = f" again: its effect is there{counted(times)}" if times > 1 else ""
            return f"{_who(saga, step)} committed {step}{again}"
        case UndoCommitted(step, _, times):
            return f"{_who(saga, step)} undid {step}{_left(times)}"
        case NothingChanged(step, undo, _, reason):
            return f"{_who(saga, step)} {_nothing(step, undo, reason)}"
        case AnswerRepeated(step, undo, _, answer):
            return (
                f"{_who(saga, step)} knew the key of {call_of(step, undo)} and repeated its answer: {answer}"
            )
        case StepRefused(step, undo, _, reason):
            why = "" if reason == "refused" else f": {reason}"
            return f"{_who(saga, step)} refused {call_of(step, undo)}{why}"
        case StepErred(step, undo, _, reason):
            why = "" if reason == "error" else f": {reason}"
            return f"{_who(saga, step)} failed at {call_of(step, undo)} before any effect{why}"
        case ReplyReceived(step, undo, _, answer):
            return f"the coordinator heard of {call_of(step, undo)}: {answer}"
        case CallTimedOut(step, undo, attempt):
            which = f"{call_of(step, undo)}{_attempt(attempt)}"
            comma = "," if attempt > 1 else ""
            return f"no answer to {which}{comma} came in time: nobody knows whether it was done"
        case RetryScheduled(step, undo, attempt):
            return f"{call_of(step, undo)} is to be tried again, attempt {attempt}"
        case OutcomeRecorded(step, belief):
            return f"{step} was recorded as {belief}"
        case CopyLanded(step, undo, attempt, copy):
            return f"{_copy(copy)} of {call_of(step, undo)} arrived at {_who(saga, step)}{_attempt(attempt)}"
        case StrayReplyReceived(step, undo, answer, taken):
            return f"an answer to {call_of(step, undo)} arrived that nobody waits for ({answer}): {taken}"
        case CallAbandoned(step, undo):
            return f"the coordinator stopped waiting for {call_of(step, undo)}"
        case CoordinatorCrashed(step, undo):
            return f"the coordinator crashed while {call_of(step, undo)} was open"
        case CoordinatorRecovered(step, undo, decision):
            return f"the coordinator was back, read its log and {_recovery(decision, call_of(step, undo))}"
        case OutageBegan(service, step):
            return f"{service} was down from {step} on"
        case OutageEnded(service):
            return f"{service} answered again"
        case CancelRequested(rule):
            return f"the user cancelled the saga ({_interruption(rule)})"
        case DeadlinePassed(rule):
            return f"the deadline passed ({_interruption(rule)})"
        case SagaHalted(step, reason):
            because = f" because of {step}" if step else ""
            return f"the saga halted{because}: nothing new begins, and then {_halt(reason)}"
        case SagaResumed(step, reason):
            return f"the saga went forward again: {reason}{f' ({step})' if step else ''}"
        case CompensationStarted(steps):
            return f"the saga turned back; to be undone: {', '.join(steps) or 'nothing'}"
        case UndoGivenUp(step):
            return f"the last attempt to undo {step} had failed: it was given up"
        case UndoFailureSwallowed(step):
            return f"the last attempt to undo {step} had failed, and the saga went on as if it had worked"
        case UndoSkipped(step):
            return f"the undo of {step} was not attempted any more"
        case EventPublished(step, _, name):
            return f"{_who(saga, step)} published {name}"
        case EventLost(step, word, name):
            return _lost(step, word, name, saga)
        case EventHeard(step, _, name):
            return f"{_who(saga, step)} heard {name}, for {step}"
        case StepSkipped(step):
            return f"{step} will never begin"
        case DeadLettered(step, undo, alarm):
            told = "somebody was told" if alarm else "nobody was told"
            return f"the event for {call_of(step, undo)} became a dead letter; {told}"
        case LockFound(step, resource, does):
            return f"{step} found {resource} pending for another saga, and {does}"
        case SagaEnded(outcome, parked):
            return f"the saga ended: {ending(outcome, parked)}"
        case SagaStuck(step):
            return f"nothing was left that could happen: the saga is stuck at {step}"
        case HarmDone(harm, step):
            return f"BROKEN: {broken(harm, step)}"
        case _:
            assert_never(event)


def broken(harm: str, step: str) -> str:
    """Which property, in words."""
    if harm == "invariant":
        return f"the invariant '{step}' does not hold"
    return f"{harm} at {step} (must hold: {PROPERTIES[harm]})"


def ending(outcome: str, parked: Sequence[str] = ()) -> str:
    """How a saga ended, as it says itself."""
    match outcome:
        case "completed":
            return "completed, every step is believed done"
        case "compensated":
            return "compensated, nothing is believed to be left"
        case "parked":
            told = f", who is told of {joined(parked)}" if parked else ""
            return f"parked for a person{told}"
        case "failed":
            return "failed, and nobody is asked"
        case _:
            return outcome


def _attempt(attempt: int) -> str:
    return f", attempt {attempt}" if attempt > 1 else ""


def _fault_struck(text: str, step: str, undo: bool, saga: Saga) -> str:
    kind, edge = kind_of(text)
    if kind == "outage":
        return f"{_who(saga, step)} is down, {call_of(step, undo)} goes unanswered"
    return kind_in_words(kind, call_of(step, undo), edge, _who(saga, step))


def _who(saga: Saga, step: str) -> str:
    return saga.step(step).service


def _left(times: int) -> str:
    if times < 0:
        return ", which was not there to be undone"
    return f" once; its effect is still there{counted(times)}" if times else ""


def _nothing(step: str, undo: bool, reason: str) -> str:
    match reason:
        case "a read":
            return f"answered {step}, which changes nothing"
        case "there was nothing to undo":
            return f"found nothing of {step} to undo, and said done"
        case _:
            return f"said done to {call_of(step, undo)}, and changed nothing"


def _copy(copy: str) -> str:
    match copy:
        case "second":
            return "a second copy"
        case "redelivered":
            return "the redelivery"
        case "abandoned":
            return "the abandoned call"
        case "reordered":
            return "the overtaken call"
        case _:
            return "the late call"


def _recovery(decision: str, call: str) -> str:
    match decision:
        case "resend":
            return f"decided to send {call} again"
        case "wait":
            return f"took {call} for unanswered"
        case "compensate":
            return f"turned back at {call}"
        case _:
            return f"went on without knowing about {call}"


def _interruption(rule: str) -> str:
    does = {"compensate": "turn back", "abandon": "stop and undo nothing"}.get(rule, "ignore it")
    return f"rule: {does}"


def _halt(reason: str) -> str:
    match reason:
        case "abandon" | "cancel-abandon":
            return "it ends without undoing anything"
        case "park":
            return "it waits for a person"
        case _:
            return "it turns back"


def _lost(step: str, word: str, name: str, saga: Saga) -> str:
    match word:
        case "start":
            return f"the event that starts {step} was lost ({name})"
        case "undo":
            return f"the event that undoes {step} was lost"
        case _:
            return f"{name} was lost: {_who(saga, step)} never published it"


# ---------------------------------------------------------------- stories


def told(entry: Entry, saga: Saga, *, both: bool = True) -> str:
    """The sentence of an entry, with belief and truth behind it where they are known."""
    text = sentence(entry.event, saga)
    if both and entry.belief:
        text += f" (believed {entry.belief}, {there(entry.truth or 0)})"
    changed = ", ".join(f"{name} = {value}" for name, value in entry.resources)
    return f"{text}   [{changed}]" if changed else text


def there(times: int) -> str:
    """How often an effect is there; below 0 it was taken away more often than it was there."""
    match times:
        case -1:
            return "undone once too often"
        case _ if times < 0:
            return f"undone {-times} times too often"
        case 0:
            return "not there"
        case 1:
            return "there once"
        case 2:
            return "there twice"
        case _:
            return f"there {times} times"


def story(history: Iterable[Entry], saga: Saga) -> Iterator[str]:
    """A run as lines of text. Belief and truth are said where one of them has changed."""
    known: dict[tuple[int, str], tuple[str, int | None]] = {}
    for entry in history:
        step = str(getattr(entry.event, "step", ""))
        place, both = (entry.instance, step), (entry.belief, entry.truth)
        before = known.get(place, ("idle", 0))
        text = told(entry, saga, both=both != before)
        if entry.belief:
            known[place] = both
        instance = f"saga {entry.instance}: " if saga.instances > 1 else ""
        yield f"{entry.at_ms:>7} ms  {instance}{text}"


# ---------------------------------------------------------------- verdicts


def scope(*, faults: int, exhaustive: bool, states: int, executions: int, unexplored: int) -> str:
    """What a verdict covers: never a bare green tick."""
    if not exhaustive:
        return f"stopped at {states:,} states, {unexplored:,} unexplored: what lies beyond is not known"
    plans = "no fault" if faults == 0 else "any 1 fault" if faults == 1 else f"any {faults} faults"
    return f"exhaustive for {plans}, {states:,} states, {executions:,} executions"


def fix_in_words(change: str, *, verified: bool) -> str:
    """One change that repairs a finding."""
    proof = "verified by exploring again" if verified else "not verified: the exploration was cut short"
    return f"{change} ({proof})"
