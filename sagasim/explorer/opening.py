"""From a cell or a finding to the run that shows it, paused at the first moment that went wrong.

The same cell leads to the same run again: what was executed by these rules already is not executed twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from sagasim.core.faults import parse_moment, parse_plan
from sagasim.core.history import CancelRequested, DeadlinePassed, FaultStruck, OutageBegan
from sagasim.core.saga import Coordination
from sagasim.runs.feed import entries_after
from sagasim.runs.kernel import kernel_version
from sagasim.runs.models import Clock, Run, Status
from sagasim.runs.services import Plan, start_runs

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.composer.models import SagaVersion


STRIKES = (FaultStruck, CancelRequested, DeadlinePassed, OutageBegan)
"""The entries with which a fault of a plan shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is to be seen: a plan in one coordination or in both, and the harm that it is opened for."""

    coordinations: tuple[Coordination, ...]
    faults: tuple[str, ...]
    order: tuple[str, ...] = ()
    harm: str = ""
    step: str = ""


def scene_of(coordination: str, worst: Mapping[str, Any]) -> Scene:
    """The scene of a finding that is stored as harm, step, faults and order."""
    return Scene(
        coordinations=(Coordination(coordination),),
        faults=tuple(worst["faults"]),
        order=tuple(worst["order"]),
        harm=worst["harm"],
        step=worst["step"],
    )


def address_of(scene: Scene, version: SagaVersion, *, by: User | None, at_ms: int | None = None) -> str:
    """The stage of the run at a moment: the one asked for, or the first that went wrong.

    Raises BadFault where the plan does not fit the saga any more.
    """
    runs = run_of(scene, version, by=by)
    return f"{runs[0].get_absolute_url()}?t={moment_of(scene, runs) if at_ms is None else at_ms}"


def run_of(scene: Scene, version: SagaVersion, *, by: User | None) -> list[Run]:
    """The run that is there already, or a new one; two where both coordinations are asked for."""
    saga = version.meaning
    plan = Plan(
        faults=parse_plan(scene.faults, saga), order=tuple(parse_moment(it, saga) for it in scene.order)
    )
    with transaction.atomic():  # two clicks at once make one run: whoever writes, writes alone
        known = _known(scene, version)
        return known or start_runs(version, scene.coordinations, plan, by=by)


def _known(scene: Scene, version: SagaVersion) -> list[Run]:
    same = Run.objects.filter(
        version=version,
        coordination__in=scene.coordinations,
        faults=list(scene.faults),
        order=list(scene.order),
        seed=0,
        clock=Clock.VIRTUAL,
        status=Status.FINISHED,
        parent=None,
        kernel=kernel_version(),
        pair__isnull=len(scene.coordinations) == 1,
    ).select_related("saga", "version")
    first = same.first()
    return first.side_by_side() if first else []


def moment_of(scene: Scene, runs: Sequence[Run]) -> int:
    """When the harm was done; else when anything went wrong first; else when the first fault struck."""
    found = [
        (finding.harm == scene.harm and scene.step in ("", finding.step), run, finding.seq)
        for run in runs
        for finding in run.findings.all()
    ]
    wanted = [(run, seq) for is_it, run, seq in found if is_it] or [(run, seq) for _, run, seq in found]
    if wanted:
        return min(_at_ms(run, seq) for run, seq in wanted)
    struck = [
        entry.at_ms for run in runs for entry in entries_after(run.pk, 0) if isinstance(entry.event, STRIKES)
    ]
    return min(struck, default=0)


def _at_ms(run: Run, seq: int) -> int:
    return next((entry.at_ms for entry in entries_after(run.pk, seq - 1)), 0)
