"""The log of a run, as it is stored: appended to, and read after a number.

Whoever shows a run reads it here. It is stored as it is sent: frames of at most `FRAME_LINES` lines, packed
by core/lines.py and compressed. A finished run is one document of frames; a run that is not over, a chunk per
frame that has come so far. Reading after the last number gives nothing, and is not an error; it may be read
some bytes at a time, for readers who are slow.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from sagasim.core.history import Entry
from sagasim.core.lines import pack, unpack
from sagasim.runs.models import Clock, Run, RunChunk, RunHistory, Status

FRAME_LINES = 400
MOST_LINES = 2**31
LEVEL = (
    4  # zlib: the first that looks ahead. Level 6 leaves 3 % less of a short run, nothing less of a long one
)
SENT_PACKED = 1024
"""A frame with a longer text is sent compressed, as it is stored; for a shorter one that would not pay."""
CHUNKS_READ = 100
"""How many chunks are read at once: a slow reader wants few of them."""
RUNS_READ = 100
"""Of how many runs the news are read at once: a condition has its limits."""
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Head(NamedTuple):
    """How far the log of a run goes, and whether it goes on."""

    last_seq: int
    status: str
    outcome: str
    clock: str
    heard_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.status != Status.RUNNING

    @property
    def may_grow(self) -> bool:
        """What is recorded may grow even after its end: a late answer, say."""
        return not self.is_over or self.clock == Clock.WALL


class Frame(NamedTuple):
    """Some lines in a row, numbers `first` to `last`, as they are sent: JSON, or the same compressed."""

    first: int
    last: int
    sent: str | bytes
    stored_at: datetime | None = None  # of lines that have just come

    @property
    def text(self) -> str:
        return self.sent if isinstance(self.sent, str) else zlib.decompress(self.sent).decode()


def head_of(run: UUID) -> Head | None:
    """None if there is no such run."""
    row = Run.objects.filter(pk=run).values_list(*Head._fields).first()
    return Head(*row) if row else None


def frames_after(run: UUID, seq: int, until: int = MOST_LINES, most_bytes: float = math.inf) -> list[Frame]:
    """The stored lines with a higher number up to `until`, in their order: all, or as many as `most_bytes` hold.

    If there are any, at least one frame comes.
    """
    frames = joined(
        frame
        if seq < frame.first and frame.last <= until
        else framed([it for it in entries_in(frame) if seq < it.seq <= until])[0]
        for frame in _stored(run, seq)
        if frame.last > seq and frame.first <= until
    )
    return list(within(frames, most_bytes))


def news_of(known: Mapping[UUID, int], heads: Mapping[UUID, Head]) -> dict[UUID, list[Frame]]:
    """The lines behind the last one that is known of each run, up to its head, in one read for all of them.

    What has been sealed since is read run by run: that happens once to each.
    """
    found: dict[UUID, list[Frame]] = {run: [] for run in known}
    for run, first, last, document, stored_at in _chunks_behind(known):
        if last <= heads[run].last_seq:
            text = zlib.decompress(document).decode()
            found[run].append(Frame(first, last, sent(text, document), stored_at))
    return {
        run: list(joined(frames))
        if frames and frames[-1].last == heads[run].last_seq
        else frames_after(run, known[run], heads[run].last_seq)
        for run, frames in found.items()
    }


def _chunks_behind(
    known: Mapping[UUID, int],
) -> Iterator[tuple[UUID, int, int, bytes | memoryview, datetime]]:
    left = iter(known.items())
    while some := list(islice(left, RUNS_READ)):
        # Chunks end where heads do, so what is behind a head begins behind it: that is in the index.
        behind = reduce(or_, (Q(run=run, first__gt=seq) for run, seq in some))
        rows = RunChunk.objects.filter(behind).order_by("run", "first")
        yield from rows.values_list("run", "first", "last", "document", "stored_at")


def within(frames: Iterable[Frame], most_bytes: float) -> Iterator[Frame]:
    """The first ones, until what is sent would be more than that; at least one."""
    for place, frame in enumerate(frames):
        most_bytes -= len(frame.sent)
        if most_bytes < 0 and place:
            return
        yield frame


def joined(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same lines in fewer frames: lines that came one by one are sent, and acknowledged, together."""
    some: list[Frame] = []
    for frame in frames:
        if some and (frame.last - some[0].first >= FRAME_LINES or frame.first != some[-1].last + 1):
            yield _one(some)
            some = []
        some.append(frame)
    if some:
        yield _one(some)


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
    chunks = RunChunk.objects.filter(run=run, first__gt=seq - FRAME_LINES, last__gt=seq).order_by("first")
    place = None
    for first, last, document, stored_at in chunks.values_list(
        "first", "last", "document", "stored_at"
    ).iterator(chunk_size=CHUNKS_READ):
        yield Frame(first, last, sent(zlib.decompress(document).decode(), document), stored_at)
        place = last
    if place is not None:
        return
    for document, last_seq in RunHistory.objects.filter(run=run).values_list("document", "run__last_seq"):
        texts = zlib.decompress(document).decode().splitlines()
        for place, text in enumerate(texts):
            first, last = 1 + place * FRAME_LINES, min((place + 1) * FRAME_LINES, last_seq)
            if last > seq:
                yield Frame(first, last, sent(text, document if len(texts) == 1 else b""))


