from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from sagasim.composer import naming, services
from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.runs.models import Run
from tests.composer.conftest import Gallery

Ask = Callable[..., tuple[int, Any]]

ORDER = """\
# the shop's order
sagasim: 1
name: order
steps:
  - name: charge
    compensation: refund  # asynchronous
  - name: ship
    kind: retriable
"""


@pytest.fixture
def order(db: None) -> SavedSaga:
    return services.save_saga(ORDER, by=None).saga


# versions


def test_saving_makes_a_version_and_saving_the_same_again_makes_none(ask: Ask, order: SavedSaga):
    status, saved = ask("/sagas/order/save", text=ORDER + "# more\n", base=1)
    assert (status, saved["version"], saved["url"]) == (200, 2, "/sagas/order/")
    status, again = ask("/sagas/order/save", text=ORDER + "# more\n", base=2)
    assert (status, again["version"]) == (200, 2)
    assert SagaVersion.objects.count() == 2


def test_a_new_saga_is_saved_at_the_address_of_all_sagas(ask: Ask, db: None):
    status, saved = ask("/sagas/", text=ORDER, base=0, layout={"charge": {"x": 4, "y": 2.5}})
    assert (status, saved["version"], saved["name"]) == (200, 1, "order")
    assert SavedSaga.objects.get().layout == {"charge": {"x": 4, "y": 2.5}}


def test_a_layout_alone_makes_no_version(ask: Ask, order: SavedSaga, client: Client):
    status, saved = ask("/sagas/order/save", text=ORDER, base=1, layout={"ship": {"x": 1, "y": 2}})
    assert (status, saved["version"]) == (200, 1)
    assert client.get("/sagas/order/").context["data"]["layout"] == {"ship": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    "layout",
    [
        [],
        {"ship": 3},
        {"ship": {"x": "1", "y": 2}},
        {"<b>": {"x": 1, "y": 2}},
        {"ship": {"x": 1e300, "y": 0}},
    ],
)
def test_a_layout_that_is_none_is_refused_and_nothing_is_saved(ask: Ask, order: SavedSaga, layout: Any):
    status, answer = ask("/sagas/order/save", text=ORDER + "# more\n", base=1, layout=layout)
    assert status == 422
    assert answer["detail"].startswith("`layout`")
    assert SagaVersion.objects.count() == 1


def test_restoring_an_old_version_makes_a_new_one_that_is_equal(client: Client, order: SavedSaga):
    services.save_saga(ORDER.replace("refund", "pay_back"), by=None)
    client.post("/sagas/order/versions/1/restore")
    order.refresh_from_db()
    assert order.latest is not None
    assert (order.latest.number, order.latest.text) == (3, ORDER)
    answer = client.post("/sagas/order/versions/3/restore", follow=True)
    assert "Version 3 is the newest already." in answer.content.decode()


def test_the_list_says_who_saved_when_and_what_changed_in_words(client: Client, order: SavedSaga):
    ada = User.objects.create_user("ada", is_staff=True)
    services.save_saga(ORDER.replace("refund", "pay_back"), by=ada)
    services.save_saga(ORDER.replace("refund", "pay_back") + "# a remark\n", by=ada)
    page = client.get("/sagas/order/versions/").content.decode()
    assert "ada" in page
    assert "charge: compensation refund → pay_back" in page
    assert "only comments, the order of keys, or the spelling of the text" in page
    assert "saved for the first time, with 2 steps" in page


def test_a_long_list_of_versions_has_pages(client: Client, order: SavedSaga):
    for number in range(60):
        services.save_saga(f"{ORDER}# {number}\n", by=None)
    first = client.get("/sagas/order/versions/").context
    assert [row["version"].number for row in first["rows"]][::49] == [61, 12]
    second = client.get(f"/sagas/order/versions/?before={first['before']}").context
    assert [row["version"].number for row in second["rows"]] == list(range(11, 0, -1))
    assert second["rows"][-1]["changes"] == ["saved for the first time, with 2 steps"]


def test_two_versions_are_compared_in_words_and_side_by_side(client: Client, order: SavedSaga):
    services.save_saga(ORDER.replace("kind: retriable", "kind: retriable\n    timeout_ms: 3000"), by=None)
    context = client.get("/sagas/order/versions/compare?a=1&b=2").context
    assert context["changes"] == ["ship: timeout_ms 1000 → 3000"]
    (added,) = [row for row in context["rows"] if row.state == "added"]
    assert (added.new_number, added.new) == (9, "    timeout_ms: 3000")
    assert client.get("/sagas/order/versions/compare?a=1&b=9").status_code == 404


