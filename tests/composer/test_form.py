"""The composer's page without scripts: a browser that sends forms."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from sagasim.composer import services, steptable
from sagasim.composer.gallery import pairs
from sagasim.composer.models import SavedSaga
from sagasim.core.codec import saga_from_text
from sagasim.core.document import read_document
from tests.composer.conftest import Gallery

ORDER = """\
sagasim: 1
name: order
steps:
  - name: charge  # first
    service: payments
    compensation: refund
  - name: ship
    kind: retriable
    after: [charge]
  - {name: mail, kind: retriable}
given: ["ship:late"]
"""


@pytest.fixture
def order(db: None) -> SavedSaga:
    return services.save_saga(ORDER, by=None).saga


def sheet(client: Client, address: str = "/sagas/order/") -> dict[str, str]:
    """What a browser would send of the page, as it is."""
    return fields_of(client.get(address).content.decode())


def fields_of(page: str) -> dict[str, str]:
    fields = {}
    for name, value in re.findall(
        r'<input (?:form="essentials"|type="hidden") name="([\w.-]+)" value="([^"]*)"', page
    ):
        fields[name] = unescape(value)
    for name, body in re.findall(
        r'<select form="essentials" name="([\w.-]+)".*?>(.*?)</select>', page, re.DOTALL
    ):
        fields[name] = next(iter(re.findall(r"<option selected>(.*?)</option>", body)), "")
    (text,) = re.findall(r'<textarea form="essentials" name="text".*?>\n(.*?)</textarea>', page, re.DOTALL)
    fields["text"] = unescape(text)
    return {name: re.sub(r"\r?\n", "\r\n", value) for name, value in fields.items()}


def sent(client: Client, do: str, address: str = "/sagas/order/", **changed: str) -> Any:
    return client.post(address, {**sheet(client, address), **changed, "do": do})


def test_a_sheet_that_is_sent_back_untouched_changes_nothing(client: Client, gallery: Gallery):
    for exhibit in (it for pair in pairs() for it in pair):
        answer = sent(client, "check", f"/sagas/{exhibit.name}/")
        assert answer.context["sheet"].text == exhibit.text


def test_a_cell_changes_its_key_and_leaves_comments_where_they_are(client: Client, order: SavedSaga):
    fields = {
        **sheet(client),
        "s0-timeout_ms": "3000",
        "s1-retry.attempts": "7",
        "s0-effects": "money: 2, x.y: -1",
    }
    text = client.post("/sagas/order/", {**fields, "do": "check"}).context["sheet"].text
    assert "name: charge  # first" in text
    data = read_document(text).data
    assert data["steps"][0]["timeout_ms"] == 3000
    assert data["steps"][0]["effects"] == {"money": 2, "x.y": -1}
    assert data["steps"][1]["retry"] == {"attempts": 7}
    assert order.versions.count() == 1


def test_an_empty_cell_takes_the_key_away_and_a_dash_starts_at_once(client: Client, order: SavedSaga):
    fields = {**sheet(client), "s0-compensation": "", "s1-after": "-", "s2-after": "charge ship"}
    data = client.post("/sagas/order/", {**fields, "do": "check"}).context["data"]["data"]
    assert "compensation" not in data["steps"][0]
    assert data["steps"][1]["after"] == []
    assert data["steps"][2]["after"] == ["charge", "ship"]


def test_a_renamed_step_is_renamed_wherever_it_is_named(client: Client, order: SavedSaga):
    fields = {**sheet(client), "s0-name": "pay", "s1-name": "send"}
    data = client.post("/sagas/order/", {**fields, "do": "check"}).context["data"]["data"]
    assert [step["name"] for step in data["steps"]] == ["pay", "send", "mail"]
    assert data["steps"][1]["after"] == ["pay"]
    assert data["given"] == ["send:late"]


def test_a_step_is_added_moved_and_removed(client: Client, order: SavedSaga):
    def names(answer: Any) -> list[str]:
        return [row["name"] for row in answer.context["form"].rows]

    fields = {**sheet(client), "s3-name": "audit", "s3-kind": "read"}
    added = client.post("/sagas/order/", {**fields, "do": "check"})
    assert names(added) == ["charge", "ship", "mail", "audit"]
    fields = fields_of(added.content.decode())
    moved = client.post("/sagas/order/", {**fields, "do": "up-3"})
    assert names(moved) == ["charge", "ship", "audit", "mail"]
    fields = fields_of(moved.content.decode())
    removed = client.post("/sagas/order/", {**fields, "do": "remove-0"})
    assert names(removed) == ["ship", "audit", "mail"]
    assert removed.context["data"]["data"]["steps"][0]["after"] == []
    for beyond in ("up-0", "down-2", "remove-99", "down-9999"):
        same = client.post("/sagas/order/", {**fields_of(removed.content.decode()), "do": beyond})
        assert names(same) == ["ship", "audit", "mail"]


def test_saving_keeps_what_was_typed_into_the_table_and_into_the_text(client: Client, order: SavedSaga):
    fields = sheet(client)
    fields["s0-timeout_ms"] = "3000"
    fields["text"] = fields["text"].replace("name: order\r\n", "name: order\r\ntitle: Our orders\r\n")
    answer = client.post("/sagas/order/", {**fields, "do": "save"})
    assert answer.headers["Location"] == "/sagas/order/"
    order.refresh_from_db()
    assert order.latest is not None
    assert order.title == "Our orders"
    assert order.latest.meaning.step("charge").timeout_ms == 3000
    assert "\r" not in order.latest.text


def test_what_is_wrong_in_a_cell_is_told_beside_it_and_nothing_typed_is_lost(
    client: Client, order: SavedSaga
):
    fields = {**sheet(client), "s1-timeout_ms": "soon", "s2-name": "mail-it"}
    answer = client.post("/sagas/order/", {**fields, "do": "save"})
    page = answer.content.decode()
    assert answer.status_code == 422
    (wrong,) = re.findall(r'name="([^"]+)"[^>]*aria-invalid="true"', page)
    assert wrong == "s1-timeout_ms"
    assert unescape(page).count("Write a whole number, not 'soon'. Line 10 of the text.") == 1
    again = fields_of(page)
    assert (again["s1-timeout_ms"], again["s2-name"]) == ("soon", "mail-it")
    assert order.versions.count() == 1


def test_text_that_cannot_be_read_comes_back_with_its_line_and_the_table_as_it_was_typed(
    client: Client, order: SavedSaga
):
    fields = {**sheet(client), "s0-compensation": "give_back", "text": "steps: [\r\n"}
    answer = client.post("/sagas/order/", {**fields, "do": "save"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert fields_of(page)["text"] == "steps: [\r\n"
    assert fields_of(page)["s0-compensation"] == "give_back"
    assert 'id="text-refusal"' in page


def test_a_table_that_was_taken_out_of_the_text_is_not_forced_back_into_it(client: Client, order: SavedSaga):
    fields = {**sheet(client), "s1-timeout_ms": "5"}
    fields["text"] = "sagasim: 1\r\nname: order\r\nsteps:\r\n  - name: other\r\n"
    answer = client.post("/sagas/order/", {**fields, "do": "check"})
    assert answer.status_code == 422
    assert "'ship' of the table is not in the text any more" in unescape(answer.content.decode())


def test_a_fix_is_one_button(client: Client, order: SavedSaga):
    broken = ORDER.replace("    compensation: refund\n", "    kind: compensatable\n")
    services.save_saga(broken, by=None)
    page = client.get("/sagas/order/").content.decode()
    assert "Fix it: compensation of charge: undo_charge" in page
    (number,) = re.findall(r'value="(fix-\d+)">Fix it: compensation', page)
    answer = sent(client, number)
    assert answer.context["data"]["data"]["steps"][0]["compensation"] == "undo_charge"
    assert "Fix it: compensation" not in answer.content.decode()


def test_show_me_is_one_button_and_leads_to_the_stage(client: Client, order: SavedSaga):
    broken = ORDER.replace("    compensation: refund\n", "    kind: compensatable\n").replace(
        "kind: retriable\n    after", "kind: compensatable\n    compensation: call_back\n    after"
    )
    fields = {**sheet(client), "text": broken}
    page = client.post("/sagas/order/", {**fields, "do": "check"}).content.decode()
    (number,) = re.findall(r'name="problem" value="(\d+)">Show me', page)[:1]
    answer = client.post("/sagas/order/show", {**fields_of(page), "problem": number})
    assert answer.status_code == 302
    assert re.fullmatch(r"/runs/[0-9a-f-]{36}/(\?t=\d+)?", answer.headers["Location"])
    back = client.post("/sagas/order/show", {**fields_of(page), "problem": "77"})
    assert back.context["sheet"].text == broken


def test_a_gallery_saga_is_saved_as_a_copy(client: Client, gallery: Gallery):
    page = client.get("/sagas/bank-transfer/").content.decode()
    assert 'value="save-as">Save a copy' in page
    answer = sent(client, "save-as", "/sagas/bank-transfer/", under="mine")
    assert answer.headers["Location"] == "/sagas/mine/"
    answer = sent(client, "save-as", "/sagas/bank-transfer/", under="mine")
    assert answer.status_code == 422
    assert "There is a saga 'mine' already" in unescape(answer.content.decode())
    answer = sent(client, "save", "/sagas/bank-transfer/")
    assert answer.status_code == 403


def test_a_text_that_took_another_name_is_kept_as_a_copy_of_that_name(client: Client, order: SavedSaga):
    fields = sheet(client)
    fields["text"] = fields["text"].replace("name: order", "name: parcel")
    refused = client.post("/sagas/order/", {**fields, "do": "save"})
    assert refused.status_code == 422
    assert "save a copy under the name 'parcel'" in unescape(refused.content.decode())
    offered = fields_of(refused.content.decode())
    assert offered["under"] == "parcel"
    kept = client.post("/sagas/order/", {**offered, "do": "save-as"})
    assert kept.headers["Location"] == "/sagas/parcel/"
    assert order.versions.count() == 1


def test_a_new_saga_grows_out_of_an_empty_table(client: Client, db: None):
    page = client.get("/sagas/new").content.decode()
    assert "There is no step yet." in page
    assert 'role="alert"' not in page
    fields = {**fields_of(page), "s0-name": "charge", "s0-compensation": "refund"}
    answer = client.post("/sagas/new", {**fields, "do": "save"})
    assert answer.headers["Location"] == "/sagas/my-saga/"
    assert SavedSaga.objects.get().versions.get().text == (
        "sagasim: 1\nname: my-saga\nsteps:\n  - name: charge\n    compensation: refund\n"
    )
    assert "name: my-saga-2" in client.get("/sagas/new").content.decode()


def test_a_new_saga_may_begin_as_a_copy(client: Client, gallery: Gallery):
    answer = client.get("/sagas/new?from=bank-transfer")
    assert answer.context["data"]["data"]["name"] == "bank-transfer-copy"
    assert answer.context["data"]["is_unsaved"]
    assert client.get("/sagas/new?from=nobody").status_code == 404


def test_two_hundred_steps_fit_into_the_form(client: Client, db: None):
    steps = "".join(f"  - {{name: s{n}, compensation: u}}\n" for n in range(200))
    services.save_saga(f"sagasim: 1\nname: long\nsteps:\n{steps}", by=None)
    fields = {**sheet(client, "/sagas/long/"), "s199-compensation": "v"}
    answer = client.post("/sagas/long/", {**fields, "do": "save"})
    assert answer.headers["Location"] == "/sagas/long/"
    latest = SavedSaga.objects.get().versions.first()
    assert latest is not None
    assert latest.meaning.step("s199").compensation == "v"


@pytest.mark.parametrize("exhibit", [it for pair in pairs() for it in pair], ids=lambda it: it.name)
def test_cells_say_what_the_data_say(exhibit: Any):
    """Every cell typed anew gives the same saga: no column loses anything."""
    data = read_document(exhibit.text).data
    rows = steptable.rows_of(data)
    emptied = [dict.fromkeys(row, "\0") for row in rows]
    typed = steptable.edited(
        data, [{**it, "name": row["name"]} for it, row in zip(emptied, rows, strict=True)], rows
    )
    assert typed == data
    assert saga_from_text(exhibit.text).step_names == tuple(row["name"] for row in rows)
