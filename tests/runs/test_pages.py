from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import reverse

from sagasim.composer.services import save_saga
from sagasim.runs import services
from sagasim.runs.drawing import as_executed
from sagasim.runs.models import Run
from tests.runs.test_running import FAULT, Gallery, started

HTMX = {"HX-Request": "true"}
STRANGE = "<script>alert(1)</script>\"' \u202eטקסט 🙂" + "x" * 150


def saga_file(name: str) -> str:
    """A saga with every kind of strange text in every place that takes text."""
    data = {
        "sagasim": 1,
        "name": name,
        "title": STRANGE,
        "description": STRANGE,
        "steps": [
            {"name": "a", "service": "cmd", "action": STRANGE, "compensation": STRANGE, "effects": {"x": 1}}
        ],
        "invariants": [{"name": "=1+1 " + STRANGE, "always": "x < 1"}],
    }
    return json.dumps(data)


@pytest.fixture
def strange(db: None) -> list[Run]:
    version = save_saga(saga_file("strange"), by=None)
    from sagasim.runs.services import BOTH, Plan, start_runs

    return start_runs(version, BOTH, Plan())


# from the front page to a playing run


def test_one_click_on_the_front_page_leads_to_a_run_of_both_coordinations(client: Client, gallery: Gallery):
    page = client.get("/").content.decode()
    forms = re.findall(r'<form method="post" action="(/sagas/[\w-]+/runs/)">(.*?)</form>', page, re.DOTALL)
    assert len(forms) == 12
    for action, fields in forms:
        faults = re.findall(r'name="fault" value="([^"]+)"', fields)
        answer = client.post(action, {"coordination": "both", "fault": faults}, follow=True)
        assert [run["faults"] for run in answer.context["runs"]] == [faults, faults]


def test_the_front_page_asks_the_database_a_fixed_number_of_questions(
    client: Client, gallery: Gallery, django_assert_max_num_queries
):
    for _ in range(8):
        started(gallery, FAULT)
    with django_assert_max_num_queries(9):
        client.get("/")


# the form


def test_the_address_can_say_what_the_form_holds(client: Client, gallery: Gallery):
    query = f"fault={FAULT}&fault=saga:cancelled&coordination=choreography&seed=7"
    address = f"/sagas/order-fulfilment/runs/new?{query}"
    typed = client.get(address).context["typed"]
    assert typed == {
        "coordination": "choreography",
        "faults": f"{FAULT}\nsaga:cancelled",
        "placed": [FAULT, "saga:cancelled"],
        "seed": "7",
        "order": "",
    }


def test_faults_come_one_by_one_and_a_line_each(client: Client, gallery: Gallery):
    fields = {
        "coordination": "both",
        "fault": [FAULT],
        "faults": f"{FAULT}\n\n capture:late \r\n",
        "seed": "3",
    }
    answer = client.post("/sagas/order-fulfilment/runs/", fields, follow=True)
    assert answer.context["runs"][0]["faults"] == [FAULT, "capture:late"]
    assert answer.context["runs"][0]["seed"] == 3


def test_htmx_gets_the_stage_as_a_fragment_with_its_address(client: Client, gallery: Gallery):
    answer = client.post("/sagas/order-fulfilment/runs/", {"coordination": "both"}, headers=HTMX)
    first = Run.objects.get(coordination="orchestration")
    assert answer.headers["HX-Push-Url"] == reverse("runs:stage", args=[first.pk])
    assert "<html" not in answer.content.decode()
    assert 'id="stage"' in answer.content.decode()


WRONG = [
    ({"faults": "charge:lost"}, "No fault kind 'lost' here"),
    ({"faults": "nobody:late"}, "No step or service 'nobody'; there are create-order"),
    ({"faults": FAULT + "\n" + "authorise-card:late"}, "strike the same attempt; keep one of them."),
    ({"faults": "\n".join(f"capture#{n}:error" for n in range(1, 60))}, "59 faults; a run takes at most 50."),
    ({"seed": "seven"}, "A seed is a whole number from 0 to 2147483647."),
    ({"seed": "-1"}, "A seed is a whole number"),
    ({"seed": "9" * 30}, "A seed is a whole number"),
    (
        {"coordination": "anarchy"},
        "There is no coordination anarchy; there are both, orchestration, choreography.",
    ),
    ({"order": "capture"}, "No moment 'capture'"),
    ({"faults": "\x00"}, "characters"),
    ({"faults": "x" * 30_000}, "characters"),
]


