"""A parked saga as a person sees it: what it believes, and what was reported. Never the truth, never the faults.

Covered is all that the saga itself neither wrote, nor heard, nor published: what the participants did, what was
lost on the way, which faults struck. What a person may decide is read from what is believed of a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

from sagasim.core.beliefs import believed
from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.errors import CoreError
from sagasim.core.execution import Run, passages_of
from sagasim.core.history import (
    CallAbandoned,
    CallTimedOut,
    CancelRequested,
    CommandSent,
    CompensationStarted,
    CoordinatorCrashed,
    CoordinatorRecovered,
    DeadLettered,
    DeadlinePassed,
    Entry,
    EventHeard,
    EventPublished,
    HistoryEvent,
    OutcomeRecorded,
    ReplyReceived,
    RetryScheduled,
    SagaEnded,
    SagaHalted,
    SagaResumed,
    SagaStarted,
    StepSkipped,
    StrayReplyReceived,
    UndoFailureSwallowed,
    UndoGivenUp,
    UndoSkipped,
)
from sagasim.core.ledger import Leg
from sagasim.core.narration import sentence
from sagasim.core.phrases import joined
from sagasim.core.saga import Saga, Step
from sagasim.core.world import Instance, World

Decision = Literal["leave", "retry", "skip", "by-hand", "resolved"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)

REPORTED = (
    SagaStarted, CommandSent, ReplyReceived, CallTimedOut, RetryScheduled, OutcomeRecorded, StrayReplyReceived,
    CallAbandoned, CoordinatorCrashed, CoordinatorRecovered, CancelRequested, DeadlinePassed, SagaHalted, SagaResumed,
    CompensationStarted, UndoGivenUp, UndoFailureSwallowed, UndoSkipped, EventPublished, EventHeard, StepSkipped,
    SagaEnded,
)  # fmt: skip
"""What the saga itself wrote, heard or published. Everything else is the truth, and stays covered."""


class NotParked(CoreError):
    """The run did not end parked: nobody is asked anything."""


class BadDecision(CoreError):
    """A choice that cannot be made for this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that a person can do about a step, and what it means here."""

    decision: Decision
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStep:
    """A step as the saga believes it to be. `options` is empty where nobody is asked about it."""

    name: str
    service: str
    kind: str
    belief: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One sentence of a story, and what is believed of its step after it.

    `covered`: it was not seen before the truth was uncovered.
    """

    at_ms: int | None
    kind: str
    step: str
    sentence: str
    belief: str = ""
    covered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that is known when the saga has parked."""

    coordination: str
    instance: int
    steps: tuple[SeenStep, ...]
    reported: tuple[Told, ...]
    asks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """An exercise: what is seen, and behind it the world. Only `choose` looks at the rest."""

    seen: Seen
    run: Run
    bp: Blueprint
    number: int
    world: World
    entries: tuple[Entry, ...]


def parked_instances(run: Run) -> tuple[int, ...]:
    """Which instances parked, by their numbers from 1 on, in the order in which they did."""
    bp = blueprint(run.saga, run.coordination)
    _, passages, last = passages_of(bp, run.faults, seed=run.seed, order=run.order)
    return tuple(number + 1 for _, number, _ in _parkings([*(it.before for it in passages), last]))


def begin(run: Run, instance: int | None = None) -> Drill:
    """The exercise of a run that ended parked; of several instances, of this one, or of the first that parked.

    Raises NotParked.
    """
    bp = blueprint(run.saga, run.coordination)
    again, passages, last = passages_of(bp, run.faults, seed=run.seed, order=run.order)
    for place, number, after in _parkings([*(it.before for it in passages), last]):
        if instance in (None, number + 1):
            later = {seq for passage in passages[place + 1 :] for seq in passage.seqs}
            entries = tuple(entry for entry in again.history if entry.seq not in later)
            return Drill(
                seen=_seen(bp, number, after.instances[number], entries),
                run=again,
                bp=bp,
                number=number,
                world=after,
                entries=entries,
            )
    if instance is not None and (known := parked_instances(run)):
        told = joined([f"instance {each}" for each in known])
        raise NotParked(f"Instance {instance} of this run asks nobody: what parked is {told}.")
    raise NotParked(
        f"This run ended {again.outcome}, and asks nobody. An exercise needs a run that ended parked: "
        "one in which an undo could not be done, or a step behind the pivot was refused."
    )


def _parkings(worlds: Sequence[World]) -> Iterator[tuple[int, int, World]]:
    """Where an instance parked: after which passage, which instance, and the world then."""
    for place, (before, after) in enumerate(pairwise(worlds)):
        for number, (was, now) in enumerate(zip(before.instances, after.instances, strict=True)):
            if now.mind.phase == "parked" and not was.mind.ended:
                yield place, number, after


def _seen(bp: Blueprint, number: int, instance: Instance, entries: Iterable[Entry]) -> Seen:
    saga, mind = bp.saga, instance.mind
    parked = [bp.steps[step].name for step in mind.report]
    steps = tuple(
        SeenStep(
            name=step.name,
            service=step.service,
            kind=step.kind.value,
            belief=believed(leg),
            options=_options(step, leg) if index in mind.report else (),
        )
        for index, (step, leg) in enumerate(zip(bp.steps, mind.legs, strict=True))
    )
    reported = tuple(
        told(entry, saga) for entry in entries if entry.instance == number + 1 and is_reported(entry.event)
    )
    return Seen(
        coordination=bp.coordination.value,
        instance=number + 1,
        steps=steps,
        reported=reported,
        asks=f"The saga is parked, and its report names {joined(parked)}. What do you do?",
    )


def is_reported(event: HistoryEvent) -> bool:
    """Whether the saga knows of it; a dead letter is known where somebody is told."""
    return isinstance(event, REPORTED) or (isinstance(event, DeadLettered) and event.alarm)


def told(entry: Entry, saga: Saga) -> Told:
    return Told(
        at_ms=entry.at_ms,
        kind=entry.kind,
        step=str(getattr(entry.event, "step", "")),
        sentence=capital(sentence(entry.event, saga), saga),
        belief=entry.belief,
        covered=not is_reported(entry.event),
    )


def capital(text: str, saga: Saga) -> str:
    """A sentence begins with a capital letter, unless it begins with somebody's name."""
    first = text.partition(" ")[0]
    is_name = any(first in (step.name, step.service) for step in saga.steps)
    return text if is_name else f"{text[:1].upper()}{text[1:]}"


