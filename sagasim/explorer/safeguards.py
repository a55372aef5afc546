"""Which safeguards carry load, as the page shows them: each switch with what it holds back in either coordination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sagasim.core.saga import Coordination
from sagasim.explorer.looks import Look, look_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one switch holds back in one coordination, in one of these states.

    load        this is found without it
    decoration  nothing is found without it, as far as these faults go
    idle        it is not in force in this coordination
    open        the exploration without it was cut short, and nothing was found by then
    unknown     it has not been weighed yet
    """

    coordination: str
    state: str
    harm: str = ""
    step: str = ""
    sentence: str = ""
    others: int = 0
    address: str = ""

    @property
    def look(self) -> Look:
        return look_of(self.harm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguard:
    """One switch, as the change that turns it off."""

    change: str
    held: tuple[Held, ...]

    @property
    def state(self) -> str:
        """Of the switch as a whole: what it is in the coordination where it is most."""
        return next(state for state in STATES if any(each.state == state for each in self.held))


STATES = ("load", "unknown", "open", "decoration", "idle")
"""The first one that holds in any coordination is said of the whole switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """All switches, by what they are."""

    load: tuple[Safeguard, ...]
    open: tuple[Safeguard, ...]
    decoration: tuple[Safeguard, ...]
    idle: tuple[Safeguard, ...]


def weights_of(rows: Iterable[Mapping[str, Any]]) -> Weights:
    """`rows` are those of weighing.py, of as many switches as are weighed by now."""
    by_change: dict[str, dict[str, Held]] = {}
    for row in rows:
        by_change.setdefault(row["change"], {})[row["coordination"]] = _held(row)
    switches = [
        Safeguard(
            change=change,
            held=tuple(
                its.get(each.value) or Held(coordination=each.value, state="unknown") for each in Coordination
            ),
        )
        for change, its in by_change.items()
    ]
    return Weights(
        load=tuple(it for it in switches if it.state == "load"),
        open=tuple(it for it in switches if it.state in ("unknown", "open")),
        decoration=tuple(it for it in switches if it.state == "decoration"),
        idle=tuple(it for it in switches if it.state == "idle"),
    )


def _held(row: Mapping[str, Any]) -> Held:
    coordination, worst = row["coordination"], row["worst"]
    if not row["in_force"]:
        return Held(coordination=coordination, state="idle")
    if worst is None:
        return Held(coordination=coordination, state="decoration" if row["exhaustive"] else "open")
    return Held(
        coordination=coordination,
        state="load",
        harm=worst["harm"],
        step=worst["step"],
        sentence=worst["sentence"],
        others=len(row["holds_back"]) - 1,
        address=urlencode({"coordination": coordination, "without": row["change"]}),
    )
