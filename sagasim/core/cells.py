"""A world taken apart: per step all that concerns it alone, and the rest.

Most of what happens concerns one step: a call reaches its participant, a copy lands. Then everything else
stays as it is, and what becomes of the step can be looked up. So an exploration keeps its worlds as rows of
cells. A cell is there once (two with the same content are the same object), so rows are compared and hashed by
identity, and what is known of a cell is kept with it (moves.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sagasim.core.choreography import Ears, Troupe
from sagasim.core.ledger import Copy, Leg, Record
from sagasim.core.orchestration import Coordinator
from sagasim.core.participant import Strike
from sagasim.core.world import Instance, Mind

Belief = tuple[Leg, Ears | None]
"""What is believed of a step, and what its participant has heard about it (choreography)."""


class Cell(NamedTuple):
    """One step of one instance: what is believed and heard of it, what is true, and what is under way."""

    leg: Leg
    ears: Ears | None
    record: Record
    strike: Strike
    copies: tuple[Copy, ...]


class Rest(NamedTuple):
    """What concerns no single step: the mind without its legs and ears, and which faults on the saga struck."""

    mind: Mind
    interrupted: tuple[str, ...]


def taken_apart(instance: Instance) -> tuple[Rest, list[Cell]]:
    """An instance that has not ended, as its cells and the rest."""
    cells = [cell_of(instance, step) for step in range(len(instance.records))]
    return Rest(bare(instance.mind), instance.interrupted), cells


def cell_of(instance: Instance, step: int) -> Cell:
    """All that concerns this step alone."""
    mind, copies = instance.mind, instance.copies
    if copies:
        copies = tuple([copy for copy in copies if copy.step == step])
    ears = mind.ears[step] if isinstance(mind, Troupe) else None
    return Cell(mind.legs[step], ears, instance.records[step], instance.strikes[step], copies)


def put_together(rest: Rest, cells: Iterable[Cell]) -> Instance:
    """The instance again."""
    legs, ears, records, strikes, copies = zip(*cells, strict=True)
    under_way = tuple([copy for its in copies for copy in its]) if any(copies) else ()
    return Instance(with_beliefs(rest.mind, legs, ears), records, strikes, under_way, rest.interrupted)


def bare(mind: Mind) -> Mind:
    """The mind without what it believes of single steps."""
    if isinstance(mind, Coordinator):
        return mind._replace(legs=())
    return mind._replace(legs=(), ears=())


def with_beliefs(mind: Mind, legs: tuple[Leg, ...], ears: Sequence[Ears | None]) -> Mind:
    """The mind with these beliefs; a coordinator has no ears."""
    if isinstance(mind, Coordinator):
        return Coordinator(mind.phase, legs, mind.reason, mind.started, mind.report)
    heard = tuple([its for its in ears if its is not None])
    return Troupe(mind.phase, legs, heard, mind.bus, mind.alarm, mind.failing, mind.report)


def beliefs_of(mind: Mind) -> list[Belief]:
    """What is believed of every step."""
    if isinstance(mind, Coordinator):
        return [(leg, None) for leg in mind.legs]
    return list(zip(mind.legs, mind.ears, strict=True))
