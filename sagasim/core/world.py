"""A world: all that can make a difference to what happens next, and nothing else. No history, no time.

Worlds are small tuples, because an exploration copies, compares and hashes millions of them.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from sagasim.core.choreography import Message, Troupe
from sagasim.core.ledger import Copy, Leg, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import Strike

Mind = Coordinator | Troupe
"""What is believed: by the coordinator, or by the participants among themselves."""


class Instance(NamedTuple):
    """One saga of the world: what is believed, what is true, and what is still under way.

    strikes      per step, the fault that goes on striking the call in flight
    copies       messages that are under way although nobody waits for them
    interrupted  the faults on the saga itself that have struck
    """

    mind: Mind
    records: tuple[Record, ...]
    strikes: tuple[Strike, ...]
    copies: tuple[Copy, ...] = ()
    interrupted: tuple[str, ...] = ()


class Mark(NamedTuple):
    """Somebody read (or overwrote) what another instance may still take back. Instances count from 0."""

    harm: str
    actor: int
    actor_step: int
    owner: int
    owner_step: int


class World(NamedTuple):
    """All instances of a saga, the services that are down for ever, and who touched what is not settled."""

    instances: tuple[Instance, ...]
    down: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()


class Choice(NamedTuple):
    """One thing that can happen next, in instance number `instance` (from 0).

    verb      perform (a call reaches its participant), hear (its answer is heard), land (a late or second
              copy), receive (an event reaches a listener), interrupt (a cancel or the deadline, as a
              fault), expire (the deadline passes by itself)
    strike    perform: the new fault that strikes it, or None
    subject   land: the Copy; receive: the Message; interrupt and expire: "cancelled" or "deadline"
    """

    verb: str
    instance: int
    step: int = -1
    undo: bool = False
    attempt: int = 0
    strike: Strike | None = None
    subject: Copy | Message | str | None = None


_T = TypeVar("_T")


def put(row: tuple[_T, ...], place: int, value: _T) -> tuple[_T, ...]:
    """The row with another value at one place."""
    return (*row[:place], value, *row[place + 1 :])


def with_legs(mind: Mind, legs: tuple[Leg, ...]) -> Mind:
    """The mind with other legs. Spelled out: an exploration comes by here with every call."""
    if isinstance(mind, Coordinator):
        return Coordinator(mind.phase, legs, mind.reason, mind.started, mind.report)
    return Troupe(mind.phase, legs, mind.ears, mind.bus, mind.alarm, mind.failing, mind.report)


def with_instance(world: World, number: int, instance: Instance) -> World:
    """The world with another instance at one place."""
    if len(world.instances) == 1:
        return World((instance,), world.down, world.marks)
    return World(put(world.instances, number, instance), world.down, world.marks)
