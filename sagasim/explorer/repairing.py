"""What the stage is told of the explorer: the repair of what a run broke, and where its saga is explored."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from sagasim.explorer.services import fix_for
from sagasim.runs.models import Run
from sagasim.runs.repairs import Repair


class Explored:
    """Answers what runs ask (runs/repairs.py)."""

    def repair_of(self, run: Run, harm: str, step: str) -> Repair | None:
        known = fix_for(run.version.hash, harm, step, run.coordination)
        if known is None:
            return None
        return Repair(known.change, known.is_verified, known.exploration.get_absolute_url())

    def explore_url(self, run: Run) -> str:
        version = urlencode({"version": run.version.number})
        return f"{reverse('explorer:matrix', args=[run.saga.name])}?{version}"

    def stored_url(self, run: Run) -> str:
        return f"{reverse('admin:explorer_exploration_changelist')}?{urlencode({'q': run.saga.name})}"
