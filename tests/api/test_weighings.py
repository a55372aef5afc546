from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sagasim.api.models import make_token
from sagasim.explorer.models import Weighing
from tests.api.test_api import post

pytestmark = pytest.mark.usefixtures("explored_at_once")

TINY = "sagasim: 1\nname: tiny\nsteps: [{name: a, service: s, compensation: b}]\n"
HERE = "/api/weighings"


@pytest.fixture
def tiny(api: Client) -> str:
    return str(post(api, "/api/sagas", {"text": TINY}).json()["name"])


def test_a_weighing_is_started_and_its_rows_read(api: Client, tiny: str):
    answer = post(api, HERE, {"saga": tiny})
    told = answer.json()
    assert (answer.status_code, told["state"], told["faults"], told["version"]) == (201, "done", 1, 1)
    assert len(told["rows"]) == told["done"] == told["of"] > 0
    worst = next(row["worst"] for row in told["rows"] if row["holds_back"])
    assert worst["sentence"]
    assert api.get(f"{HERE}/{told['id']}").json() == told
    again = post(api, HERE, {"saga": tiny})
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    page = api.get(told["url"]).content.decode()
    assert f"explored for any {told['faults']} fault," in page
    deeper = post(api, HERE, {"saga": tiny, "faults": 2}).json()
    listed = api.get(HERE, {"saga": tiny}).json()
    assert [row["id"] for row in listed["weighings"]] == [deeper["id"], told["id"]]
    assert "rows" not in listed["weighings"][0]


def test_a_weighing_is_stopped_with_what_is_known(api: Client, tiny: str):
    told = post(api, HERE, {"saga": tiny}).json()
    assert post(api, f"{HERE}/{told['id']}/stop", {}).json()["state"] == "done"
    Weighing.objects.update(state="queued")
    assert post(api, f"{HERE}/{told['id']}/stop", {}).json()["state"] == "stopped"


@pytest.mark.parametrize(
    ("asked", "status", "right"),
    [
        ({"saga": "nowhere"}, 404, "There is no saga 'nowhere'."),
        ({"saga": "tiny", "faults": 4}, 422, "any 1 to 3 faults, not with 4"),
        ({"saga": "tiny", "faults": 0}, 422, "any 1 to 3 faults, not with 0"),
        ({"saga": "tiny", "hurry": True}, 422, "hurry"),
        ({}, 422, "saga"),
    ],
    ids=str,
)
def test_what_cannot_be_weighed_is_refused_in_one_sentence(
    api: Client, tiny: str, asked: dict[str, Any], status: int, right: str
):
    answer = post(api, HERE, asked)
    assert (answer.status_code, right in answer.json()["detail"]) == (status, True), answer.content
    assert not Weighing.objects.exists()


def test_what_is_not_there_is_said_in_one_sentence(api: Client):
    for path in (f"{HERE}/{UUID(int=0)}", f"{HERE}?saga=nowhere"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["detail"][-1]) == (404, ".")


def test_the_openapi_document_has_weighings(api: Client):
    paths = json.loads(api.get("/api/openapi.json").content)["paths"]
    assert {path for path in paths if "weighings" in path} == {
        "/api/weighings",
        "/api/weighings/{weighing_id}",
        "/api/weighings/{weighing_id}/stop",
    }


def test_on_a_server_a_program_shows_a_token(api: Client, tiny: str, settings: Any):
    settings.LOCAL = False
    assert post(api, HERE, {"saga": tiny}).status_code == 401
    token = make_token(User.objects.create_user("ada"), "ci")
    answer = post(api, HERE, {"saga": tiny}, Authorization=f"Bearer {token}")
    assert (answer.status_code, Weighing.objects.get().asked_by.username) == (201, "ada")  # type: ignore[union-attr]
