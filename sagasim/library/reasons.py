"""What a user is told of why a saga did not go on: the exception of a callable, or a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from sagasim.core.blueprint import Blueprint
from sagasim.core.history import DeadlinePassed, HistoryEvent, SagaHalted, StepErred, StepRefused
from sagasim.core.participant import Strike
from sagasim.core.striking import fault_of
from sagasim.library.answers import Raised
from sagasim.library.turns import Ask


class Reasons:
    """Per step what its last call came to, and the `error` of the run once it has halted."""

    def __init__(self, bp: Blueprint) -> None:
        self.bp = bp
        self.error: Raised | str = ""
        self._by_step: dict[int, Raised | str] = {}

    def performed(
        self, ask: Ask, strike: Strike, events: Sequence[HistoryEvent], raised: Raised | None
    ) -> None:
        """A call is over at its participant."""
        if raised is not None:
            self._by_step[ask.step] = raised
        elif strike.kind:
            fault = fault_of(self.bp, ask.step, ask.undo, ask.attempt, strike)
            self._by_step[ask.step] = f"{self.bp.steps[ask.step].name} was struck by the fault {fault}"
        else:
            said = (event.reason for event in events if isinstance(event, StepErred | StepRefused))
            self._by_step[ask.step] = next(said, "")

    def unanswered(self, ask: Ask) -> None:
        """A call ran into its timeout."""
        within = "" if ask.timeout_ms is None else f" within {ask.timeout_ms} ms"
        step = self.bp.steps[ask.step].name
        self._by_step[ask.step] = f"{step} gave no answer{within}; whether it happened, nobody knows"

    def halted(self, halted: SagaHalted, events: Sequence[HistoryEvent]) -> None:
        """The saga goes on no more; `events` tell what else happened in this moment."""
        if halted.step:
            self.error = self._by_step.get(self.bp.index[halted.step], halted.reason)
        elif any(isinstance(event, DeadlinePassed) for event in events):
            self.error = f"the deadline of {self.bp.saga.deadline_ms} ms has passed"
        else:
            self.error = "the saga was cancelled"
