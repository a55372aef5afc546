from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.core.codec import saga_from_text
from sagasim.explorer import services
from sagasim.explorer.jobs import jobs
from sagasim.explorer.models import Exploration, ExploredFinding, State, Weighing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("explored_at_once")]

LIST = "/admin/explorer/exploration/"
FINDINGS = "/admin/explorer/exploredfinding/"
WEIGHINGS = "/admin/explorer/weighing/"
STRANGE = "sagasim: 1\nname: strange\ntitle: '<b>=1+1'\nsteps: [{name: a, service: s}]\n"


@pytest.fixture
def explored(broken: SagaVersion) -> Exploration:
    return services.start(broken, faults=1)


@pytest.fixture
def calm(sound: SagaVersion) -> Exploration:
    return services.start(sound, faults=1)


def shown(client: Client, query: str = "", where: str = LIST) -> set[Any]:
    answer = client.get(where + query)
    assert answer.status_code == 200, query
    return set(answer.context["cl"].result_list)


def test_explorations_are_filtered_by_what_an_operator_asks_for(
    client: Client, explored: Exploration, calm: Exploration
):
    harm = explored.findings.all()[0].harm
    step = explored.findings.all()[0].step
    for query, expected in (
        ("", {explored, calm}),
        ("?state__exact=done", {explored, calm}),
        ("?state__exact=lost", set()),
        (f"?harm={harm}", {explored}),
        ("?saga=dtm-barrier-transfer", {calm}),
        ("?q=bank", {explored}),
        (f"?q={step}", {explored}),
        (f"?q={calm.pk}", {calm}),
        (f"?q={calm.hash[:10]}", {calm}),
        ("?q=no-such-thing", set()),
    ):
        assert shown(client, query) == expected, query


def test_findings_are_filtered_too_and_lead_to_their_run(client: Client, explored: Exploration):
    row = explored.findings.all()[0]
    assert shown(client, f"?harm={row.harm}", FINDINGS) == set(ExploredFinding.objects.filter(harm=row.harm))
    assert shown(client, "?fix=verified&saga=bank-transfer-broken", FINDINGS) == set(explored.findings.all())
    assert shown(client, "?fix=none", FINDINGS) == set()
    assert shown(client, f"?q={row.step}", FINDINGS)
    page = client.get(f"{FINDINGS}{row.pk}/change/").content.decode()
    assert f"{explored.get_absolute_url()}open?finding={quote(row.key)}" in page
    assert escape(row.sentence) in page


@pytest.mark.parametrize("where", [LIST, FINDINGS])
def test_a_filter_that_is_none_breaks_nothing(client: Client, explored: Exploration, where: str):
    for query in ("?state__exact=x", "?harm=x", "?saga=x", "?q=%00", "?p=9999", "?x=y"):
        assert client.get(where + query, follow=True).status_code in {200, 400}, query


def test_what_was_found_cannot_be_edited(client: Client, explored: Exploration):
    assert client.get(f"{LIST}add/").status_code == 403
    page = client.get(f"{LIST}{explored.pk}/change/")
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert client.post(f"{LIST}{explored.pk}/change/", {"state": "lost"}).status_code == 403


def test_an_explorations_page_tells_its_verdict(client: Client, explored: Exploration):
    page = client.get(f"{LIST}{explored.pk}/change/").content.decode()
    assert page.count('<tr id="finding-') == explored.findings_count
    assert explored.more["scope"].capitalize() in page
    for finding in explored.findings.all():
        assert escape(finding.sentence) in page


def act(client: Client, action: str, *rows: Exploration) -> Any:
    fields = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(LIST, fields, follow=not action.startswith("export"))


