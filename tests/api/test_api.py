from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from sagasim.api.models import ApiToken, make_token
from sagasim.composer.models import SagaVersion
from sagasim.core.lines import line_of
from sagasim.runs import feed
from sagasim.runs.models import Run

FAULT = "authorise-card:reply-lost*for-ever"
SAGA = "order-fulfilment-broken"


def post(api: Client, path: str, body: object, **headers: str):
    return api.post(path, json.dumps(body), content_type="application/json", headers=headers)


def test_a_saga_is_kept_and_read_back(api: Client):
    saga = {"sagasim": 1, "name": "mine", "steps": [{"name": "a", "service": "s", "compensation": "b"}]}
    kept = post(api, "/api/sagas", {"saga": saga})
    assert (kept.status_code, kept.json()["version"]) == (201, 1)
    read = api.get("/api/sagas/mine").json()
    assert read["saga"]["steps"][0]["name"] == "a"
    assert post(api, "/api/sagas", {"text": read["text"]}).json()["version"] == 1
    assert [it["number"] for it in api.get("/api/sagas/mine/versions").json()] == [1]


def test_a_saga_is_checked_in_the_sentences_of_the_composer_and_nothing_is_kept(api: Client):
    steps = [{"name": "a", "kind": "compensatable"}, {"name": "b", "compensation": "undo"}]
    saga = {"sagasim": 1, "name": "mine", "steps": steps}
    (problem,) = post(api, "/api/sagas/check", {"saga": saga}).json()["problems"]
    assert (problem["rule"], problem["step"], problem["line"]) == ("no-compensation", "a", 4)
    assert problem["proof"]
    assert problem["fix_text"] == "compensation of a: undo_a"
    refused = post(api, "/api/sagas/check", {"text": "sagasim: 1\nname: x\nsteps: 3\n"})
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "Line 3, steps: write a list such as [a, b], not 3.",
    )
    assert api.get("/api/sagas/mine").status_code == 404


def test_two_versions_are_compared_in_words_and_a_saga_is_deleted(api: Client):
    for compensation in ("b", "c"):
        step = {"name": "a", "service": "s", "compensation": compensation}
        post(api, "/api/sagas", {"saga": {"sagasim": 1, "name": "mine", "steps": [step]}})
    compared = api.get("/api/sagas/mine/compare?a=1").json()
    assert compared == {"a": 1, "b": 2, "changes": ["a: compensation b → c"]}
    assert api.delete("/api/sagas/mine").status_code == 204
    assert api.get("/api/sagas/mine").status_code == 404
    assert api.delete("/api/sagas/bank-transfer").status_code == 409


def test_a_run_of_both_coordinations_is_a_pair(api: Client):
    answer = post(api, "/api/runs", {"saga": SAGA, "faults": [FAULT]})
    one, other = answer.json()
    assert answer.status_code == 201
    assert one["pair"] == other["pair"] is not None
    assert (one["outcome"], one["struck"], one["findings"][0]["harm"]) == ("compensated", 1, "leak")
    assert one["findings"][0]["sentence"].endswith(
        "the saga ended compensated, and 100 payments.authorised stay."
    )
    assert api.get(f"/api/runs/{one['id']}").json() == one


def test_a_history_is_read_after_a_number(api: Client):
    run = post(api, "/api/runs", {"saga": SAGA, "coordination": "orchestration"}).json()[0]
    whole = api.get(f"/api/runs/{run['id']}/history").json()
    assert whole["lines"] == [line_of(entry) for entry in feed.entries_after(Run.objects.get().pk, 0)]
    rest = api.get(f"/api/runs/{run['id']}/history?after=30").json()
    assert rest["lines"] == whole["lines"][30:]
    assert rest["last_seq"] == run["last_seq"]


def test_a_what_if_names_its_parent(api: Client):
    parent = post(api, "/api/runs", {"saga": SAGA, "coordination": "orchestration"}).json()[0]
    asked = {"saga": SAGA, "coordination": "orchestration", "faults": [FAULT], "parent": parent["id"]}
    child = post(api, "/api/runs", asked).json()[0]
    assert child["parent"] == parent["id"]
    assert 0 < child["shared_seq"] < parent["last_seq"]


def test_executing_again_says_that_the_history_is_the_same(api: Client):
    run = post(api, "/api/runs", {"saga": SAGA, "faults": [FAULT]}).json()[0]
    assert post(api, f"/api/runs/{run['id']}/replay", {}).json()["same"] is True


