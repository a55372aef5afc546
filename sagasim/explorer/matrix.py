"""The failure matrix as it is shown: rows of squares, one grid per layer.

A layer is one coordination, or both where they differ; with a `first` fault chosen, or `deep`, a square says
what follows from two faults. Everything here is a pure function of the verdict, of what is known beyond it
(pairs) and of the saga; the templates only write it down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from sagasim.core.blueprint import blueprint
from sagasim.core.faults import SAGA_KINDS
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import ToldCell, Verdict
from sagasim.explorer.looks import HOLDS, KIND_GROUPS
from sagasim.explorer.pairing import Pair, Pairs, address_of, partners_of, rank_of, worst_with
from sagasim.explorer.squares import Column, Grid, Place, Row, Square, Twin
from sagasim.explorer.unreached import why_it_cannot, why_it_was_not_reached

_Maker = Callable[[str, str], Square | Twin]

# ---------------------------------------------------------------- layers


class Matrix:
    """All layers of one verdict. `before` is the verdict of the version before, whose cells turned green."""

    def __init__(
        self,
        saga: Saga,
        verdict: Verdict,
        *,
        kinds: Iterable[str],
        pairs: Pairs | None = None,
        before: Verdict | None = None,
    ) -> None:
        self.saga, self.verdict = saga, verdict
        self.kinds = tuple(kinds)
        self.pairs = pairs or {}
        self._cells = {(cell.coordination, cell.target, cell.kind): cell for cell in verdict.matrix}
        self._before = {
            (cell.coordination, cell.target, cell.kind): cell.worst
            for cell in (before.matrix if before else ())
        }
        self._blueprints = {name: blueprint(saga, Coordination(name)) for name in verdict.coordinations}
        self._together = {name: worst_with(self.pairs.get(name, ())) for name in verdict.coordinations}

    def one_fault(self, coordination: str) -> Grid:
        """The worst that follows from one fault."""
        return self._grid(lambda target, kind: self._square(coordination, target, kind))

    def where_they_differ(self) -> Grid:
        """Both coordinations in one grid."""
        return self._grid(self._twin)

    def two_faults(self, coordination: str, first: Place | None = None) -> Grid:
        """What two faults do that neither does alone: `first` and each other one, or each and any other."""
        if first is None:
            return self._grid(lambda target, kind: self._with_any(coordination, (target, kind)))
        partners = partners_of(self.pairs.get(coordination, ()), first)
        return self._grid(
            lambda target, kind: self._with_first(coordination, first, (target, kind), partners)
        )

    # -------------------------------------------------- one square

    def _square(self, coordination: str, target: str, kind: str) -> Square:
        cell = self._cells.get((coordination, target, kind))
        if cell is None:
            return self._empty(coordination, target, kind)
        was = self._before.get((coordination, target, kind), "")
        return Square(
            coordination=coordination,
            target=target,
            kind=kind,
            state="harm" if cell.worst else "holds",
            harm=cell.worst,
            faults=cell.faults,
            says=_says(cell, was, self.verdict.exhaustive),
            was="" if cell.worst else was,
            address=cell_address(coordination, (target, kind)),
        )

    def _empty(self, coordination: str, target: str, kind: str) -> Square:
        bp = self._blueprints[coordination]
        plain = Square(coordination=coordination, target=target, kind=kind, state="absent", says="")
        cannot = why_it_cannot(bp, target, kind)
        if cannot:
            return replace(plain, says=f"{in_words(target, kind)}: cannot strike. {cannot}")
        pair = self._together[coordination].get((target, kind))
        if pair is not None:
            return self._later_square(plain, pair)
        why = why_it_was_not_reached(
            bp, target, faults=self.verdict.faults, exhaustive=self.verdict.exhaustive
        )
        return replace(plain, state="unreached", says=f"{in_words(target, kind)}: not reached. {why}")

    def _later_square(self, plain: Square, pair: Pair) -> Square:
        place = (plain.target, plain.kind)
        return replace(
            plain,
            state="later",
            harm=pair.worst,
            faults=pair.faults,
            says=f"{in_words(*place)}: only behind another fault; behind {in_words(*pair.other(place))}, "
            f"{pair.worst} follows.",
            address=address_of(plain.coordination, pair),
        )

    def _twin(self, target: str, kind: str) -> Twin:
        one, other = (
            self._square(name, target, kind)
            for name in (Coordination.ORCHESTRATION.value, Coordination.CHOREOGRAPHY.value)
        )
        state = _difference(one, other)
        return Twin(
            target=target,
            kind=kind,
            state=state,
            says=f"{in_words(target, kind)}: {_short(one)} in orchestration, {_short(other)} in choreography.",
            both=(one, other),
            address="" if state == "none" else cell_address("both", (target, kind)),
        )

    def _with_any(self, coordination: str, place: Place) -> Square:
        """What any second fault makes worse; a link that chooses this one as the first."""
        pair = self._together[coordination].get(place)
        plain = replace(
            self._alone(coordination, place, ()),
            address=urlencode({"layer": coordination, "depth": 2, "first": ":".join(place)}),
        )
        if pair is None:
            return replace(plain, address="" if plain.state == "absent" else plain.address)
        return replace(
            plain,
            state="harm",
            harm=pair.worst,
            faults=pair.faults,
            says=f"{in_words(*place)} and one more fault: at worst {pair.worst}, with "
            f"{in_words(*pair.other(place))}. Choose it as the first of two.",
        )

    def _with_first(
        self, coordination: str, first: Place, place: Place, partners: Mapping[Place, Pair]
    ) -> Square:
        """What follows from both together, where that is worse than what each does alone."""
        pair = partners.get(place)
        if pair is None:
            return self._alone(coordination, place, first)
        return Square(
            coordination=coordination,
            target=place[0],
            kind=place[1],
            state="harm",
            harm=pair.worst,
            faults=pair.faults,
            says=f"{in_words(*first)} and {in_words(*place)}: {pair.worst}, which is worse than either alone.",
            address=address_of(coordination, pair),
        )

    def _alone(self, coordination: str, place: Place, first: Place | tuple[()]) -> Square:
        """A second fault that makes nothing worse."""
        plain = Square(coordination=coordination, target=place[0], kind=place[1], state="absent", says="")
        cannot = why_it_cannot(self._blueprints[coordination], *place)
        if cannot:
            return replace(plain, says=f"{in_words(*place)}: cannot strike. {cannot}")
        known = [self._cells.get((coordination, *each)) for each in (place, first) if each]
        harm = min((cell.worst for cell in known if cell), key=rank_of, default="")
        worst = f"{harm} follows from one of them alone" if harm else "nothing that must hold is broken"
        both = f"{in_words(*first)} and {in_words(*place)}" if first else f"{in_words(*place)} and any other"
        here = self._cells.get((coordination, *place))
        return replace(
            plain,
            state="alone",
            harm=harm,
            says=f"{both}: no worse together than apart; {worst}.",
            faults=here.faults if here else (),
            address=cell_address(coordination, place) if here else "",
        )

    # -------------------------------------------------- the grid

    def _grid(self, square: _Maker) -> Grid:
        groups = tuple(
            (group, shown)
            for group, kinds in KIND_GROUPS.items()
            if (shown := tuple(kind for kind in kinds if kind in self.kinds))
        )
        kinds = [kind for _, shown in groups for kind in shown]
        rows = tuple(self._rows(square, kinds))
        services = dict.fromkeys(step.service for step in self.saga.steps)
        outages = tuple(
            Column(heading=service, square=square(service, "outage"))
            for service in services
            if "outage" in self.kinds
        )
        befalls = tuple(
            Column(heading=kind, square=square("saga", kind)) for kind in SAGA_KINDS if kind in self.kinds
        )
        return Grid(groups=groups, rows=rows, outages=outages, saga=befalls)

    def _rows(self, square: _Maker, kinds: Sequence[str]) -> Iterator[Row]:
        some = next(iter(self._blueprints.values()))
        for number, step in enumerate(self.saga.steps):
            parts = ["action"]
            if some.is_undoable(number) or any(
                cell.target == f"{step.name}.undo" for cell in self.verdict.matrix
            ):
                parts.append("undo")
            for part in parts:
                target = step.name if part == "action" else f"{step.name}.undo"
                yield Row(
                    target=target,
                    name=step.name,
                    part=part,
                    about=f"{step.kind.value}, {step.service}",
                    span=len(parts) if part == "action" else 0,
                    squares=tuple(square(target, kind) for kind in kinds),
                )


# ---------------------------------------------------------------- words


def cell_address(coordination: str, place: Place) -> str:
    """What to ask for, to open the run that shows a cell."""
    return urlencode({"coordination": coordination, "target": place[0], "kind": place[1]})


def in_words(target: str, kind: str) -> str:
    """A place of the matrix: `charge, undo, reply-lost`."""
    name, undo = target.removesuffix(".undo"), target.endswith(".undo")
    return f"{name}, undo, {kind}" if undo else f"{name}, {kind}"


def _says(cell: ToldCell, was: str, exhaustive: bool) -> str:
    place, told = in_words(cell.target, cell.kind), ", ".join(cell.faults)
    if cell.worst:
        return f"{place}: {cell.worst}. Shown by {told}."
    turned = f" It was {was} before." if was else ""
    if exhaustive:
        return f"{place}: holds; nothing that must hold is broken by this one fault.{turned}"
    return f"{place}: holds so far; the exploration was cut short.{turned}"


def _difference(one: Square, other: Square) -> str:
    """Only a harm makes a difference: where a fault cannot strike, it does no harm either."""
    known = [it for it in (one, other) if it.state not in ("absent", "unreached")]
    if not known:
        return "none"
    return "differs" if one.harm != other.harm else "same" if len(known) > 1 else "only"


def _short(square: Square) -> str:
    return {"absent": "cannot strike", "unreached": "not reached"}.get(
        square.state, square.harm or HOLDS.word
    )
