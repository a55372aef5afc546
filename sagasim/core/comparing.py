"""Two explorations side by side: which faults are harmless in one and fatal in the other.

Two coordinations, two versions, two engine presets are all compared in the same way, cell by cell and finding
by finding. What has no counterpart is said rather than counted as a difference: a step that only one version
has, a fault that cannot strike in one coordination.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sagasim.core.counterparts import Counterparts, counterparts_of
from sagasim.core.exploration import Exploration
from sagasim.core.harms import HARMS, WORST_FIRST
from sagasim.core.phrases import are, number_of
from sagasim.core.sides import Seen, Side, renamed, side_of
from sagasim.core.verdict import Verdict

_RANK = {harm: place for place, harm in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDifference:
    """A fault that does worse on one side. None: it cannot strike there, or its step is not there.

    `worse` is "one" or "other"; `fatal`: it is harmless on the better side.
    """

    target: str
    kind: str
    one: Seen | None
    other: Seen | None
    worse: str
    fatal: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDifference:
    """A property that only one side breaks, or breaks with fewer faults; steps by the name on the worse side."""

    harm: str
    step: str
    one: Seen | None
    other: Seen | None
    worse: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences, the fatal ones first, and in one sentence what they come to."""

    one: str
    other: str
    cells: tuple[CellDifference, ...]
    findings: tuple[FindingDifference, ...]
    alike: int
    counterparts: Counterparts
    sentence: str


def differences(
    one: Exploration | Verdict,
    other: Exploration | Verdict,
    *,
    names: tuple[str, str] | None = None,
    coordinations: tuple[str, str] | None = None,
    counterparts: Counterparts | None = None,
) -> Comparison:
    """What is harmless in one and fatal in the other, and the other way round.

    names           what the two are called; else by their coordinations, or else `one` and `other`
    coordinations   of a Verdict, which holds several: the one that is meant on each side
    counterparts    which steps are the same; found by `counterparts_of` where two Explorations are of two sagas
    """
    first, second = coordinations or ("", "")
    called = names or _names(one, other, first, second)
    left, right = side_of(one, called[0], first), side_of(other, called[1], second)
    if counterparts is None:
        if isinstance(one, Exploration) and isinstance(other, Exploration):
            counterparts = counterparts_of(one.saga, other.saga)
        else:
            counterparts = Counterparts()
    return _compared(renamed(left, counterparts.renamed), right, counterparts)


def _names(
    one: Exploration | Verdict, other: Exploration | Verdict, first: str, second: str
) -> tuple[str, str]:
    mine = one.coordination.value if isinstance(one, Exploration) else first
    theirs = other.coordination.value if isinstance(other, Exploration) else second
    return (mine, theirs) if mine != theirs else ("one", "other")


# ---------------------------------------------------------------- cells and findings


def _compared(one: Side, other: Side, counterparts: Counterparts) -> Comparison:
    missing = {*counterparts.only_one, *counterparts.only_other}
    places = [place for place in {**one.cells, **other.cells} if _step_of(place[0]) not in missing]
    cells = [it for place in places if (it := _cell(place, one, other)) is not None]
    cells.sort(key=lambda it: not it.fatal)
    keys = [key for key in {**one.findings, **other.findings} if key[1] not in missing]
    findings = [found for key in keys if (found := _finding(key, one, other)) is not None]
    findings.sort(key=lambda it: HARMS.index(it.harm))
    return Comparison(
        one=one.name,
        other=other.name,
        cells=tuple(cells),
        findings=tuple(findings),
        alike=len(places) - len(cells),
        counterparts=counterparts,
        sentence=_summary(one, other, cells, len(places) - len(cells)),
    )


def _step_of(target: str) -> str:
    return target.partition(".undo")[0]


def _cell(place: tuple[str, str], one: Side, other: Side) -> CellDifference | None:
    mine, theirs = one.cells.get(place), other.cells.get(place)
    ranks = [_RANK.get(seen.worst, len(_RANK)) if seen else len(_RANK) for seen in (mine, theirs)]
    if ranks[0] == ranks[1]:
        return None
    is_first_worse = ranks[0] < ranks[1]
    bad, good = ((mine, one), (theirs, other))[:: 1 if is_first_worse else -1]
    target, kind = place
    return CellDifference(
        target=target,
        kind=kind,
        one=mine,
        other=theirs,
        worse="one" if is_first_worse else "other",
        fatal=not (good[0] and good[0].worst),
        sentence=f"{target}:{kind} {_does_there(*good)}, and {_does_there(*bad)}.",
    )


def _does_there(seen: Seen | None, side: Side) -> str:
    if seen is None:
        return f"{'cannot strike' if side.exhaustive else 'was not reached'} in {side.name}"
    if not seen.worst:
        return f"{'is harmless' if side.exhaustive else 'has done no harm so far'} in {side.name}"
    return f"can lead to {seen.worst}{f' at {seen.step}' if seen.step else ''} in {side.name}"


def _finding(key: tuple[str, str], one: Side, other: Side) -> FindingDifference | None:
    mine, theirs = one.findings.get(key), other.findings.get(key)
    counts = [len(seen.faults) if seen else math.inf for seen in (mine, theirs)]
    if counts[0] == counts[1]:
        return None
    is_first_worse = counts[0] < counts[1]
    bad, good = ((mine, one), (theirs, other))[:: 1 if is_first_worse else -1]
    harm, step = key
    return FindingDifference(
        harm=harm,
        step=step,
        one=mine,
        other=theirs,
        worse="one" if is_first_worse else "other",
        sentence=f"{harm} at {step}: {_takes(*bad)}, {_takes(*good)}.",
    )


def _takes(seen: Seen | None, side: Side) -> str:
    if seen is None:
        return f"{'never' if side.exhaustive else 'not found so far'} in {side.name}"
    return f"with {number_of(len(seen.faults), 'fault', 'no')} in {side.name}"


# ---------------------------------------------------------------- in one sentence


def _summary(one: Side, other: Side, cells: Sequence[CellDifference], alike: int) -> str:
    here = sum(it.fatal and it.worse == "one" for it in cells)
    there = sum(it.fatal and it.worse == "other" for it in cells)
    rest = len(cells) - here - there
    parts = [
        f"{number_of(number, 'fault', 'no')} {are(number)} harmless in {good.name} "
        f"and {_break(number)} something in {bad.name}"
        for number, bad, good in ((there, other, one), (here, one, other))
        if number
    ]
    if rest:
        parts.append(f"{rest} {'does' if rest == 1 else 'do'} harm in both, and worse in one of them")
    if not parts:
        parts = ["no single fault is harmless in one and breaks something in the other"]
    so_far = "" if one.exhaustive and other.exhaustive else ", as far as they were explored"
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}; {alike} end alike in both{so_far}."


def _break(number: int) -> str:
    return "breaks" if number == 1 else "break"
