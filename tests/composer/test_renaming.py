"""A saga gets another name: what was saved, run and linked under the old one is still there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sagasim.composer import services
from sagasim.composer.models import FormerName, SagaVersion, SavedSaga
from sagasim.composer.renaming import rename
from sagasim.runs.models import Run
from tests.composer.conftest import Gallery

Ask = Callable[..., tuple[int, Any]]

ORDER = "sagasim: 1\nname: order\nsteps:\n  - {name: charge, compensation: refund}  # asynchronous\n  - {name: ship}\n"
PARCEL = ORDER.replace("name: order", "name: parcel")


@pytest.fixture
def order(db: None) -> SavedSaga:
    return services.save_saga(ORDER, by=None).saga


def test_a_renamed_saga_keeps_its_versions_and_runs(client: Client, ask: Ask, order: SavedSaga):
    ran = client.post("/sagas/order/runs/", {"coordination": "orchestration"}).headers["Location"]
    status, saved = ask("/sagas/order/save", text=PARCEL, base=1, rename=True)
    assert (status, saved["url"], saved["version"]) == (200, "/sagas/parcel/", 2)
    assert [(it.saga.name, it.number, it.text) for it in SagaVersion.objects.order_by("number")] == [
        ("parcel", 1, ORDER),
        ("parcel", 2, PARCEL),
    ]
    run = Run.objects.get()
    assert (run.saga.name, run.version.number, run.version.meaning.name) == ("parcel", 1, "order")
    page = client.get(ran, follow=True)
    assert page.status_code == 200
    assert "/sagas/parcel/" in page.content.decode()
    assert "name order → parcel" in client.get("/sagas/parcel/versions/").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "?version=1",
        "versions/",
        "versions/compare?a=1&b=2",
        "export.svg?look",
        "runs/new?fault=charge:crash",
        "matrix/",
        "safeguards/",
    ],
)
def test_the_old_address_leads_to_the_new_one(client: Client, ask: Ask, order: SavedSaga, address: str):
    ask("/sagas/order/save", text=PARCEL, base=1, rename=True)
    answer = client.get(f"/sagas/order/{address}")
    assert (answer.status_code, answer.headers["Location"]) == (307, f"/sagas/parcel/{address}")
    assert client.get(answer.headers["Location"]).status_code == 200
    assert client.get("/api/sagas/order").headers["Location"] == "/api/sagas/parcel"


def test_an_old_version_is_opened_and_restored_under_the_new_name(client: Client, ask: Ask, order: SavedSaga):
    services.save_saga(ORDER + "# two\n", by=None)
    ask("/sagas/order/save", text=PARCEL, base=2, rename=True)
    assert "name: parcel" in client.get("/sagas/parcel/?version=1").context["data"]["text"]
    client.post("/sagas/parcel/versions/2/restore")
    order.refresh_from_db()
    assert order.latest is not None
    assert (order.name, order.latest.number, order.latest.text) == ("parcel", 4, PARCEL + "# two\n")


def test_a_name_that_was_given_up_can_be_given_to_another_and_taken_back(
    ask: Ask, order: SavedSaga, client: Client
):
    rename(order, PARCEL, base=1, by=None)
    order.refresh_from_db()
    back = rename(order, ORDER, base=2, by=None)
    assert (back.saga.name, list(FormerName.objects.values_list("name", flat=True))) == ("order", ["parcel"])
    other = services.save_saga(PARCEL, by=None).saga
    assert other.pk != order.pk
    assert client.get("/sagas/parcel/").context["saga"] == other


def test_a_draft_that_was_run_goes_with_its_saga(ask: Ask, order: SavedSaga):
    ask("/sagas/order/show", text=ORDER + "# a draft\n", faults=[])
    rename(order, PARCEL, base=1, by=None)
    draft = SavedSaga.objects.get(is_draft=True)
    assert draft.own_name == "parcel"


def test_a_name_that_is_taken_is_refused_and_nothing_is_renamed(ask: Ask, order: SavedSaga):
    services.save_saga(PARCEL, by=None)
    status, answer = ask("/sagas/order/save", text=PARCEL, base=1, rename=True)
    assert (status, answer["detail"]) == (422, "There is a saga 'parcel' already; choose another name.")
    assert sorted(SavedSaga.objects.values_list("name", flat=True)) == ["order", "parcel"]
    assert not FormerName.objects.exists()


def test_who_renames_what_somebody_has_changed_meanwhile_is_told(ask: Ask, order: SavedSaga):
    services.save_saga(ORDER + "# two\n", by=None)
    status, answer = ask("/sagas/order/save", text=PARCEL, base=1, rename=True)
    assert (status, answer["theirs"]["number"]) == (409, 2)


def test_a_saga_of_the_gallery_or_of_somebody_else_is_not_renamed(gallery: Gallery, db: None, client: Client):
    bank = gallery["bank-transfer"]
    assert bank.latest is not None
    text = bank.latest.text.replace("name: bank-transfer", "name: mine")
    with pytest.raises(services.NotYours):
        rename(bank, text, base=1, by=None)
    alice, bob = (User.objects.create_user(name) for name in ("alice", "bob"))
    hers = services.save_saga(ORDER, by=alice).saga
    with pytest.raises(services.NotYours):
        rename(hers, PARCEL, base=1, by=bob)


def test_without_scripts_a_name_is_typed_and_the_saga_is_called_that(client: Client, order: SavedSaga):
    said = {"text": ORDER, "shown": ORDER, "base": "1", "under": "parcel", "do": "rename"}
    assert client.post("/sagas/order/", said).headers["Location"] == "/sagas/parcel/"
    assert client.post("/sagas/parcel/", {**said, "base": "2", "under": "no name"}).status_code == 422


def test_what_never_was_is_not_found_and_nothing_is_deleted_by_an_old_name(
    client: Client, ask: Ask, order: SavedSaga
):
    rename(order, PARCEL, base=1, by=None)
    assert client.get("/sagas/never/").status_code == 404
    assert client.get("/sagas/order/delete").status_code == 404
    assert client.post("/sagas/order/delete").status_code == 404
    assert client.delete("/api/sagas/order").status_code in (401, 404)
    assert SavedSaga.objects.filter(name="parcel").exists()
