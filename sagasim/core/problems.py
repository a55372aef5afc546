"""A problem of a design, the rules by which problems are found, and the design as those rules look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from sagasim.core.changes import Edit
from sagasim.core.engine import rules_of
from sagasim.core.faults import FaultPlan
from sagasim.core.harms import Harm
from sagasim.core.proofs import Proof, Proofs
from sagasim.core.saga import Coordination, Kind, Saga, Step
from sagasim.core.steporder import StepOrder

Severity = Literal["error", "warning"]

ORCHESTRATION = (Coordination.ORCHESTRATION,)
CHOREOGRAPHY = (Coordination.CHOREOGRAPHY,)

RULES: Mapping[str, str] = MappingProxyType(
    {
        "no-compensation": "a step that may have to be undone has no compensation",
        "pivot-with-compensation": "a pivot has a compensation, although then nothing is undone any more",
        "two-pivots": "two pivots stand on one path",
        "refusal-after-pivot": "a step may refuse when the saga can no longer turn back",
        "irreversible-before-pivot": "something irreversible happens while the saga may still turn back",
        "retriable-without-key": "a retriable step is not idempotent",
        "retry-without-key": "a call is retried, and takes effect again each time",
        "retries-beyond-deadline": "the retries of one step alone outlast the deadline",
        "slower-than-timeout": "a call takes longer than its caller waits",
        "parallel-writes": "steps that run at the same time write one resource",
        "undo-order": "a step may be undone while one that builds on it stands",
        "unheard-event": "an event to which somebody must react has no consumer",
        "unknown-event": "a step waits for an event that nobody publishes",
        "event-cycle": "steps wait for each other's events",
        "open-fan-out": "branches begin together and nothing joins them",
        "longer-than-deadline": "even without faults the saga outlasts its deadline",
        "unknown-resource": "an expression asks about a resource that nothing gives a value",
    }
)
"""The rules by their ids, which stay as they are: people name them in their own files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of a saga. `step` is where it is repaired; empty: nowhere in particular.

    proof   the faults that show `harm` in `coordination`; None: nothing quick shows it
    fix     an edit that takes the problem away (changes.py); None: it takes more than one, or a decision
    """

    rule: str
    severity: Severity
    step: str
    sentence: str
    proof: FaultPlan | None = None
    coordination: Coordination | None = None
    harm: Harm | None = None
    fix: Edit | None = None


class Design:
    """A saga as the rules look at it."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        self.order = StepOrder(saga)
        self.rules = rules_of(saga)
        self.proofs = Proofs(saga)
        self._risks: dict[str, list[Step]] = {}

    def is_final(self, step: Step) -> bool:
        """Whether it runs only when nothing is undone any more, so that it must succeed."""
        return step.kind is Kind.RETRIABLE or self.order.is_past_pivot(step.name)

    def may_fail_after(self, step: Step) -> list[Step]:
        """The steps that can still turn the saga back when this one is done, the nearest first."""
        if step.name not in self._risks:
            names = (*self.order.after(step.name), *self.order.beside(step.name))
            others = (self.order.step[name] for name in names)
            self._risks[step.name] = [it for it in others if it.may_refuse and not self.is_final(it)]
        return self._risks[step.name]


def problem(
    rule: str, severity: Severity, step: str, sentence: str, proof: Proof | None, fix: Edit | None
) -> Problem:
    plain = Problem(rule=rule, severity=severity, step=step, sentence=sentence, fix=fix)
    if proof is None:
        return plain
    return replace(plain, proof=proof.faults, coordination=proof.coordination, harm=proof.harm)


def error_if(proven: object) -> Severity:
    return "error" if proven else "warning"
