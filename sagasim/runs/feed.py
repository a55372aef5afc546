"""The log of a run, as it is stored: appended to, and read after a number.

Whoever shows a run reads it here. A finished run is read off its one document; a run that is not over, off
the chunks that have come so far. Reading after the last number gives nothing, and is not an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sagasim.runs.lines import Line, packed, unpacked
from sagasim.runs.models import Run, RunChunk, RunHistory


class Head(NamedTuple):
    """How far the log of a run goes, and whether it goes on."""

    last_seq: int
    status: str
    outcome: str


def head_of(run: UUID) -> Head | None:
    """None if there is no such run."""
    row = Run.objects.filter(pk=run).values_list("last_seq", "status", "outcome").first()
    return Head(*row) if row else None


def lines_after(run: UUID, seq: int) -> list[Line]:
    """Every stored line with a higher number, in their order."""
    return [line for line in _stored(run, seq) if line["seq"] > seq]


def _stored(run: UUID, seq: int) -> Iterator[Line]:
    # Chunks first: between the two reads a run may end, which moves its lines into the document.
    chunks = (
        RunChunk.objects.filter(run=run, last__gt=seq).order_by("first").values_list("document", flat=True)
    )
    found = [line for document in chunks for line in unpacked(document)]
    if found:
        yield from found
        return
    for document in RunHistory.objects.filter(run=run).values_list("document", flat=True):
        yield from unpacked(document)


def append(run: UUID, lines: Sequence[Line]) -> None:
    """Stores the next lines of a run that is not over; call it inside the transaction that moves its `last_seq`."""
    RunChunk.objects.create(run_id=run, first=lines[0]["seq"], last=lines[-1]["seq"], document=packed(lines))


def seal(run: UUID) -> None:
    """The run is over: its chunks become one document."""
    RunHistory.objects.create(run_id=run, document=packed(lines_after(run, 0)))
    RunChunk.objects.filter(run=run).delete()
