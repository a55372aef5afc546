"""Runs on the wall clock: they come line by line while they happen, and go through the same log as others.

recorder.py is what the one who runs the saga holds in their hands; this is what keeps the lines.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.core import execution
from sagasim.core.faults import parse_plan, text_of
from sagasim.core.history import Entry, FaultStruck, HarmDone, SagaEnded, SagaStuck
from sagasim.core.narration import broken
from sagasim.core.saga import Coordination
from sagasim.runs import feed, metrics
from sagasim.runs.appending import appended
from sagasim.runs.hub import hub
from sagasim.runs.models import SILENT_S, Clock, Run, RunFinding, Status
from sagasim.runs.services import about, mention

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)


MOST_ENDED = 100
"""How many silent runs whoever looks cuts off at once."""


class GapInLines(Exception):
    """Lines came that do not follow the last one; nothing of them is kept."""

    def __init__(self, last_seq: int, first: int) -> None:
        super().__init__(f"line {first} does not follow line {last_seq}; send what comes after {last_seq}")
        self.last_seq, self.first = last_seq, first


def begin_recording(
    version: SagaVersion,
    coordination: Coordination,
    *,
    name: str = "",
    faults: Sequence[str] = (),
    by: User | None = None,
) -> Run:
    """A run that will come line by line, while it happens. Raises BadFault."""
    plan = parse_plan(faults, version.meaning)
    now = timezone.now()
    with transaction.atomic():
        run = Run.objects.create(
            saga=version.saga,
            version=version,
            coordination=coordination,
            clock=Clock.WALL,
            recorded_as=name,
            faults=list(text_of(plan)),
            executed_at=now,
            heard_at=now,
            started_by=by,
        )
        mention(run, plan, ())
        transaction.on_commit(hub.look)
    log.info("recording", extra=about(run))
    return run


def recorded_as(name: str) -> UUID | None:
    """The newest run that was recorded under this name; a run that is taken up again goes on there."""
    found = Run.objects.filter(clock=Clock.WALL, recorded_as=name).order_by("-executed_at")
    return found.values_list("pk", flat=True).first()


def record_lines(run_id: UUID, entries: Sequence[Entry]) -> Run:
    """Keeps the next lines of a recorded run; they are safe when this returns. None is kept twice.

    No lines at all are news too: whoever records is there. Raises GapInLines, and Run.DoesNotExist.
    """
    with transaction.atomic():
        run = _record({run_id: entries})[run_id]
        transaction.on_commit(hub.look)
    return run


def record(lines: Mapping[UUID, Sequence[Entry]]) -> set[UUID]:
    """The same for several runs in one transaction: all is kept, or nothing. Says which of them go on."""
    with transaction.atomic():  # IMMEDIATE: from here on nobody else writes
        going_on = appended(lines)
        if left := {run: entries for run, entries in lines.items() if run not in going_on}:
            going_on |= {pk for pk, run in _record(left).items() if not run.is_over}
        transaction.on_commit(hub.look)
    return going_on


def _record(lines: Mapping[UUID, Sequence[Entry]]) -> dict[UUID, Run]:
    runs = {run.pk: run for run in RECORDED.filter(pk__in=lines)}
    if missing := lines.keys() - runs.keys():
        raise Run.DoesNotExist(f"no run {min(missing)} is recorded here")
    fresh = {pk: _fresh(runs[pk], entries) for pk, entries in lines.items()}
    for run in runs.values():
        if run.status == Status.CUT:
            _take_up_again(run)
    feed.append({run.pk: fresh[run.pk] for run in runs.values() if not run.is_over})
    for run in runs.values():
        _keep(run, fresh[run.pk])
    return runs


RECORDED = Run.objects.filter(clock=Clock.WALL).only(
    *("status", "outcome", "last_seq", "duration_ms", "struck", "findings_count", "parked"),
    *("coordination", "executed_at", "heard_at", "saga_id", "version_id"),
)  # what recording a line needs: a row with everything costs more than to store the line


def _fresh(run: Run, entries: Sequence[Entry]) -> list[Entry]:
    fresh = [entry for entry in entries if entry.seq > run.last_seq]
    for place, entry in enumerate(fresh, start=run.last_seq + 1):
        if entry.seq != place:
            raise GapInLines(place - 1, entry.seq)
    return fresh


def _take_up_again(run: Run) -> None:
    """It was cut off for want of news, and here they are."""
    run.status = Status.RUNNING
    run.save(update_fields=["status"])
    feed.unseal(run.pk)
    log.info("taken up again", extra=about(run))


def _keep(run: Run, fresh: Sequence[Entry]) -> None:
    before = {name: getattr(run, name) for name in TOLD}
    if fresh:
        if run.is_over:
            feed.extend(run.pk, fresh)
        run.last_seq, run.duration_ms = fresh[-1].seq, max(run.duration_ms, fresh[-1].at_ms)
        told = [entry.event.fault for entry in fresh if isinstance(entry.event, FaultStruck)]
        run.struck = list(dict.fromkeys([*run.struck, *told]))
        _find_harms(run, fresh)
        if any(isinstance(entry.event, SagaEnded | SagaStuck) for entry in fresh):
            _end_if_all_have(run)
    changed = {name: getattr(run, name) for name in TOLD if getattr(run, name) != before[name]}
    Run.objects.filter(pk=run.pk).update(**changed, heard_at=timezone.now())


TOLD = ("last_seq", "duration_ms", "struck", "findings_count", "status", "outcome", "parked")


def _find_harms(run: Run, fresh: Sequence[Entry]) -> None:
    harms = {
        (entry.event.harm, entry.event.step): entry.seq
        for entry in reversed(fresh)
        if isinstance(entry.event, HarmDone)
    }
    if not harms:
        return
    known = set(run.findings.values_list("harm", "step"))
    found = [(harm, step, seq) for (harm, step), seq in harms.items() if (harm, step) not in known]
    RunFinding.objects.bulk_create(
        RunFinding(
            run=run,
            harm=harm,
            step=step,
            seq=seq,
            sentence=f"{broken(harm, step)}.",
            executed_at=run.executed_at,
        )
        for harm, step, seq in found
    )
    run.findings_count += len(found)
    mention(run, (), [(harm, step) for harm, step, _ in found])
    for harm, _, _ in found:
        metrics.findings.add(run.coordination, harm)


def _end_if_all_have(run: Run) -> None:
    """A run is over when every instance of its saga has ended, or is stuck; whoever ends again ends otherwise."""
    ends = {
        entry.instance: entry.event
        for entry in feed.entries_after(run.pk, 0)
        if isinstance(entry.event, SagaEnded | SagaStuck)
    }
    if len(ends) < run.version.meaning.instances:
        return
    outcomes = [end.outcome if isinstance(end, SagaEnded) else "stuck" for end in ends.values()]
    parked = [step for end in ends.values() if isinstance(end, SagaEnded) for step in end.parked]
    was_over, run.status = run.is_over, Status.FINISHED
    run.outcome = min(outcomes, key=execution.SERIOUS_FIRST.index)
    run.parked = list(dict.fromkeys(parked))
    if was_over:
        return
    feed.seal(run.pk)
    metrics.runs.add(run.coordination, run.outcome, run.clock)
    log.info("recorded", extra=about(run))


def cut_off(run_id: UUID) -> None:
    """Nothing more will come, although the saga has not ended: whoever recorded it has stopped."""
    with transaction.atomic():
        run = Run.objects.select_related("saga").get(pk=run_id)
        if run.is_over:
            return
        run.status = Status.CUT
        run.save(update_fields=["status"])
        feed.seal(run.pk)
        transaction.on_commit(hub.look)
    log.info("cut off", extra=about(run))


def end_silent(now: datetime | None = None, run_id: UUID | None = None) -> list[UUID]:
    """Cuts off the recorded runs of which nothing was heard for SILENT_S; whoever looks at runs calls this.

    A recorder says every few seconds that it is there, so what is silent has died, or cannot reach us. If it is
    heard again, the run goes on.
    """
    since = (now or timezone.now()) - timedelta(seconds=SILENT_S)
    silent = Run.objects.filter(status=Status.RUNNING, clock=Clock.WALL, heard_at__lt=since)
    if run_id is not None:
        silent = silent.filter(pk=run_id)
    ended = list(silent.values_list("pk", flat=True)[:MOST_ENDED])
    for pk in ended:
        cut_off(pk)
    return ended
