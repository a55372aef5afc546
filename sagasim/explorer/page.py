"""One exploration as the page shows it: how far it is, which layer of the matrix, which findings.

Reads what is stored and writes nothing. The words for a state that is no verdict are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.harms import HARMS, PROPERTIES
from sagasim.core.phrases import number_of
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import Verdict
from sagasim.explorer.findings import Change, Group, changes, groups, shown
from sagasim.explorer.looks import HOLDS, Look, look_of
from sagasim.explorer.matrix import Matrix, in_words
from sagasim.explorer.pairing import Pairs
from sagasim.explorer.squares import Grid, Place, Square, Twin

if TYPE_CHECKING:
    from sagasim.explorer.models import Exploration

DIFFER = "differ"
SIGNS = {
    Coordination.ORCHESTRATION.value: "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 1.5v4m0 5v4M1.5 8h4m5 0h4",
    Coordination.CHOREOGRAPHY.value: "M1.5 11h13M4 11V4m4 7V4m4 7V4",
}
"""The signs of the stage: spokes of a hub, and a bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A layer that one can switch to."""

    label: str
    query: str
    is_current: bool
    note: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is known of one coordination."""

    name: str
    sign: str
    findings: int
    states: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which layer an address asks for."""

    layer: str = ""
    depth: int = 1
    first: Place | None = None

    @classmethod
    def from_address(cls, query: Mapping[str, str]) -> Asked:
        target, _, kind = query.get("first", "").rpartition(":")
        return cls(
            layer=query.get("layer", ""),
            depth=2 if query.get("depth") == "2" else 1,
            first=(target, kind) if target and kind else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A verdict laid out: everything of templates/explorer/exploration.html that is not about the work itself."""

    scope: str
    matrix_scope: str  # of the matrix, where that goes further
    exhaustive: bool
    seconds: float
    sides: tuple[Side, ...]
    layers: tuple[Tab, ...]
    depths: tuple[Tab, ...]
    about_pairs: str
    layer: str
    caption: str
    explains: str
    first: str
    picks: bool
    grid: Grid
    legend: tuple[tuple[str, Look, str], ...]
    groups: tuple[Group, ...]
    changes: tuple[Change, ...]
    findings: int
    turned: int


def shown_of(
    saga: Saga,
    verdict: Verdict,
    asked: Asked,
    *,
    kinds: tuple[str, ...] = EXPLORED_KINDS,
    more: Mapping[str, Mapping[str, object]] | None = None,
    pairs: Pairs | None = None,
    before: Verdict | None = None,
    one_fault: Verdict | None = None,
    pairs_seen: int = 0,
    pairs_come: bool = False,
) -> Shown:
    """The verdict, in the layer that was asked for.

    `before` is the verdict of the version before; `one_fault` what is known to the end where the verdict is
    not: the matrix is of that. `pairs_seen` is how many pairs of faults were looked at; `pairs_come`: they will be.
    """
    matrix = Matrix(saga, one_fault or verdict, kinds=kinds, pairs=pairs, before=before)
    layer = _layer(verdict, asked)
    deep = asked.depth == 2 and layer != DIFFER and bool(pairs)
    first = asked.first if deep else None
    if layer == DIFFER:
        grid = matrix.where_they_differ()
    else:
        grid = matrix.two_faults(layer, first) if deep else matrix.one_fault(layer)
    findings = shown(verdict, saga, more or {}, "" if layer == DIFFER else layer)
    return Shown(
        scope=verdict.scope,
        matrix_scope=one_fault.scope if one_fault else "",
        exhaustive=verdict.exhaustive,
        seconds=verdict.seconds,
        sides=tuple(
            Side(name=name, sign=SIGNS[name], findings=found, states=f"{states:,}")
            for name, (states, found) in verdict.coordinations.items()
        ),
        layers=_layers(verdict, layer, matrix),
        depths=_depths(layer, deep) if pairs and layer != DIFFER else (),
        about_pairs=_about_pairs(verdict.faults, pairs_seen, come=pairs_come) if not pairs else "",
        layer=layer,
        caption=_caption(layer, deep, first),
        explains=_explains(layer, deep, first),
        first=in_words(*first) if first else "",
        picks=deep and first is None,
        grid=grid,
        legend=_legend(grid),
        groups=groups(findings),
        changes=changes(shown(verdict, saga, more or {})),
        findings=len(findings),
        turned=sum(1 for it in grid.squares if isinstance(it, Square) and it.was),
    )


# ---------------------------------------------------------------- layers


