"""The log of a run, as it is stored: appended to, and read after a number.

Whoever shows a run reads it here. It is stored as it is sent: frames of at most `FRAME_LINES` lines, packed
by core/lines.py and compressed. A finished run is one document of frames; a run that is not over, a chunk per
frame that has come so far. Reading after the last number gives nothing, and is not an error.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from sagasim.core.history import Entry
from sagasim.core.lines import pack, unpack
from sagasim.runs.models import Clock, Run, RunChunk, RunHistory, Status

FRAME_LINES = 400
MOST_LINES = 2**31
LEVEL = 6  # zlib: level 9 takes three times as long for 2 % less


class Head(NamedTuple):
    """How far the log of a run goes, and whether it goes on."""

    last_seq: int
    status: str
    outcome: str
    clock: str

    @property
    def is_over(self) -> bool:
        return self.status != Status.RUNNING

    @property
    def may_grow(self) -> bool:
        """What is recorded may grow even after its end: a late answer, say."""
        return not self.is_over or self.clock == Clock.WALL


class Frame(NamedTuple):
    """Some lines in a row, numbers `first` to `last`, as they are stored and sent."""

    first: int
    last: int
    text: str
    stored_at: datetime | None = None  # of lines that have just come


def head_of(run: UUID) -> Head | None:
    """None if there is no such run."""
    row = Run.objects.filter(pk=run).values_list(*Head._fields).first()
    return Head(*row) if row else None


def frames_after(run: UUID, seq: int, until: int = MOST_LINES) -> list[Frame]:
    """Every stored line with a higher number up to `until`, in their order."""
    return joined(
        frame
        if seq < frame.first and frame.last <= until
        else framed([it for it in entries_in(frame) if seq < it.seq <= until])[0]
        for frame in _stored(run, seq)
        if frame.last > seq and frame.first <= until
    )


def joined(frames: Iterable[Frame]) -> list[Frame]:
    """The same lines in fewer frames: lines that came one by one are sent, and acknowledged, together."""
    found: list[list[Frame]] = []
    for frame in frames:
        if found and frame.last - found[-1][0].first < FRAME_LINES and frame.first == found[-1][-1].last + 1:
            found[-1].append(frame)
        else:
            found.append([frame])
    return [_one(some) for some in found]


def _one(frames: Sequence[Frame]) -> Frame:
    if len(frames) == 1:
        return frames[0]
    (frame,) = framed([entry for each in frames for entry in entries_in(each)])
    return frame._replace(stored_at=frames[0].stored_at)  # who measures delays is told the longest


def entries_after(run: UUID, seq: int) -> list[Entry]:
    """The same as entries."""
    return [entry for frame in frames_after(run, seq) for entry in entries_in(frame)]


def _stored(run: UUID, seq: int) -> Iterator[Frame]:
    # Chunks first: between the two reads a run may end, which moves its lines into the document.
    chunks = RunChunk.objects.filter(run=run, last__gt=seq).order_by("first")
    found = [
        Frame(first, last, zlib.decompress(document).decode(), stored_at)
        for first, last, document, stored_at in chunks.values_list("first", "last", "document", "stored_at")
    ]
    if found:
        yield from found
        return
    for document, last_seq in RunHistory.objects.filter(run=run).values_list("document", "run__last_seq"):
        for place, text in enumerate(zlib.decompress(document).decode().splitlines()):
            first = 1 + place * FRAME_LINES
            yield Frame(first, min(first + FRAME_LINES - 1, last_seq), text)


def framed(entries: Sequence[Entry]) -> list[Frame]:
    """Entries in a row, in frames of a bearable size."""
    parts = [entries[start : start + FRAME_LINES] for start in range(0, len(entries), FRAME_LINES)]
    return [Frame(part[0].seq, part[-1].seq, json.dumps(pack(part), separators=(",", ":"))) for part in parts]


def entries_in(frame: Frame) -> tuple[Entry, ...]:
    return unpack(json.loads(frame.text))


def text_of(entries: Sequence[Entry]) -> str:
    """A whole history as one text, the same for the same history: what executing a run again must give."""
    return "\n".join(frame.text for frame in framed(entries))


def document_of(entries: Sequence[Entry]) -> bytes:
    """A whole history as it is stored."""
    return zlib.compress(text_of(entries).encode(), LEVEL)


def append(run: UUID, entries: Sequence[Entry]) -> None:
    """Stores the next lines of a run; call it in the transaction that moves its `last_seq`."""
    now = timezone.now()
    RunChunk.objects.bulk_create(
        RunChunk(
            run_id=run,
            first=frame.first,
            last=frame.last,
            document=zlib.compress(frame.text.encode(), LEVEL),
            stored_at=now,
        )
        for frame in framed(entries)
    )


def extend(run: UUID, entries: Sequence[Entry]) -> None:
    """Something came after the end: an answer that nobody waited for, say. It belongs to the document."""
    document = document_of([*entries_after(run, 0), *entries])
    RunHistory.objects.filter(run=run).update(document=document)


def seal(run: UUID) -> None:
    """The run is over: its chunks become one document."""
    RunHistory.objects.create(run_id=run, document=document_of(entries_after(run, 0)))
    RunChunk.objects.filter(run=run).delete()
