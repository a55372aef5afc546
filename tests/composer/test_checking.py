from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sagasim.composer import checking
from sagasim.composer.gallery import pairs
from sagasim.core.codec import saga_from_text, saga_hash
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Coordination
from sagasim.runs.models import Run
from tests.composer.conftest import Gallery

Ask = Callable[..., tuple[int, Any]]

ORDER = """\
sagasim: 1
name: order
steps:
  # money first
  - name: charge
    service: payments
    compensation: refund
    effects: {money: 1}
  - {name: ship, kind: compensatable, safeguards: {outbox: false}}
engine: {preset: temporal-after-like, on_cancel: ignore}
"""


def checked(text: str) -> dict[str, Any]:
    return checking.answer(checking.read_draft(text), "/run")


# the answer


@pytest.mark.parametrize("exhibit", [it for pair in pairs() for it in pair], ids=lambda it: it.name)
def test_the_hash_is_that_of_the_core_and_the_data_are_as_written(exhibit: Any):
    answer = checked(exhibit.text)
    assert answer["hash"] == saga_hash(saga_from_text(exhibit.text))
    assert answer["text"] == exhibit.text
    assert "retry" not in answer["data"]["steps"][0]


def test_a_change_of_the_data_leaves_comments_where_they_are():
    draft = checking.read_draft(ORDER)
    data = {**draft.data, "steps": [*draft.data["steps"], {"name": "mail", "kind": "retriable"}]}
    redrawn = checking.redrawn(ORDER, data)
    assert redrawn.data == data
    assert "  # money first\n  - name: charge\n" in redrawn.text
    assert "  - name: mail\n    kind: retriable\n" in redrawn.text


def test_a_problem_says_where_how_it_is_shown_and_what_takes_it_away():
    (problem,) = [it for it in checked(ORDER)["problems"] if it["rule"] == "no-compensation"]
    assert (problem["step"], problem["line"], problem["severity"]) == ("ship", 9, "warning")
    assert problem["sentence"].startswith("ship has no compensation")
    assert problem["fix_text"] == "compensation of ship: undo_ship"
    assert problem["show_url"] == "/run?fault=ship%3Areply-lost%2Afor-ever&coordination=orchestration"


def test_every_fix_that_is_offered_takes_its_problem_away():
    texts = [ORDER, *(it.text for pair in pairs() for it in pair)]
    offered = [(text, it) for text in texts for it in checked(text)["problems"] if it["fix"] is not None]
    assert offered
    for text, problem in offered:
        fixed = checking.answer(checking.repaired(text, problem["fix"]))
        assert (problem["rule"], problem["step"]) not in [
            (it["rule"], it["step"]) for it in fixed["problems"]
        ]


def test_each_rule_of_the_engine_says_where_its_value_comes_from():
    engine = checked(ORDER)["engine"]
    assert engine["preset"] == "temporal-after-like"
    assert engine["rules"]["compensates"] == {"value": "completed", "from": "preset"}
    assert engine["rules"]["on_cancel"] == {"value": "ignore", "from": "here"}
    assert engine["rules"]["order"] == {"value": "reverse", "from": "default"}
    assert engine["presets"]["dtm-like"]["on_cancel"] == "abandon"


def test_services_and_resources_are_those_that_could_be_named():
    answer = checked(ORDER)
    assert answer["services"] == [
        {"name": "payments", "steps": ["charge"], "declared": False},
        {"name": "ship", "steps": ["ship"], "declared": False},
    ]
    assert answer["resources"] == [{"name": "money", "initial": 0}]


def test_the_map_of_events_says_who_starts_who_is_undone_and_what_nobody_hears():
    events = checked(ORDER)["events"]
    heard = {it["event"]: (it["starts"], it["undoes"], it["stops"]) for it in events["published"]}
    assert heard["ChargeDone"] == (["ship"], [], [])
    assert heard["ChargeRefused"] == ([], [], ["ship"])
    assert heard["ShipRefused"] == ([], ["charge"], [])
    assert {"event": "ShipDone", "step": "ship", "word": "done"} in events["unheard"]
    assert events["unknown"] == []


def test_a_subscription_to_nothing_is_on_the_map():
    text = ORDER.replace(
        "{name: ship, kind: compensatable,", "{name: ship, kind: compensatable, starts_on: [Paid],"
    )
    assert checked(text)["events"]["unknown"] == [
        {"event": "Paid", "step": "ship", "by": "starts_on", "from_outside": False}
    ]


@pytest.mark.parametrize("name", ["travel-booking", "order-fulfilment-broken", "food-delivery"])
def test_who_hears_what_on_the_map_heard_it_in_runs(gallery: Gallery, ask: Ask, name: str):
    """The map against histories: every event that a step heard in a run is one that the map lets it hear."""
    version = gallery[name].latest
    assert version is not None
    steps = version.meaning.step_names
    mapped = checked(version.text)["events"]["published"]
    hears = {(it["step"], it["word"], other) for it in mapped for other in (*it["undoes"], *it["stops"])}
    for step in steps:
        status, _ = ask(
            f"/sagas/{name}/show",
            text=version.text,
            faults=[f"{step}:error*for-ever", f"saga:cancelled@{steps[-2]}.before"],
            coordination="choreography",
        )
        assert status == 200
    from sagasim.core.history import EventHeard
    from sagasim.runs.feed import entries_after

    heard = {
        (entry.event.publisher, entry.event.word, entry.event.step)
        for run in Run.objects.filter(coordination=Coordination.CHOREOGRAPHY)
        for entry in entries_after(run.pk, 0)
        if isinstance(entry.event, EventHeard)
    }
    assert heard
    assert heard <= hears


