"""What makes runs: executing a saga in virtual time and keeping all of it, in one transaction.

Nothing is shown before it is stored. Playing a run is feed.py's and consumers.py's business; recording one that
happens on the wall clock is recorder.py's.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.core import execution
from sagasim.core.errors import listed, quoted
from sagasim.core.faults import FOR_EVER, FaultPlan, Moment, parse_moment, parse_plan, text_of
from sagasim.core.history import CommandSent, Entry, EventConsumed, StepCommitted, UndoCommitted
from sagasim.core.results import findings_of
from sagasim.core.saga import Coordination, Saga
from sagasim.runs import feed
from sagasim.runs.hub import hub
from sagasim.runs.kernel import kernel_version
from sagasim.runs.models import Clock, Run, RunFault, RunFinding, RunHistory, Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

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
    executed = [
        execution.run(version.meaning, each, plan.faults, seed=plan.seed, order=plan.order)
        for each in coordinations
    ]
    pair = uuid4() if len(executed) > 1 else None
    now = timezone.now()
    with transaction.atomic():
        runs = [_keep(each, version, pair, _parent_of(each, parents), now, by) for each in executed]
        transaction.on_commit(lambda: hub.runs_changed([run.pk for run in runs]))
    for run in runs:
        log.info("executed", extra=_told(run))
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
        saga_id=version.saga_id,
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
        struck=len(executed.struck),
        duration_ms=executed.duration_ms,
        last_seq=len(executed.history),
        kernel=kernel_version(),
        executed_at=now,
        started_by=by,
    )
    RunHistory.objects.create(run=run, document=feed.document_of(executed.history))
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
    keep_faults(run, executed.faults)
    return run


def keep_faults(run: Run, faults: FaultPlan) -> None:
    """The plan taken apart, for those who look for a kind or a target."""
    RunFault.objects.bulk_create(
        RunFault(run=run, kind=fault.kind, target=fault.target, text=str(fault), executed_at=run.executed_at)
        for fault in faults
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


@dataclass(frozen=True, slots=True)
class Replay:
    """What executing a stored run again has shown."""

    is_the_same: bool
    sentence: str


def executed_again(run: Run) -> Replay:
    """Executes a stored run again, keeps nothing, and compares the two histories byte by byte."""
    if run.clock == Clock.WALL:
        return Replay(False, "This run was recorded from a real saga; there is nothing to execute again.")
    plan = plan_of(run, run.version.meaning)
    executed = execution.run(
        run.version.meaning, Coordination(run.coordination), plan.faults, seed=plan.seed, order=plan.order
    )
    if feed.text_of(executed.history) == feed.text_of(feed.entries_after(run.pk, 0)):
        return Replay(True, "Executed again, this run has the same history, byte for byte.")
    if run.kernel != kernel_version():
        return Replay(
            False,
            f"The executor has changed since ({run.kernel}, now {kernel_version()}), and this history with it.",
        )
    return Replay(
        False, "Executed again by the same executor, this run has another history: please report it."
    )


def _told(run: Run) -> dict[str, object]:
    return {
        "run": str(run.pk),
        "saga": run.saga.name,
        "coordination": run.coordination,
        "outcome": run.outcome,
        "findings": run.findings_count,
    }


# ---------------------------------------------------------------- what-ifs


class NoSuchMoment(Exception):
    """What was asked for cannot happen any more at that line of the run."""


def what_if(
    runs: Sequence[Run],
    does: str,
    *,
    fault: str = "",
    service: str = "",
    from_seq: int = 0,
    by: User | None = None,
) -> list[Run]:
    """The story that follows when something more happens from line `from_seq` of the first run on.

    Everything that was planned stays; the new runs share the lines before the first instant at which the added
    fault strikes. Raises BadFault and NoSuchMoment.
    """
    first = runs[0]
    saga = first.version.meaning
    plan = plan_of(first, saga)
    match does:
        case "kill":
            added = _killed(first, service, from_seq)
        case "restart":
            return _start_what_if(runs, _restarted(plan, service), by)
        case "cancel":
            added = f"saga:cancelled@{_next_moment(first, from_seq)}"
        case _:
            added = fault
    if added in text_of(plan.faults):
        raise NoSuchMoment(f"{added} is in this run already.")
    faults = parse_plan((*text_of(plan.faults), added), saga)
    return _start_what_if(runs, replace(plan, faults=faults), by)


def _start_what_if(runs: Sequence[Run], plan: Plan, by: User | None) -> list[Run]:
    first = runs[0]
    coordinations = [Coordination(run.coordination) for run in runs]
    return start_runs(first.version, coordinations, plan, parents=runs, by=by)


def _killed(run: Run, service: str, from_seq: int) -> str:
    """The service answers nobody from its next call on."""
    theirs = {step.name for step in run.version.meaning.steps if step.service == service}
    if not theirs:
        known = sorted({step.service for step in run.version.meaning.steps})
        raise NoSuchMoment(f"There is no service {quoted(service)}; there are {listed(known)}.")
    for entry in feed.entries_after(run.pk, from_seq):
        match entry.event:
            case CommandSent(step, undo, 1) | EventConsumed(step, undo, 1) if step in theirs:
                return f"{service}:outage@{step}{'.undo' if undo else ''}.before*for-ever"
    raise NoSuchMoment(f"{service} is not called any more after this moment; kill it earlier.")


def _restarted(plan: Plan, service: str) -> Plan:
    """The outage of the service ends with the last bounded attempt of the call that it began with."""
    down = [fault for fault in plan.faults if (fault.target, fault.kind) == (service, "outage")]
    if not any(fault.times == FOR_EVER for fault in down):
        raise NoSuchMoment(f"{quoted(service)} is not down for ever; only a killed service can be restarted.")
    return replace(
        plan,
        faults=tuple(replace(fault, times=1) if fault in down else fault for fault in plan.faults),
    )


def _next_moment(run: Run, from_seq: int) -> str:
    """The first moment after a line that a fault can name."""
    for entry in feed.entries_after(run.pk, from_seq):
        match entry.event:
            case CommandSent(step, undo, 1):
                return f"{step}{'.undo' if undo else ''}.before"
            case StepCommitted(step):
                return f"{step}.after"
            case UndoCommitted(step):
                return f"{step}.undo.after"
    raise NoSuchMoment("Nothing happens any more after this moment; cancel the saga earlier.")
