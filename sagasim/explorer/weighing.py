"""Which safeguards carry load, as a job beside the server: each one is switched off alone, and explored again.

It takes some hundred small explorations, so it goes into the long lane of jobs.py. What is known so far is
in the row while it goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from sagasim.core.execution import run
from sagasim.core.faults import text_of
from sagasim.core.loads import Load, how_many, load_bearing
from sagasim.core.postmortem import finding_in_words
from sagasim.core.remedies import apply_fix
from sagasim.core.saga import Coordination, Saga
from sagasim.explorer.jobs import jobs
from sagasim.explorer.models import OPEN, State, Weighing
from sagasim.explorer.services import explorer_version

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.composer.models import SagaVersion

log = logging.getLogger(__name__)

BREATH_S = 0.4
SILENCE = timedelta(seconds=30)
"""Who has said nothing for so long is taken for dead; a single exploration takes a second at most."""


def weigh(version: SagaVersion, *, faults: int = 1, by: User | None = None) -> Weighing:
    """What is known already, or is being found out; else a new weighing. Call it outside of transactions."""
    known = latest(version, faults)
    if known is not None and (known.is_open or known.state == State.DONE):
        return known
    now = timezone.now()
    row = Weighing.objects.create(
        version=version,
        kernel=explorer_version(),
        faults=faults,
        of=len(Coordination) * how_many(version.meaning),
        asked_at=now,
        told_at=now,
        asked_by=by,
    )
    future = jobs.engine.long.submit(do_weigh, str(row.pk))
    future.add_done_callback(lambda ended: _follow_up(row.pk, ended))
    row.refresh_from_db()
    return row


def latest(version: SagaVersion, faults: int = 1) -> Weighing | None:
    """The last one by the rules of today, given up for lost if nobody has heard of it."""
    row = Weighing.objects.filter(
        version__hash=version.hash, kernel=explorer_version(), faults=faults
    ).first()
    if row is not None and row.is_open and row.told_at < timezone.now() - SILENCE:
        began = row.state == State.RUNNING
        if began or row.told_at < timezone.now() - 10 * SILENCE:  # whatever waits may have to wait long
            _end(row.pk, State.LOST)
            row.refresh_from_db()
    return row


def stop(row: Weighing) -> None:
    """Ends it with what is known."""
    Weighing.objects.filter(pk=row.pk, state=State.QUEUED).update(state=State.STOPPED)
    Weighing.objects.filter(pk=row.pk, state=State.RUNNING).update(stop_asked=True)


def _follow_up(pk: UUID, ended: Future[None]) -> None:
    try:
        ended.result()
    except CancelledError:
        _end(pk, State.LOST)
    except Exception:
        log.exception("a weighing failed", extra={"weighing": str(pk)})
        _end(pk, State.LOST)


def _end(pk: UUID, state: State) -> None:
    Weighing.objects.filter(pk=pk, state__in=OPEN).update(state=state)


# ---------------------------------------------------------------- in the worker


def do_weigh(pk: str) -> None:
    """Weighs one row after the other, and says so a few times a second."""
    waiting = Weighing.objects.filter(pk=UUID(pk), state=State.QUEUED)
    if not waiting.update(state=State.RUNNING, told_at=timezone.now()):
        return
    row = Weighing.objects.select_related("version").get(pk=pk)
    began = breath = monotonic()
    rows: list[dict[str, Any]] = []
    for told in _rows(row.version.meaning, row.faults):
        rows.append(told)
        if monotonic() - breath < BREATH_S:
            continue
        breath = monotonic()
        if not _tell(row, rows, breath - began):
            return
    _tell(row, rows, monotonic() - began)
    Weighing.objects.filter(pk=row.pk, state=State.RUNNING).update(state=State.DONE)


def _tell(row: Weighing, rows: list[dict[str, Any]], seconds: float) -> bool:
    """Whether to go on."""
    running = Weighing.objects.filter(pk=row.pk, state=State.RUNNING)
    told = running.update(rows=rows, done=len(rows), seconds=round(seconds, 2), told_at=timezone.now())
    return bool(told) and not running.filter(stop_asked=True).update(state=State.STOPPED)


def _rows(saga: Saga, faults: int) -> Iterator[dict[str, Any]]:
    for coordination in Coordination:
        for load in load_bearing(saga, coordination, faults):
            yield _told(saga, coordination, load)


def _told(saga: Saga, coordination: Coordination, load: Load) -> dict[str, Any]:
    told: dict[str, Any] = {
        "coordination": coordination.value,
        "change": load.change,
        "edit": load.edit,
        "in_force": load.in_force,
        "exhaustive": load.exhaustive,
        "holds_back": [{"harm": each.harm, "step": each.step} for each in load.holds_back],
        "worst": None,
    }
    if load.worst is not None:
        worst = load.worst
        replayed = run(apply_fix(saga, load.edit), coordination, worst.faults, order=worst.order)
        told["worst"] = {
            "harm": worst.harm,
            "step": worst.step,
            "faults": list(text_of(worst.faults)),
            "order": [str(moment) for moment in worst.order],
            "sentence": finding_in_words(replayed, worst.harm, worst.step),
        }
    return told
