"""Where steps were put on the canvas: `{"charge": {"x": 120, "y": 40}}`, only those that somebody moved.

A layout belongs to the saga and not to what it means: it is in no hash, and takes no version of its own.
"""

from __future__ import annotations

from typing import Any

from sagasim.composer.asking import Asked
from sagasim.core.errors import BadSaga
from sagasim.core.saga import MOST_STEPS, SLUG

FARTHEST = 1_000_000
Layout = dict[str, dict[str, float]]


def layout_in(said: Asked) -> Layout | None:
    """The layout that is sent along, None where there is none. Raises BadSaga."""
    if (sent := said.get("layout")) is None:
        return None
    if not isinstance(sent, dict) or len(sent) > MOST_STEPS:
        raise BadSaga(f"`layout` names at most {MOST_STEPS} steps, each with its x and y")
    return {name: _place(name, place) for name, place in sent.items()}


def _place(name: str, place: Any) -> dict[str, float]:
    numbers: list[Any] = [place.get("x"), place.get("y")] if isinstance(place, dict) else []
    fit = all(
        isinstance(it, int | float) and not isinstance(it, bool) and abs(it) <= FARTHEST for it in numbers
    )
    if not SLUG.match(name) or not numbers or not fit:
        raise BadSaga(f"`layout` has a place for each step, such as {{x: 120, y: 40}}, within {FARTHEST}")
    return dict(zip("xy", numbers, strict=True))
