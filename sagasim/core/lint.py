"""What is wrong with a saga before anything runs.

Each rule looks at the definition alone and says one sentence per problem. Where a fault plan shows what comes of
it, the problem carries that plan as its proof; where one edit takes the problem away, it carries that. Rules of the
events that participants exchange are in eventlint.py.

An error is a design that contradicts itself or is proven to do harm; a warning may be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType
from typing import Literal

from sagasim.core.changes import Edit, of_step
from sagasim.core.engine import rules_of
from sagasim.core.errors import listed
from sagasim.core.eventlint import Misheard, misheard
from sagasim.core.expressions import names_in
from sagasim.core.faults import FaultPlan
from sagasim.core.harms import HARMS, Harm
from sagasim.core.proofs import Proof, Proofs
from sagasim.core.saga import Coordination, Kind, Retry, Saga, Step
from sagasim.core.steporder import StepOrder

Severity = Literal["error", "warning"]

RULES: Mapping[str, str] = MappingProxyType(
    {
        "no-compensation": "a step that may have to be undone has no compensation",
        "pivot-with-compensation": "a pivot has a compensation, although nothing is undone once it has committed",
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


def check(saga: Saga) -> tuple[Problem, ...]:
    """Every problem, errors first, then in the order of the steps. Raises BadSaga where the saga cannot run."""
    plan = _Plan(saga)
    found = [problem for rule in _CHECKS for problem in rule(plan)]
    places = {name: place for place, name in enumerate(saga.step_names)}
    found.sort(key=lambda problem: (problem.severity != "error", places.get(problem.step, -1)))
    return tuple(found)


class _Plan:
    """A saga as the rules look at it."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        self.order = StepOrder(saga)
        self.rules = rules_of(saga)
        self.proofs = Proofs(saga)

    def is_final(self, step: Step) -> bool:
        """Whether it runs only when nothing is undone any more, so that it must succeed."""
        return step.kind is Kind.RETRIABLE or self.order.is_past_pivot(step.name)

    def may_fail_after(self, step: Step) -> list[Step]:
        """The steps that can still turn the saga back when this one is done, the nearest first."""
        names = [*self.order.after(step.name), *self.order.beside(step.name)]
        others = (self.saga.step(name) for name in names)
        return [other for other in others if other.may_refuse and not self.is_final(other)]


def _problem(rule: str, severity: Severity, step: str, sentence: str, proof: Proof | None, fix: Edit | None) -> Problem:
    plain = Problem(rule=rule, severity=severity, step=step, sentence=sentence, fix=fix)
    if proof is None:
        return plain
    return replace(plain, proof=proof.faults, coordination=proof.coordination, harm=proof.harm)


def _error_if(proven: object) -> Severity:
    return "error" if proven else "warning"


# steps and their kinds