def sent(text: str, packed: bytes | memoryview = b"") -> str | bytes:
    """What goes over the wire for a frame, which may be there packed already."""
    if len(text) <= SENT_PACKED:
        return text
    return bytes(packed) or zlib.compress(text.encode(), LEVEL)


def framed(entries: Sequence[Entry]) -> list[Frame]:
    """Entries in a row, in frames of a bearable size."""
    return [Frame(part[0].seq, part[-1].seq, sent(_json(part))) for part in _parts(entries)]


def _parts(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    return [entries[start : start + FRAME_LINES] for start in range(0, len(entries), FRAME_LINES)]


def _json(part: Sequence[Entry]) -> str:
    return _encode(pack(part))


def entries_in(frame: Frame) -> tuple[Entry, ...]:
    return unpack(json.loads(frame.text))


def text_of(entries: Sequence[Entry]) -> str:
    """A whole history as one text, the same for the same history: what executing a run again must give."""
    return "\n".join(_json(part) for part in _parts(entries))


def document_of(entries: Sequence[Entry]) -> bytes:
    """A whole history as it is stored."""
    return zlib.compress(text_of(entries).encode(), LEVEL)


def keep(run: UUID, entries: Sequence[Entry]) -> None:
    """Stores the history of a run that has ended; call it in the transaction that makes the run.

    As a statement, for it is part of every run: building it from the model takes longer than to carry it out.
    """
    key = run if connection.features.has_native_uuid_field else run.hex
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runs_runhistory (run_id, document) VALUES (%s, %s)", (key, document_of(entries))
        )


def append(lines: Mapping[UUID, Sequence[Entry]]) -> None:
    """Stores the next lines of some runs; call it in the transaction that moves their `last_seq`."""
    now = timezone.now()
    RunChunk.objects.bulk_create(
        RunChunk(
            run_id=run,
            first=part[0].seq,
            last=part[-1].seq,
            document=chunk_of(part),
            stored_at=now,
        )
        for run, entries in lines.items()
        for part in _parts(entries)
    )


def chunk_of(part: Sequence[Entry]) -> bytes:
    """Lines as a chunk stores them; at most FRAME_LINES."""
    return zlib.compress(_json(part).encode(), LEVEL)


def extend(run: UUID, entries: Sequence[Entry]) -> None:
    """Something came after the end: an answer that nobody waited for, say. It belongs to the document."""
    document = document_of([*entries_after(run, 0), *entries])
    RunHistory.objects.filter(run=run).update(document=document)


def seal(run: UUID) -> None:
    """The run is over: its chunks become one document."""
    keep(run, entries_after(run, 0))
    RunChunk.objects.filter(run=run).delete()


def unseal(run: UUID) -> None:
    """It was not over after all: its document becomes chunks, to which more may be added."""
    append({run: entries_after(run, 0)})
    RunHistory.objects.filter(run=run).delete()
