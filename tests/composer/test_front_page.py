from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from sagasim.composer import naming, services
from sagasim.composer.models import SavedSaga
from sagasim.core.codec import json_schema
from sagasim.explorer.services import start
from tests.composer.conftest import Gallery

ORDER = "sagasim: 1\nname: {name}\ntitle: {title}\nsteps:\n  - {{name: charge, compensation: refund}}\n"


def own(name: str, title: str = "") -> SavedSaga:
    return services.save_saga(ORDER.format(name=name, title=title or '""'), by=None).saga


def test_the_gallery_and_your_own_sagas_lead_to_composing_running_and_exploring(
    client: Client, gallery: Gallery
):
    own("mine", "My own")
    page = client.get("/").content.decode()
    for name in ("mine", *gallery):
        for address in (f"/sagas/{name}/", f"/sagas/{name}/runs/new", f"/sagas/{name}/matrix/"):
            assert f'href="{address}"' in page
    assert 'href="/sagas/new"' in page
    assert 'href="/sagas/mine/delete"' in page


def test_the_first_button_shows_a_saga_that_fails_and_says_with_which_fault(client: Client, gallery: Gallery):
    page = client.get("/").content.decode()
    first = re.search(r'<form class="hero-watch".*?</form>', page, re.DOTALL)
    assert first is not None
    assert 'action="/sagas/order-fulfilment-broken/runs/"' in first[0]
    assert 'name="fault" value="authorise-card:reply-lost*for-ever"' in first[0]
    assert "the answer of authorise-card is lost, every time" in first[0]
    assert client.head("/").status_code == 200


def test_a_verdict_is_shown_with_its_scope_and_none_is_not_made_up(
    client: Client, gallery: Gallery, explored_at_once: None
):
    assert client.get("/").content.decode().count("not explored yet") == 12
    latest = gallery["bank-transfer-broken"].latest
    assert latest is not None
    explored = start(latest, faults=1)
    page = client.get("/").content.decode()
    assert page.count("not explored yet") == 11
    (badge,) = re.findall(r'<p class="badge" data-verdict="broken">(.*?)</p>', page, re.DOTALL)
    assert f'href="{explored.get_absolute_url()}"' in badge
    assert "any 1 fault: 5 findings (orchestration), 4 findings (choreography)" in badge
    assert "exhaustive for any 1 fault" in badge


def test_own_sagas_are_found_by_name_and_title(client: Client, db: None):
    for name, title in (("order", "Fulfilment"), ("trip", "Travel"), ("parcel", "Order of parcels")):
        own(name, title)
    found = [card.saga.name for card in client.get("/?q=ORDER").context["own_sagas"]]
    assert found == ["parcel", "order"]
    page = client.get("/?q=<nothing>").content.decode()
    assert "None of your sagas has “&lt;nothing&gt;”" in page


def test_more_sagas_than_a_page_holds_are_said(client: Client, db: None):
    for number in range(51):
        own(f"s{number}")
    answer = client.get("/")
    assert len(answer.context["own_sagas"]) == 50
    assert "These are the 50 that were saved last" in answer.content.decode()


def test_who_has_no_saga_yet_is_told_how_to_begin(client: Client, gallery: Gallery):
    page = client.get("/").content.decode()
    assert "None yet." in page
    assert page.index("Gallery</h2>") < page.index("Your sagas</h2>")
    own("mine")
    page = client.get("/").content.decode()
    assert page.index("Gallery</h2>") > page.index("Your sagas</h2>")


def test_the_number_of_questions_to_the_database_does_not_grow_with_the_sagas(
    client: Client, gallery: Gallery, django_assert_max_num_queries: Any
):
    for number in range(12):
        own(f"s{number}")
    with django_assert_max_num_queries(9):
        client.get("/")


@pytest.mark.parametrize(
    ("path", "link"), [("/", "Sagas"), ("/runs/", "Runs"), ("/monitoring/", "Monitoring")]
)
def test_the_masthead_says_where_one_is(client: Client, db: None, path: str, link: str):
    page = client.get(path).content.decode()
    assert re.findall(r'<a href="[^"]*" aria-current="page">(.*?)</a>', page.partition("</header>")[0]) == [
        link
    ]


def test_a_deleted_saga_is_said_to_be_gone(client: Client, db: None):
    own("mine", "My own")
    assert "My own is deleted." in client.post("/sagas/mine/delete", follow=True).content.decode()


# the admin


def test_the_admin_leads_to_comparisons_and_says_what_a_version_changed(client: Client, db: None):
    saga = own("mine")
    version = services.save_saga(ORDER.format(name="mine", title="New"), by=None)
    page = client.get(f"/admin/composer/savedsaga/{saga.pk}/change/").content.decode()
    assert 'href="/sagas/mine/versions/compare?a=1&b=2"' in page
    page = client.get(f"/admin/composer/sagaversion/{version.pk}/change/").content.decode()
    assert "<div>title none → New</div>" in page
    for path in ("savedsaga/", "sagaversion/", "savedsaga/?q=mine", "savedsaga/?is_draft__exact=0"):
        assert client.get(f"/admin/composer/{path}").status_code == 200


# files


@pytest.mark.parametrize("kind", ["yaml", "json", "mermaid", "svg"])
def test_a_saga_is_taken_away_as_a_file(client: Client, gallery: Gallery, kind: str):
    for name in gallery:
        answer = client.get(f"/sagas/{name}/export.{kind}")
        assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{name}.')
        assert client.get(f"/sagas/{name}/export.{kind}?look").headers["Content-Disposition"] == "inline"


def test_what_was_exported_can_be_imported_again(client: Client, gallery: Gallery):
    for kind in ("yaml", "json"):
        text = client.get(f"/sagas/food-delivery/export.{kind}").content.decode()
        name = f"again-{kind}"
        client.post("/sagas/", {"text": naming.under_name(text, name)})
        latest = SavedSaga.objects.get(name=name).latest
        assert latest is not None
        original = gallery["food-delivery"].latest
        assert original is not None
        assert {**latest.normal_form, "name": ""} == {**original.normal_form, "name": ""}


def test_the_diagram_of_a_design_names_every_step_and_every_way(client: Client, gallery: Gallery):
    latest = gallery["travel-booking"].latest
    assert latest is not None
    svg = client.get("/sagas/travel-booking/export.svg").content.decode()
    mermaid = client.get("/sagas/travel-booking/export.mermaid").content.decode()
    ways = sum(len(step.after) for step in latest.meaning.steps)
    assert mermaid.count("-->") == ways
    assert svg.count('class="way"') == ways
    for step in latest.meaning.steps:
        assert f">{step.name}</text>" in svg
        assert step.name in mermaid


def test_the_schema_is_that_of_the_core(client: Client, db: None):
    assert client.get("/sagas/schema.json").json() == json_schema()
