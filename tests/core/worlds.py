"""Worlds for a table: what each instance believes (situations.py), and by name what is true and under way.

    Seen("forward: done ~silence", {"a": KNOWN}, struck={"b": Strike("error", "", 2)})

Choices are written as `perform a.undo#2`, `hear a`, `land late a`, `receive b.refused>a`, `expire deadline`,
and those with a fault as the fault: `a#2:error*for-ever`. With several instances their number stands before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.choreography import Message
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.kernel import Kernel
from sagasim.core.ledger import BLANK, Copy, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import NO_STRIKE, Strike
from sagasim.core.saga import Coordination
from sagasim.core.striking import fault_of
from sagasim.core.world import Choice, Instance, Mark, World
from tests.core.situations import Data, coordinator, coordinator_text, saga_of, troupe, troupe_text, undoable

BY_ONE, BY_ALL = Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY
ONE = (undoable("a"),)
ONCE, KNOWN = Record(1), Record(1, 0, "done")


class Seen(NamedTuple):
    """One instance: what is believed, and by name what is true, what strikes it, and what is under way."""

    believed: str
    true: Mapping[str, Record] = {}  # a NamedTuple's default: nobody changes it
    struck: Mapping[str, Strike] = {}
    copies: tuple[Copy, ...] = ()
    interrupted: tuple[str, ...] = ()


def kernel_of(
    of: Sequence[Data],
    coordination: Coordination,
    engine: Data | None = None,
    steps: dict[str, Data] | None = None,
    kinds: Iterable[str] = EXPLORED_KINDS,
    tidy: bool = False,
    **rest: Any,
) -> Kernel:
    return Kernel(
        blueprint(saga_of(of, steps or {}, engine or {}, **rest), coordination), tidy=tidy, kinds=kinds
    )


def world(
    bp: Blueprint, *instances: Seen | str, down: tuple[int, ...] = (), marks: tuple[Mark, ...] = ()
) -> World:
    seen = (it if isinstance(it, Seen) else Seen(it) for it in instances)
    return World(tuple(instance_of(bp, it) for it in seen), down, marks)


def instance_of(bp: Blueprint, seen: Seen) -> Instance:
    believe = coordinator if bp.coordination is BY_ONE else troupe
    names = [step.name for step in bp.steps]
    return Instance(
        believe(bp, seen.believed),
        tuple(seen.true.get(name, BLANK) for name in names),
        tuple(seen.struck.get(name, NO_STRIKE) for name in names),
        seen.copies,
        seen.interrupted,
    )


def choice_text(bp: Blueprint, choice: Choice) -> str:
    steps = bp.steps
    place = f"{choice.instance + 1}: " if bp.saga.instances > 1 else ""
    if choice.strike is not None:
        return place + str(fault_of(bp, choice.step, choice.undo, choice.attempt, choice.strike))
    if isinstance(choice.subject, Message):
        publisher, word, listener = choice.subject
        assert choice.step == listener
        return f"{place}receive {steps[publisher].name}.{word}>{steps[listener].name}"
    if isinstance(choice.subject, str):
        return f"{place}{choice.verb} {choice.subject}"
    call = steps[choice.step].name + {False: "", True: ".undo"}[choice.undo]
    call += f"#{choice.attempt}" if choice.attempt > 1 else ""
    if choice.subject is not None:
        assert choice.subject[:3] == (choice.step, choice.undo, choice.attempt)
        return f"{place}land {choice.subject.kind} {call}"
    return f"{place}{choice.verb} {call}"


def seen_in(bp: Blueprint, instance: Instance) -> Seen:
    """The other way round: only what is not as it was in the beginning is named."""
    mind, names = instance.mind, [step.name for step in bp.steps]
    believed = coordinator_text(bp, mind) if isinstance(mind, Coordinator) else troupe_text(bp, mind)
    return Seen(
        believed,
        {name: it for name, it in zip(names, instance.records, strict=True) if it != BLANK},
        {name: it for name, it in zip(names, instance.strikes, strict=True) if it != NO_STRIKE},
        instance.copies,
        instance.interrupted,
    )