def test_runs_are_listed_newest_first_page_by_page(api: Client):
    for _ in range(30):
        post(api, "/api/runs", {"saga": SAGA})
    first = api.get("/api/runs").json()
    second = api.get("/api/runs", {"before": first["next"]}).json()
    ids = [run["id"] for run in (*first["runs"], *second["runs"])]
    assert (len(first["runs"]), len(set(ids)), second["next"]) == (50, 60, "")
    assert ids == [str(pk) for pk in Run.objects.values_list("pk", flat=True)]
    assert api.get("/api/runs?harm=leak").json()["runs"] == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"saga": SAGA, "faults": ["charge:reply-lost"]},
            "No step or service 'charge'; there are create-order",
        ),
        ({"saga": SAGA, "faults": ["capture:lost"]}, "No fault kind 'lost' here; the kinds are refused"),
        ({"saga": SAGA, "seed": -1}, "A seed is a whole number from 0"),
        ({"saga": SAGA, "seed": "x" * 50}, "seed: Input should be a valid integer"),
        (
            {"saga": SAGA, "coordination": "chaos"},
            "coordination: Input should be 'both', 'orchestration' or 'choreography'",
        ),
        ({"saga": SAGA, "order": ["capture.sometime"]}, "No moment 'capture.sometime'"),
        ({"saga": SAGA, "speed": 2}, "speed: Extra inputs are not permitted"),
        ({"saga": SAGA, "parent": "me"}, "parent: Input should be a valid UUID"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_sentence(api: Client, body: object, sentence: str):
    refused = post(api, "/api/runs", body)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(sentence)
    assert refused.json()["detail"].endswith(".")
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"text": "steps: ["}, 422, "Line 2"),
        ({"text": "x" * (2**20 + 1)}, 422, "The file has"),
        ({"saga": {"sagasim": 1, "name": "x", "stepz": []}}, 422, "stepz"),
        ({}, 422, "Send either"),
        ({"saga": {"sagasim": 1, "name": "a" * 300, "steps": [{"name": "a"}]}}, 422, "name: 300 characters"),
    ],
    ids=["no yaml", "too long", "unknown key", "nothing", "long name"],
)
def test_what_is_no_saga_is_refused_with_a_sentence(api: Client, body: object, status: int, sentence: str):
    refused = post(api, "/api/sagas", body)
    assert (refused.status_code, refused.json()["detail"][: len(sentence)]) == (status, sentence)


def test_the_gallery_keeps_its_sagas(api: Client):
    text = SagaVersion.objects.get(saga__name=SAGA).text
    refused = post(api, "/api/sagas", {"text": text + "# mine\n"})
    assert (refused.status_code, "belongs to the gallery" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize("path", ["/api/sagas/nothing", "/api/runs/3f0c0a3e-0000-4000-8000-000000000000"])
def test_what_is_not_there_is_a_404_with_a_sentence(api: Client, path: str):
    missing = api.get(path)
    assert (missing.status_code, missing.json()["detail"].startswith("There is no")) == (404, True)


def test_what_is_no_json_is_refused_with_a_sentence(api: Client):
    refused = api.post("/api/runs", "{", content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("What is sent is JSON")


def test_the_openapi_document_names_every_path_and_shape(api: Client):
    document = api.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert {"/api/sagas", "/api/runs", "/api/runs/{run_id}/history", "/api/recordings"} <= set(
        document["paths"]
    )
    answers = document["paths"]["/api/runs"]["post"]["responses"]
    assert {"201", "422", "404", "401"} <= set(answers)


# recordings


def test_lines_that_do_not_follow_are_refused_with_the_number_that_was_expected(api: Client):
    saga = api.get(f"/api/sagas/{SAGA}").json()["saga"]
    begun = post(api, "/api/recordings", {"saga": saga, "recorded_as": "order-1"})
    assert begun.status_code == 201
    post(api, "/api/runs", {"saga": SAGA, "coordination": "orchestration"})
    simulated = Run.objects.get(clock="virtual")
    lines = [line_of(entry) for entry in feed.entries_after(simulated.pk, 0)]
    path = f"/api/recordings/{begun.json()['id']}/lines"
    assert post(api, path, {"lines": lines[:3]}).json() == {
        "id": begun.json()["id"],
        "last_seq": 3,
        "status": "running",
    }
    gap = post(api, path, {"lines": lines[5:6]})
    assert gap.status_code == 409
    assert gap.json()["detail"] == "Line 6 does not follow line 3; send what comes after 3."
    wrong = post(api, path, {"lines": [{"seq": 4, "at_ms": 0, "kind": "Nonsense", "data": {}}]})
    assert wrong.status_code == 422
    assert "no kind of entry" in wrong.json()["detail"].lower()
    finished = post(api, f"/api/recordings/{simulated.pk}/lines", {"lines": lines})
    assert (finished.status_code, finished.json()["detail"]) == (404, "There is no such run.")


# who may ask in server mode


@override_settings(LOCAL=False)
def test_in_server_mode_only_a_token_opens_the_api(api: Client):
    user = User.objects.create_user("ada", password="difference engine")
    token = make_token(user, "build")
    assert api.get("/api/runs").status_code == 401
    assert "make_token" in api.get("/api/runs").json()["detail"]
    api.force_login(user)
    assert api.get("/api/runs").status_code == 401  # a session is no token: another site could use it
    api.logout()
    shown = {"Authorization": f"Bearer {token}"}
    started = post(api, "/api/runs", {"saga": SAGA}, **shown)
    assert started.status_code == 201
    assert set(Run.objects.values_list("started_by__username", flat=True)) == {"ada"}
    assert not ApiToken.objects.filter(digest__contains=token[8:]).exists()
    user.is_active = False
    user.save()
    assert api.get("/api/runs", headers=shown).status_code == 401


@override_settings(LOCAL=False)
def test_in_server_mode_nobody_changes_somebody_elses_saga(api: Client):
    saga = {"sagasim": 1, "name": "mine", "steps": [{"name": "a", "service": "s", "compensation": "b"}]}
    tokens = [make_token(User.objects.create_user(name), "t") for name in ("ada", "bob")]
    ada, bob = ({"Authorization": f"Bearer {token}"} for token in tokens)
    assert post(api, "/api/sagas", {"saga": saga}, **ada).status_code == 201
    refused = post(api, "/api/sagas", {"saga": {**saga, "title": "x"}}, **bob)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "The saga mine belongs to ada; save yours under another name.",
    )
