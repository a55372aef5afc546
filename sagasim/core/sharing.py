"""Several instances of one saga: what they share, hold pending, and take from one another.

A semantic lock keeps a record pending until its saga ends; without one, what a saga reads or overwrites may
be taken back later by another (dirty read, lost update: Garcia-Molina and Salem 1987; Richardson,
Microservices Patterns, section 4.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint
from sagasim.core.world import Mark, World


class Lock(NamedTuple):
    """A resource that another instance holds pending, and whether a call that needs it fails or waits."""

    resource: int
    does: str


def lock_on(bp: Blueprint, world: World, number: int, step: int) -> Lock | None:
    """The lock of another instance that this step of this instance runs into."""
    for other, instance in enumerate(world.instances):
        if other == number or instance.mind.ended:
            continue
        for owner, record in enumerate(instance.records):
            does = bp.steps[owner].safeguards.semantic_lock
            if does != "none" and record.times > 0:
                common = bp.written[owner] & bp.touched[step]
                if common:
                    return Lock(min(common), does)
    return None


def with_marks(bp: Blueprint, world: World, number: int, step: int, *, undo: bool) -> World:
    """The world after this step has read or written something, or taken it back: who depends on it now.

    An undo adds no marks: it takes away what it once wrote, and asks for nothing.
    """
    record = world.instances[number].records[step]
    if undo and record.times:
        return world
    if undo or (record.undone and not record.times):
        marks = {mark for mark in world.marks if (mark.owner, mark.owner_step) != (number, step)}
    else:
        marks = {*world.marks, *_new_marks(bp, world, number, step)}
    return world._replace(marks=tuple(sorted(marks)))


def without_settled(world: World) -> World:
    """The world without the marks on sagas that have ended: they take nothing back any more."""
    marks = tuple(mark for mark in world.marks if not world.instances[mark.owner].mind.ended)
    return world if len(marks) == len(world.marks) else world._replace(marks=marks)


def _new_marks(bp: Blueprint, world: World, number: int, step: int) -> Iterator[Mark]:
    for other, instance in enumerate(world.instances):
        if other == number or instance.mind.ended:
            continue
        for owner, record in enumerate(instance.records):
            if record.times > 0 and bp.written[owner] & bp.read[step]:
                yield Mark("dirty-read", number, step, other, owner)
            writes = world.instances[number].records[step].times > 0
            if record.times > 0 and writes and bp.written[owner] & bp.written[step]:
                yield Mark("lost-update", number, step, other, owner)
