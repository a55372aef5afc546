"""How this sagasim is doing: for people, for Prometheus, and for whatever restarts it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sagasim.runs import metrics
from sagasim.runs.hub import hub
from sagasim.runs.kernel import kernel_version
from sagasim.runs.models import Run, RunFinding, Status

COUNTED = 20_000
"""The page counts the newest runs of the last day, no more than these."""

SECTIONS: list[Callable[[], tuple[str, dict[str, Any]]]] = []
"""What other areas show on the page: the name of a template, and what it is told."""


@login_not_required
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 as long as pages can be answered and the database can be read."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "the database cannot be read"}, status=503)
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """For Prometheus, which shows SAGASIM_METRICS_TOKEN as a bearer token, and for whoever is signed in."""
    shown = request.headers.get("Authorization", "")
    is_prometheus = bool(settings.METRICS_TOKEN) and constant_time_compare(
        shown, f"Bearer {settings.METRICS_TOKEN}"
    )
    if not is_prometheus and not request.user.is_authenticated:
        sentence = "Sign in, or show SAGASIM_METRICS_TOKEN: Authorization: Bearer ...\n"
        return HttpResponse(sentence, status=401, content_type="text/plain")
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The last day in numbers, and what is going on now."""
    since = timezone.now() - timedelta(days=1)
    newest = Run.objects.filter(executed_at__gte=since).order_by("-executed_at", "-id")
    recent = list(newest.values_list("coordination", "outcome", "duration_ms")[:COUNTED])
    found = RunFinding.objects.filter(executed_at__gte=since, run__in=newest.values("pk")[:COUNTED])
    context = {
        "since": since,
        "runs": len(recent),
        "is_capped": len(recent) == COUNTED,
        "outcomes": _table(recent),
        "harms": found.values_list("harm").annotate(times=Count("pk")).order_by("-times"),
        "durations": _durations([ms for _, _, ms in recent]),
        "running": Run.objects.filter(status=Status.RUNNING).select_related("saga")[:50],
        "sockets": hub.sockets,
        "rooms": len(hub.rooms),
        "lag": metrics.lag.quantile(0.99),
        "executing": metrics.executing.quantile(0.95),
        "kernel": kernel_version(),
        "sections": [section() for section in SECTIONS],
    }
    return render(request, "runs/monitoring.html", context)


def _table(recent: Iterable[tuple[Any, ...]]) -> list[tuple[str, int, int]]:
    """Per outcome, how many runs were orchestrated and how many choreographed."""
    counts: dict[str, list[int]] = {}
    for coordination, outcome, _ in recent:
        counts.setdefault(outcome or "running", [0, 0])[coordination == "choreography"] += 1
    return [(outcome, one, other) for outcome, (one, other) in sorted(counts.items())]


def _durations(each: list[int]) -> dict[str, int] | None:
    if not each:
        return None
    each.sort()
    return {"median": each[len(each) // 2], "p95": each[int(len(each) * 0.95)], "longest": each[-1]}
