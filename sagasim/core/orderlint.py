"""What is wrong with how the steps stand to each other: their order, there and back, and what they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sagasim.core.changes import of_engine, of_step
from sagasim.core.errors import listed
from sagasim.core.expressions import names_in
from sagasim.core.harms import HARMS
from sagasim.core.problems import CHOREOGRAPHY, ORCHESTRATION, Design, Problem, error_if, problem
from sagasim.core.proofs import Proof
from sagasim.core.saga import Coordination, Step


def longer_than_deadline(design: Design) -> Iterator[Problem]:
    """Counts the slowest path with every call as slow as it may be; the proof is the run without a fault."""
    deadline, needed = design.saga.deadline_ms, design.order.longest_path_ms()
    if deadline is not None and needed > deadline:
        yield problem(
            "longer-than-deadline",
            "error",
            "",
            f"without any fault the saga may take {needed} ms, and its deadline is {deadline} ms; "
            "give it more time",
            design.proofs.find([()], HARMS) or Proof((), Coordination.ORCHESTRATION, None),
            {"deadline_ms": 2 * needed},
        )


def undo_order(design: Design) -> Iterator[Problem]:
    for builder in design.saga.steps:
        for name in builder.builds_on:
            base = design.order.step[name]
            if base.compensation is not None and builder.compensation is not None:
                yield from _undone_too_early(design, base, builder)


def _undone_too_early(design: Design, base: Step, builder: Step) -> Iterator[Problem]:
    """Three ways to undo the base too early: nothing orders them, the engine's order, a subscription."""
    ways, fix = ORCHESTRATION, None
    if base.name not in design.order.before(builder.name):
        why = f"{builder.name} does not come after it"
        if builder.name not in design.order.before(base.name):
            fix = of_step(builder.name, "after", [*builder.after, base.name])
    elif design.rules.order == "parallel":
        why, fix = "the engine undoes everything at once", of_engine("order", "reverse")
    elif base.compensates_on is not None and builder.publishes.undone not in base.compensates_on:
        why, fix = (
            f"it does not wait for {builder.publishes.undone}",
            of_step(base.name, "compensates_on", None),
        )
        ways = CHOREOGRAPHY
    else:
        return
    failing = (*design.may_fail_after(builder), *design.may_fail_after(base))
    plans = dict.fromkeys((f"{other.name}:refused",) for other in failing if other is not builder)
    proof = design.proofs.find(plans, ("wrong-order",), step=base.name, coordinations=ways)
    yield problem(
        "undo-order",
        error_if(proof),
        base.name,
        f"{base.name} may be undone while {builder.name}, which builds on it, still stands, because {why}; "
        f"undo {builder.name} first",
        proof,
        fix,
    )


def parallel_writes(design: Design) -> Iterator[Problem]:
    writers: dict[str, list[str]] = {}
    for step in design.saga.steps:
        for name in dict.fromkeys((*step.effects, *(step.undo_effects or ()))):
            writers.setdefault(name, []).append(step.name)
    for resource, steps in writers.items():
        for place, later in enumerate(steps):
            at_once = set(design.order.beside(later))
            beside = [name for name in steps[:place] if name in at_once]
            if beside:
                yield problem(
                    "parallel-writes",
                    "warning",
                    later,
                    f"{later} may run at the same time as {listed(beside)}, and all change {resource}; put "
                    "one after the other, unless their changes may come in any order",
                    None,
                    of_step(later, "after", [*design.saga.step(later).after, *beside]),
                )


def open_fan_out(design: Design) -> Iterator[Problem]:
    for origin, branches in design.order.open_fan_outs():
        where = f"behind {origin}" if origin else "at the start"
        yield problem(
            "open-fan-out",
            "warning",
            origin or branches[0],
            f"{listed(branches)} begin together {where} and no step waits for all of them; let a last step "
            "join them, so that one place decides that the saga is through",
            None,
            None,
        )


def unknown_resource(design: Design) -> Iterator[Problem]:
    saga = design.saga
    known = {*saga.resources, *(name for step in saga.steps for name in (*step.effects, *step.undo_adds))}
    for place, who, names in _asked(design):
        for name in dict.fromkeys(names):
            if name not in known:
                yield problem(
                    "unknown-resource",
                    "warning",
                    place,
                    f"{who} asks about {name}, which no step changes and `resources` does not give, so it is "
                    "always 0; correct the name, or give it a value",
                    None,
                    None,
                )


def _asked(design: Design) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Who asks about which resources: the step (if it is one), its name in a sentence, the names."""
    for step in design.saga.steps:
        condition = names_in(step.refuses_when) if step.refuses_when is not None else ()
        yield step.name, step.name, (*condition, *step.reads)
    for invariant in design.saga.invariants:
        yield "", f"the invariant {invariant.name!r}", names_in(invariant.expression)


CHECKS = (longer_than_deadline, undo_order, parallel_writes, open_fan_out, unknown_resource)