def _layer(verdict: Verdict, asked: Asked) -> str:
    """The layer that was asked for, or the first with a finding."""
    names = list(verdict.coordinations)
    if asked.layer in names or (asked.layer == DIFFER and len(names) > 1):
        return asked.layer
    return next((name for name in names if verdict.coordinations[name][1]), names[0])


def _layers(verdict: Verdict, layer: str, matrix: Matrix) -> tuple[Tab, ...]:
    tabs = [
        Tab(
            label=name,
            note=f"{_findings(found)}",
            query=urlencode({"layer": name}),
            is_current=layer == name,
            sign=SIGNS[name],
        )
        for name, (_, found) in verdict.coordinations.items()
    ]
    if len(tabs) > 1:
        differ = matrix.where_they_differ().counts.get("differs", 0)
        note = number_of(differ, "cell")
        query = urlencode({"layer": DIFFER})
        tabs.append(Tab(label="where they differ", note=note, query=query, is_current=layer == DIFFER))
    return tuple(tabs)


def _depths(layer: str, deep: bool) -> tuple[Tab, ...]:
    return (
        Tab(label="one fault", query=urlencode({"layer": layer}), is_current=not deep),
        Tab(label="two faults", query=urlencode({"layer": layer, "depth": 2}), is_current=deep),
    )


def _about_pairs(faults: int, seen: int, *, come: bool) -> str:
    """Why there is no layer of two faults."""
    if come and not seen:
        return "Two faults together follow in a moment."
    if faults < 2:
        return "Explore two faults to see which are worse together."
    return f"None of {seen:,} pairs of faults is worse together than apart." if seen else ""


def _findings(number: int) -> str:
    return number_of(number, "finding") if number else "no finding"


def _caption(layer: str, deep: bool, first: Place | None) -> str:
    if layer == DIFFER:
        return "Where orchestration and choreography differ, after one fault"
    if first:
        return f"The worst that follows from {in_words(*first)} and a second fault, {layer}"
    return f"The worst that follows from {'two faults' if deep else 'one fault'}, {layer}"


def _explains(layer: str, deep: bool, first: Place | None) -> str:
    """What a click does here."""
    if layer == DIFFER:
        return (
            "Above orchestration, below choreography. "
            "A cell opens both runs on one clock, at the first moment that went wrong."
        )
    if first:
        return "Only what is worse together than apart stands out; a cell opens the run of both faults."
    if deep:
        return "Choose the first of two faults; each cell says the worst that any second one adds to it."
    return "A cell opens the run that shows it, paused at the first moment that went wrong."


# ---------------------------------------------------------------- legend


def _legend(grid: Grid) -> tuple[tuple[str, Look, str], ...]:
    """The words that this grid uses, worst first: state, look, meaning."""
    squares = [one for it in grid.squares for one in (it.both if isinstance(it, Twin) else (it,))]
    states = {it.state for it in squares}
    harms = {it.harm for it in squares}
    told = [
        ("harm", look_of(harm), f"{harm}: it must hold that {PROPERTIES[harm]}.")
        for harm in HARMS
        if harm in harms
    ]
    if "holds" in states or "later" in states:
        told.append(("holds", HOLDS, "Nothing that must hold is broken by this one fault."))
    return tuple(told)


# ---------------------------------------------------------------- the work


STATE_SENTENCES = {
    "queued": "Waiting for a free worker. It begins by itself.",
    "running": "Exploring. What is known so far stands below, and grows.",
    "stopped": "Stopped by hand. What was known by then stands below; it is no verdict.",
    "limited": "Stopped at its limit. What lies beyond is not known.",
    "lost": "The worker is gone. What was known by then stands below; start it again for the rest.",
    "failed": "The exploration failed. Start it again, or report it.",
}
"""What is to be said of an exploration that is no whole verdict, where it says nothing itself."""


def sentence_of(exploration: Exploration) -> str:
    return exploration.sentence or STATE_SENTENCES.get(exploration.state, "")


def progress_in_words(exploration: Exploration) -> str:
    """How far it is; static/js/explorer/explorer.js says the same while it goes on."""
    progress = exploration.progress
    if not progress:
        return "Not begun yet."
    if progress.get("doing") == "mending":
        return f"Looking for fixes: {progress.get('mended', 0)} of {progress.get('of', 0)} findings."
    if progress.get("doing") == "pairing":
        return "Finding the run of every pair of faults that is worse together."
    if progress.get("doing") == "reading":
        return f"Reading what follows from what in {progress.get('states', 0):,} states."
    level, faults = progress.get("level", 0), exploration.faults
    found = progress.get("findings", 0)
    return (
        f"At {level} of {number_of(faults, 'fault')}: {progress.get('states', 0):,} states, "
        f"{progress.get('waiting', 0):,} waiting, {_findings(found)}."
    )
