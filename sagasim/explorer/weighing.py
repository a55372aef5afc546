"""Which safeguards carry load, as a job beside the server: each one is switched off alone, and explored again.

It takes some hundred small explorations. They are done in the middle lane of jobs.py, in turns: where others wait
there, they come between two of them. What is known so far is in the row while it goes on.
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

from sagasim.core.errors import CoreError
from sagasim.core.execution import run
from sagasim.core.faults import text_of
from sagasim.core.loads import Load, how_many, load_bearing
from sagasim.core.postmortem import finding_in_words
from sagasim.core.remedies import apply_fix
from sagasim.core.saga import Coordination, Saga
from sagasim.explorer.jobs import jobs
from sagasim.explorer.models import OPEN, Lane, State, Weighing
from sagasim.explorer.services import explorer_version
from sagasim.explorer.states import somebody_waits

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.composer.models import SagaVersion

log = logging.getLogger(__name__)

MOST_FAULTS = 3
"""What rests on a safeguard shows with few faults; with more, some hundred explorations take an hour."""
BREATH_S = 0.4
TURN_S = 4.0
"""So long it goes on while others wait."""
SILENCE = timedelta(seconds=30)
"""Who has said nothing for so long is taken for dead; a single exploration takes a second at most."""


class BadWeight(CoreError):
    """This cannot be weighed; the text is one sentence for the user."""


def weigh(version: SagaVersion, *, faults: int = 1, by: User | None = None) -> Weighing:
    """What is known already, or is being found out; else a new weighing. Call it outside of transactions.

    Raises BadWeight.
    """
    if not 1 <= faults <= MOST_FAULTS:
        raise BadWeight(f"safeguards are weighed with any 1 to {MOST_FAULTS} faults, not with {faults}")
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
    _submit(row.pk)
    row.refresh_from_db()
    return row


def _submit(pk: UUID) -> None:
    future = jobs.engine.middle.submit(do_weigh, str(pk))
    future.add_done_callback(lambda ended: _follow_up(pk, ended))


def latest(version: SagaVersion, faults: int | None = None) -> Weighing | None:
    """The last one by the rules of today; of any number of faults the one under way, else the one that tells most."""
    rows = Weighing.objects.filter(version__hash=version.hash, kernel=explorer_version())
    if faults is None:
        row = (
            rows.filter(state__in=OPEN).first()
            or rows.filter(state=State.DONE).order_by("-faults").first()
            or rows.first()
        )
    else:
        row = rows.filter(faults=faults).first()
    return None if row is None else heard_of(row)


def heard_of(row: Weighing) -> Weighing:
    """The row as it stands; given up for lost if nobody has heard of it."""
    if row.is_open and row.told_at < timezone.now() - SILENCE:
        began = row.state == State.RUNNING
        if began or row.told_at < timezone.now() - 10 * SILENCE:  # whatever waits may have to wait long
            _end(row.pk, State.LOST)
            row.refresh_from_db()
    return row


def stop(row: Weighing) -> None:
    """Ends it with what is known."""
    Weighing.objects.filter(pk=row.pk, state=State.QUEUED).update(state=State.STOPPED)
    Weighing.objects.filter(pk=row.pk, state=State.RUNNING).update(stop_asked=True)


def _follow_up(pk: UUID, ended: Future[bool]) -> None:
    try:
        if ended.result():
            _submit(pk)
    except CancelledError:
        _end(pk, State.LOST)
    except Exception:
        log.exception("a weighing failed", extra={"weighing": str(pk)})
        _end(pk, State.LOST)


def _end(pk: UUID, state: State) -> None:
    Weighing.objects.filter(pk=pk, state__in=OPEN).update(state=state)


# ---------------------------------------------------------------- in the worker


def do_weigh(pk: str) -> bool:
    """Weighs one row after the other, and says so a few times a second; whether it is to be called again."""
    waiting = Weighing.objects.filter(pk=UUID(pk), state=State.QUEUED)
    if not waiting.update(state=State.RUNNING, told_at=timezone.now()):
        return False
    row = Weighing.objects.select_related("version").get(pk=pk)
    running = Weighing.objects.filter(pk=row.pk, state=State.RUNNING)
    began = breath = monotonic()
    before, rows = row.seconds, list(row.rows)
    for told in _rows(row.version.meaning, row.faults, after=len(rows)):
        rows.append(told)
        if monotonic() - breath < BREATH_S:
            continue
        breath = monotonic()
        if not _tell(row, rows, before + breath - began):
            return False
        if breath - began >= TURN_S and somebody_waits(Lane.MIDDLE):
            return bool(running.update(state=State.QUEUED))
    _tell(row, rows, before + monotonic() - began)
    running.update(state=State.DONE)
    return False


def _tell(row: Weighing, rows: list[dict[str, Any]], seconds: float) -> bool:
    """Whether to go on."""
    running = Weighing.objects.filter(pk=row.pk, state=State.RUNNING)
    told = running.update(rows=rows, done=len(rows), seconds=round(seconds, 2), told_at=timezone.now())
    return bool(told) and not running.filter(stop_asked=True).update(state=State.STOPPED)


def _rows(saga: Saga, faults: int, *, after: int) -> Iterator[dict[str, Any]]:
    each = how_many(saga)
    for place, coordination in enumerate(Coordination):
        there = min(each, max(0, after - place * each))
        if there < each:
            for load in load_bearing(saga, coordination, faults, after=there):
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
