"""Runs and explorations as text for people: the story, findings by harm, the matrix, belief beside truth.

Every function returns lines; what has colours at all is whoever paints (terminal.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from sagasim.core.execution import Run
from sagasim.core.faults import KINDS
from sagasim.core.harms import PROPERTIES
from sagasim.core.narration import ending, fix_in_words, story, there
from sagasim.core.phrases import fault_in_words, joined, number_of
from sagasim.core.postmortem import findings_of
from sagasim.core.verdict import ToldCell, ToldFinding, Verdict


class Paint(Protocol):
    """Colours a piece of text, or leaves it as it is."""

    def __call__(self, text: str, *styles: str) -> str: ...


HARMLESS, NEVER = "\u00b7", " "
SERIOUS = ("red", "bold")


# ---------------------------------------------------------------- a run


def run_report(run: Run, paint: Paint) -> Iterator[str]:
    """The story of a run, what it broke, and what is left of belief and truth."""
    yield paint(f"{run.saga.name}, {run.coordination.value}, seed {run.seed}", "bold")
    for fault in run.faults:
        struck = "" if fault in run.struck else "  (did not strike)"
        yield f"  fault {paint(str(fault), 'yellow')}: {paint(fault_in_words(fault, run.saga))}{struck}"
    if len(run.struck) < len(run.faults):
        yield paint(f"  {len(run.struck)} of {number_of(len(run.faults), 'fault')} struck", "yellow")
    yield ""
    for entry, line in zip(run.history, story(run.history, run.saga), strict=True):
        yield paint(line, *_STYLES.get(entry.kind, ()))
    yield ""
    yield from _both_stories(run, paint)
    yield ""
    for finding in findings_of(run):
        yield f"{paint(finding.harm, *SERIOUS)} at {paint(finding.step, 'bold')} (entry {finding.seq})"
        yield f"  {paint(finding.sentence)}"
    outcome = f"{run.outcome}: {ending(run.outcome, run.parked)}" if run.outcome == "parked" else run.outcome
    found = number_of(len(run.harms), "finding") if run.harms else "nothing found"
    yield paint(
        f"{outcome} after {run.duration_ms:,} ms, {number_of(run.messages, 'message')}; {found} in this run",
        "bold",
    )


_STYLES: Mapping[str, tuple[str, ...]] = {
    "FaultStruck": ("yellow",),
    "CallTimedOut": ("yellow",),
    "SagaStuck": SERIOUS,
    "HarmDone": SERIOUS,
    "SagaEnded": ("bold",),
}


def _both_stories(run: Run, paint: Paint) -> Iterator[str]:
    """Per step what is believed at the end and what is true; a difference is marked."""
    last = {getattr(entry.event, "step", ""): entry.belief for entry in run.history if entry.belief}
    many = run.saga.instances > 1
    width = max(map(len, run.saga.step_names))
    yield paint(f"  {'step'.ljust(width)}  {'' if many else 'believed      '}true", "dim")
    for step in run.saga.steps:
        times, belief = run.ledger[step.name], last.get(step.name, "idle")
        differs = not many and step.has_effect and _differ(belief, times)
        row = f"  {step.name.ljust(width)}  {'' if many else belief.ljust(12) + '  '}{there(times)}"
        yield paint(f"{row}  <- they differ", *SERIOUS) if differs else paint(row)
    for name, value in run.resources.items():
        yield paint(f"  {name} = {value}", "dim")


def _differ(belief: str, times: int) -> bool:
    if belief == "done":
        return times != 1
    return times != 0 if belief in ("idle", "undone", "refused", "failed", "skipped") else True


# ---------------------------------------------------------------- an exploration


def verdict_report(
    verdict: Verdict,
    paint: Paint,
    *,
    width: int,
    excused: Callable[[ToldFinding], str] = lambda _: "",
    hint: Callable[[ToldFinding], str] = lambda _: "",
) -> Iterator[str]:
    """Scope, findings by harm, matrix, and which undos were tried. `hint` says why no single change repairs one."""
    yield paint(verdict.saga, "bold")
    yield (
        f"{verdict.scope} ({verdict.seconds:.2f} s)" if verdict.exhaustive else paint(verdict.scope, "yellow")
    )
    for name, (states, findings) in verdict.coordinations.items():
        found = paint(number_of(findings, "finding"), "red") if findings else "no finding"
        yield f"  {name}: {found}, {number_of(states, 'state')}"
    for harm, group in groupby(verdict.findings, key=lambda each: each.harm):
        yield ""
        yield f"{paint(harm, *SERIOUS)} (must hold: {PROPERTIES[harm]})"
        for finding in group:
            yield from _finding(finding, paint, excused(finding), hint(finding))
    for name in verdict.coordinations:
        cells = [cell for cell in verdict.matrix if cell.coordination == name]
        if cells:
            yield ""
            yield paint(f"one fault, {name}", "bold")
            yield from matrix_lines(cells, paint, width, exhaustive=verdict.exhaustive)
    yield ""
    yield from _coverage(verdict, paint)


def _finding(finding: ToldFinding, paint: Paint, excuse: str, hint: str) -> Iterator[str]:
    note = f"  ({excuse})" if excuse else ""
    yield f"  {paint(finding.step, 'bold')}, {finding.coordination}{note}"
    yield f"    {paint(finding.sentence)}"
    yield f"    faults  {paint(', '.join(finding.faults) or 'none', 'yellow')}"
    if finding.fix:
        yield f"    fix     {paint(fix_in_words(finding.fix.change, verified=finding.fix.verified), 'green')}"
    else:
        yield f"    fix     no single change was found that makes it go away{f'. {paint(hint)}' if hint else ''}"
    yield f"    replay  {paint(finding.replay, 'dim')}"


def matrix_lines(
    cells: Sequence[ToldCell], paint: Paint, width: int, *, exhaustive: bool = True
) -> Iterator[str]:
    """Rows are targets, columns kinds; what does no harm anywhere is said in one line, not in columns."""
    calm = "harmless" if exhaustive else "no harm found so far"
    worst = {(cell.target, cell.kind): cell.worst for cell in cells}
    targets = list(dict.fromkeys(cell.target for cell in cells))
    kinds = [kind for kind in KINDS if any(cell.kind == kind for cell in cells)]
    harmful = [kind for kind in kinds if any(worst.get((target, kind)) for target in targets)]
    harmless = [kind for kind in kinds if kind not in harmful]
    first = max(map(len, targets))
    for columns in _fitting(harmful, worst, targets, width - first - 4):
        sizes = {kind: _size(kind, worst, targets) for kind in columns}
        yield paint("  " + " ".join(["".ljust(first), *(kind.ljust(sizes[kind]) for kind in columns)]), "dim")
        for target in targets:
            if not any((target, kind) in worst for kind in columns):
                continue
            row = (_told(worst.get((target, kind)), sizes[kind], paint) for kind in columns)
            yield "  " + " ".join([target.ljust(first), *row]).rstrip()
    if harmful:
        yield paint(
            f"  {HARMLESS} {calm}; blank: {'cannot strike there' if exhaustive else 'not reached'}", "dim"
        )
    if harmless:
        yield f"  {calm}{' everywhere' if harmful else ''}: {', '.join(harmless)}"


def _told(worst: str | None, size: int, paint: Paint) -> str:
    if worst is None:
        return NEVER.ljust(size)
    return paint(f"\u2717 {worst}".ljust(size), "red") if worst else paint(HARMLESS.ljust(size), "green")


def _size(kind: str, worst: Mapping[tuple[str, str], str], targets: Iterable[str]) -> int:
    words = (worst.get((target, kind)) or "" for target in targets)
    return max(len(kind), *(len(word) + 2 for word in words))


def _fitting(
    kinds: Sequence[str], worst: Mapping[tuple[str, str], str], targets: Sequence[str], room: int
) -> Iterator[list[str]]:
    """The columns in groups that are no wider than the room."""
    group: list[str] = []
    used = 0
    for kind in kinds:
        size = _size(kind, worst, targets) + 1
        if group and used + size > room:
            yield group
            group, used = [], 0
        group.append(kind)
        used += size
    if group:
        yield group


def _coverage(verdict: Verdict, paint: Paint) -> Iterator[str]:
    missing = [step for step, ran in verdict.undo_coverage.items() if not ran]
    known = len(verdict.undo_coverage)
    if not known:
        yield "undo coverage: no step has an undo"
    elif missing:
        never = "never tried" if verdict.exhaustive else "not tried so far"
        yield paint(f"undo coverage: {known - len(missing)} of {known}; {never}: {joined(missing)}", "yellow")
    else:
        yield f"undo coverage: all {number_of(known, 'undo')} ran with something to undo"
