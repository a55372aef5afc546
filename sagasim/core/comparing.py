"""Two explorations side by side: which faults are harmless in one and fatal in the other.

Two coordinations, two versions, two engine presets are all compared in the same way, cell by cell and finding
by finding. What has no counterpart is said rather than counted as a difference: a step that only one version
has, a fault that cannot strike in one coordination. `every_preset` and `presets_compared` answer how one saga
would end in an engine like each of those that we know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sagasim.core.codec import saga_from_data, saga_to_data
from sagasim.core.engine import PRESETS
from sagasim.core.exploration import Exploration
from sagasim.core.faults import text_of
from sagasim.core.harms import HARMS, WORST_FIRST
from sagasim.core.phrases import joined
from sagasim.core.saga import Saga, Step
from sagasim.core.verdict import Verdict

AS_WRITTEN = "as written"
"""What a saga's own engine is called among the presets."""

_RANK = {harm: place for place, harm in enumerate(WORST_FIRST)}


class Seen(NamedTuple):
    """What a cell or a finding shows on one side: the worst (empty: harmless), and the run that shows it."""

    worst: str
    step: str
    faults: tuple[str, ...]
    order: tuple[str, ...] = ()


Cells = Mapping[tuple[str, str], Seen]
Findings = Mapping[tuple[str, str], Seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two things that are compared. `exhaustive` is False where harmless is only "so far"."""

    name: str
    exhaustive: bool
    cells: Cells
    findings: Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparts:
    """Which steps of two versions are the same: by name, or renamed; and which only one of them has."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    only_one: tuple[str, ...] = ()
    only_other: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What changed between the versions, where anything did."""
        parts = [f"{old} is now called {new}" for old, new in self.renamed.items()]
        if self.only_one:
            parts.append(f"{joined(self.only_one)} {_is(self.only_one)} gone")
        if self.only_other:
            parts.append(f"{joined(self.only_other)} {_is(self.only_other)} new")
        return f"{'; '.join(parts)}." if parts else ""


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
    left, right = _side(one, called[0], first), _side(other, called[1], second)
    if counterparts is None:
        if isinstance(one, Exploration) and isinstance(other, Exploration):
            counterparts = counterparts_of(one.saga, other.saga)
        else:
            counterparts = Counterparts()
    return _compared(_renamed(left, counterparts.renamed), right, counterparts)


def _names(
    one: Exploration | Verdict, other: Exploration | Verdict, first: str, second: str
) -> tuple[str, str]:
    mine = one.coordination.value if isinstance(one, Exploration) else first
    theirs = other.coordination.value if isinstance(other, Exploration) else second
    return (mine, theirs) if mine != theirs else ("one", "other")


# ---------------------------------------------------------------- sides


def _side(known: Exploration | Verdict, name: str, coordination: str) -> Side:
    if isinstance(known, Exploration):
        return Side(
            name=name,
            exhaustive=known.exhaustive,
            cells={
                (f"{cell.target}.undo" if cell.undo else cell.target, cell.kind): Seen(
                    cell.worst, cell.step, text_of(cell.faults), tuple(map(str, cell.order))
                )
                for cell in known.matrix
            },
            findings={
                (it.harm, it.step): Seen(it.harm, it.step, text_of(it.faults), tuple(map(str, it.order)))
                for it in known.findings
            },
        )
    return Side(
        name=name,
        exhaustive=known.exhaustive,
        cells={
            (cell.target, cell.kind): Seen(cell.worst, "", cell.faults)
            for cell in known.matrix
            if coordination in ("", cell.coordination)
        },
        findings={
            (it.harm, it.step): Seen(it.harm, it.step, it.faults)
            for it in known.findings
            if coordination in ("", it.coordination)
        },
    )


def _renamed(side: Side, names: Mapping[str, str]) -> Side:
    """The side with the step names of the other one; its faults keep their own, since they are run on it."""
    if not names:
        return side

    def now(target: str) -> str:
        step, undo, rest = target.partition(".undo")
        return f"{names.get(step, step)}{undo}{rest}"

    return Side(
        name=side.name,
        exhaustive=side.exhaustive,
        cells={(now(target), kind): seen for (target, kind), seen in side.cells.items()},
        findings={(harm, names.get(step, step)): seen for (harm, step), seen in side.findings.items()},
    )


def counterparts_of(one: Saga, other: Saga) -> Counterparts:
    """Steps with one name are the same; of the others those that do the same, where only one pair can be meant."""
    gone = [step for step in one.steps if step.name not in other.step_names]
    new = [step for step in other.steps if step.name not in one.step_names]
    renamed: dict[str, str] = {}
    for step in gone:
        same = [it for it in new if _do_the_same(step, it)]
        if len(same) == 1 and sum(_do_the_same(it, same[0]) for it in gone) == 1:
            renamed[step.name] = same[0].name
    return Counterparts(
        renamed=renamed,
        only_one=tuple(step.name for step in gone if step.name not in renamed),
        only_other=tuple(step.name for step in new if step.name not in renamed.values()),
    )


def _do_the_same(one: Step, other: Step) -> bool:
    """Whether two steps differ in their names alone. An action that is called as its step says nothing."""
    if (one.service, one.kind, one.compensation) != (other.service, other.kind, other.compensation):
        return False
    return one.action in (other.action, one.name) or other.action == other.name


# ---------------------------------------------------------------- comparing


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
    worse = "one" if ranks[0] < ranks[1] else "other"
    bad, good = ((mine, one), (theirs, other)) if worse == "one" else ((theirs, other), (mine, one))
    assert bad[0] is not None
    target, kind = place
    return CellDifference(
        target=target,
        kind=kind,
        one=mine,
        other=theirs,
        worse=worse,
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
    counts = [len(seen.faults) if seen else None for seen in (mine, theirs)]
    if counts[0] == counts[1]:
        return None
    worse = (
        "one" if theirs is None or (mine is not None and len(mine.faults) < len(theirs.faults)) else "other"
    )
    bad, good = ((mine, one), (theirs, other)) if worse == "one" else ((theirs, other), (mine, one))
    assert bad[0] is not None
    harm, step = key
    return FindingDifference(
        harm=harm,
        step=step,
        one=mine,
        other=theirs,
        worse=worse,
        sentence=f"{harm} at {step}: {_takes(*bad)}, {_takes(*good)}.",
    )


def _takes(seen: Seen | None, side: Side) -> str:
    if seen is None:
        return f"{'never' if side.exhaustive else 'not found so far'} in {side.name}"
    return f"with {_faults(len(seen.faults))} in {side.name}"


def _faults(number: int) -> str:
    return f"{number or 'no'} fault{'' if number == 1 else 's'}"


def _summary(one: Side, other: Side, cells: Sequence[CellDifference], alike: int) -> str:
    here = sum(it.fatal and it.worse == "one" for it in cells)
    there = sum(it.fatal and it.worse == "other" for it in cells)
    rest = len(cells) - here - there
    parts = [
        f"{_faults(number)} {_is(range(number))} harmless in {good.name} and {_break(number)} something in {bad.name}"
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


def _is(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


# ---------------------------------------------------------------- presets


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetRow:
    """One finding over all presets: per preset the faults that it takes there; None: never, or not found."""

    harm: str
    step: str
    coordination: str
    takes: Mapping[str, Seen | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetEnd:
    """How the saga does in an engine like this one."""

    preset: str
    findings: int
    exhaustive: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetTable:
    """Presets by findings. A row holds what any preset breaks; the worst harms first."""

    presets: tuple[PresetEnd, ...]
    rows: tuple[PresetRow, ...]


def in_preset(saga: Saga, preset: str) -> Saga:
    """The same saga in an engine like that: the saga's own engine rules are set aside, its steps' rules are not."""
    return saga_from_data({**saga_to_data(saga), "engine": {"preset": preset}})


def every_preset(saga: Saga) -> Mapping[str, Saga]:
    """The saga as it is written, and in each preset that we know."""
    return {AS_WRITTEN: saga, **{preset: in_preset(saga, preset) for preset in PRESETS}}


def presets_compared(known: Mapping[str, Iterable[Exploration | Verdict]]) -> PresetTable:
    """The table of what was explored per preset: an Exploration per coordination, or one Verdict."""
    found: dict[tuple[str, str, str], dict[str, Seen]] = {}
    ends = []
    for preset, explorations in known.items():
        count, exhaustive = 0, True
        for each in explorations:
            exhaustive = exhaustive and each.exhaustive
            for key, seen in _findings_of(each):
                count += 1
                found.setdefault(key, {})[preset] = seen
        ends.append(_end(preset, count, found, exhaustive=exhaustive))
    rows = [
        PresetRow(
            harm=harm,
            step=step,
            coordination=coordination,
            takes={preset: by_preset.get(preset) for preset in known},
        )
        for (harm, step, coordination), by_preset in found.items()
    ]
    rows.sort(key=lambda it: (HARMS.index(it.harm), it.coordination))
    return PresetTable(presets=tuple(ends), rows=tuple(rows))


def _findings_of(known: Exploration | Verdict) -> Iterable[tuple[tuple[str, str, str], Seen]]:
    for it in known.findings:
        order = tuple(map(str, getattr(it, "order", ())))
        yield (
            (it.harm, it.step, str(it.coordination)),
            Seen(it.harm, it.step, tuple(map(str, it.faults)), order),
        )


def _end(
    preset: str, count: int, found: Mapping[tuple[str, str, str], Mapping[str, Seen]], *, exhaustive: bool
) -> PresetEnd:
    engine = "as it is written" if preset == AS_WRITTEN else f"in an engine that is {preset}"
    so_far = "" if exhaustive else " so far"
    fewest = [
        (len(seen[preset].faults), _RANK[harm], harm, step)
        for (harm, step, _), seen in found.items()
        if preset in seen
    ]
    if not fewest:
        told = f"Nothing is found {engine}{so_far}."
    else:
        takes, _, harm, step = min(fewest)
        things = f"{count} {'thing breaks' if count == 1 else 'things break'}"
        told = f"{things} {engine}{so_far}: {harm} at {step} with {_faults(takes)}."
    return PresetEnd(preset=preset, findings=count, exhaustive=exhaustive, sentence=told)
