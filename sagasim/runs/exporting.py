"""Runs as files: JSON with the whole history, CSV with a row per run.

A spreadsheet takes a cell that begins with = + - @, a tab or a return for a formula, and the names in our
cells are other people's: such a cell begins with an apostrophe, which makes it text (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from sagasim.core.codec import saga_to_data
from sagasim.runs.models import Run
from sagasim.runs.stage import lines_told, told

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "id", "executed_at", "saga", "version", "coordination", "clock", "status", "outcome", "parked",
    "findings",
    "faults", "struck", "seed", "order", "duration_ms", "lines", "kernel", "parent",
)  # fmt: skip


class _Echo:
    """What csv writes to, so that a row comes back as text."""

    def write(self, row: str) -> str:
        return row


def csv_of(runs: Iterable[Run]) -> Iterator[str]:
    """The rows as text, one by one."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for run in runs:
        yield writer.writerow([cell(value) for value in _row(run)])


def cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _row(run: Run) -> Iterator[Any]:
    yield from (str(run.pk), run.executed_at.isoformat(), run.saga.name, run.version.number, run.coordination)
    yield from (run.clock, run.status, run.outcome, " ".join(run.parked))
    yield " ".join(f"{it.harm}:{it.step}" for it in run.findings.all())
    yield from (
        " ".join(run.faults),
        len(run.struck),
        run.seed,
        " ".join(run.order),
        run.duration_ms,
        run.last_seq,
    )
    yield from (run.kernel, str(run.parent_id or ""))


def json_of(runs: Iterable[Run]) -> Iterator[str]:
    """A JSON array, run by run: what was run, how it ended, and every line with its sentence."""
    yield "["
    for place, run in enumerate(runs):
        whole = {**told(run), "saga": saga_to_data(run.version.meaning), "history": lines_told(run)}
        yield f"{',' if place else ''}\n{json.dumps(whole, ensure_ascii=False)}"
    yield "\n]\n"
