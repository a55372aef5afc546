"""What is wrong with the events that participants subscribe to, in choreography.

Only explicit subscriptions can be wrong: by the neighbour rule everybody hears what he needs. A first step
may wait for an event from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sagasim.core.changes import Edit, of_step
from sagasim.core.problems import CHOREOGRAPHY, Design, Problem, error_if, problem
from sagasim.core.saga import Saga, Step

WORDS = ("done", "refused", "undone", "skipped", "undo_failed", "aborting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misheard:
    """A problem with an event, and the fault plans that are likely to show it."""

    rule: str
    step: str
    sentence: str
    plans: tuple[tuple[str, ...], ...] = ((),)
    fix: Edit | None = None


def misheard(saga: Saga) -> Iterator[Misheard]:
    """Every problem with explicit subscriptions; nothing where there are none."""
    if any(step.starts_on is not None or step.compensates_on is not None for step in saga.steps):
        yield from _unknown(saga)
        yield from _cycles(saga)
        yield from _not_started(saga)
        yield from _unheard(saga)


def started_by(saga: Saga, step: Step) -> list[Step]:
    """The steps whose `done` this one waits for."""
    if step.starts_on is None:
        return [other for other in saga.steps if other.name in step.after]
    return [other for other in saga.steps if other.publishes.done in step.starts_on]


def _published(saga: Saga) -> set[str]:
    return {getattr(step.publishes, word) for step in saga.steps for word in WORDS}


def _unknown(saga: Saga) -> Iterator[Misheard]:
    published = _published(saga)
    for step in saga.steps:
        for name in step.starts_on or () if step.after else ():
            if name not in published:
                yield Misheard(
                    rule="unknown-event",
                    step=step.name,
                    sentence=f"{step.name} starts on {name}, which no step publishes, so it never begins; "
                    f"start it on {' and '.join(saga.step(other).publishes.done for other in step.after)}",
                    fix=of_step(step.name, "starts_on", None),
                )
        for name in step.compensates_on or ():
            if name not in published:
                yield Misheard(
                    rule="unknown-event",
                    step=step.name,
                    sentence=f"{step.name} compensates on {name}, which no step publishes, so that never "
                    "undoes it; name an event of the steps behind it",
                    plans=tuple((f"{other.name}:refused",) for other in saga.steps if other.may_refuse),
                    fix=of_step(step.name, "compensates_on", None),
                )


def _cycles(saga: Saga) -> Iterator[Misheard]:
    """Kahn's algorithm over who starts whom; what is left over waits for itself."""
    waiting = {step.name: {other.name for other in started_by(saga, step)} for step in saga.steps}
    while ready := [name for name, before in waiting.items() if not before]:
        for name in ready:
            del waiting[name]
        for before in waiting.values():
            before.difference_update(ready)
    behind = {name for name in waiting if not any(name in before for before in waiting.values())}
    round_ = [name for name in waiting if name not in behind]
    if round_:
        yield Misheard(
            rule="event-cycle",
            step=round_[0],
            sentence=f"{', '.join(round_)} wait for each other's events, so none of them ever begins; "
            "one of them must start on something else",
            fix=of_step(round_[0], "starts_on", None),
        )


def _not_started(saga: Saga) -> Iterator[Misheard]:
    """A step after which another should come, but nobody begins when it is done."""
    for step in saga.steps:
        followers = [other for other in saga.steps if step.name in other.after]
        if followers and not any(step in started_by(saga, other) for other in saga.steps):
            yield Misheard(
                rule="unheard-event",
                step=step.name,
                sentence=f"nobody starts on {step.publishes.done} of {step.name}, although "
                f"{followers[0].name} comes after it; let it wait for that event",
                plans=((), (f"{step.name}:late",)),
                fix=of_step(followers[0].name, "starts_on", None),
            )


def _unheard(saga: Saga) -> Iterator[Misheard]:
    """A refusal, or an undo, that should make the steps before be undone, and nobody reacts."""
    for step in saga.steps:
        before = [other for other in started_by(saga, step) if other.compensation is not None]
        if not before:
            continue
        if step.may_refuse and not _reacts(saga, before, step.publishes.refused):
            yield _nobody(step, step.publishes.refused, before[-1], ((f"{step.name}:refused",),))
        if step.compensation is None or _reacts(saga, before, step.publishes.undone):
            continue
        heard_directly = step.compensates_on is not None and all(
            other.compensates_on is not None and set(step.compensates_on) <= set(other.compensates_on)
            for other in before
        )
        behind = [other for other in saga.steps if step in started_by(saga, other) and other.may_refuse]
        if behind and not heard_directly:
            plans = tuple((f"{other.name}:refused",) for other in behind)
            yield _nobody(step, step.publishes.undone, before[-1], plans)


def _reacts(saga: Saga, before: list[Step], event: str) -> bool:
    """Whether somebody is undone by this event: by the neighbour rule, or because he says so."""
    neighbours = any(other.compensates_on is None for other in before)
    return neighbours or any(event in (other.compensates_on or ()) for other in saga.steps)


def _nobody(step: Step, event: str, listener: Step, plans: tuple[tuple[str, ...], ...]) -> Misheard:
    return Misheard(
        rule="unheard-event",
        step=step.name,
        sentence=f"nobody is undone by {event} of {step.name}, so what was done before it stays; "
        f"let {listener.name} compensate on it",
        plans=plans,
        fix=of_step(listener.name, "compensates_on", [*(listener.compensates_on or ()), event]),
    )


def events(design: Design) -> Iterator[Problem]:
    for each in misheard(design.saga):
        proof = design.proofs.find(
            each.plans, ("stuck", "leak", "missing-effect"), coordinations=CHOREOGRAPHY
        )
        yield problem(each.rule, error_if(proof), each.step, each.sentence, proof, each.fix)


CHECKS = (events,)
