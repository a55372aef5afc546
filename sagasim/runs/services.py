"""What makes runs: executing a saga in virtual time and keeping all of it, in one transaction.

Nothing is shown before it is stored. Playing a run is feed.py's and consumers.py's business; recording one
that happens on the wall clock is recorder.py's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.core import execution
from sagasim.core.faults import FaultPlan, Moment, parse_moment, parse_plan, text_of
from sagasim.core.history import Entry
from sagasim.core.postmortem import findings_of
from sagasim.core.saga import Coordination, Saga
from sagasim.runs import feed, metrics
from sagasim.runs.hub import hub
from sagasim.runs.kernel import kernel_version
from sagasim.runs.models import Clock, Run, RunFinding, RunMention, Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

DELETED_AT_ONCE = 500
BOTH = (Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be executed: all that a run is a function of, but for the saga and the coordination."""

    faults: FaultPlan = ()
    seed: int = 0
    order: tuple[Moment, ...] = ()


def start_runs(
    version: SagaVersion,
    coordinations: Sequence[Coordination],
    plan: Plan,
    *,
    parents: Sequence[Run] = (),
    by: User | None = None,
) -> list[Run]:
    """Executes the saga once per coordination, and keeps all of it. Two coordinations make a pair.

    `parents` are the runs that these are what-ifs of, by coordination. Raises BadFault.
    """
    began = perf_counter()
    executed = [
        execution.run(version.meaning, each, plan.faults, seed=plan.seed, order=plan.order)
        for each in coordinations
    ]
    pair = uuid4() if len(executed) > 1 else None
    now = timezone.now()
    with transaction.atomic():
        runs = [_keep(each, version, pair, _parent_of(each, parents), now, by) for each in executed]
        transaction.on_commit(hub.look)
    metrics.executing.observe(perf_counter() - began)
    for run, one in zip(runs, executed, strict=True):
        metrics.runs.add(run.coordination, run.outcome, run.clock)
        for harm, _ in one.harms:
            metrics.findings.add(run.coordination, harm.harm)
        log.info("executed", extra=about(run))
    return runs


def _parent_of(executed: execution.Run, parents: Sequence[Run]) -> Run | None:
    return next((run for run in parents if run.coordination == executed.coordination), None)


def _keep(
    executed: execution.Run,
    version: SagaVersion,
    pair: UUID | None,
    parent: Run | None,
    now: datetime,
    by: User | None,
) -> Run:
    run = Run.objects.create(
        saga=version.saga,
        version=version,
        coordination=executed.coordination,
        pair=pair,
        parent=parent,
        shared_seq=None
        if parent is None
        else shared_prefix(executed.history, feed.entries_after(parent.pk, 0)),
        faults=list(text_of(executed.faults)),
        seed=executed.seed,
        order=[str(moment) for moment in executed.order],
        clock=Clock.VIRTUAL,
        status=Status.FINISHED,
        outcome=executed.outcome,
        parked=list(executed.parked),
        findings_count=len(executed.harms),
        struck=list(text_of(executed.struck)),
        duration_ms=executed.duration_ms,
        last_seq=len(executed.history),
        kernel=kernel_version(),
        executed_at=now,
        started_by=by,
    )
    feed.keep(run.pk, executed.history)
    RunFinding.objects.bulk_create(
        RunFinding(
            run=run,
            harm=found.harm,
            step=found.step,
            seq=found.seq,
            sentence=found.sentence,
            executed_at=now,
        )
        for found in findings_of(executed)
    )
    mention(run, executed.faults, [harm for harm, _ in executed.harms])
    return run


def mention(run: Run, faults: FaultPlan, harms: Iterable[tuple[str, str]]) -> None:
    """The words under which a run is found: its faults, their kinds and targets, what broke and where."""
    words = [
        word for fault in faults for word in (f"fault:{fault}", f"kind:{fault.kind}", f"step:{fault.target}")
    ]
    words += [word for harm, step in harms for word in (f"harm:{harm}", f"step:{step}")]
    RunMention.objects.bulk_create(
        (RunMention(run=run, word=word, executed_at=run.executed_at) for word in dict.fromkeys(words)),
        ignore_conflicts=True,  # of a recorded run, some are there already
    )


def shared_prefix(mine: Sequence[Entry], theirs: Sequence[Entry]) -> int:
    """The number of the last line up to which two histories are the same."""
    shared = 0
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            break
        shared = one.seq
    return shared


def plan_of(run: Run, saga: Saga) -> Plan:
    """The plan of a stored run."""
    return Plan(
        faults=parse_plan(run.faults, saga),
        seed=run.seed,
        order=tuple(parse_moment(text, saga) for text in run.order),
    )


def run_again(runs: Sequence[Run], *, by: User | None = None) -> list[Run]:
    """The same version, plan and seed once more, by the executor of today."""
    first = runs[0]
    plan = plan_of(first, first.version.meaning)
    return start_runs(first.version, [Coordination(run.coordination) for run in runs], plan, by=by)


def execute(run: Run) -> execution.Run:
    """A stored run once more, by the executor of today; nothing is kept. Raises BadFault."""
    saga = run.version.meaning
    plan = plan_of(run, saga)
    return execution.run(saga, Coordination(run.coordination), plan.faults, seed=plan.seed, order=plan.order)


@dataclass(frozen=True, slots=True)
class Replay:
    """What executing a stored run again has shown."""

    is_the_same: bool
    sentence: str


def executed_again(run: Run) -> Replay:
    """Executes a stored run again, keeps nothing, and compares the two histories byte by byte."""
    if run.clock == Clock.WALL:
        return Replay(False, "This run was recorded from a real saga; there is nothing to execute again.")
    executed = execute(run)
    if feed.text_of(executed.history) == feed.text_of(feed.entries_after(run.pk, 0)):
        return Replay(True, "Executed again, this run has the same history, byte for byte.")
    if run.kernel != kernel_version():
        return Replay(
            False,
            f"The executor has changed since ({run.kernel}, now {kernel_version()}); so has this history.",
        )
    return Replay(
        False, "Executed again by the same executor, this run has another history: please report it."
    )


def about(run: Run) -> dict[str, object]:
    """What a line of the server's own log says about a run."""
    return {
        "run": str(run.pk),
        "saga": run.saga.name,
        "coordination": run.coordination,
        "outcome": run.outcome,
        "findings": run.findings_count,
    }


def delete_older(before: datetime) -> int:
    """Deletes the runs from before a moment, and says how many."""
    return delete_in_portions(Run.objects.filter(executed_at__lt=before), DELETED_AT_ONCE)


def delete_in_portions(rows: QuerySet[Any], at_once: int) -> int:
    """Deletes rows, so many in one transaction that others can write in between; says how many."""
    deleted = 0
    while some := list(rows.order_by().values_list("pk", flat=True)[:at_once]):
        with transaction.atomic():
            rows.filter(pk__in=some).delete()
        deleted += len(some)
    return deleted
