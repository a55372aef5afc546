"""What nobody should send, at every door: a sentence, never a 500, and what was there stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from html import unescape
from typing import Any

import hypothesis
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from sagasim.composer import checking, services
from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.codec import saga_from_text
from sagasim.core.errors import BadSaga
from tests.core.strategies import hostile_files, json_values

Door = Callable[[Client, str], Any]

ORDER = "sagasim: 1\nname: order\nsteps:\n  - {name: charge, compensation: refund}\n"


def as_json(client: Client, address: str, **said: Any) -> Any:
    return client.post(address, json.dumps(said), content_type="application/json")


def as_form(client: Client, address: str, **fields: str) -> Any:
    """A browser sends no half of a character."""
    return client.post(address, {name: it.encode("utf-8", "replace").decode() for name, it in fields.items()})


DOORS: dict[str, Door] = {
    "check": lambda client, text: as_json(client, "/sagas/check", text=text),
    "fix": lambda client, text: as_json(client, "/sagas/fix", text=text, edit={"deadline_ms": 100}),
    "save": lambda client, text: as_json(client, "/sagas/order/save", text=text, base=1),
    "save new": lambda client, text: as_json(client, "/sagas/", text=text, base=0),
    "show": lambda client, text: as_json(client, "/sagas/order/show", text=text, faults=[]),
    "draw": lambda client, text: as_json(client, "/sagas/draw", text=text, **{"as": "svg"}),
    "api": lambda client, text: as_json(client, "/api/sagas", text=text),
    "api check": lambda client, text: as_json(client, "/api/sagas/check", text=text),
    "import of a text": lambda client, text: as_form(client, "/sagas/", text=text),
    "import of a file": lambda client, text: client.post(
        "/sagas/", {"file": SimpleUploadedFile("x.yaml", text.encode("utf-8", "surrogatepass"))}
    ),
    "form": lambda client, text: as_form(client, "/sagas/order/", text=text, base="1", do="save"),
    "form of a table": lambda client, text: as_form(
        client, "/sagas/order/", **{"text": ORDER, "shown": text, "do": "check", "s0-name": "other"}
    ),
    "notes": lambda client, text: as_form(client, "/sagas/new", steps=text),
}

ANY_TEXT_DOES = ("notes", "form of a table")
"""Notes are no file; what a table showed is only compared with what comes back."""

BAD_FILES = {
    "empty": "",
    "blank": " \n\t\n",
    "no kind of saga": "apiVersion: v1\nkind: Pod\n",
    "a list": "- 1\n- 2\n",
    "no YAML": "steps: [\n",
    "a tag": "sagasim: 1\nname: !!python/object:os.system x\nsteps: []\n",
    "an anchor": "sagasim: 1\nname: &a order\nsteps: [{name: *a}]\n",
    "a bomb": "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "a circle": "sagasim: 1\nname: order\nsteps: [{name: a, after: [b]}, {name: b, after: [a]}]\n",
    "an unknown key": "sagasim: 1\nname: order\nsteps: [{name: a, naem: b}]\n",
    "an unused service": "sagasim: 1\nname: order\nservices: {x: {}}\nsteps: [{name: a}]\n",
    "too large": "# " + "x" * 5_000_000,
    "a null": "sagasim: 1\nname: order\0\nsteps: []\n",
    "too deep": "a: " + "[" * 5000,
    "a large number": "sagasim: 1\nname: order\nsteps: [{name: a, timeout_ms: " + "9" * 4500 + "}]\n",
    "half a character": "sagasim: 1\nname: \ud800\nsteps: [{name: a}]\n",
}


@pytest.fixture
def order(db: None) -> SavedSaga:
    return services.save_saga(ORDER, by=None).saga


def is_refused(answer: Any) -> bool:
    """By its status; or, where it was asked whether this is a saga, by the answer."""
    if answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json"):
        return json.loads(answer.content)["valid"] is False
    return answer.status_code in (413, 422)


def refused_with(answer: Any) -> str:
    """The sentence of an answer that refuses."""
    if answer.headers["Content-Type"].startswith("application/json"):
        return str(json.loads(answer.content)["detail"])
    page = unescape(answer.content.decode())
    return page.partition('role="alert"')[2].partition(">")[2].partition("</p>")[0]


@pytest.mark.parametrize("door", DOORS)
def test_a_bad_file_is_a_sentence_at_every_door_and_what_was_there_stays(
    client: Client, order: SavedSaga, door: str
):
    for bad, text in BAD_FILES.items():
        answer = DOORS[door](client, text)
        assert answer.status_code < 500, bad
        if door not in ANY_TEXT_DOES:
            assert is_refused(answer), bad
            said = refused_with(answer)
            assert said.strip().endswith((".", "?")), (bad, said)
            assert len(said) < 700, bad
    assert [(it.number, it.text) for it in SagaVersion.objects.all()] == [(1, ORDER)]


@hypothesis.settings(
    max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(hostile_files())
def test_hostile_files_are_sentences_at_every_door(client: Client, order: SavedSaga, content: bytes):
    try_doors(client, content.decode("utf-8", "replace"))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@hypothesis.settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(hostile_files(), st.sets(st.sampled_from(sorted(DOORS)), min_size=2, max_size=2))
def test_a_thousand_mutated_files_are_sentences_at_the_doors(
    client: Client, order: SavedSaga, content: bytes, doors: set[str]
):
    """Half a minute on a quiet machine: two doors for each file, so that each door sees some 150 of them."""
    try_doors(client, content.decode("utf-8", "replace"), doors)


def try_doors(client: Client, text: str, doors: Iterable[str] = DOORS) -> None:
    try:
        saga_from_text(text)
        is_saga = True
    except BadSaga:
        is_saga = False
    before = list(SagaVersion.objects.values_list("saga__name", "number", "text"))
    for name in doors:
        answer = DOORS[name](client, text)
        assert answer.status_code < 500
        if not is_saga and name not in ANY_TEXT_DOES:
            assert is_refused(answer), (name, text)
            assert refused_with(answer).strip()
    if not is_saga:
        assert list(SagaVersion.objects.values_list("saga__name", "number", "text")) == before


@hypothesis.settings(max_examples=60)
@given(json_values())
def test_any_data_and_any_edit_is_an_answer_or_a_sentence(said: Any):
    for what in (checking.redrawn, checking.repaired):
        for text in (ORDER, "", "{"):
            try:
                what(text, said)
            except BadSaga as bad:
                assert bad.sentence  # noqa: PT017  # a sentence is all that it may raise


STEPS = {"charge": {"effects": {"a.b": 1}, "safeguards": {"outbox": False}}}
EDIT_VALUES: tuple[Any, ...] = (
    None,
    0,
    True,
    "",
    "x",
    [],
    ["x"],
    {},
    {"a": 1},
    -1,
    2**70,
    1.5,
    {"min": 3, "max": 1},
)


@pytest.mark.parametrize(
    "key", ["kind", "retry", "safeguards", "publishes", "takes_ms", "after", "effects", "service"]
)
def test_any_value_of_any_key_in_an_edit_is_an_answer_or_a_sentence(key: str):
    for value in EDIT_VALUES:
        for edit in (
            {"steps": {"charge": {key: value}}},
            {"services": {"charge": {key: value}}},
            {key: value},
        ):
            try:
                checking.repaired(ORDER, edit)
            except BadSaga as bad:
                assert bad.sentence  # noqa: PT017


# names of others

STRANGE = "<script>alert(1)</script>\"' \u202eטקסט 🙂" + "x" * 150
PAGES = ("", "?version=1", "versions/", "versions/1", "versions/compare?a=1&b=2", "delete")


def test_names_of_others_come_out_as_text_on_every_page(client: Client, db: None):
    data = {
        "sagasim": 1,
        "name": "strange",
        "title": STRANGE,
        "description": STRANGE,
        "steps": [{"name": "a", "action": STRANGE, "compensation": STRANGE, "kind": "compensatable"}],
        "invariants": [{"name": STRANGE[:150], "always": "x < 1"}],
    }
    services.save_saga(json.dumps(data), by=None)
    services.save_saga(json.dumps({**data, "title": f"other {STRANGE}"}, indent=1), by=None)
    for page in ("/", *(f"/sagas/strange/{it}" for it in PAGES)):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
        assert "🙂" in answer.content.decode()
    conflict = client.post("/sagas/strange/", {"text": json.dumps(data) + "\n", "base": "1", "do": "save"})
    assert conflict.status_code == 409
    assert "<script>alert" not in conflict.content.decode()
    for kind in ("yaml", "json", "mermaid", "svg"):
        answer = client.get(f"/sagas/strange/export.{kind}")
        assert answer.status_code == 200
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Disposition"].startswith("attachment")
    svg = client.get("/sagas/strange/export.svg").content.decode()
    assert "<script" not in svg


@pytest.mark.parametrize(
    "name", ["<b>", "x" * 101, "no slug", "🙂", "saga name", "-", "a--b", "a--draft-1", ""]
)
def test_a_name_that_is_none_is_refused_at_every_door(client: Client, order: SavedSaga, name: str):
    text = json.dumps({"sagasim": 1, "name": name, "steps": [{"name": "a"}]})
    for door in ("save new", "import of a text", "api"):
        assert DOORS[door](client, text).status_code == 422
    answer = client.post("/sagas/order/duplicate", {"name": name})
    assert answer.status_code == (422 if name else 302)
    as_json(client, "/sagas/check", text=ORDER, name=name)
    assert client.post("/sagas/new", {"steps": "pay", "name": name}).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/sagas/none/",
        "/sagas/none/versions/",
        "/sagas/none/delete",
        "/sagas/none/export.svg",
        "/sagas/order/export.gif",
    ],
)
def test_what_is_not_there_is_a_404(client: Client, order: SavedSaga, address: str):
    assert client.get(address).status_code == 404
