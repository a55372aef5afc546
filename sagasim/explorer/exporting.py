"""Many explorations as files: JSON with their verdicts, CSV with a row per finding."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from sagasim.explorer.models import Exploration
from sagasim.explorer.telling import findings_told
from sagasim.runs.exporting import cell

COLUMNS = (
    "exploration", "asked_at", "saga", "version", "state", "faults", "exhaustive", "states", "seconds", "kernel",
    "harm", "step", "coordination", "fewest_faults", "order", "sentence", "fix", "fix_verified",
)  # fmt: skip


def json_of(explorations: Iterable[Exploration]) -> Iterator[str]:
    """A JSON array, exploration by exploration: what was asked, and the verdict with all that is known beyond."""
    yield "["
    for place, row in enumerate(explorations):
        yield f"{',' if place else ''}\n{json.dumps(told(row), ensure_ascii=False)}"
    yield "\n]\n"


def csv_of(explorations: Iterable[Exploration]) -> Iterator[str]:
    """A row per finding; an exploration without any has one row all the same."""
    yield _line(COLUMNS)
    for row in explorations:
        asked = _asked(row)
        for finding in findings_told(row) or [{}]:
            yield _line([*asked, *_found(finding)])


def told(row: Exploration) -> dict[str, Any]:
    names = ("state", "sentence", "faults", "kinds", "coordinations", "most_states", "most_seconds", "kernel")
    return {
        "id": str(row.pk),
        "saga": row.name,
        "version": row.version.number if row.version else None,
        "hash": row.hash,
        **{name: getattr(row, name) for name in names},
        "asked_at": row.asked_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "verdict": row.verdict,
        "more": row.more,
    }


def _asked(row: Exploration) -> list[Any]:
    version = row.version.number if row.version else ""
    known = (row.exhaustive, row.states, row.seconds) if row.verdict else ("", "", "")
    return [
        str(row.pk),
        row.asked_at.isoformat(),
        row.name,
        version,
        row.state,
        row.faults,
        *known,
        row.kernel,
    ]


def _found(finding: dict[str, Any]) -> list[Any]:
    if not finding:
        return [""] * 8
    fix = finding["fix"] or {}
    return [
        *(finding[name] for name in ("harm", "step", "coordination")),
        " ".join(finding["faults"]),
        " ".join(finding["order"]),
        finding["sentence"],
        fix.get("change", ""),
        fix.get("verified", ""),
    ]


def _line(values: Iterable[Any]) -> str:
    row = StringIO()
    csv.writer(row).writerow([cell(value) for value in values])
    return row.getvalue()
