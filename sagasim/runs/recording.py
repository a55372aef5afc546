"""Runs on the wall clock: they come line by line while they happen, and go through the same log as others.

recorder.py is what the one who runs the saga holds in their hands; this is what keeps the lines.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
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
from sagasim.runs.hub import hub
from sagasim.runs.models import Clock, Run, RunFinding, Status
from sagasim.runs.services import about, mention

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)


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
    with transaction.atomic():
        run = Run.objects.create(
            saga=version.saga,
            version=version,
            coordination=coordination,
            clock=Clock.WALL,
            recorded_as=name,
            faults=list(text_of(plan)),
            executed_at=timezone.now(),
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

    Raises GapInLines, and Run.DoesNotExist.
    """
    with transaction.atomic():  # IMMEDIATE: from here on nobody else writes
        run = Run.objects.select_related("saga").get(pk=run_id, clock=Clock.WALL)
        fresh = [entry for entry in entries if entry.seq > run.last_seq]
        for place, entry in enumerate(fresh, start=run.last_seq + 1):
            if entry.seq != place:
                raise GapInLines(place - 1, entry.seq)
        if fresh:
            _append(run, fresh)
            transaction.on_commit(hub.look)
    return run


def _append(run: Run, fresh: Sequence[Entry]) -> None:
    run.last_seq = fresh[-1].seq
    run.duration_ms = max(run.duration_ms, fresh[-1].at_ms)
    told = [entry.event.fault for entry in fresh if isinstance(entry.event, FaultStruck)]
    run.struck = list(dict.fromkeys([*run.struck, *told]))
    _find_harms(run, fresh)
    (feed.extend if run.is_over else feed.append)(run.pk, fresh)
    if not run.is_over and any(isinstance(entry.event, SagaEnded | SagaStuck) for entry in fresh):
        _end_if_all_have(run)
    run.save(
        update_fields=["last_seq", "duration_ms", "struck", "findings_count", "status", "outcome", "parked"]
    )


def _find_harms(run: Run, fresh: Sequence[Entry]) -> None:
    harms = {
        (entry.event.harm, entry.event.step): entry.seq
        for entry in reversed(fresh)
        if isinstance(entry.event, HarmDone)
    }
    known = set(run.findings.values_list("harm", "step")) if harms else set()
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
    """A run is over when every instance of its saga has ended, or is stuck."""
    ends = {
        entry.instance: entry.event
        for entry in feed.entries_after(run.pk, 0)
        if isinstance(entry.event, SagaEnded | SagaStuck)
    }
    if len(ends) < run.version.meaning.instances:
        return
    outcomes = [end.outcome if isinstance(end, SagaEnded) else "stuck" for end in ends.values()]
    parked = [step for end in ends.values() if isinstance(end, SagaEnded) for step in end.parked]
    run.status, run.outcome = Status.FINISHED, min(outcomes, key=execution.SERIOUS_FIRST.index)
    run.parked = list(dict.fromkeys(parked))
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
