"""What a run with real callables has come to: the classic dict, and beyond it the rest as attributes."""

from __future__ import annotations

from typing import Any

from sagasim.core.faults import FaultPlan
from sagasim.core.history import Entry
from sagasim.core.saga import Saga
from sagasim.library.answers import Raised
from sagasim.library.course import Course

_ATTRIBUTES = (
    "outcome",
    "context",
    "error",
    "exception",
    "parked",
    "belief",
    "history",
    "saga",
    "struck",
    "run",
)


class Result(dict[str, Any]):
    """`{"status": "success", "context": ...}`, or `{"status": "failed", "error": ...}` with `parked` if need be.

    outcome     completed, compensated, parked, failed
    context     the context, also where the saga failed
    error       why it failed, as text; None where it did not. `exception` is what was raised, if something was
    parked      the steps that a person must look at
    belief      per step, what is believed of it: done, undone, refused, failed, unknown, given-up, idle
    history     the entries so far: the late answer of a callable that was given up is added when it comes
    saga        the saga that ran, to be simulated and explored
    struck      the faults of the plan that found something to strike
    run         the name of the run, with which its idempotency keys begin
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self.outcome = course.scene.mind.phase
        self.context = course.contexts.shared
        steps = course.bp.steps
        self.parked = tuple(steps[step].name for step in course.scene.mind.report)
        self.belief = course.belief()
        self.saga: Saga = course.bp.saga
        self.struck: FaultPlan = tuple(fault for fault in course.plan if fault in course.scene.struck)
        self.run = course.run_id
        why = course.reasons.error
        self.exception = why.error if isinstance(why, Raised) else None
        self.error = None if self.ok else why.text if isinstance(why, Raised) else why
        told = {"context": self.context} if self.ok else {"error": self.error}
        super().__init__(status="success" if self.ok else "failed", **told)
        if self.parked:
            self["parked"] = list(self.parked)

    @property
    def ok(self) -> bool:
        """Whether the saga has completed."""
        return self.outcome == "completed"

    @property
    def history(self) -> tuple[Entry, ...]:
        """What has happened, with the time since the start. What is true nobody knows here: `truth` is None."""
        return tuple(self._course.journal.entries)

    def __missing__(self, key: str) -> Any:
        """`result["parked"]` is `result.parked`; the dict itself stays the classic one."""
        if key in _ATTRIBUTES:
            return getattr(self, key)
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As `result[key]`, so that both say the same."""
        return self[key] if key in self or key in _ATTRIBUTES else default
