"""A verdict as a file: CSV, JSON, SVG, Markdown, JUnit; the matrix of each coordination, and the findings.

CSV is for spreadsheets, which take what begins with = + - @ for a formula: such a cell begins with an
apostrophe. Everything names its scope, so that a file that travels alone is no bare green tick either.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import cast

from sagasim.core.junit import junit_of
from sagasim.core.results import verdict_to_data
from sagasim.core.saga import Saga
from sagasim.core.verdict import Verdict
from sagasim.explorer.findings import key_of
from sagasim.explorer.matrix import Matrix
from sagasim.explorer.picture import svg_of
from sagasim.explorer.squares import Grid, Square
from sagasim.runs.exporting import cell

COLUMNS = ("coordination", "target", "kind", "state", "worst", "faults", "says")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is exported. `timestamp`: when it was explored, in ISO 8601."""

    title: str
    saga: Saga
    verdict: Verdict
    kinds: tuple[str, ...]
    timestamp: str

    def grids(self) -> Iterator[tuple[str, Grid]]:
        matrix = Matrix(self.saga, self.verdict, kinds=self.kinds)
        for coordination in self.verdict.coordinations:
            yield coordination, matrix.one_fault(coordination)


def csv_of(report: Report) -> str:
    """A row per cell, the grey ones too, with the reason why they are."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(("scope", cell(report.verdict.scope)))
    writer.writerow(COLUMNS)
    for _, grid in report.grids():
        for it in cast("tuple[Square, ...]", grid.squares):
            told = (it.coordination, it.target, it.kind, it.state, it.harm, " ".join(it.faults), it.says)
            writer.writerow([cell(value) for value in told])
    return out.getvalue()


def json_of(report: Report) -> str:
    """Exactly what `sagasim explore --json` says."""
    return json.dumps(verdict_to_data(report.verdict), indent=2, ensure_ascii=False) + "\n"


def junit(report: Report) -> str:
    """For a build: each finding is a failed test case."""
    return junit_of(report.verdict, timestamp=report.timestamp, excused=lambda _: "")


def svg(report: Report) -> str:
    return svg_of(report.title, report.verdict.scope, list(report.grids()))


def markdown_of(report: Report) -> str:
    """Tables and findings for an issue or a wiki."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield f"# {plain(report.title)}"
    yield ""
    yield plain(report.verdict.scope)
    for coordination, grid in report.grids():
        yield from ("", f"## One fault, {coordination}", "")
        yield "| | " + " | ".join(grid.kinds) + " |"
        yield "|---" * (len(grid.kinds) + 1) + "|"
        for row in grid.rows:
            told = (_in_a_cell(cast("Square", it)) for it in row.squares)
            yield f"| {plain(row.target)} | " + " | ".join(told) + " |"
        aside = [(f"{it.heading}: outage", it.square) for it in grid.outages]
        aside += [(f"saga: {it.heading}", it.square) for it in grid.saga]
        yield ""
        for heading, square in aside:
            yield f"- {plain(heading)}: {_in_a_cell(cast('Square', square)) or 'not reached'}"
    yield from ("", "## Findings", "")
    for each in report.verdict.findings:
        yield f"- **{plain(key_of(each))}** {plain(each.sentence)}"
        yield f"  - faults: {', '.join(f'`{it}`' for it in each.faults) or 'none'}"
        if each.fix:
            how = "verified by exploring again" if each.fix.verified else "not verified"
            yield f"  - fix: `{each.fix.change}` ({how})"
        yield f"  - replay: `{each.replay}`"
    if not report.verdict.findings:
        yield "None."


def _in_a_cell(square: Square) -> str:
    match square.state:
        case "absent":
            return "–"
        case "unreached":
            return ""
        case _:
            return f"**{square.harm}**" if square.harm else "holds"


def plain(text: str) -> str:
    """Text that Markdown takes for nothing else, in one line."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in " ".join(text.split()))


FORMATS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "json": ("application/json", json_of),
    "svg": ("image/svg+xml", svg),
    "md": ("text/markdown; charset=utf-8", markdown_of),
    "junit": ("application/xml", junit),
}
"""Per ending: the content type, and what writes it."""
SUFFIXES = {"junit": "xml"}
"""Where the name of the file ends otherwise."""
