"""What stands in a failure matrix: squares, rows, and the grid that they make; plain values.

matrix.py fills them, the templates and exports.py write them down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sagasim.explorer.looks import UNREACHED, Look, look_of

Place = tuple[str, str]
"""A target (`charge`, `charge.undo`, `payments`, `saga`) and a kind of fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One cell of the matrix, in one of these states.

    harm       this follows, at worst
    holds      nothing that must hold is broken
    later      one fault does not lead here; with another one before it, this follows
    alone      of two faults: together they do no worse than apart
    unreached  the fault could strike here, and was not reached
    absent     it cannot strike here
    """

    coordination: str
    target: str
    kind: str
    state: str
    says: str
    harm: str = ""
    faults: tuple[str, ...] = ()
    address: str = ""  # what to ask for: which run to open, or which first fault to choose
    was: str = ""  # what followed here in the version before

    @property
    def look(self) -> Look:
        return UNREACHED if self.state in ("unreached", "absent") else look_of(self.harm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """One cell of both coordinations, in one of these states.

    differs  it does harm in one of them, and other harm or none in the other
    same     the same follows in both
    only     it strikes in one of them, and does no harm there
    none     it strikes in neither
    """

    target: str
    kind: str
    state: str
    says: str
    both: tuple[Square, Square]
    address: str = ""

    @property
    def look(self) -> Look:
        """Of what follows in both, or in the one where it strikes."""
        return look_of(next((it.harm for it in self.both if it.harm), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The cells of one target. `part` is action or undo; `span`: how many rows the step's name stands for."""

    target: str
    name: str
    part: str
    about: str
    span: int
    squares: tuple[Square | Twin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One cell under a heading of its own: an outage of a service, or something that befalls the saga."""

    heading: str
    square: Square | Twin


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One layer: the steps by kind of fault, and beside them the services and the saga."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[Row, ...]
    outages: tuple[Column, ...]
    saga: tuple[Column, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many cells are in each state."""
        return Counter(square.state for square in self.squares)

    @property
    def squares(self) -> tuple[Square | Twin, ...]:
        """All cells, in reading order."""
        beside = tuple(column.square for column in (*self.outages, *self.saga))
        return (*(square for row in self.rows for square in row.squares), *beside)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for _, kinds in self.groups for kind in kinds)
