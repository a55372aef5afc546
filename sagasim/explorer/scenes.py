"""Which run shows a cell, a pair of cells or a finding of an exploration: its plan, its order, and the harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sagasim.core.errors import CoreError
from sagasim.core.results import verdict_from_data
from sagasim.core.saga import Coordination
from sagasim.explorer.findings import key_of
from sagasim.explorer.opening import Scene
from sagasim.explorer.pairing import pairs_from_data, rank_of

if TYPE_CHECKING:
    from sagasim.explorer.models import Exploration

BOTH = (Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY)


class NoSuchCell(CoreError):
    """The exploration has no such cell or finding; the text is one sentence for the user."""


def scene_asked(exploration: Exploration, query: Mapping[str, str]) -> Scene:
    """What an address asks for: `finding`, or `target` and `kind`, or two of them. Raises NoSuchCell."""
    if query.get("finding"):
        return _of_finding(exploration, query["finding"])
    place = (query.get("target", ""), query.get("kind", ""))
    coordination = query.get("coordination", "")
    if coordination == "both":
        return _of_both(exploration, place)
    if query.get("target2"):
        return _of_pair(exploration, coordination, place, (query["target2"], query.get("kind2", "")))
    return _of_cell(exploration, coordination, place)


def _of_finding(exploration: Exploration, key: str) -> Scene:
    told = verdict_from_data(exploration.verdict).findings if exploration.verdict else ()
    for each in told:
        if key_of(each) == key:
            return Scene(
                coordinations=(Coordination(each.coordination),),
                faults=each.faults,
                order=_order(_extra(exploration, key)),
                harm=each.harm,
                step=each.step,
            )
    raise NoSuchCell(f"there is no finding {key!r} in this exploration; choose one of the page")


def _of_cell(exploration: Exploration, coordination: str, place: tuple[str, str]) -> Scene:
    found = _cells(exploration).get((coordination, *place))
    if found is None:
        raise NoSuchCell(
            f"no run came to {place[0]}:{place[1]} in {coordination}; choose a cell that is a link"
        )
    cell, extra = found
    return Scene(
        coordinations=(Coordination(coordination),),
        faults=cell.faults,
        order=_order(extra),
        harm=cell.worst,
        step=str(extra.get("step", "")),
    )


def _of_both(exploration: Exploration, place: tuple[str, str]) -> Scene:
    """The plan of whichever coordination it is worse in, played in both."""
    cells = _cells(exploration)
    known = [cells[each.value, *place] for each in BOTH if (each.value, *place) in cells]
    if not known:
        raise NoSuchCell(f"no run came to {place[0]}:{place[1]}; choose a cell that is a link")
    cell, extra = min(known, key=lambda it: rank_of(it[0].worst))
    return Scene(
        coordinations=BOTH,
        faults=cell.faults,
        order=_order(extra),
        harm=cell.worst,
        step=str(extra.get("step", "")),
    )


def _of_pair(
    exploration: Exploration, coordination: str, one: tuple[str, str], other: tuple[str, str]
) -> Scene:
    for pair in pairs_from_data(exploration.more).get(coordination, ()):
        if {pair.first, pair.second} == {one, other}:
            if not pair.faults:
                raise NoSuchCell(
                    "the run of these two is not made yet; open it when the exploration has ended"
                )
            return Scene(
                coordinations=(Coordination(coordination),),
                faults=pair.faults,
                order=pair.order,
                harm=pair.worst,
                step=pair.step,
            )
    raise NoSuchCell("these two faults do no worse together than apart; open the cell of one of them")


def _cells(exploration: Exploration) -> dict[tuple[str, str, str], Any]:
    """The cells that the page shows: of any one fault, where the rest was cut short."""
    known = exploration.more.get("glance") or {"verdict": exploration.verdict, "more": exploration.more}
    if not known["verdict"]:
        return {}
    told, extras = verdict_from_data(known["verdict"]).matrix, known["more"].get("cells")
    return {
        (cell.coordination, cell.target, cell.kind): (cell, extra)
        for cell, extra in zip(told, extras or [{}] * len(told), strict=True)
    }


def _extra(exploration: Exploration, key: str) -> Mapping[str, Any]:
    return next((each for each in exploration.more.get("findings", []) if each.get("key") == key), {})


def _order(extra: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(extra.get("order", ()))
