"""A run as a sequence diagram, before it is drawn: who takes part, what travels between them, what is noted.

In orchestration the coordinator and the services take part; in choreography the services alone, and an event
is an arrow from its publisher to whoever reacts. diagrams.py draws this as Mermaid and as SVG.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sagasim.core.execution import Run
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
    NothingChanged,
    OutageBegan,
    OutcomeRecorded,
    ReplyReceived,
    SagaEnded,
    SagaStuck,
    StepCommitted,
    StepErred,
    StepRefused,
    StepSkipped,
    UndoCommitted,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.narration import sentence
from sagasim.core.phrases import call_of, kind_of
from sagasim.core.saga import Coordination

COORDINATOR = "coordinator"
LOST_ON_THE_WAY = ("request-lost", "outage")
LATE = ("late", "reordered")
ANSWER_LOST = ("reply-lost", "crash@after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A message. `fate`: arrives, lost (it stops half way) or late (it arrives later, as another arrow)."""

    at_ms: int
    sender: str
    receiver: str
    label: str
    undo: bool = False
    answer: bool = False
    fate: str = "arrives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that happened at a participant, or to the whole saga (`at` empty).

    tone: effect, undone, plain, unknown, fault, broken or end.
    """

    at_ms: int
    at: str
    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A whole diagram."""

    title: str
    description: str
    participants: tuple[str, ...]
    items: tuple[Arrow | Note, ...]


_EFFECTS = (StepCommitted, UndoCommitted, NothingChanged, AnswerRepeated, StepRefused, StepErred)
_TROUBLE = (
    CoordinatorCrashed,
    OutageBegan,
    EventLost,
    DeadLettered,
    UndoGivenUp,
    UndoSkipped,
    UndoFailureSwallowed,
)
_DECISIONS = (CoordinatorRecovered, CallAbandoned, CompensationStarted)


def sequence_of(run: Run) -> Sequence:
    """The diagram of a run."""
    orchestrated = run.coordination is Coordination.ORCHESTRATION
    services = tuple(dict.fromkeys(step.service for step in run.saga.steps))
    faults = ", ".join(map(str, run.faults)) or "no fault"
    scribe = _Scribe(run)
    return Sequence(
        title=f"{run.saga.title or run.saga.name}: {run.coordination.value}, {run.outcome}",
        description=f"{run.saga.name} with {faults}: {run.outcome} after {run.duration_ms} ms.",
        participants=(COORDINATOR, *services) if orchestrated else services,
        items=tuple(item for entry in run.history for item in scribe.items(entry)),
    )