@pytest.mark.parametrize(("typed", "sentence"), WRONG, ids=lambda it: str(it)[:60])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_what_cannot_be_run_is_a_422_with_one_sentence_and_all_that_was_typed(
    client: Client, gallery: Gallery, typed: dict[str, str], sentence: str, headers: dict[str, str]
):
    answer = client.post("/sagas/order-fulfilment/runs/", typed, headers=headers)
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    (said,) = re.findall(r'role="alert"[^>]*>([^<]*)<', page)
    assert sentence in said
    assert all(value in page for value in typed.values() if value not in ("anarchy", "\x00"))
    assert ("<html" in page) is (not headers)
    assert not Run.objects.exists()


# the stage


def test_the_page_carries_all_that_the_scripts_need_but_the_lines(client: Client, gallery: Gallery):
    run, other = started(gallery, FAULT)
    told = stage_of(client, run)
    assert [it["id"] for it in told["runs"]] == [str(run.pk), str(other.pk)]
    assert told["saga"]["name"] == "order-fulfilment-broken"
    assert [it["name"] for it in told["blueprint"]["steps"]] == list(run.version.meaning.step_names)
    assert "poisoned" in told["kinds"]["strikes"]["choreography"]["capture"]["do"]
    assert "poisoned" not in told["kinds"]["strikes"]["orchestration"]["capture"]["do"]
    assert told["kinds"]["strikes"]["orchestration"]["capture"]["undo"] == []
    assert told["runs"][0]["findings"][0]["harm"] == "leak"
    assert told["t"] is None


def stage_of(client: Client, run: Run, query: str = "") -> Any:
    page = client.get(f"/runs/{run.pk}/{query}").content.decode()
    (text,) = re.findall(r'<template id="stage-data">(.*?)</template>', page, re.DOTALL)
    return json.loads(text)


@pytest.mark.parametrize(
    ("query", "t_ms"), [("?t=120", 120), ("?t=-1", None), ("?t=x", None), ("?t=" + "9" * 40, None)]
)
def test_a_link_may_name_a_moment(client: Client, gallery: Gallery, query: str, t_ms: int | None):
    run, _ = started(gallery, FAULT)
    assert stage_of(client, run, query)["t"] == t_ms


def test_a_what_if_is_shown_with_its_parent(client: Client, gallery: Gallery):
    run, _ = started(gallery, saga="order-fulfilment")
    answer = client.post(
        f"/runs/{run.pk}/what-if", {"does": "kill", "service": "payments", "from_seq": "1"}, headers=HTMX
    )
    child = Run.objects.get(parent=run)
    assert answer.status_code == 200
    assert str(child.pk) in answer.content.decode()
    assert child.faults == ["payments:outage@authorise-card.before*for-ever"]
    refused = client.post(f"/runs/{run.pk}/what-if", {"does": "kill", "service": "pay", "from_seq": "1"})
    assert refused.status_code == 422
    assert refused.context["refusal"].startswith("There is no service 'pay'; there are inventory")


def test_running_again_says_whether_the_history_is_the_same(client: Client, gallery: Gallery):
    run, _ = started(gallery, FAULT)
    page = client.post(f"/runs/{run.pk}/again", follow=True).content.decode()
    assert "the same history, byte for byte" in page
    assert Run.objects.count() == 4


def test_the_log_tells_every_line_in_a_sentence_without_scripts(client: Client, gallery: Gallery):
    run, _ = started(gallery, FAULT)
    page = client.get(f"/runs/{run.pk}/log").content.decode()
    assert page.count("<tr id=") == run.last_seq
    assert "the coordinator asked payments for authorise-card" in page


@pytest.mark.parametrize("path", ["/runs/", "/", "/monitoring/", "/admin/runs/run/"])
def test_names_of_others_come_out_as_text_on_lists(client: Client, strange: list[Run], path: str):
    page = client.get(path).content.decode()
    assert "strange" in page or path == "/monitoring/"
    assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["", "log", "history.json"])
def test_names_of_others_come_out_as_text_on_the_stage(client: Client, strange: list[Run], path: str):
    answer = client.get(f"/runs/{strange[0].pk}/{path}")
    assert answer.status_code == 200
    if answer.headers["Content-Type"].startswith("text/html"):
        assert "<script>alert" not in answer.content.decode()
    if not path:
        assert stage_of(client, strange[0])["saga"]["title"] == STRANGE


