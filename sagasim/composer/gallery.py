"""The gallery as it is shipped: sound sagas, each beside its broken twin, and what to watch for in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sagasim.core.document import read_document

GALLERY = files("sagasim") / "gallery"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One saga of the gallery: its text, one line on what to watch for, and the faults that show it."""

    name: str
    text: str
    watch_for: str
    faults: tuple[str, ...]


@cache
def pairs() -> tuple[tuple[Exhibit, Exhibit], ...]:
    """Each sound saga with its broken twin, in the order in which they are shown."""
    index = read_document((GALLERY / "index.yaml").read_bytes()).data
    assert isinstance(index, list)
    return tuple(
        (
            _exhibit(entry["saga"], entry["watch_for"], entry["faults"]),
            _exhibit(f"{entry['saga']}-broken", entry["watch_for_in_the_twin"], entry["faults"]),
        )
        for entry in index
    )


def _exhibit(name: str, watch_for: str, faults: list[str]) -> Exhibit:
    return Exhibit(name, (GALLERY / f"{name}.yaml").read_text("utf-8"), watch_for, tuple(faults))
