"""The matrix as plain values: rows, squares, layers, and why a square is grey."""

from __future__ import annotations

import pytest

from sagasim.core.codec import saga_from_text
from sagasim.core.exploration import explore
from sagasim.core.faults import CALL_KINDS, KINDS
from sagasim.core.harms import HARMS
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import Verdict, verdict_of
from sagasim.explorer.looks import HOLDS, KIND_GROUPS, LOOKS, UNREACHED
from sagasim.explorer.matrix import Matrix
from sagasim.explorer.pairing import Pair
from sagasim.explorer.squares import Square, Twin

SAGA = saga_from_text(
    """
sagasim: 1
name: pay
steps:
  - {name: charge, service: money, compensation: refund, effects: {paid: 1}}
  - {name: ship, service: parcels, kind: pivot}
engine: {compensates: completed}
"""
)
ORCHESTRATION, CHOREOGRAPHY = (each.value for each in Coordination)


def verdict(saga: Saga, faults: int = 1) -> Verdict:
    return verdict_of([explore(saga, each, faults) for each in Coordination], file="pay.yaml", seconds=0)


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return Matrix(SAGA, verdict(SAGA), kinds=KINDS)


def square(matrix: Matrix, target: str, kind: str, coordination: str = ORCHESTRATION) -> Square:
    grid = matrix.one_fault(coordination)
    every = [it for row in grid.rows for it in row.squares]
    every += [column.square for column in (*grid.outages, *grid.saga)]
    found = next(it for it in every if (it.target, it.kind) == (target, kind))
    assert isinstance(found, Square)
    return found


def test_rows_are_steps_with_action_and_undo_and_columns_every_kind_that_strikes_a_call(matrix: Matrix):
    grid = matrix.one_fault(ORCHESTRATION)
    assert [(row.name, row.part, row.span) for row in grid.rows] == [
        ("charge", "action", 2),
        ("charge", "undo", 0),
        ("ship", "action", 1),
    ]
    assert sorted(grid.kinds) == sorted(CALL_KINDS)
    assert [it.heading for it in grid.outages] == ["money", "parcels"]
    assert [it.heading for it in grid.saga] == ["cancelled", "deadline"]


def test_every_kind_has_a_column_and_every_harm_a_word_and_a_sign_of_its_own():
    assert sorted(kind for kinds in KIND_GROUPS.values() for kind in kinds) == sorted(CALL_KINDS)
    assert set(LOOKS) == set(HARMS)
    looks = [*LOOKS.values(), HOLDS, UNREACHED]
    assert len({look.word for look in looks}) == len({look.path for look in looks}) == len(looks)
    assert max(len(look.word) for look in LOOKS.values()) <= 9  # what fits into a cell at 1280 pixels


def test_a_square_says_the_worst_and_the_faults_that_show_it(matrix: Matrix):
    lost = square(matrix, "charge", "reply-lost")
    assert (lost.state, lost.harm) == ("harm", "leak")
    assert lost.says == "charge, reply-lost: leak. Shown by charge:reply-lost*for-ever."
    assert lost.address == "coordination=orchestration&target=charge&kind=reply-lost"
    holds = square(matrix, "charge", "error")
    assert (holds.state, holds.look) == ("holds", HOLDS)


@pytest.mark.parametrize(
    ("target", "kind", "coordination", "state", "why"),
    [
        ("charge", "poisoned", ORCHESTRATION, "absent", "no event that could become a dead letter"),
        ("charge", "coordinator-crash", CHOREOGRAPHY, "absent", "there is no coordinator"),
        ("charge", "request-lost", CHOREOGRAPHY, "absent", "delivers to money at least once"),
        ("saga", "deadline", ORCHESTRATION, "absent", "has no deadline"),
        ("charge.undo", "error", ORCHESTRATION, "unreached", "it takes another one before"),
        ("charge", "no-effect", ORCHESTRATION, "unreached", "No run with one fault comes to this"),
    ],
)
def test_a_grey_square_says_why(
    matrix: Matrix, target: str, kind: str, coordination: str, state: str, why: str
):
    grey = square(matrix, target, kind, coordination)
    assert grey.state == state
    assert why in grey.says
    assert not grey.address


def test_where_they_differ_only_a_harm_makes_a_difference(matrix: Matrix):
    twins = {(it.target, it.kind): it for row in matrix.where_they_differ().rows for it in row.squares}
    assert all(isinstance(it, Twin) for it in twins.values())
    assert twins["charge", "reply-lost"].state == "differs"
    assert twins["charge", "refused"].state == "same"
    assert twins["charge", "coordinator-crash"].state == "only"  # it strikes in one of them, and does no harm
    assert twins["charge.undo", "error"].state == "none"


def test_behind_another_fault_a_square_is_dotted_and_opens_both():
    pair = Pair(
        first=("ship", "refused"),
        second=("charge.undo", "error"),
        worst="stuck",
        faults=("ship:refused", "charge.undo:error*for-ever"),
    )
    matrix = Matrix(SAGA, verdict(SAGA), kinds=KINDS, pairs={ORCHESTRATION: [pair]})
    later = square(matrix, "charge.undo", "error")
    assert (later.state, later.harm) == ("later", "stuck")
    assert later.address.endswith("target=ship&kind=refused&target2=charge.undo&kind2=error")
    grid = matrix.two_faults(ORCHESTRATION, ("ship", "refused"))
    states = {(it.target, it.kind): it.state for row in grid.rows for it in row.squares}
    assert states["charge.undo", "error"] == "harm"
    assert states["charge", "error"] == "alone"
    assert states["charge", "poisoned"] == "absent"


def test_what_has_turned_green_says_what_it_was():
    mended = saga_from_text(
        "sagasim: 1\nname: pay\nsteps:\n"
        "  - {name: charge, service: money, compensation: refund, effects: {paid: 1}}\n"
        "  - {name: ship, service: parcels, kind: pivot}\n"
    )
    matrix = Matrix(mended, verdict(mended), kinds=KINDS, before=verdict(SAGA))
    assert square(matrix, "charge", "reply-lost").was == "leak"
    assert "It was leak before." in square(matrix, "charge", "reply-lost").says
    assert square(matrix, "charge", "error").was == ""
