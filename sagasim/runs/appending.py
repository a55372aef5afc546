"""The way that nearly every recorded line takes: it follows the last one of a run that goes on, and that is all.

A real saga waits for each of its lines to be stored, so this is two prepared statements per run: the row is moved
on if it stands where the lines begin (compare and swap), and the lines are put behind it. Building the same
statements from models took four times as long as the database needs for them. Whatever is more than that (lines
that came twice, a gap, an end, a finding, a run that was cut off) is not touched here: recording.py looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.utils import timezone

from sagasim.core.history import Entry, FaultStruck, HarmDone, SagaEnded, SagaStuck
from sagasim.runs import feed
from sagasim.runs.models import Clock, Status

TOLD_IN_LISTS = FaultStruck | HarmDone | SagaEnded | SagaStuck
"""What changes more of a run than how far it has come."""

MOVE_ON = (
    "UPDATE runs_run SET last_seq = %s, heard_at = %s,"
    " duration_ms = CASE WHEN duration_ms < %s THEN %s ELSE duration_ms END"
    " WHERE id = %s AND last_seq = %s AND status = %s AND clock = %s"
)
PUT = "INSERT INTO runs_runchunk (run_id, first, last, document, stored_at) VALUES (%s, %s, %s, %s, %s)"


def appended(lines: Mapping[UUID, Sequence[Entry]]) -> set[UUID]:
    """Stores the lines of the runs to which nothing else happens, and says which; call it in a transaction."""
    done = set()
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        for run, entries in lines.items():
            if not _are_plain(entries):
                continue
            key = run if connection.features.has_native_uuid_field else run.hex
            first, last, at_ms = entries[0].seq, entries[-1].seq, entries[-1].at_ms
            cursor.execute(
                MOVE_ON, (last, now, at_ms, at_ms, key, first - 1, str(Status.RUNNING), str(Clock.WALL))
            )
            if cursor.rowcount == 1:
                cursor.execute(PUT, (key, first, last, feed.chunk_of(entries), now))
                done.add(run)
    return done


def _are_plain(entries: Sequence[Entry]) -> bool:
    return (
        0 < len(entries) <= feed.FRAME_LINES
        and entries[-1].seq - entries[0].seq == len(entries) - 1
        and all(
            entry.seq == seq and not isinstance(entry.event, TOLD_IN_LISTS)
            for seq, entry in enumerate(entries, start=entries[0].seq)
        )
    )
