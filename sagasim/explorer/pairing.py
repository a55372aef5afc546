"""Two faults together: the worst of each pair, and the worst of many pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sagasim.core.harms import WORST_FIRST
from sagasim.explorer.squares import Place

_RANK = {harm: rank for rank, harm in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two faults that do worse together than either does alone, and the plan that shows it."""

    first: Place
    second: Place
    worst: str
    step: str = ""
    faults: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    def other(self, place: Place) -> Place:
        """The fault that goes with this one."""
        return self.second if place == self.first else self.first


Pairs = Mapping[str, Sequence[Pair]]
"""What is known of two faults, by coordination."""


def pairs_from_data(more: Mapping[str, Any]) -> Pairs:
    """The pairs that are stored with an exploration (telling.py)."""
    return {
        name: tuple(_pair(each) for each in its.get("pairs", ()))
        for name, its in more.get("coordinations", {}).items()
        if its.get("pairs")
    }


def _pair(told: Mapping[str, Any]) -> Pair:
    return Pair(
        first=_place(told["first"]),
        second=_place(told["second"]),
        worst=told["worst"],
        step=told.get("step", ""),
        faults=tuple(told.get("faults", ())),
        order=tuple(told.get("order", ())),
    )


def _place(told: Mapping[str, str]) -> Place:
    return told["target"], told["kind"]


def worst_with(pairs: Iterable[Pair]) -> dict[Place, Pair]:
    """Per fault the worst pair that it is part of."""
    return _worst((place, pair) for pair in pairs for place in (pair.first, pair.second))


def partners_of(pairs: Iterable[Pair], first: Place) -> dict[Place, Pair]:
    """Per other fault the worst pair with this one, whichever strikes first."""
    return _worst((pair.other(first), pair) for pair in pairs if first in (pair.first, pair.second))


def _worst(placed: Iterable[tuple[Place, Pair]]) -> dict[Place, Pair]:
    worst: dict[Place, Pair] = {}
    for place, pair in placed:
        if place not in worst or rank_of(pair.worst) < rank_of(worst[place].worst):
            worst[place] = pair
    return worst


def rank_of(harm: str) -> int:
    """How bad it is: the smaller, the worse."""
    return _RANK.get(harm, len(_RANK))


def address_of(coordination: str, pair: Pair) -> str:
    """What to ask for, to open the run that shows a pair; empty where the pair has no plan of its own."""
    if not pair.faults:
        return ""
    (target, kind), (target2, kind2) = pair.first, pair.second
    asked = {"coordination": coordination, "target": target, "kind": kind}
    return urlencode({**asked, "target2": target2, "kind2": kind2})
