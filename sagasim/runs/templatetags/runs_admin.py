"""The run history's rows, dates and pages.

Django makes each cell of a list by itself, which was half of the page; here a row is a piece of template. Its dates and
pages are read off the ends of an index instead of off the whole table.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import template
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList

from sagasim.runs.admin import COUNTED
from sagasim.runs.models import Run

register = template.Library()

Link = dict[str, Any]


COLUMNS = ("When", "Saga", "Version", "Coordination", "Outcome", "Findings", "Faults", "Took", "Stage")
MOST_FINDINGS = 3
"""How many findings a row names."""


@register.inclusion_tag("admin/runs/run/rows.html")
def rows(cl: ChangeList) -> dict[str, Any]:
    """What the list shows of each run; the page of a run leads back to the list as it was filtered."""
    back = f"?{urlencode({'_changelist_filters': cl.get_query_string()[1:]})}" if cl.params else ""
    return {
        "runs": [_row(run, back) for run in cl.result_list],
        "columns": COLUMNS,
        "pk_name": ACTION_CHECKBOX_NAME,
    }


def _row(run: Run, back: str) -> dict[str, Any]:
    findings = run.findings.all()
    return {
        "pk": run.pk,
        "name": str(run),
        "address": f"{run.pk}/change/{back}",
        "day": f"{run.executed_at:%Y-%m-%d}",
        "time": f"{run.executed_at:%H:%M:%S}",
        "saga": run.saga.name,
        "version": run.version.number,
        "coordination": run.coordination,
        "state": run.outcome or run.status,
        "findings": ", ".join(f"{it.harm} at {it.step}" for it in findings[:MOST_FINDINGS]) or "none",
        "more": max(0, run.findings_count - MOST_FINDINGS),
        "faults": run.faults,
        "stage": run.get_absolute_url(),
        "took": f"{run.duration_ms:,} ms",
    }


@register.inclusion_tag("admin/runs/run/dates.html")
def dates(cl: ChangeList) -> dict[str, Any]:
    """The years there are, the months of the chosen year, the days of the chosen month."""
    chosen = [
        int(value) for part in ("year", "month", "day") if (value := cl.params.get(f"executed_at__{part}"))
    ]
    times = Run.objects.values_list("executed_at", flat=True)
    newest, oldest = (
        times.order_by("-executed_at", "-id").first(),
        times.order_by("executed_at", "id").first(),
    )
    if newest is None or oldest is None:
        return {"back": None, "links": []}
    first, last = oldest.date(), newest.date()
    return {
        "back": _link(cl, chosen[:-1], "any date" if len(chosen) == 1 else "back") if chosen else None,
        "chosen": "-".join(f"{part:02}" for part in chosen),
        "links": [_link(cl, parts, text) for parts, text in _finer(chosen, first, last)],
    }


def _finer(chosen: list[int], first: date, last: date) -> Iterator[tuple[list[int], str]]:
    """What one step further down the hierarchy offers; only where there may be runs."""
    match chosen:
        case []:
            for year in range(last.year, first.year - 1, -1):
                yield [year], str(year)
        case [year]:
            for month in range(1, 13):
                if (first.year, first.month) <= (year, month) <= (last.year, last.month):
                    yield [year, month], calendar.month_name[month]
        case [year, month]:
            for day in range(1, calendar.monthrange(year, month)[1] + 1):
                if first <= date(year, month, day) <= last:
                    yield [year, month, day], str(day)
        case _:
            return


def _link(cl: ChangeList, parts: list[int], text: str) -> Link:
    names = ("year", "month", "day")
    new = {f"executed_at__{name}": part for name, part in zip(names, parts, strict=False)}
    gone = [f"executed_at__{name}" for name in names[len(parts) :]]
    return {"address": cl.get_query_string(new, gone), "text": text}


@register.inclusion_tag("admin/runs/run/pages.html")
def pages(cl: ChangeList) -> dict[str, Any]:
    """The pages around this one, and how many runs match as far as that was counted."""
    last = cl.paginator.num_pages
    around = sorted({1, *range(max(1, cl.page_num - 3), min(last, cl.page_num + 3) + 1), last})
    more = cl.result_count > COUNTED
    return {
        "links": [
            {"address": cl.get_query_string({"p": page}), "text": page, "is_here": page == cl.page_num}
            for page in around
        ],
        "count": f"more than {COUNTED:,}" if more else f"{cl.result_count:,}",
        "more": more and cl.page_num == last,
    }
