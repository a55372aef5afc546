from __future__ import annotations

from html import unescape
from uuid import uuid4

import pytest
from django.test import Client

from sagasim.composer.services import save_saga
from sagasim.core.faults import parse_plan
from sagasim.core.saga import Coordination
from sagasim.runs.comparing import side_by_side
from sagasim.runs.models import Run
from sagasim.runs.services import BOTH, Plan, start_runs
from sagasim.runs.whatifs import what_if
from tests.runs.test_running import FAULT, Gallery, started

ORCHESTRATION = (Coordination.ORCHESTRATION,)


@pytest.fixture
def family(gallery: Gallery) -> tuple[Run, Run]:
    """A run and a what-if of it."""
    (parent,) = started(gallery, coordinations=ORCHESTRATION)
    (child,) = what_if([parent], "place", fault=FAULT)
    return parent, child


def test_a_what_if_stands_behind_the_run_it_parted_from_whichever_is_asked_for_first(family: tuple[Run, Run]):
    parent, child = family
    for pair in (side_by_side(parent, child), side_by_side(child, parent)):
        assert pair.runs == (parent, child)
        assert pair.names == ("The run before", "What if")
        assert pair.shared_seq == child.shared_seq
        assert [side.own_faults for side in pair.told] == [[], [FAULT]]
        assert pair.first == (
            "the coordinator heard of authorise-card: done",
            "FAULT: the answer of authorise-card is lost",
        )


def test_the_same_run_twice_has_no_difference(gallery: Gallery):
    one, other = (started(gallery, FAULT, coordinations=ORCHESTRATION)[0] for _ in range(2))
    pair = side_by_side(one, other)
    assert (pair.first, pair.parting_ms, pair.shared_seq) == (None, None, one.last_seq)


def test_two_plans_part_where_one_of_them_has_its_fault(gallery: Gallery):
    version = gallery["order-fulfilment"].latest
    (one,) = start_runs(version, ORCHESTRATION, Plan())
    plan = Plan(faults=parse_plan(["send-receipt:duplicate"], version.meaning))
    pair = side_by_side(one, start_runs(version, ORCHESTRATION, plan)[0])
    assert pair.names == ("Without faults", "With send-receipt:duplicate")
    assert pair.shared_seq > 20
    assert pair.first is not None
    assert "FAULT" in pair.first[1]


def test_two_coordinations_share_no_line(gallery: Gallery):
    pair = side_by_side(*started(gallery, FAULT))
    assert (pair.names, pair.shared_seq, pair.first) == (("Orchestration", "Choreography"), 0, None)


def test_the_page_says_how_far_both_are_the_same_and_where_they_part(client: Client, family: tuple[Run, Run]):
    parent, child = family
    page = unescape(client.get(f"/runs/{child.pk}/beside/{parent.pk}/", headers=HOST).content.decode())
    assert "The same up to line 11" in page
    assert "FAULT: the answer of authorise-card is lost" in page
    assert page.index('data-name="The run before"') < page.index('data-name="What if"')
    assert 'name="faults"' not in page  # nothing is placed on two runs that are compared
    alone = client.get(f"/runs/{child.pk}/", headers=HOST).content.decode()
    assert f"/runs/{parent.pk}/beside/{child.pk}/" in alone


def test_runs_of_two_versions_bring_a_saga_each(client: Client, gallery: Gallery):
    text = gallery["order-fulfilment"].latest.text.replace("name: order-fulfilment\n", "name: mine\n")
    old = save_saga(text, by=None)
    new = save_saga(text.replace("send-receipt", "send-bill"), by=None)
    runs = [start_runs(version, ORCHESTRATION, Plan())[0] for version in (old, new)]
    answer = client.get(f"/runs/{runs[0].pk}/beside/{runs[1].pk}/", headers=HOST)
    page = answer.content.decode()
    assert "Version 1" in page
    assert "Version 2" in page
    assert page.count('"blueprint":') == 2


def test_a_run_that_is_not_there_has_no_neighbour(client: Client, gallery: Gallery):
    run, _ = started(gallery, coordinations=BOTH)
    assert client.get(f"/runs/{run.pk}/beside/{uuid4()}/", headers=HOST).status_code == 404


HOST = {"host": "127.0.0.1"}
