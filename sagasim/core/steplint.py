"""What is wrong with a step by itself: its kind, its compensation, its retries and times."""

from __future__ import annotations

from collections.abc import Iterator

from sagasim.core.changes import compensation_of, of_step
from sagasim.core.problems import ORCHESTRATION, Design, Problem, error_if, problem
from sagasim.core.saga import Kind, Retry, Step

LASTING_HARMS = ("undone-after-pivot", "leak", "missing-effect", "false-outcome", "stuck", "skipped-undo")


def two_pivots(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        before = design.order.pivots_before(step.name)
        if step.kind is Kind.PIVOT and before:
            retriable = {"steps": {step.name: {"kind": "retriable", "may_refuse": False}}}
            yield problem(
                "two-pivots",
                "error",
                step.name,
                f"{step.name} is a second pivot behind {before[0]}, where the decision has already fallen; "
                "make it retriable",
                None,
                retriable if step.refuses_when is None else None,
            )


def retriable_without_key(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        if step.kind is Kind.RETRIABLE and not step.safeguards.idempotent:
            lost = [(f"{step.name}:reply-lost",), (f"{step.name}:duplicate",)]
            yield problem(
                "retriable-without-key",
                "error",
                step.name,
                f"{step.name} is retried until it works and is not idempotent, so one lost answer makes its "
                "effect twice; let it recognise the key of the first attempt",
                design.proofs.find(lost, ("double-effect",), step=step.name),
                of_step(step.name, "safeguards", True, "idempotent"),
            )


def retry_without_key(design: Design) -> Iterator[Problem]:
    """Whoever delivers messages may retry too, so a single attempt is no safeguard."""
    for step in design.saga.steps:
        if step.kind in (Kind.RETRIABLE, Kind.READ) or step.safeguards.idempotent:
            continue
        undo = step.compensation is not None and _is_retried(
            step.undo_retry, step.on_undo_failure or design.rules.on_undo_failure
        )
        action = step.kind is Kind.PIVOT or _is_retried(
            step.retry, step.on_unknown or design.rules.on_unknown
        )
        what = "its action and its undo" if action and undo else "its undo" if undo else "its action"
        again = "tried again" if action or undo else "delivered again"
        plans: list[tuple[str, ...]] = [(f"{step.name}:reply-lost",), (f"{step.name}:duplicate",)]
        failing = design.may_fail_after(step)[:2] if undo else []
        plans.extend((f"{other.name}:refused", f"{step.name}.undo:reply-lost") for other in failing)
        yield problem(
            "retry-without-key",
            "error",
            step.name,
            f"{step.name} is not idempotent and {what} may be {again}, so one lost or doubled message counts "
            "twice; let it recognise the key of the first attempt",
            design.proofs.find(plans, ("double-effect", "phantom-undo"), step=step.name),
            of_step(step.name, "safeguards", True, "idempotent"),
        )


def _is_retried(retry: Retry, reaction: str) -> bool:
    return (retry.attempts > 1 and bool(retry.upon)) or reaction == "retry"


def refusal_after_pivot(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        if step.may_refuse and design.is_final(step) and step.kind is not Kind.READ:
            proof = design.proofs.find([(f"{step.name}:refused",)], LASTING_HARMS)
            end = "does harm" if proof else "leaves the saga parked, for a person to finish"
            yield problem(
                "refusal-after-pivot",
                error_if(proof),
                step.name,
                f"{step.name} may refuse when the saga can no longer turn back, which {end}; let it decide "
                "before the pivot, or make sure that it cannot refuse",
                proof,
                of_step(step.name, "may_refuse", False) if step.refuses_when is None else None,
            )


def irreversible_before_pivot(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        risks = design.may_fail_after(step)
        if not step.irreversible or design.is_final(step) or step.kind is Kind.PIVOT or not risks:
            continue
        plans = [(f"{other.name}:refused",) for other in risks]
        proof = None if step.compensation else design.proofs.find(plans, ("leak",), step=step.name)
        yield problem(
            "irreversible-before-pivot",
            error_if(proof),
            step.name,
            f"{step.name} cannot be taken back, and {risks[0].name} may still refuse after it; place it "
            "behind the pivot as a retriable step, or make it the pivot",
            proof,
            None,
        )


def pivot_with_compensation(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        if step.kind is Kind.PIVOT and step.compensation is not None:
            proof = design.proofs.find(
                [(f"{step.name}:reply-lost*for-ever",)], ("undone-after-pivot",), coordinations=ORCHESTRATION
            )
            yield problem(
                "pivot-with-compensation",
                error_if(proof),
                step.name,
                f"{step.name} is a pivot and has the compensation {step.compensation}, although nothing is "
                "undone once a pivot has committed; leave it out, or make the step compensatable",
                proof,
                of_step(step.name, "compensation", None) if step.undo_effects is None else None,
            )


def no_compensation(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        if step.kind is not Kind.COMPENSATABLE or step.compensation is not None or design.is_final(step):
            continue
        plans = [(f"{other.name}:refused",) for other in design.may_fail_after(step)[:2]]
        plans.extend([(f"{step.name}:reply-lost*for-ever",), (f"saga:cancelled@{step.name}.after",)])
        yield problem(
            "no-compensation",
            "warning",
            step.name,
            f"{step.name} has no compensation, so what it did stays when the saga turns back; give it one, "
            "or place it behind the pivot as a retriable step",
            design.proofs.find(plans, ("leak",), step=step.name),
            None if step.irreversible else compensation_of(step),
        )


def slower_than_timeout(design: Design) -> Iterator[Problem]:
    for step in design.saga.steps:
        least, most = step.takes_ms
        if most > step.timeout_ms:
            always = least > step.timeout_ms
            late = [(f"{step.name}:late*for-ever",), (f"{step.name}:late",), (f"{step.name}:late@end",)]
            yield problem(
                "slower-than-timeout",
                error_if(always),
                step.name,
                f"{step.name} {'takes' if always else 'may take'} {most} ms and its caller waits "
                f"{step.timeout_ms} ms, so {'every' if always else 'a slow'} call counts as unknown "
                "although it works; wait longer",
                design.proofs.find(late, ("double-effect", "leak", "effect-after-end"), step=step.name),
                of_step(step.name, "timeout_ms", 2 * most),
            )


def retries_beyond_deadline(design: Design) -> Iterator[Problem]:
    """Behind the pivot no limit counts, and the deadline changes nothing."""
    deadline = design.saga.deadline_ms
    for step in design.saga.steps:
        longest = longest_ms(step)
        if deadline is not None and longest > deadline and not design.is_final(step):
            yield problem(
                "retries-beyond-deadline",
                "warning",
                step.name,
                f"{step.name} may be tried {step.retry.attempts} times at {step.timeout_ms} ms, {longest} ms "
                f"with the waits between, and the saga has {deadline} ms; wait less, try less often, or "
                "give it more time",
                None,
                {"deadline_ms": 2 * longest},
            )


def longest_ms(step: Step) -> int:
    """How long it takes until a step that never answers is given up."""
    attempts = step.retry.attempts if "unknown" in step.retry.upon else 1
    waits = sum(step.retry.wait_ms(attempt) for attempt in range(2, min(attempts, 1000) + 1))
    return attempts * step.timeout_ms + waits


CHECKS = (
    two_pivots,
    retriable_without_key,
    retry_without_key,
    refusal_after_pivot,
    irreversible_before_pivot,
    pivot_with_compensation,
    slower_than_timeout,
    no_compensation,
    retries_beyond_deadline,
)