def _no_compensation(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        if step.kind is not Kind.COMPENSATABLE or step.compensation is not None:
            continue
        refusals = ((f"{other.name}:refused",) for other in plan.may_fail_after(step))
        unknown = ((f"{step.name}:reply-lost*for-ever",), (f"saga:cancelled@{step.name}.after",))
        yield _problem(
            "no-compensation",
            "warning",
            step.name,
            f"{step.name} has no compensation, so what it did stays when the saga turns back; give it one, "
            "or place it behind the pivot as a retriable step",
            plan.proofs.find([*list(refusals)[:2], *unknown], ("leak",), step=step.name),
            None if step.irreversible else of_step(step.name, "compensation", f"undo_{step.action.replace('-', '_')}"),
        )


def _pivot_with_compensation(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        if step.kind is Kind.PIVOT and step.compensation is not None:
            plans = ((f"{step.name}:reply-lost*for-ever",),)
            proof = plan.proofs.find(plans, ("undone-after-pivot",), coordinations=_ORCHESTRATION)
            yield _problem(
                "pivot-with-compensation",
                _error_if(proof),
                step.name,
                f"{step.name} is a pivot and has the compensation {step.compensation}; once a pivot has committed "
                "nothing is undone: leave the compensation out, or make the step compensatable",
                proof,
                of_step(step.name, "compensation", None) if step.undo_effects is None else None,
            )


def _two_pivots(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        before = plan.order.pivots_before(step.name)
        if step.kind is Kind.PIVOT and before:
            yield _problem(
                "two-pivots",
                "error",
                step.name,
                f"{step.name} is a second pivot behind {before[0]}, where the decision has already fallen; "
                "make it retriable",
                None,
                {"steps": {step.name: {"kind": "retriable", "may_refuse": False}}} if not step.refuses_when else None,
            )


def _refusal_after_pivot(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        if step.may_refuse and plan.is_final(step) and step.kind is not Kind.READ:
            harms = ("undone-after-pivot", "leak", "missing-effect", "false-outcome", "stuck", "skipped-undo")
            proof = plan.proofs.find([(f"{step.name}:refused",)], harms)
            end = "does harm" if proof else "leaves the saga parked, for a person to finish"
            yield _problem(
                "refusal-after-pivot",
                _error_if(proof),
                step.name,
                f"{step.name} may refuse when the saga can no longer turn back, which {end}; let it decide "
                "before the pivot, or make sure that it cannot refuse",
                proof,
                of_step(step.name, "may_refuse", False) if step.refuses_when is None else None,
            )


def _irreversible_before_pivot(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        risks = plan.may_fail_after(step)
        if not step.irreversible or plan.is_final(step) or step.kind is Kind.PIVOT or not risks:
            continue
        plans = [(f"{other.name}:refused",) for other in risks]
        proof = None if step.compensation else plan.proofs.find(plans, ("leak",), step=step.name)
        yield _problem(
            "irreversible-before-pivot",
            _error_if(proof),
            step.name,
            f"{step.name} cannot be taken back, and {risks[0].name} may still refuse after it; make it the pivot, "
            "or place it behind the pivot as a retriable step",
            proof,
            None,
        )


# retries and times


def _retriable_without_key(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        if step.kind is Kind.RETRIABLE and not step.safeguards.idempotent:
            yield _problem(
                "retriable-without-key",
                "error",
                step.name,
                f"{step.name} is retried until it works and is not idempotent, so one lost answer makes its effect "
                "twice; let it recognise the key of the first attempt",
                plan.proofs.find([(f"{step.name}:reply-lost",), (f"{step.name}:duplicate",)], ("double-effect",)),
                of_step(step.name, "safeguards", True, "idempotent"),
            )


def _retry_without_key(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        if step.kind in (Kind.RETRIABLE, Kind.READ) or step.safeguards.idempotent:
            continue
        undo = step.compensation is not None and _is_retried(step.undo_retry, step.on_undo_failure, plan, "on_undo_failure")
        action = _is_retried(step.retry, step.on_unknown, plan, "on_unknown") or step.kind is Kind.PIVOT
        if not action and not undo:
            continue
        lost = [(f"{step.name}:reply-lost",), (f"{step.name}:duplicate",)]
        if undo:
            lost.extend((f"{other.name}:refused", f"{step.name}.undo:reply-lost") for other in plan.may_fail_after(step))
        what = "its action and its undo" if action and undo else "its action" if action else "its undo"
        yield _problem(
            "retry-without-key",
            "error",
            step.name,
            f"{step.name} is not idempotent and {what} may be tried again, so one lost answer makes the effect twice; "
            "let it recognise the key of the first attempt",
            plan.proofs.find(lost, ("double-effect", "phantom-undo"), step=step.name),
            of_step(step.name, "safeguards", True, "idempotent"),
        )


def _is_retried(retry: Retry, own: str | None, plan: _Plan, rule: str) -> bool:
    return (retry.attempts > 1 and bool(retry.upon)) or (own or getattr(plan.rules, rule)) == "retry"


def _retries_beyond_deadline(plan: _Plan) -> Iterator[Problem]:
    deadline = plan.saga.deadline_ms
    for step in plan.saga.steps:
        if deadline is None or plan.is_final(step):
            continue
        longest = longest_ms(step)
        if longest > deadline:
            yield _problem(
                "retries-beyond-deadline",
                "warning",
                step.name,
                f"{step.retry.attempts} attempts of {step.name} at {step.timeout_ms} ms each, with the waits between "
                f"them, may last {longest} ms, and the saga has {deadline} ms; wait less, try less often, or give it "
                "more time",
                None,
                {"deadline_ms": 2 * longest},
            )


def longest_ms(step: Step) -> int:
    """How long it takes until a step that never answers is given up."""
    attempts = step.retry.attempts if "unknown" in step.retry.upon else 1
    waits = sum(step.retry.wait_ms(attempt) for attempt in range(2, min(attempts, 1000) + 1))
    return attempts * step.timeout_ms + waits


def _slower_than_timeout(plan: _Plan) -> Iterator[Problem]:
    for step in plan.saga.steps:
        least, most = step.takes_ms
        if most > step.timeout_ms:
            always = least > step.timeout_ms
            proof = plan.proofs.find(
                [(f"{step.name}:late*for-ever",), (f"{step.name}:late",), (f"{step.name}:late@end",)],
                ("double-effect", "leak", "effect-after-end", "phantom-undo"),
                step=step.name,
            )
            yield _problem(
                "slower-than-timeout",
                _error_if(always),
                step.name,
                f"{step.name} {'takes' if always else 'may take'} {most} ms and its caller waits {step.timeout_ms} ms, "
                f"so {'every' if always else 'a slow'} call counts as unknown although it works; wait longer",
                proof,
                of_step(step.name, "timeout_ms", 2 * most),
            )


def _longer_than_deadline(plan: _Plan) -> Iterator[Problem]:
    deadline, needed = plan.saga.deadline_ms, plan.order.longest_path_ms()
    if deadline is not None and needed > deadline:
        proof = plan.proofs.find([()], HARMS)
        yield _problem(
            "longer-than-deadline",
            "error",
            "",
            f"without any fault the saga takes {needed} ms, and its deadline is {deadline} ms, so it never completes; "
            "give it more time",
            proof or Proof((), Coordination.ORCHESTRATION, None),
            {"deadline_ms": 2 * needed},
        )


# how the steps stand to each other


def _parallel_writes(plan: _Plan) -> Iterator[Problem]:
    writers: dict[str, list[str]] = {}
    for step in plan.saga.steps:
        for name in dict.fromkeys((*step.effects, *(step.undo_effects or ()))):
            writers.setdefault(name, []).append(step.name)
    for resource, steps in writers.items():
        for one, other in combinations(steps, 2):
            if other in plan.order.beside(one):
                yield _problem(
                    "parallel-writes",
                    "warning",
                    other,
                    f"{one} and {other} may run at the same time and both change {resource}; put one after the other, "
                    "or let their changes add up in any order",
                    None,
                    None,
                )


def _undo_order(plan: _Plan) -> Iterator[Problem]:
    for builder in plan.saga.steps:
        for name in builder.builds_on:
            base = plan.saga.step(name)
            if base.compensation is None or builder.compensation is None:
                continue
            loose = name not in plan.order.before(builder.name)
            at_once = plan.rules.order == "parallel"
            alone = base.compensates_on is not None and builder.publishes.undone not in base.compensates_on
            if not (loose or at_once or alone):
                continue
            ways = _ORCHESTRATION if at_once or loose else _CHOREOGRAPHY
            failing = [(f"{other.name}:refused",) for other in plan.may_fail_after(builder)]
            failing.extend((f"{other.name}:refused",) for other in plan.may_fail_after(base) if other != builder)
            proof = plan.proofs.find(dict.fromkeys(failing), ("wrong-order",), step=name, coordinations=ways)
            why = (
                f"the engine undoes everything at once (order: {plan.rules.order})"
                if at_once
                else f"{builder.name} does not come after it"
                if loose
                else f"it does not wait for {builder.publishes.undone}"
            )
            yield _problem(
                "undo-order",
                _error_if(proof),
                name,
                f"{name} may be undone while {builder.name}, which builds on it, still stands, because {why}; "
                f"undo {builder.name} first",
                proof,
                {"engine": {"order": "reverse"}}
                if at_once and not loose
                else of_step(builder.name, "after", [*builder.after, name])
                if loose and builder.name not in plan.order.before(name)
                else None
                if loose
                else of_step(name, "compensates_on", None),
            )


def _open_fan_out(plan: _Plan) -> Iterator[Problem]:
    for origin, branches in plan.order.open_fan_outs():
        where = f"behind {origin}" if origin else "at the start"
        yield _problem(
            "open-fan-out",
            "warning",
            origin or branches[0],
            f"{listed(branches)} begin together {where} and no step waits for all of them; let a last step join them, "
            "so that one place decides that the saga is through",
            None,
            None,
        )


def _events(plan: _Plan) -> Iterator[Problem]:
    for each in misheard(plan.saga):
        proof = plan.proofs.find(each.plans, ("stuck", "leak", "missing-effect"), coordinations=_CHOREOGRAPHY)
        yield _problem(each.rule, _error_if(proof), each.step, each.sentence, proof, each.fix)


def _unknown_resource(plan: _Plan) -> Iterator[Problem]:
    saga = plan.saga
    given = {*saga.resources, *(name for step in saga.steps for name in (*step.effects, *(step.undo_effects or ())))}
    asked: list[tuple[str, str, Iterable[str]]] = []
    for step in saga.steps:
        condition = names_in(step.refuses_when) if step.refuses_when else ()
        asked.append((step.name, step.name, (*condition, *step.reads)))
    asked.extend(("", f"the invariant {each.name!r}", names_in(each.expression)) for each in saga.invariants)
    for place, who, names in asked:
        for name in dict.fromkeys(names):
            if name not in given:
                yield _problem(
                    "unknown-resource",
                    "warning",
                    place,
                    f"{who} asks about {name}, which no step changes and `resources` does not give; it is always 0: "
                    "correct the name, or give it a value",
                    None,
                    None,
                )


_ORCHESTRATION = (Coordination.ORCHESTRATION,)
_CHOREOGRAPHY = (Coordination.CHOREOGRAPHY,)

_CHECKS: tuple[Callable[[_Plan], Iterator[Problem]], ...] = (
    _two_pivots,
    _longer_than_deadline,
    _retriable_without_key,
    _retry_without_key,
    _refusal_after_pivot,
    _irreversible_before_pivot,
    _undo_order,
    _events,
    _pivot_with_compensation,
    _slower_than_timeout,
    _no_compensation,
    _retries_beyond_deadline,
    _parallel_writes,
    _open_fan_out,
    _unknown_resource,
)
"""Errors are looked for first, so that their proofs are found before the runs are used up."""
