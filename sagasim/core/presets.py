"""How one saga would end in an engine like each of those that we know: a table of presets by findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sagasim.core.codec import saga_from_data, saga_to_data
from sagasim.core.engine import PRESETS
from sagasim.core.exploration import Exploration
from sagasim.core.harms import HARMS, WORST_FIRST
from sagasim.core.phrases import number_of
from sagasim.core.saga import Saga
from sagasim.core.sides import Seen
from sagasim.core.verdict import Verdict

AS_WRITTEN = "as written"
"""What a saga's own engine is called among the presets."""


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
        (len(seen[preset].faults), WORST_FIRST.index(harm), harm, step)
        for (harm, step, _), seen in found.items()
        if preset in seen
    ]
    if not fewest:
        told = f"Nothing is found {engine}{so_far}."
    else:
        takes, _, harm, step = min(fewest)
        things = f"{count} {'thing breaks' if count == 1 else 'things break'}"
        told = f"{things} {engine}{so_far}: {harm} at {step} with {number_of(takes, 'fault', 'no')}."
    return PresetEnd(preset=preset, findings=count, exhaustive=exhaustive, sentence=told)