class _Scribe:
    """Turns entries into what is drawn of them."""

    def __init__(self, run: Run) -> None:
        self.run, self.saga = run, run.saga
        self.orchestrated = run.coordination is Coordination.ORCHESTRATION
        self.by_seq = {entry.seq: entry for entry in run.history}
        self.fates = {
            (entry.instance, entry.event.step, entry.event.undo, entry.event.attempt): "@".join(
                part for part in kind_of(entry.event.fault) if part
            )
            for entry in run.history
            if isinstance(entry.event, FaultStruck)
        }

    def items(self, entry: Entry) -> Iterator[Arrow | Note]:
        """What is drawn of one entry; most are told by an arrow or a note, some by neither."""
        event = entry.event
        match event:
            case CommandSent(step, undo, attempt):
                yield self._call(entry, step, undo, attempt)
            case CopyLanded(step, undo, _, copy):
                sender = COORDINATOR if self.orchestrated else self._service(step)
                word = "again" if copy in ("second", "redelivered") else "late"
                yield self._arrow(entry, sender, self._service(step), f"{call_of(step, undo)}, {word}", undo)
            case ReplyReceived(step, undo, _, answer):
                label = f"{call_of(step, undo)}: {answer}"
                yield self._arrow(entry, self._service(step), COORDINATOR, label, undo, answer=True)
            case EventConsumed(step) | EventHeard(step):
                yield from self._heard(entry, step)
            case _ if isinstance(event, _EFFECTS):
                yield from self._effect(entry)
            case _:
                yield from self._notes(entry)

    def _arrow(
        self,
        entry: Entry,
        sender: str,
        receiver: str,
        label: str,
        undo: bool,
        *,
        answer: bool = False,
        fate: str = "arrives",
    ) -> Arrow:
        return Arrow(
            at_ms=entry.at_ms,
            sender=sender,
            receiver=receiver,
            label=label,
            undo=undo,
            answer=answer,
            fate=fate,
        )

    def _service(self, step: str) -> str:
        return self.saga.step(step).service

    def _call(self, entry: Entry, step: str, undo: bool, attempt: int) -> Arrow:
        kind = self.fates.get((entry.instance, step, undo, attempt), "")
        fate = "lost" if kind in LOST_ON_THE_WAY else "late" if kind in LATE else "arrives"
        label = f"{call_of(step, undo)}{f', attempt {attempt}' if attempt > 1 else ''}"
        return self._arrow(entry, COORDINATOR, self._service(step), label, undo, fate=fate)

    def _heard(self, entry: Entry, step: str) -> Iterator[Arrow | Note]:
        cause = self.by_seq.get(entry.because)
        event = entry.event
        if isinstance(event, EventHeard):
            label, sender = event.event, self._service(event.publisher)
            undo = event.word != "done"
        elif cause is not None and isinstance(cause.event, EventPublished):
            label, sender = cause.event.event, self._service(cause.event.step)
            undo = cause.event.word != "done"
        else:
            return
        yield self._arrow(entry, sender, self._service(step), label, undo)

    def _effect(self, entry: Entry) -> Iterator[Arrow | Note]:
        event = entry.event
        step = str(getattr(event, "step", ""))
        is_undone = isinstance(event, UndoCommitted)
        undo = is_undone or bool(getattr(event, "undo", False))
        tone = "effect" if isinstance(event, StepCommitted) else "undone" if is_undone else "plain"
        changed = ", ".join(f"{name} = {value}" for name, value in entry.resources)
        yield self._note(
            entry, self._service(step), f"{_short(entry)}{f' ({changed})' if changed else ''}", tone
        )
        kind = self.fates.get((entry.instance, step, undo, int(getattr(event, "attempt", 0))), "")
        landed = self.by_seq.get(entry.because)
        if (
            kind in ANSWER_LOST
            and self.orchestrated
            and not (landed and isinstance(landed.event, CopyLanded))
        ):
            yield self._arrow(
                entry, self._service(step), COORDINATOR, "the answer", undo, answer=True, fate="lost"
            )

    def _notes(self, entry: Entry) -> Iterator[Note]:
        event = entry.event
        step = str(getattr(event, "step", ""))
        own = self._service(step) if step in self.saga.step_names else ""
        here = COORDINATOR if self.orchestrated else own
        text = sentence(event, self.saga)
        match event:
            case FaultStruck():
                yield self._note(entry, own, text.removeprefix("FAULT: "), "fault")
            case CallTimedOut(_, undo):
                yield self._note(entry, here, f"{call_of(step, undo)}: no answer, unknown", "unknown")
            case OutcomeRecorded(_, belief) if belief not in ("done", "undone", "refused"):
                yield self._note(
                    entry, here, f"{step} believed {belief}", "unknown" if belief == "unknown" else "plain"
                )
            case OutageBegan(service):
                yield self._note(entry, service, text, "fault")
            case StepSkipped():
                yield self._note(entry, here, text)
            case CancelRequested() | DeadlinePassed():
                yield self._note(entry, "", text, "fault")
            case SagaEnded() | SagaStuck():
                yield self._note(entry, "", text, "end")
            case HarmDone():
                yield self._note(entry, "", text, "broken")
            case _ if isinstance(event, _TROUBLE):
                yield self._note(entry, here, text, "fault")
            case _ if isinstance(event, _DECISIONS):
                yield self._note(entry, here, text)
            case _:
                return

    def _note(self, entry: Entry, at: str, text: str, tone: str = "plain") -> Note:
        return Note(at_ms=entry.at_ms, at=at, text=text, tone=tone)


def _short(entry: Entry) -> str:
    """What a participant did, without its name: the note stands on its own lifeline."""
    match entry.event:
        case StepCommitted(step, _, times):
            return f"{step} committed{f', there {times} times' if times > 1 else ''}"
        case UndoCommitted(step, _, times):
            return f"{step} undone{', though it was not there' if times < 0 else ''}"
        case NothingChanged(step, undo, _, reason):
            return f"{call_of(step, undo)}: {'nothing to undo' if 'nothing' in reason else 'nothing changed'}"
        case AnswerRepeated(step, undo, _, answer):
            return f"{call_of(step, undo)} is known: {answer}"
        case StepRefused(step, undo, _, reason):
            return f"{call_of(step, undo)} refused{'' if reason == 'refused' else f': {reason}'}"
        case StepErred(step, undo):
            return f"{call_of(step, undo)} failed"
        case _:
            return entry.kind
