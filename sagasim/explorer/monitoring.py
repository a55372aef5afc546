"""How the explorations are doing: their part of the monitoring page (sagasim/runs/monitoring.py)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from sagasim.explorer import metrics
from sagasim.explorer.jobs import jobs
from sagasim.explorer.models import OPEN, Exploration, State
from sagasim.explorer.services import explorer_version, sweep

MOST_SHOWN = 20
TEMPLATE = "explorer/monitoring.html"


def section() -> tuple[str, dict[str, Any]]:
    """The template of the part, and what it shows."""
    sweep()
    since = timezone.now() - timedelta(days=1)
    recent = Exploration.objects.filter(asked_at__gte=since).order_by()
    counts = dict(recent.values_list("state").annotate(times=Count("pk")))
    open_ = Exploration.objects.filter(state__in=OPEN).order_by("asked_at")
    return TEMPLATE, {
        "states": [(state.label, counts[state]) for state in State if counts.get(state)],
        "open": open_.only("id", "name", "faults", "state", "lane", "states", "progress")[:MOST_SHOWN],
        "workers": jobs.workers,
        "exploring": metrics.exploring.quantile(0.95),
        "answering": metrics.answering.quantile(0.95),
        "verdicts": metrics.verdicts.quantile(0.95),
        "rules": explorer_version(),
    }
