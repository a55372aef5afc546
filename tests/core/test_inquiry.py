from __future__ import annotations

from pathlib import Path

import pytest

from sagasim.core.codec import saga_from_text
from sagasim.core.exploration import explore
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.inquiry import Inquiry
from sagasim.core.remedies import Remedies
from sagasim.core.results import verdict_to_data
from sagasim.core.saga import Coordination, Saga

SAGAS = Path(__file__).resolve().parents[1] / "sagas"


@pytest.fixture
def broken() -> Saga:
    return saga_from_text((SAGAS / "gallery" / "order-fulfilment-broken.yaml").read_text("utf-8"))


class Enough(Exception):
    pass


def _searched(inquiry: Inquiry) -> Inquiry:
    while not inquiry.is_over:
        inquiry.advance()
    return inquiry


def test_what_is_found_in_portions_and_in_turns_is_what_is_found_at_once(broken: Saga):
    inquiry = _searched(Inquiry(broken, faults=2))
    assert inquiry.is_exhaustive
    assert inquiry.explorations() == tuple(explore(broken, each, 2) for each in Coordination)


def test_the_fixes_of_an_inquiry_are_those_of_remedies_asked_directly(broken: Saga):
    inquiry = _searched(Inquiry(broken, faults=1))
    asked = list(inquiry.mending())
    found = inquiry.explorations()
    remedies = Remedies(broken, 1, known=found)
    assert asked == [finding for each in found for finding in each.findings]
    for finding in asked:
        fix = remedies.fix(finding)
        assert inquiry.fixes.get((finding.coordination, finding.harm, finding.step)) == fix


def test_it_makes_no_difference_in_which_order_the_kinds_are_asked_for(broken: Saga):
    one, other = (
        verdict_to_data(_searched(Inquiry(broken, faults=1, kinds=kinds)).verdict(file="a", seconds=0))
        for kinds in (EXPLORED_KINDS, EXPLORED_KINDS[::-1])
    )
    assert one == other


def test_a_limit_of_states_cuts_off_neither_coordination_alone(broken: Saga):
    inquiry = _searched(Inquiry(broken, faults=3, most_states=900))
    expanded = [search.expanded for search in inquiry.searches.values()]
    assert sum(expanded) == 900
    assert min(expanded) >= 250
    assert not inquiry.is_exhaustive


def test_no_fix_is_looked_for_where_the_harm_might_come_back_behind_the_limit(broken: Saga):
    inquiry = _searched(Inquiry(broken, faults=2, most_states=900))
    assert any(each.findings for each in inquiry.explorations())
    assert list(inquiry.mending()) == []


def test_what_watches_the_verification_of_a_fix_may_end_it_and_the_fixes_so_far_remain():
    published = saga_from_text((SAGAS / "conductor-cookbook-order.yaml").read_text("utf-8"))
    inquiry = _searched(Inquiry(published, faults=2))
    looks = 0

    def watch() -> None:
        nonlocal looks
        looks += 1
        if inquiry.fixes:
            raise Enough

    with pytest.raises(Enough):
        list(inquiry.mending(watch))
    fixes = [each.fix for each in inquiry.verdict(file="a", seconds=0).findings]
    assert looks > 0
    assert any(fixes)
    assert not all(fixes)


def test_an_inquiry_tells_how_far_it_is_at_any_moment(broken: Saga):
    inquiry = Inquiry(broken, faults=2)
    assert inquiry.progress().states == 2  # one world per coordination: nothing has happened yet
    inquiry.advance()
    standing = inquiry.progress()
    assert not standing.done
    assert standing.states == sum(each.states for each in standing.coordinations.values())
    assert inquiry.verdict(file="a", seconds=0).unexplored == standing.waiting > 0