def test_a_link_to_a_version_opens_the_composer_with_it(client: Client, order: SavedSaga):
    services.save_saga(ORDER + "# more\n", by=None)
    data = client.get("/sagas/order/?version=1").context["data"]
    assert (data["text"], data["base"], data["latest"]) == (ORDER, 1, 2)
    for number in ("3", "0", "x", "9" * 30):
        assert client.get(f"/sagas/order/?version={number}").status_code == 404


# two who edit at once


def test_the_second_to_save_gets_both_versions_and_nothing_is_lost(ask: Ask, order: SavedSaga):
    theirs, mine = ORDER.replace("refund", "pay_back"), ORDER + "# mine\n"
    ask("/sagas/order/save", text=theirs, base=1)
    status, answer = ask("/sagas/order/save", text=mine, base=1)
    assert status == 409
    assert answer["theirs"]["number"] == 2
    assert (answer["theirs"]["text"], answer["base_text"], answer["text"]) == (theirs, ORDER, mine)
    assert answer["theirs"]["changes"] == ["charge: compensation refund → pay_back"]
    assert answer["detail"].startswith("Version 2 of order was saved by owner, and you edited version 1;")
    assert ask("/sagas/order/save", text=mine, base=2)[1]["version"] == 3
    assert ask("/sagas/order/save", text=mine, base=1, under=answer["suggest"])[1]["name"] == "order-copy"


def test_two_who_saved_the_same_are_not_bothered(ask: Ask, order: SavedSaga):
    same = ORDER + "# same\n"
    ask("/sagas/order/save", text=same, base=1)
    assert ask("/sagas/order/save", text=same, base=1)[1]["version"] == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_at_the_same_moment_one_is_first_and_all_others_are_told():
    services.save_saga(ORDER, by=None)

    def saved(number: int) -> str:
        try:
            return f"saved as {services.save_over(f'{ORDER}# {number}', base=1, by=None).number}"
        except services.Outdated as outdated:
            return f"told of {outdated.theirs.number}"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(saved, range(8))) == ["saved as 2"] + ["told of 2"] * 7
    assert SagaVersion.objects.count() == 2


