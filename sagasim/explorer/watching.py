"""What is said over sockets about explorations and drafts, as values: the rows are read, nothing is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from sagasim.explorer.models import Exploration, State
from sagasim.explorer.services import progress_of, sweep

FIELDS = (
    "id", "state", "lane", "progress", "findings_count", "states", "seconds", "exhaustive", "sentence",
    "stop_asked", "keeper", "kept_until", "asked_at",
)  # fmt: skip


def standing_of(pk: UUID) -> dict[str, Any] | None:
    """How an exploration stands: `progress`, or `ended`. None: there is no such one."""
    row = Exploration.objects.only(*FIELDS).filter(pk=pk).first()
    if row is None:
        return None
    if row.is_open and (row.kept_until is None or row.kept_until < timezone.now()) and sweep():
        row.refresh_from_db(fields=list(FIELDS))
    if not row.is_open:
        return {"ended": ended(row)}
    progress = {**progress_of(row), "stopping": row.stop_asked}
    if row.state == State.QUEUED:
        progress["ahead"] = ahead_of(row)
    return {"progress": progress}


def ended(row: Exploration) -> dict[str, Any]:
    return {
        "state": row.state,
        "sentence": row.sentence,
        "findings": row.findings_count,
        "states": row.states,
        "seconds": row.seconds,
        "exhaustive": row.exhaustive,
        "url": row.get_absolute_url(),
    }


def ahead_of(row: Exploration) -> int:
    """How many wait in the same lane, and were asked before."""
    return Exploration.objects.filter(state=State.QUEUED, lane=row.lane, asked_at__lt=row.asked_at).count()
