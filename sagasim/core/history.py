"""What can have happened: the vocabulary of a run's history.

A history event is a fact in the past tense: never edited, lost or refused. What participants say to one
another can be all three. The coordinations and the participants return these events as plain values; harms.py
judges them, chronicle.py gives them a number and a time, narration.py tells them as sentences, and the pages
fold them. `step` is always a step's name; `undo` says whether the compensation is meant; attempts count
from 1.
"""

from __future__ import annotations

from typing import NamedTuple


class SagaStarted(NamedTuple):
    """A run begins. `correlation` is carried by every message of this instance."""

    correlation: str


class CommandSent(NamedTuple):
    """The coordinator wrote down its intent and sent the command; `key` is the same over all attempts."""

    step: str
    undo: bool
    attempt: int
    key: str


class EventConsumed(NamedTuple):
    """Choreography: the participant takes up the event that lets the step (or its undo) begin."""

    step: str
    undo: bool
    attempt: int


class FaultStruck(NamedTuple):
    """A fault of the plan, or one given by the design, strikes here."""

    fault: str
    step: str
    undo: bool
    attempt: int


class StepCommitted(NamedTuple):
    """The effect is there. `times` is how often it is there now; 2 is one too many."""

    step: str
    attempt: int
    times: int


class UndoCommitted(NamedTuple):
    """One effect was taken away. `times` is how often the effect is there now; below 0 it never was."""

    step: str
    attempt: int
    times: int


class NothingChanged(NamedTuple):
    """The participant answered yes and changed nothing: a read, or an undo of nothing, or a stub."""

    step: str
    undo: bool
    attempt: int
    reason: str


class AnswerRepeated(NamedTuple):
    """The participant knew the key and gave its first answer again."""

    step: str
    undo: bool
    attempt: int
    answer: str


class StepRefused(NamedTuple):
    """The participant said no; nothing was committed."""

    step: str
    undo: bool
    attempt: int
    reason: str


class StepErred(NamedTuple):
    """The participant failed before any effect and reported an error."""

    step: str
    undo: bool
    attempt: int
    reason: str


class ReplyReceived(NamedTuple):
    """Orchestration: the coordinator has heard an answer: `done`, `refused` or `error`."""

    step: str
    undo: bool
    attempt: int
    answer: str


class CallTimedOut(NamedTuple):
    """No answer came. Whether the effect is there, nobody knows."""

    step: str
    undo: bool
    attempt: int


class RetryScheduled(NamedTuple):
    """The call is tried again, as attempt number `attempt`."""

    step: str
    undo: bool
    attempt: int


class OutcomeRecorded(NamedTuple):
    """What is believed of a step is now `belief`."""

    step: str
    belief: str


class CopyLanded(NamedTuple):
    """A late or second copy of a message reached the participant (`copy`: late, second, abandoned)."""

    step: str
    undo: bool
    attempt: int
    copy: str


class StrayReplyReceived(NamedTuple):
    """An answer arrived that nobody waits for; `taken` says what was made of it."""

    step: str
    undo: bool
    answer: str
    taken: str


class CallAbandoned(NamedTuple):
    """The coordinator stopped waiting for a running call."""

    step: str
    undo: bool
    attempt: int


class CoordinatorCrashed(NamedTuple):
    """The coordinator died while a call was open."""

    step: str
    undo: bool
    attempt: int


class CoordinatorRecovered(NamedTuple):
    """The coordinator is back and has read its log; `decision` says what it does about the open call."""

    step: str
    undo: bool
    decision: str


class OutageBegan(NamedTuple):
    """A service answers nobody from here on."""

    service: str
    step: str


class OutageEnded(NamedTuple):
    """The service answers again."""

    service: str
    step: str


class CancelRequested(NamedTuple):
    """The user cancels the saga; `rule` is what the engine makes of it."""

    rule: str


class DeadlinePassed(NamedTuple):
    """The saga's deadline passes; `rule` is what the engine makes of it."""

    rule: str


class SagaHalted(NamedTuple):
    """Nothing new begins; running calls are waited for. `step` is whose failure it was, or empty."""

    step: str
    reason: str


class SagaResumed(NamedTuple):
    """The saga goes forward again."""

    step: str
    reason: str


class CompensationStarted(NamedTuple):
    """The saga turns back. `steps` will be undone."""

    steps: tuple[str, ...]


class UndoGivenUp(NamedTuple):
    """The last retry of a compensation failed; a person must look at it."""

    step: str


class UndoFailureSwallowed(NamedTuple):
    """The last retry of a compensation failed, and the saga goes on as if it had worked."""

    step: str


class UndoSkipped(NamedTuple):
    """A compensation that was due is not attempted, because another one failed."""

    step: str


class EventPublished(NamedTuple):
    """Choreography: the participant published a domain event (`word`: done, refused, undone, ...)."""

    step: str
    word: str
    event: str


class EventLost(NamedTuple):
    """Choreography: an event that should have been published, or delivered, never will be."""

    step: str
    word: str
    event: str


class EventHeard(NamedTuple):
    """Choreography: a participant received an event of another step (`publisher`)."""

    step: str
    word: str
    event: str
    publisher: str


class StepSkipped(NamedTuple):
    """Choreography: a step that has not begun never will."""

    step: str


class DeadLettered(NamedTuple):
    """Choreography: after the last redelivery the event is a dead letter; `alarm`: somebody is told."""

    step: str
    undo: bool
    alarm: bool


class LockFound(NamedTuple):
    """A record is pending for another saga; `does` says whether this call fails or waits."""

    step: str
    resource: str
    does: str


class SagaEnded(NamedTuple):
    """The saga has ended and says how; `parked` names the steps that a person is told about."""

    outcome: str
    parked: tuple[str, ...]


class SagaStuck(NamedTuple):
    """Nothing is left that could happen, and no end is reached; `step` is where it hangs."""

    step: str


class HarmDone(NamedTuple):
    """A property is broken from here on; harms.py says which."""

    harm: str
    step: str


HistoryEvent = (
    SagaStarted | CommandSent | EventConsumed | FaultStruck | StepCommitted | UndoCommitted | NothingChanged
    | AnswerRepeated | StepRefused | StepErred | ReplyReceived | CallTimedOut | RetryScheduled
    | OutcomeRecorded | CopyLanded | StrayReplyReceived | CallAbandoned | CoordinatorCrashed
    | CoordinatorRecovered | OutageBegan | OutageEnded | CancelRequested | DeadlinePassed | SagaHalted
    | SagaResumed | CompensationStarted | UndoGivenUp | UndoFailureSwallowed | UndoSkipped | EventPublished
    | EventLost | EventHeard | StepSkipped | DeadLettered | LockFound | SagaEnded | SagaStuck | HarmDone
)  # fmt: skip


class Entry(NamedTuple):
    """One line of a history: the event, when it happened in virtual time, and what both stories say then.

    `because` is the number of the entry that caused this one (0: the start). `belief` and `truth` are what is
    believed of the event's step and how often its effect is there, after this entry; `resources` holds
    the resources that changed, with their new values.
    """

    seq: int
    at_ms: int
    event: HistoryEvent
    instance: int = 1
    because: int = 0
    belief: str = ""
    truth: int | None = None
    resources: tuple[tuple[str, int], ...] = ()

    @property
    def kind(self) -> str:
        return type(self.event).__name__