def test_selected_explorations_are_exported(client: Client, explored: Exploration, calm: Exploration):
    text = b"".join(act(client, "export_json", explored, calm).streaming_content).decode()
    told = {it["id"]: it for it in json.loads(text)}
    assert told[str(explored.pk)]["verdict"] == explored.verdict
    text = b"".join(act(client, "export_csv", explored, calm).streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == explored.findings_count + 1
    assert {row["harm"] for row in rows if row["saga"] == "dtm-barrier-transfer"} == {""}


def test_what_was_lost_is_started_again_and_what_is_known_is_not(
    client: Client, explored: Exploration, calm: Exploration
):
    Exploration.objects.filter(pk=explored.pk).update(state=State.LOST)
    page = act(client, "ask_again", explored, calm).content.decode()
    assert "1 explorations are under way; 1 had their answer already." in page
    assert Exploration.objects.filter(hash=explored.hash, state=State.DONE).count() == 1


def test_what_is_under_way_is_asked_to_stop(client: Client, explored: Exploration, calm: Exploration):
    Exploration.objects.filter(pk=explored.pk).update(state=State.RUNNING, ended_at=None, keeper=jobs.keeper)
    assert "1 explorations were asked to stop" in act(client, "stop_them", explored, calm).content.decode()
    assert Exploration.objects.get(pk=explored.pk).stop_asked


def test_a_strange_name_is_shown_as_text(client: Client):
    row = services.start(saga_from_text(STRANGE), faults=0)
    assert "<b>" not in client.get(f"{LIST}{row.pk}/change/").content.decode().replace("<b>Home", "")


def test_the_monitoring_page_and_the_metrics_tell_of_explorations(client: Client, explored: Exploration):
    page = " ".join(client.get("/monitoring/").content.decode().split())
    assert '<th scope="row">explored to the end</th> <td>1</td>' in page
    assert "Nothing is being explored." in page
    told = client.get("/metrics").content.decode()
    assert "sagasim_explorations_open 0" in told
    assert 'sagasim_explorations_total{state="done"}' in told
    assert "sagasim_exploration_seconds_count" in told


def test_what_was_weighed_is_listed_with_how_far_it_is_and_leads_to_its_page(
    client: Client, sound: SagaVersion
):
    now = timezone.now()
    weighing = Weighing.objects.create(
        version=sound, kernel="today", state=State.RUNNING, done=3, of=40, asked_at=now, told_at=now
    )
    for address in (
        WEIGHINGS,
        f"{WEIGHINGS}?state=running&q={sound.saga.name}",
        f"{WEIGHINGS}{weighing.pk}/change/",
    ):
        text = client.get(address).content.decode()
        assert "3 of 40" in text
        assert f"/sagas/{sound.saga.name}/safeguards/" in text
    assert shown(client, "?state=done", WEIGHINGS) == set()


def test_explorations_and_weighings_are_deleted_by_age_but_for_what_pages_show(
    client: Client, explored: Exploration
):
    version = explored.version
    assert version is not None
    services.start(version, faults=2, kinds=["error"])
    told_more_again = services.start(version, faults=2, kinds=["error"], anew=True)
    open_one = services.start(version, faults=0)
    weighed = [weigh(version, faults=1) for _ in range(2)]
    long_ago = timezone.now() - timedelta(days=40)
    Exploration.objects.exclude(pk=told_more_again.pk).update(asked_at=long_ago)
    Exploration.objects.filter(pk=open_one.pk).update(state=State.RUNNING, ended_at=None, keeper=jobs.keeper)
    Weighing.objects.update(asked_at=long_ago)
    Weighing.objects.filter(pk=weighed[0].pk).update(state=State.STOPPED)

    for where in (LIST, WEIGHINGS):
        assert f"{where}delete-older/" in client.get(where).content.decode()
        assert "is kept" in client.get(f"{where}delete-older/").content.decode()
        assert client.post(f"{where}delete-older/", {"days": "soon"}).status_code == 422
    page = client.post(f"{LIST}delete-older/", {"days": "30"}, follow=True).content.decode()
    assert "2 explorations were deleted." in page
    assert set(Exploration.objects.all()) == {told_more_again, open_one}
    assert not ExploredFinding.objects.exclude(exploration=told_more_again).exists()

    Exploration.objects.filter(pk=told_more_again.pk).update(asked_at=long_ago)
    page = client.post(f"{LIST}delete-older/", {"days": "30"}, follow=True).content.decode()
    assert "0 explorations were deleted." in page  # it is what the matrix shows
    page = client.post(f"{WEIGHINGS}delete-older/", {"days": "30"}, follow=True).content.decode()
    assert "1 weighings were deleted." in page
    assert set(Weighing.objects.all()) == {weighed[1]}


def weigh(version: SagaVersion, *, faults: int) -> Weighing:
    now = timezone.now()
    return Weighing.objects.create(
        version=version, kernel="today", state=State.DONE, faults=faults, asked_at=now, told_at=now
    )
