"""What a run knows of a broken property: everything up to the entry that shows it, as far as it concerns one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from sagasim.core.execution import Run
from sagasim.core.history import (
    CommandSent,
    CompensationStarted,
    Entry,
    EventConsumed,
    OutcomeRecorded,
    SagaEnded,
    SagaHalted,
    UndoGivenUp,
)
from sagasim.core.phrases import amounts, joined, number_of
from sagasim.core.saga import Coordination, Step

_E = TypeVar("_E")


class Evidence:
    """The part of a run up to the entry that shows the harm, as far as it concerns one step."""

    def __init__(self, run: Run, step: str, seq: int) -> None:
        self.run, self.saga, self.step, self.seq = run, run.saga, step, seq
        self.instance = next(entry.instance for entry in run.history if entry.seq == seq)
        self.past = [entry for entry in run.history if entry.seq < seq]
        self.own = [entry for entry in self.past if entry.instance == self.instance]
        self.orchestrated = run.coordination is Coordination.ORCHESTRATION

    @property
    def definition(self) -> Step:
        return self.saga.step(self.step)

    @property
    def outcome(self) -> str:
        """How this instance ended, as far as it has."""
        ends = [event.outcome for event in self.events(SagaEnded)]
        return ends[-1] if ends else "running"

    def belief(self, step: str) -> str:
        """What was last recorded of a step; of one that never was, what its last entry says."""
        said = [
            entry.belief for entry in self.own if getattr(entry.event, "step", "") == step and entry.belief
        ]
        return said[-1] if said else "idle"

    def belief_when_turning(self) -> str:
        """What was believed of the step when the saga decided not to go on."""
        turned = [
            entry.seq for entry in self.own if isinstance(entry.event, CompensationStarted | SagaHalted)
        ]
        recorded = [
            entry.event.belief
            for entry in self.own
            if isinstance(entry.event, OutcomeRecorded) and entry.event.step == self.step
            if not turned or entry.seq < turned[-1]
        ]
        return recorded[-1] if recorded else self.belief(self.step)

    def truth(self, step: str) -> int:
        said = [entry.truth for entry in self.own if getattr(entry.event, "step", "") == step]
        return (said[-1] or 0) if said else 0

    def standing(self) -> list[str]:
        return [step.name for step in self.saga.steps if step.has_effect and self.truth(step.name) > 0]

    def has(
        self, kind: type | tuple[type, ...], step: str | None = None, *, undo: bool | None = None
    ) -> bool:
        return any(self.all(kind, step, undo=undo))

    def all(
        self, kind: type | tuple[type, ...], step: str | None = None, *, undo: bool | None = None
    ) -> Iterator[Entry]:
        """The entries of this instance that are of a kind, of a step, and of its action or its undo."""
        for entry in self.own:
            fits = step is None or getattr(entry.event, "step", None) == step
            if isinstance(entry.event, kind) and fits and getattr(entry.event, "undo", undo) == undo:
                yield entry

    def events(self, kind: type[_E], step: str | None = None, *, undo: bool | None = None) -> Iterator[_E]:
        """The same entries: only what happened."""
        for entry in self.all(kind, step, undo=undo):
            assert isinstance(entry.event, kind)
            yield entry.event

    def attempts(self, step: str, *, undo: bool) -> int:
        asked = self.all((CommandSent, EventConsumed), step, undo=undo)
        return max((getattr(entry.event, "attempt", 0) for entry in asked), default=0)

    def effect(self, times: int) -> str:
        """What `times` effects of the step amount to: `100 payments.authorised stay`."""
        told = amounts(self.definition.effects, times, "stays", "is missing")
        return told or f"the effect of {self.step} stays"

    def undo_given_up(self) -> str:
        """Which undos were given up, after how many attempts."""
        given_up = [event.step for event in self.events(UndoGivenUp)]
        if not given_up:
            return "another undo failed"
        tries = self.attempts(given_up[0], undo=True)
        return f"the undo of {joined(given_up)} was given up after {number_of(tries, 'attempt')}"


def believed_as(belief: str) -> str:
    """A belief in the past tense: what the saga believed of a step."""
    return {"idle": "never begun", "running": "still running", "skipped": "never begun"}.get(belief, belief)
