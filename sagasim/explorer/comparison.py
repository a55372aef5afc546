"""Differences as the page shows them: per fault what follows on either side, and where both runs are opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sagasim.core.comparing import CellDifference, Comparison
from sagasim.core.presets import presets_compared
from sagasim.core.sides import Seen
from sagasim.explorer.contenders import Contender
from sagasim.explorer.looks import HOLDS, UNREACHED, Look, look_of
from sagasim.explorer.matrix import in_words

BOTH = "both"
"""The side that stands for both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What follows on one side, and the run that shows it; no address: it cannot strike there."""

    name: str
    state: str
    look: Look
    harm: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One fault, with what follows from it on both sides."""

    words: str
    faults: tuple[str, ...]
    says: str
    fatal: bool
    ends: tuple[End, ...]
    both: str = ""  # where both are shown on one clock; empty: one side has no such fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two sides, in one coordination or across both."""

    coordination: str
    one: str
    other: str
    sentence: str
    steps: str
    fatal: tuple[Difference, ...]
    worse: tuple[Difference, ...]
    findings: tuple[str, ...]


def shown_differences(coordination: str, it: Comparison, sides: Sequence[Contender], beside: str) -> Compared:
    """`beside` is the address that opens one side's run; what it needs to know is added to it."""
    told = tuple(_difference(coordination, each, it, sides, beside) for each in it.cells)
    return Compared(
        coordination=coordination,
        one=it.one,
        other=it.other,
        sentence=it.sentence,
        steps=it.counterparts.sentence,
        fatal=tuple(each for each in told if each.fatal),
        worse=tuple(each for each in told if not each.fatal),
        findings=tuple(each.sentence for each in it.findings),
    )


def _difference(
    coordination: str, each: CellDifference, it: Comparison, sides: Sequence[Contender], beside: str
) -> Difference:
    bad = each.one if each.worse == "one" else each.other
    assert bad is not None
    asked = [("fault", fault) for fault in bad.faults] + [("harm", bad.worst)]
    across = len(sides) == 1  # one saga in its two coordinations
    ends = []
    for place, (name, seen) in enumerate(((it.one, each.one), (it.other, each.other))):
        where = (
            [("coordination", name)]
            if across
            else [("side", sides[place].key), ("coordination", coordination)]
        )
        ends.append(_end(name, seen, f"{beside}&{urlencode(where + asked)}"))
    return Difference(
        words=in_words(each.target, each.kind),
        faults=bad.faults,
        says=each.sentence,
        fatal=each.fatal,
        ends=tuple(ends),
        both=_both(coordination, each, f"{beside}&{urlencode(asked)}", across=across),
    )


def _both(coordination: str, each: CellDifference, address: str, *, across: bool) -> str:
    if across:
        return address
    if each.one is None or each.other is None:
        return ""
    return f"{address}&{urlencode([('side', BOTH), ('coordination', coordination)])}"


def _end(name: str, seen: Seen | None, address: str) -> End:
    if seen is None:
        return End(name=name, state="absent", look=UNREACHED, harm="", address="")
    state = "harm" if seen.worst else "holds"
    look = look_of(seen.worst) if seen.worst else HOLDS
    return End(name=name, state=state, look=look, harm=seen.worst, address=address)


# ---------------------------------------------------------------- presets


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetEngine:
    """How the saga ends in an engine like this."""

    name: str
    state: str  # done, open, none
    findings: int
    sentence: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFinding:
    """One finding over all engines: per engine how many faults it takes and the run; or nothing."""

    harm: str
    step: str
    coordination: str
    look: Look
    cells: tuple[tuple[str, int, str], ...]  # engine, faults (0: no fault needed), address; -1: never


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetsShown:
    engines: tuple[PresetEngine, ...]
    rows: tuple[PresetFinding, ...]


def preset_rows(sides: Sequence[Contender], beside: str) -> PresetsShown:
    """All engines that are known by now, and what any of them breaks."""
    known = {side.key: [verdict] for side in sides if (verdict := side.verdict) is not None}
    table = presets_compared(known)
    ends = {end.preset: end for end in table.presets}
    engines = tuple(
        PresetEngine(
            name=side.name,
            state="open" if side.is_open else "done" if side.key in ends else "none",
            findings=ends[side.key].findings if side.key in ends else 0,
            sentence=ends[side.key].sentence if side.key in ends else "",
            url=side.exploration.get_absolute_url() if side.exploration else "",
        )
        for side in sides
    )
    rows = tuple(
        PresetFinding(
            harm=row.harm,
            step=row.step,
            coordination=row.coordination,
            look=look_of(row.harm),
            cells=tuple(
                _preset_cell(side.key, row.coordination, row.takes.get(side.key), beside) for side in sides
            ),
        )
        for row in table.rows
    )
    return PresetsShown(engines=engines, rows=rows)


def _preset_cell(key: str, coordination: str, seen: Seen | None, beside: str) -> tuple[str, int, str]:
    if seen is None:
        return key, -1, ""
    asked = [("side", key), ("coordination", coordination), ("harm", seen.worst)]
    asked += [("fault", fault) for fault in seen.faults]
    return key, len(seen.faults), f"{beside}&{urlencode(asked)}"
