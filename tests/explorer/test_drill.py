"""The page of an exercise: what it shows before a decision, and what after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from sagasim.composer.models import SagaVersion
from sagasim.composer.services import save_saga
from sagasim.core.faults import parse_plan
from sagasim.core.saga import Coordination
from sagasim.runs.models import Clock, Run, Status
from sagasim.runs.services import Plan, start_runs

pytestmark = pytest.mark.django_db

TWO_INSTANCES = """sagasim: 1
name: two
steps:
  - {name: charge, service: money, compensation: refund, effects: {paid: 1}}
  - {name: ship, service: parcels}
instances: 2
engine: {on_undo_failure: park}
"""
PARKS = (("ship", "refused"), ("charge.undo", "error*for-ever"))
TWO_LEFT = ("capture:refused", "authorise-card.undo:late@end*for-ever", "reserve-items.undo:error*for-ever")


def run_of(
    version: SagaVersion, *faults: str, coordination: Coordination = Coordination.ORCHESTRATION
) -> Run:
    plan = Plan(faults=parse_plan(faults, version.meaning))
    return start_runs(version, [coordination], plan)[0]


@pytest.fixture
def parked(gallery: dict[str, Any]) -> Run:
    run = run_of(gallery["order-fulfilment"].latest, *TWO_LEFT)
    assert run.outcome == "parked"
    return run


def page_of(client: Client, run: Run, query: Mapping[str, str] | None = None, *, status: int = 200) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    answer = client.get(f"/runs/{run.pk}/drill/{asked}")
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode())


def test_before_a_decision_the_page_has_nothing_that_the_saga_does_not_know(client: Client, parked: Run):
    page = page_of(client, parked)
    assert "its report names reserve-items and authorise-card. What do you do?" in page
    for covered in (
        "FAULT",
        "late",
        "committed",
        "undid",
        "there once",
        "not there",
        "for-ever",
        "data-covered",
    ):
        assert covered not in page, covered
    assert page.count("covered</span>") == 8


def test_every_parked_step_is_asked_about_and_no_other(client: Client, parked: Run):
    page = page_of(client, parked)
    fields = re.findall(r'name="(step\.[\w-]+)" value="([\w-]+)"', page)
    choices = ["leave", "retry", "skip", "by-hand", "resolved"]
    assert fields == [
        (f"step.{step}", choice) for step in ("reserve-items", "authorise-card") for choice in choices
    ]


def test_what_was_decided_is_judged_and_the_truth_is_uncovered(client: Client, parked: Run):
    page = page_of(
        client, parked, {"decide": "1", "step.authorise-card": "by-hand", "step.reserve-items": "retry"}
    )
    assert 'id="truth" data-state="broken"' in page
    assert "authorise-card was undone once more than it was done" in page
    assert "FAULT: the undo of reserve-items fails with an error before any effect" in page
    assert "undone once too often" in page
    assert "payments.authorised" in page
    assert (
        "This settles it, whatever is still on its way: retry for reserve-items and retry for authorise-card"
        in page
    )


def test_a_decision_can_be_shared_as_a_link_and_changed(client: Client, parked: Run):
    decided = {"step.authorise-card": "retry", "step.reserve-items": "retry", "decide": "1", "wait": "1"}
    page = page_of(client, parked, decided)
    assert 'data-state="settled"' in page
    assert page.count('value="retry" checked') == 2
    assert 'name="wait" value="1" checked' in page


def test_a_decision_that_cannot_be_made_is_refused_and_the_exercise_stays(client: Client, parked: Run):
    page = page_of(client, parked, {"decide": "1", "step.capture": "retry"}, status=422)
    assert "asks about reserve-items, authorise-card." in page
    assert "What do you do?" in page
    assert "FAULT" not in page


def test_a_run_that_asks_nobody_is_no_exercise(client: Client, gallery: dict[str, Any]):
    run = run_of(gallery["order-fulfilment"].latest)
    page = page_of(client, run, status=404)
    assert "This run ended completed, and asks nobody." in page
    assert f'href="/runs/{run.pk}/"' in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clock": Clock.WALL}, "recorded from a real saga"),
        ({"status": Status.RUNNING, "outcome": ""}, "is not over yet"),
    ],
)
def test_what_is_not_simulated_to_its_end_is_no_exercise(
    client: Client, parked: Run, changes: dict[str, str], sentence: str
):
    Run.objects.filter(pk=parked.pk).update(**changes)
    assert sentence in page_of(client, parked, status=404)


def test_the_stage_of_a_parked_run_and_of_no_other_leads_there(
    client: Client, parked: Run, gallery: dict[str, Any]
):
    link = f'href="/runs/{parked.pk}/drill/"'
    assert link in client.get(f"/runs/{parked.pk}/").content.decode()
    other = run_of(gallery["order-fulfilment"].latest)
    assert "/drill/" not in client.get(f"/runs/{other.pk}/").content.decode()


def test_choreography_can_be_drilled_as_well(client: Client, gallery: dict[str, Any]):
    faults = ("credit:refused", "debit.undo:error*for-ever")
    run = run_of(gallery["bank-transfer"].latest, *faults, coordination=Coordination.CHOREOGRAPHY)
    assert "published" in page_of(client, run)
    assert 'data-state="settled"' in page_of(client, run, {"decide": "1", "step.debit": "retry"})


def test_strangers_get_a_404(client: Client, parked: Run):
    assert client.get("/runs/00000000-0000-0000-0000-000000000000/drill/").status_code == 404
    assert client.post(f"/runs/{parked.pk}/drill/").status_code in (403, 405)


def test_each_instance_that_parked_is_an_exercise_of_its_own(client: Client, db: None):
    version = save_saga(TWO_INSTANCES, by=None)
    both = [f"{step}[{number}]:{fault}" for number in (1, 2) for step, fault in PARKS]
    run = run_of(version, *both)
    page = page_of(client, run)
    assert re.findall(r'<a href="\?instance=(\d)" (aria-current="true")?', page) == [
        ("1", 'aria-current="true"'),
        ("2", ""),
    ]
    second = page_of(client, run, {"instance": "2"})
    assert 'name="instance" value="2"' in second
    decided = page_of(client, run, {"instance": "2", "decide": "1", "step.charge": "by-hand"})
    assert "Settled" in decided
    assert '?instance=2">Begin again' in decided
    refused = page_of(client, run, {"instance": "2", "decide": "1", "step.charge": "dance"}, status=422)
    assert 'name="instance" value="2"' in refused
    assert "what parked is instance 1 and instance 2" in page_of(client, run, {"instance": "3"}, status=404)
    assert "an instance is a number" in page_of(client, run, {"instance": "first"}, status=404)


def test_an_instance_that_did_not_park_is_no_exercise(client: Client, db: None):
    version = save_saga(TWO_INSTANCES, by=None)
    run = run_of(version, *(f"{step}[2]:{fault}" for step, fault in PARKS))
    assert 'name="instance" value="2"' in page_of(client, run)
    assert "what parked is instance 2." in page_of(client, run, {"instance": "1"}, status=404)