def test_without_scripts_the_choice_is_a_page(client: Client, order: SavedSaga):
    services.save_saga(ORDER.replace("refund", "pay_back"), by=None)
    mine = ORDER + "# mine\n"
    answer = client.post("/sagas/order/", {"text": mine, "base": "1", "do": "save"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "# mine" in page
    assert "charge: compensation refund → pay_back" in page
    kept = client.post("/sagas/order/", {"text": mine, "base": "2", "do": "save"})
    assert kept.headers["Location"] == "/sagas/order/"
    beside = client.post("/sagas/order/", {"text": mine, "base": "2", "do": "save-as", "under": "other"})
    assert beside.headers["Location"] == "/sagas/other/"


# whose it is


def test_a_gallery_saga_is_nobodys_and_a_copy_under_a_free_name_is_offered(ask: Ask, gallery: Gallery):
    latest = gallery["bank-transfer"].latest
    assert latest is not None
    status, answer = ask("/sagas/bank-transfer/save", text=latest.text + "# mine\n", base=1)
    assert (status, answer["suggest"]) == (403, "bank-transfer-copy")
    assert "belongs to the gallery" in answer["detail"]
    status, copy = ask(
        "/sagas/bank-transfer/save", text=latest.text + "# mine\n", base=1, under=answer["suggest"]
    )
    assert (status, copy["name"], copy["version"]) == (200, "bank-transfer-copy", 1)
    assert copy["text"].count("name: bank-transfer-copy") == 1
    assert copy["text"].endswith("# mine\n")


def test_a_copy_under_a_name_that_is_taken_is_refused(ask: Ask, order: SavedSaga, gallery: Gallery):
    status, answer = ask("/sagas/order/save", text=ORDER, base=1, under="bank-transfer")
    assert (status, answer["detail"]) == (
        422,
        "There is a saga 'bank-transfer' already; choose another name.",
    )
    status, answer = ask("/sagas/order/save", text=ORDER, base=1, under="No Slug")
    assert status == 422
    assert SagaVersion.objects.filter(saga__name="order").count() == 1


def test_names_that_are_free_do_not_end_in_copy_copy(db: None):
    for expected in ("order-copy", "order-copy-2", "order-copy-3"):
        assert naming.free_name("order") == expected
        services.save_as(ORDER, expected, by=None)
    assert naming.free_name("order-copy-3") == "order-copy-4"
    assert len(naming.free_name("x" * 100)) <= 100


def test_a_saga_saved_at_anothers_address_is_refused_with_what_would_be_right(ask: Ask, order: SavedSaga):
    status, answer = ask("/sagas/order/save", text=ORDER.replace("name: order", "name: parcel"), base=1)
    assert (status, answer["detail"], answer["path"]) == (
        422,
        "The saga here is 'order'; save a copy under the name 'parcel', or call it 'order' again.",
        "name",
    )


# a whole saga


def test_a_duplicate_begins_with_the_same_steps_and_the_same_places(client: Client, order: SavedSaga):
    services.place_steps(order, {"ship": {"x": 1, "y": 2}}, by=None)
    answer = client.post("/sagas/order/duplicate", {"name": ""})
    assert answer.headers["Location"] == "/sagas/order-copy/"
    copy = SavedSaga.objects.get(name="order-copy")
    assert copy.latest is not None
    assert copy.latest.text == ORDER.replace("name: order", "name: order-copy")
    assert copy.layout == {"ship": {"x": 1, "y": 2}}


def test_deleting_asks_first_and_then_takes_versions_drafts_and_runs_along(
    client: Client, ask: Ask, order: SavedSaga
):
    client.post("/sagas/order/runs/", {"coordination": "both"})
    ask("/sagas/order/show", text=ORDER + "# draft\n", faults=[], coordination="both")
    assert SavedSaga.objects.filter(is_draft=True).count() == 1
    question = client.get("/sagas/order/delete")
    assert "1 version and\n      4 runs" in question.content.decode()
    assert SavedSaga.objects.filter(name="order").exists()
    assert client.post("/sagas/order/delete").headers["Location"] == "/"
    assert not SavedSaga.objects.exists()
    assert not Run.objects.exists()


def test_what_is_not_yours_is_neither_deleted_nor_changed(
    client: Client, ask: Ask, order: SavedSaga, settings: Any
):
    settings.MIDDLEWARE = [it for it in settings.MIDDLEWARE if "SignInTheOwner" not in it]
    bob = User.objects.create_user("bob")
    order.owner = User.objects.create_user("ada")
    order.save()
    client.force_login(bob)
    answer = client.post("/sagas/order/delete")
    assert answer.status_code == 403
    assert "belongs to ada" in answer.context["refusal"]
    assert ask("/sagas/order/save", text=ORDER + "# bob\n", base=1)[0] == 403
    answer = client.post("/sagas/order/", {"text": ORDER + "# bob\n", "base": "1", "do": "save"})
    assert answer.status_code == 403
    assert "# bob" in answer.content.decode()
    client.post("/sagas/order/versions/1/restore")
    assert SagaVersion.objects.count() == 1


# a draft that is shown


def test_show_me_runs_a_draft_and_opens_the_stage_where_it_went_wrong(
    client: Client, ask: Ask, order: SavedSaga
):
    draft = ORDER.replace("    compensation: refund  # asynchronous\n", "    kind: compensatable\n")
    draft = draft.replace("kind: retriable", "compensation: call_back")
    status, shown = ask(
        "/sagas/order/show", text=draft, faults=["ship:refused"], coordination="orchestration"
    )
    assert status == 200
    run = Run.objects.get()
    first = run.findings.first()
    assert first is not None
    assert shown["url"].startswith(f"/runs/{run.pk}/?t=")
    assert client.get(shown["url"]).status_code == 200
    assert SagaVersion.objects.filter(saga=order).count() == 1
    assert run.version.text == draft


def test_a_draft_is_in_no_list_and_its_page_is_that_of_its_saga(client: Client, ask: Ask, order: SavedSaga):
    draft = ORDER + "# draft\n"
    ask("/sagas/order/show", text=draft, faults=[], coordination="both")
    name = SavedSaga.objects.get(is_draft=True).name
    assert name not in str(client.get("/").context["own_sagas"])
    assert name not in str(client.get("/api/sagas").json())
    context = client.get(f"/sagas/{name}/").context
    assert context["saga"] == order
    assert (context["data"]["text"], context["data"]["is_unsaved"]) == (draft, True)


def test_what_is_saved_is_no_draft_and_what_is_shown_twice_is_kept_once(ask: Ask, order: SavedSaga):
    ask("/sagas/order/show", text=ORDER, faults=[], coordination="both")
    assert not SavedSaga.objects.filter(is_draft=True).exists()
    for _ in range(2):
        ask("/sagas/show", text=ORDER + "# draft\n", faults=[], coordination="both")
    assert SagaVersion.objects.filter(saga__is_draft=True).count() == 1


def test_a_draft_that_cannot_run_is_a_sentence(ask: Ask, db: None):
    assert ask("/sagas/show", text="steps: [", faults=[])[0] == 422
    status, answer = ask("/sagas/show", text=ORDER, faults=["nobody:late"])
    assert (status, answer["detail"]) == (422, "No step or service 'nobody'; there are charge, ship.")
    for faults in (7, [7], ["x" * 5000], [None], {"a": 1}):
        assert ask("/sagas/show", text=ORDER, faults=faults)[0] in (200, 422)