def _options(step: Step, leg: Leg) -> tuple[Option, ...]:
    """What can be done about a step of which this is believed. To leave it is always possible."""
    name, who = step.name, step.service
    leave = Option(decision="leave", says=f"Leave {name} as it is: it stays on the list of what is open.")
    hand = Option(
        decision="by-hand",
        says=f"Compensate by hand: a person takes the effect of {name} away at {who}. It carries no key.",
    )
    if leg.belief == "done":
        return replace(leave, says=f"Leave {name} as it is: it stands, as the saga believes."), hand
    if leg.belief == "given-up":
        return (
            leave,
            Option(
                decision="retry",
                says=f"Retry: ask {who} once more to undo {name}, with the same key as before.",
            ),
            Option(
                decision="skip", says=f"Skip: end the saga without undoing {name}. It reports that it failed."
            ),
            hand,
            Option(
                decision="resolved",
                says=f"Mark resolved: tell the saga that {name} is undone. Nothing is called.",
            ),
        )
    return (
        leave,
        Option(decision="retry", says=f"Retry: ask {who} once more for {name}, with the same key as before."),
        Option(decision="skip", says=f"Skip: let the saga go on without {name}."),
        hand,
        Option(
            decision="resolved",
            says=f"Mark resolved: tell the saga that {name} is done, and let it go on. Nothing is called.",
        ),
    )