# a draft that is no saga


def test_a_draft_that_is_no_saga_still_has_data_for_the_other_views(ask: Ask, db: None):
    text = "sagasim: 1\nname: order\nsteps:\n  - {name: a, after: [b]}\n"
    status, answer = ask("/sagas/check", text=text)
    assert (status, answer["valid"]) == (200, False)  # half a saga is what one has while one writes it
    assert (answer["line"], answer["path"]) == (4, "steps[0].after")
    assert answer["detail"] == "No step 'b'; the saga has a."
    assert answer["data"]["steps"] == [{"name": "a", "after": ["b"]}]


def test_text_that_is_not_even_data_is_refused_at_its_line(ask: Ask, db: None):
    status, answer = ask("/sagas/check", text="sagasim: 1\nname: order\nsteps: [\n")
    assert (status, answer["valid"], answer["data"]) == (200, False, None)
    assert answer["line"] == 4
    assert answer["text"] == "sagasim: 1\nname: order\nsteps: [\n"


def test_the_address_of_a_proof_is_told_to_the_page_of_a_saga_only(ask: Ask, db: None):
    (_, with_name), (_, without) = (
        ask("/sagas/check", text=ORDER, name="order"),
        ask("/sagas/check", text=ORDER),
    )
    assert with_name["problems"][0]["show_url"].startswith("/sagas/order/runs/new?fault=")
    assert without["problems"][0]["show_url"] is None


WRONG_ASKING: list[Any] = [
    {},
    {"text": 7},
    {"text": None},
]
WRONG_DATA: list[Any] = [
    [],
    "x",
    {"steps": None},
    {"sagasim": 1, "name": "\ud800", "steps": [{"name": "a"}]},
]


@pytest.mark.parametrize("said", WRONG_ASKING, ids=lambda it: str(it)[-40:].encode("ascii", "replace"))
def test_what_is_asked_wrongly_is_a_sentence(ask: Ask, db: None, said: Any):
    status, answer = ask("/sagas/check", **said)
    assert status == 422
    assert answer["detail"].endswith(".")


@pytest.mark.parametrize("data", WRONG_DATA, ids=lambda it: str(it)[-40:].encode("ascii", "replace"))
def test_data_that_is_no_saga_is_answered_with_a_sentence(ask: Ask, db: None, data: Any):
    status, answer = ask("/sagas/check", text=ORDER, data=data)
    assert (status, answer["valid"]) == (200, False)
    assert answer["detail"].endswith(".")


@pytest.mark.parametrize("body", [" ", "{", "[]", "7", '{"text": NaN}', "[" * 100_000, "\xff", '{"text"'])
def test_a_body_that_is_no_json_is_a_sentence(client: Any, db: None, body: str):
    for address in ("/sagas/check", "/sagas/fix", "/sagas/", "/sagas/x/save", "/sagas/x/show"):
        answer = client.post(address, body.encode("latin-1"), content_type="application/json")
        assert answer.status_code == 422
        assert "JSON" in answer.json()["detail"]


def test_a_body_that_is_too_long_is_a_sentence(ask: Ask, db: None):
    for text, expected in (("# " + "x" * 2_000_000, 200), ("# " + "x" * 5_000_000, 422)):
        status, answer = ask("/sagas/check", text=text)
        assert status == expected
        assert "1024 KiB" in answer["detail"]


DEEP: dict[str, Any] = {}
for _ in range(200):
    DEEP = {"a": DEEP}

WRONG_EDITS: list[Any] = [
    None,
    [],
    "steps",
    {"steps": []},
    {"steps": {"nobody": {"timeout_ms": 1}}},
    {"steps": {"charge": {"timeout_ms": "soon"}}},
    {"steps": {"charge": {"kind": "odd"}}},
    {"steps": {"charge": {"retry": {"attempts": [1]}}}},
    {"steps": {"charge": {"retry": 3}}},
    {"steps": {"charge": {"takes_ms": {"min": 9, "max": 1}}}},
    {"steps": {"charge": {"name": "other"}}},
    {"steps": {"charge": None}},
    {"services": {"payments": {"delivery": "sometimes"}}},
    {"services": {"payments": {"safeguards": {"outbox": 3}}}},
    {"engine": {"on_error": {"a": 1}}},
    {"engine": {"preset": 7}},
    {"deadline_ms": {}},
    {"given": "x"},
    {"odd": 1},
    DEEP,
]


@pytest.mark.parametrize("edit", WRONG_EDITS, ids=lambda it: str(it)[:50])
def test_an_edit_that_does_not_fit_is_a_sentence(edit: Any):
    with pytest.raises(BadSaga):
        checking.repaired(ORDER, edit)


def test_an_edit_is_applied_where_the_user_wrote(ask: Ask, db: None):
    edit = {"steps": {"ship": {"safeguards": {"outbox": True}}}}
    status, answer = ask("/sagas/fix", text=ORDER, edit=edit, name="order")
    assert status == 200
    assert answer["data"]["steps"][1] == {"name": "ship", "kind": "compensatable"}
    assert "# money first" in answer["text"]
