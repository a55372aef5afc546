from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from sagasim.composer.models import SagaVersion
from sagasim.explorer import services
from sagasim.explorer.jobs import jobs
from sagasim.explorer.models import Exploration
from tests.api.test_api import post

pytestmark = pytest.mark.usefixtures("explored_at_once")

SAGA = "bank-transfer-broken"
HERE = "/api/explorations"
NOBODY = UUID(int=0)


def test_an_exploration_is_started_and_its_verdict_read(api: Client):
    answer = post(api, HERE, {"saga": SAGA, "faults": 1})
    row = answer.json()
    assert (answer.status_code, row["state"], row["saga"], row["version"]) == (201, "done", SAGA, 1)
    assert row["scope"].startswith("exhaustive for any 1 fault")
    assert api.get(f"{HERE}/{row['id']}").json() == row
    verdict = api.get(f"{HERE}/{row['id']}/verdict").json()
    assert verdict == Exploration.objects.get().verdict
    assert (len(verdict["findings"]), verdict["states"]) == (row["findings"], row["states"])


def test_findings_are_read_with_their_fix_as_an_edit(api: Client):
    row = post(api, HERE, {"saga": SAGA, "faults": 1}).json()
    findings = api.get(f"{HERE}/{row['id']}/findings").json()
    assert len(findings) == row["findings"] > 0
    for finding in findings:
        assert finding["key"] == f"{finding['coordination']}:{finding['harm']}:{finding['step']}"
        assert finding["fix"]["edit"]
        assert {"harm": finding["harm"], "step": finding["step"]} in finding["fix"]["cures"]


def test_the_same_question_is_answered_by_what_is_there(api: Client):
    first = post(api, HERE, {"saga": SAGA, "faults": 1})
    again = post(api, HERE, {"saga": SAGA, "faults": 1})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert post(api, f"{HERE}/{first.json()['id']}/again", {}).json()["id"] == first.json()["id"]
    assert post(api, HERE, {"saga": SAGA, "faults": 1, "anew": True}).json()["id"] != first.json()["id"]


def test_a_saga_that_is_not_saved_is_explored_from_its_text(api: Client):
    text = "sagasim: 1\nname: mine\nsteps: [{name: a, service: s, compensation: b}]\n"
    row = post(api, HERE, {"text": text, "faults": 1, "coordination": "orchestration"}).json()
    assert (row["saga"], row["version"], row["coordinations"]) == ("mine", None, ["orchestration"])
    assert row["state"] == "done"


def test_one_that_has_ended_is_not_stopped(api: Client):
    row = post(api, HERE, {"saga": SAGA, "faults": 1}).json()
    assert post(api, f"{HERE}/{row['id']}/stop", {}).json()["state"] == "done"


def test_explorations_are_listed_newest_first_page_by_page(api: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sagasim.explorer.listing.PAGE", 2)
    started = [
        post(api, HERE, {"saga": "bank-transfer", "faults": 0, "anew": True}).json()["id"] for _ in range(3)
    ]
    first = api.get(HERE).json()
    second = api.get(HERE, {"before": first["next"]}).json()
    assert [it["id"] for it in (*first["explorations"], *second["explorations"])] == started[::-1]
    assert second["next"] == ""
    assert api.get(HERE, {"harm": "leak"}).json()["explorations"] == []
    assert len(api.get(HERE, {"saga": "bank-transfer", "state": "done"}).json()["explorations"]) == 2


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ({}, "Send either the name"),
        ({"saga": SAGA, "text": "a"}, "Send either the name"),
        ({"text": "a", "version": 1}, "A version belongs to a saved saga"),
        ({"saga": SAGA, "faults": 5}, "0 to 4"),
        ({"saga": SAGA, "faults": "many"}, "faults"),
        ({"saga": SAGA, "kinds": ["explosion"]}, "reply-lost"),
        ({"saga": SAGA, "kinds": []}, "No fault kind was chosen"),
        ({"saga": SAGA, "coordination": "dance"}, "coordination"),
        ({"saga": SAGA, "most_states": 3_000_000}, "1 to 2,000,000"),
        ({"saga": SAGA, "most_seconds": 0}, "up to 600 s"),
        ({"saga": SAGA, "hurry": True}, "hurry"),
        ({"text": "steps: ["}, "Line 2"),
    ],
    ids=str,
)
def test_what_cannot_be_explored_is_refused_in_one_sentence(api: Client, asked: dict[str, Any], right: str):
    answer = post(api, HERE, asked)
    assert answer.status_code == 422
    assert right in answer.json()["detail"]
    assert answer.json()["detail"].endswith((".", "?", "!"))
    assert not Exploration.objects.exists()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{HERE}/{NOBODY}", 404),
        (f"{HERE}/{NOBODY}/verdict", 404),
        (f"{HERE}?state=great", 422),
        (f"{HERE}?harm=great", 422),
        (f"{HERE}?before=yesterday", 422),
        ("/api/runs?before=yesterday", 422),
        (f"{HERE}/nothing", 422),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(api: Client, path: str, status: int):
    answer = api.get(path)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")


def test_a_saga_that_is_not_there_is_said(api: Client):
    answer = post(api, HERE, {"saga": "nowhere"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no saga 'nowhere'.")


def test_where_nothing_is_known_yet_a_verdict_is_a_conflict(api: Client):
    row = services.start(SagaVersion.objects.get(saga__name=SAGA), faults=1)
    Exploration.objects.update(state="running", verdict=None, ended_at=None, keeper=jobs.keeper)
    answer = api.get(f"{HERE}/{row.pk}/verdict")
    assert (answer.status_code, "Nothing is known yet" in answer.json()["detail"]) == (409, True)


def test_the_openapi_document_has_explorations(api: Client):
    paths = json.loads(api.get("/api/openapi.json").content)["paths"]
    assert {path for path in paths if "explorations" in path} == {
        "/api/explorations",
        "/api/explorations/{exploration_id}",
        "/api/explorations/{exploration_id}/verdict",
        "/api/explorations/{exploration_id}/findings",
        "/api/explorations/{exploration_id}/stop",
        "/api/explorations/{exploration_id}/again",
    }