@pytest.mark.parametrize(
    "path", ["/runs/3f0c0a3e-0000-4000-8000-000000000000/", "/runs/x/", "/sagas/none/runs/new"]
)
def test_what_is_not_there_is_a_404(client: Client, db: None, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(("wanted", "begins"), [("svg", "<svg"), ("mermaid", "sequenceDiagram")])
def test_a_run_is_drawn_as_a_file_and_names_in_it_are_text(
    client: Client, strange: list[Run], wanted: str, begins: str
):
    for run in strange:
        answer = client.get(f"/runs/{run.pk}/diagram.{wanted}")
        assert answer.content.decode().startswith(begins)
        assert b"<script" not in answer.content
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert client.get(f"/api/runs/{run.pk}/diagram?wanted={wanted}").content == answer.content
    assert client.get(f"/runs/{strange[0].pk}/diagram.gif").status_code == 404


def test_what_is_drawn_is_what_was_executed(gallery: Gallery):
    for run in started(gallery, "send-receipt.undo:error", FAULT):
        executed, stored = services.execute(run), as_executed(run)
        assert stored == executed


# lists


def test_the_list_filters_by_what_happened(client: Client, gallery: Gallery):
    run, other = started(gallery, FAULT)
    calm, _ = started(gallery, saga="bank-transfer")
    for query, expected in (
        ("harm=leak", {run}),
        ("kind=reply-lost", {run, other}),
        ("outcome=compensated", {run}),
        ("coordination=choreography&saga=order-fulfilment-broken", {other}),
        ("q=authorise-card", {run, other}),
        ("q=bank", {calm, calm.side_by_side()[1]}),
        (f"q={run.pk}", {run}),
        (f"q={FAULT.replace('*', '%2A')}", {run, other}),
    ):
        assert set(client.get(f"/runs/?{query}").context["page"].runs) == expected, query


def test_a_refused_plan_that_is_loaded_again_shows_the_form(client: Client, gallery: Gallery):
    assert client.get("/sagas/bank-transfer/runs/").headers["Location"] == "/sagas/bank-transfer/runs/new"


def test_the_list_says_what_it_was_filtered_by_and_that_nothing_is_like_that(client: Client, db: None):
    page = client.get("/runs/?kind=late").content.decode()
    assert "<option selected>late</option>" in page
    assert "No run is like that." in page
    assert "Nothing has been run yet." in client.get("/runs/").content.decode()


def test_a_filter_that_is_none_is_said(client: Client, db: None):
    assert client.get("/runs/?outcome=great").context["listing"].refusals == [
        "There is no outcome 'great'; there are completed, compensated, parked, failed, stuck."
    ]
    assert client.get("/runs/?before=yesterday").status_code == 200


# monitoring


def test_metrics_are_in_the_format_of_prometheus(client: Client, gallery: Gallery):
    started(gallery, FAULT)
    text = client.get("/metrics").content.decode()
    sample = re.compile(r'(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+)')
    assert all(sample.fullmatch(line) for line in text.splitlines())
    assert 'sagasim_findings_total{coordination="orchestration",harm="leak"}' in text
    assert 'sagasim_run_seconds_bucket{le="+Inf"}' in text
    assert "sagasim_open_sockets 0" in text


def test_the_monitoring_page_tells_the_last_day(client: Client, gallery: Gallery):
    started(gallery, FAULT)
    context = client.get("/monitoring/").context
    assert context["outcomes"] == [("compensated", 1, 0), ("completed", 0, 1)]
    assert dict(context["harms"]) == {"leak": 1, "invariant": 1}


# server mode


SERVER = override_settings(
    LOCAL=False,
    METRICS_TOKEN="scrape",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "sagasim.security.ContentSecurityPolicyMiddleware",
        "sagasim.security.SignInFirst",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
    ],
)


@SERVER
@pytest.mark.parametrize("path", ["/", "/runs/", "/monitoring/", "/sagas/bank-transfer/runs/new"])
def test_in_server_mode_a_stranger_is_asked_to_sign_in(client: Client, gallery: Gallery, path: str):
    assert client.get(path).headers["Location"] == f"/login/?next={path}"
    assert client.get(f"/login/?next={path}").status_code == 200


@SERVER
def test_in_server_mode_the_machines_doors_are_open_to_those_who_should_pass(client: Client, db: None):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer scrape"}).status_code == 200
    assert client.get("/api/runs").status_code == 401


@SERVER
def test_in_server_mode_whoever_signs_in_may_run_and_is_remembered(client: Client, gallery: Gallery):
    User.objects.create_user("ada", password="difference engine")
    signed_in = client.post("/login/", {"username": "ada", "password": "difference engine", "next": "/runs/"})
    assert signed_in.headers["Location"] == "/runs/"
    client.post("/sagas/bank-transfer/runs/", {"coordination": "both"})
    assert set(Run.objects.values_list("started_by__username", flat=True)) == {"ada"}
    assert client.get("/admin/").status_code == 302  # an account is not yet an operator's
