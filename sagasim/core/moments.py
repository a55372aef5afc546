"""The named instants of a run, and which of them a transition enters: what faults and orders refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from sagasim.core.blueprint import Blueprint
from sagasim.core.faults import Moment
from sagasim.core.history import (
    AnswerRepeated,
    HistoryEvent,
    NothingChanged,
    StepCommitted,
    StepErred,
    StepRefused,
    UndoCommitted,
)
from sagasim.core.world import Choice, Instance, World

ARRIVED = (StepCommitted, UndoCommitted, NothingChanged, AnswerRepeated, StepRefused, StepErred)
"""A call reached its participant if one of these happened."""

ORDERED_EDGES: Mapping[str, str] = MappingProxyType(
    {"perform": "after", "hear": "recorded", "receive": "heard", "land": "landed"}
)
"""What an order can name: a commit, a recorded answer, an event that is heard, a copy that has landed."""


def ordered_moment(bp: Blueprint, choice: Choice) -> Moment | None:
    """What an order calls a choice; None: an order cannot name it."""
    if choice.verb == "interrupt":
        return Moment(str(choice.subject), "saga", instance=choice.instance + 1)
    edge = ORDERED_EDGES.get(choice.verb)
    if edge is None:
        return None
    return Moment(edge, bp.steps[choice.step].name, choice.undo, choice.attempt, choice.instance + 1)


def first_moments(bp: Blueprint, world: World, number: int) -> list[Moment]:
    """The moments at which an instance is before anything has happened: the calls that are sent."""
    legs = world.instances[number].mind.legs
    return [
        Moment("before", bp.steps[step].name, False, leg.attempt, number + 1)
        for step, leg in enumerate(legs)
        if leg.call == "sent"
    ]


def moments_entered(
    bp: Blueprint, choice: Choice, events: Sequence[HistoryEvent], was: Instance, now: Instance
) -> list[Moment]:
    """The named moments that a transition enters, in the order of the steps."""
    number = choice.instance + 1
    if choice.verb == "perform":
        if any(isinstance(event, ARRIVED) for event in events):
            return [Moment("after", bp.steps[choice.step].name, choice.undo, choice.attempt, number)]
        return []
    found: list[Moment] = []
    if now.mind is not was.mind:
        if now.mind.ended and not was.mind.ended:
            found.append(Moment("end", instance=number))
        for step, leg in enumerate(now.mind.legs):
            before = was.mind.legs[step]
            if leg is not before and leg.call == "sent" and (leg.attempt, leg.undoing) != (
                before.attempt if before.call else 0, before.undoing,
            ):  # fmt: skip
                found.append(
                    Moment("before", bp.steps[step].name, leg.undoing == "running", leg.attempt, number)
                )
    return found


def is_at(moment: Moment, entered: Iterable[Moment], target: str, undo: bool, instance: int) -> bool:
    """Whether the moment that a fault of `target` names is one of those entered."""
    step, its_undo = (moment.step, moment.undo) if moment.step or moment.edge == "end" else (target, undo)
    return any(
        at.edge == moment.edge
        and at.step == step
        and (at.edge == "end" or at.undo == its_undo)
        and at.instance == instance
        and moment.attempt in (0, at.attempt)
        for at in entered
    )


def matches(wanted: Moment, moment: Moment) -> bool:
    """Whether an order means this moment; without an attempt, any of them."""
    return (
        (wanted.edge, wanted.step, wanted.undo, wanted.instance)
        == (moment.edge, moment.step, moment.undo, moment.instance)
        and wanted.attempt in (0, moment.attempt)
    )  # fmt: skip
