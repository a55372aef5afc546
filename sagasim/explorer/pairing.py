"""Two faults together: the worst of each pair, and the worst of many pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sagasim.core.harms import WORST_FIRST
from sagasim.explorer.squares import Place

_RANK = {harm: rank for rank, harm in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The worst that can follow from two faults, and the run that shows it; no `worst`: harmless."""

    first: Place
    second: Place
    worst: str
    faults: tuple[str, ...] = ()


Pairs = Mapping[str, Sequence[Pair]]
"""What is known of two faults, by coordination."""


def worst_behind(pairs: Iterable[Pair]) -> dict[Place, Pair]:
    """Per second fault the worst pair: what can follow where one fault alone does not lead."""
    return _worst((pair.second, pair) for pair in pairs)


def worst_with(pairs: Iterable[Pair]) -> dict[Place, Pair]:
    """Per fault the worst pair that it is part of."""
    return _worst((place, pair) for pair in pairs for place in (pair.first, pair.second))


def partners_of(pairs: Iterable[Pair], first: Place) -> dict[Place, Pair]:
    """Per other fault the worst pair with this one, whichever strikes first."""
    return _worst(
        (pair.second if pair.first == first else pair.first, pair)
        for pair in pairs
        if first in (pair.first, pair.second)
    )


def _worst(placed: Iterable[tuple[Place, Pair]]) -> dict[Place, Pair]:
    worst: dict[Place, Pair] = {}
    for place, pair in placed:
        if place not in worst or rank_of(pair.worst) < rank_of(worst[place].worst):
            worst[place] = pair
    return worst


def rank_of(harm: str) -> int:
    """How bad it is: the smaller, the worse."""
    return _RANK.get(harm, len(_RANK))


def address_of(coordination: str, first: Place, second: Place) -> str:
    asked = {"coordination": coordination, "target": first[0], "kind": first[1]}
    return urlencode({**asked, "target2": second[0], "kind2": second[1]})
