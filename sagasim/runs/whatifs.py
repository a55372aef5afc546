"""What if something more happens: a fault is placed, a service killed or started again, the saga cancelled.

A what-if is a run of its own with a longer plan; up to the first instant at which the added fault strikes,
both histories are the same. Faults strike at named moments, so "now" is the first such moment after a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sagasim.core.errors import listed, quoted
from sagasim.core.faults import FOR_EVER, parse_plan, text_of
from sagasim.core.history import CommandSent, EventConsumed, StepCommitted, UndoCommitted
from sagasim.core.saga import Coordination
from sagasim.runs import feed
from sagasim.runs.models import Run
from sagasim.runs.services import Plan, plan_of, start_runs

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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

    Everything that was planned stays; the new runs share the lines before the first instant at which the
    added fault strikes. Raises BadFault and NoSuchMoment.
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
            case _:
                continue
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
            case _:
                continue
    raise NoSuchMoment("Nothing happens any more after this moment; cancel the saga earlier.")
