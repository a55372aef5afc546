"""Explorations as they are stored, explored where they are started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sagasim.cli import main
from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.changes import apply_fix
from sagasim.core.codec import saga_from_text
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.saga import Coordination, Saga
from sagasim.explorer import curating, lanes, questions, services, states, verdicts
from sagasim.explorer.models import Exploration, Lane
from tests.explorer.conftest import SAGAS, kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("explored_at_once")]

QUICK = ["dtm-barrier-transfer.yaml", "gallery/event-ticketing-broken.yaml"]


def told_by_the_command_line(
    path: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> dict[str, Any]:
    main(["explore", str(path), "--json", *arguments])
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def without_the_clock(verdict: dict[str, Any], file: str) -> dict[str, Any]:
    """The verdict but for its seconds, and for the name of the file in replay commands."""
    return json.loads(json.dumps({**verdict, "seconds": 0}).replace(json.dumps(file)[1:-1], "FILE"))  # type: ignore[no-any-return]


@pytest.fixture
def small() -> Saga:
    """Explored in no time."""
    return saga_from_text("sagasim: 1\nname: small\nsteps: [{name: a, service: s, compensation: b}]\n")


@pytest.mark.parametrize("file", QUICK)  # the pages' totals are compared on every saga, in test_pages.py
def test_the_stored_verdict_is_what_the_command_line_says(file: str, capsys: pytest.CaptureFixture[str]):
    path = SAGAS / file
    saga = saga_from_text(path.read_text("utf-8"))
    stored = services.start(saga, most_seconds=600)
    said = told_by_the_command_line(path, capsys)
    assert stored.state == "done"
    assert stored.verdict is not None
    assert without_the_clock(stored.verdict, f"{saga.name}.yaml") == without_the_clock(said, str(path))


def test_every_finding_is_a_row_with_its_key_and_its_fix_as_an_edit(broken: SagaVersion):
    stored = services.start(broken, faults=1)
    assert stored.verdict is not None
    rows = {row.key: row for row in stored.findings.all()}
    assert len(rows) == stored.findings_count == len(stored.verdict["findings"]) > 0
    for told, extra in zip(stored.verdict["findings"], stored.more["findings"], strict=True):
        row = rows[extra["key"]]
        assert (row.harm, row.step, row.coordination) == (told["harm"], told["step"], told["coordination"])
        assert row.sentence == told["sentence"]
        assert row.fix == told["fix"]["change"]
        assert apply_fix(broken.meaning, extra["fix"]["edit"]) != broken.meaning
        assert {"harm": told["harm"], "step": told["step"]} in extra["fix"]["cures"]


def test_a_finding_has_its_point_of_no_return_and_pairs_stand_with_their_plan():
    stored = services.start(kept("conductor-cookbook-order.yaml"))
    for finding in stored.more["findings"]:
        point = finding["point_of_no_return"]
        assert point["sentence"]
        assert point["seq"] >= 0
        assert "from sagasim.testing import" in finding["pytest"]
    pairs = stored.more["coordinations"]["orchestration"]["pairs"]
    assert pairs
    assert pairs[0]["faults"]
    assert set(pairs[0]["first"]) == {"target", "kind"}
    assert stored.more["coordinations"]["orchestration"]["pairs_seen"] > len(pairs)


def test_the_same_question_is_explored_once(broken: SagaVersion):
    first = services.start(broken, faults=1)
    other_words = services.start(broken, faults=1, kinds=reversed(EXPLORED_KINDS), most_states=1000)
    assert other_words.pk == first.pk
    assert services.start(broken.meaning, faults=1).pk == first.pk
    assert Exploration.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"faults": 1},
        {"kinds": EXPLORED_KINDS[:5]},
        {"coordinations": [Coordination.CHOREOGRAPHY]},
        {"anew": True},
    ],
)
def test_another_question_is_explored_anew(small: Saga, other: dict[str, Any]):
    first = services.start(small)
    assert services.start(small, **other).pk != first.pk


def test_an_answer_by_other_rules_is_not_used_again(small: Saga, monkeypatch: pytest.MonkeyPatch):
    first = services.start(small)
    monkeypatch.setattr(questions, "explorer_version", lambda: "0.0.1+of-yesterday")
    assert services.start(small).pk != first.pk


def test_a_limit_of_states_is_said_and_what_one_fault_does_is_known_all_the_same(broken: SagaVersion):
    stored = services.start(broken, most_states=1000)
    assert stored.verdict is not None
    assert (stored.state, stored.exhaustive) == ("limited", False)
    assert "its limit of 1,000 states" in stored.sentence
    assert stored.verdict["unexplored"] > 0
    assert stored.more["glance"]["verdict"]["exhaustive"] is True
    assert len(stored.more["glance"]["verdict"]["matrix"]) >= len(stored.verdict["matrix"])


@pytest.mark.parametrize("foreseen", [True, False])
def test_what_is_told_never_becomes_less_from_lane_to_lane(
    broken: SagaVersion, monkeypatch: pytest.MonkeyPatch, foreseen: bool
):
    """It leaves for another lane after its glance; or because it has had its turn, and another one waits."""
    somebody_waits(broken, Lane.QUICK)
    told: list[tuple[int, int]] = []
    tell = states.tell

    def noted(pk: Any, verdict: dict[str, Any], *more: Any) -> None:
        told.append((verdict["faults"], verdict["states"]))
        tell(pk, verdict, *more)

    monkeypatch.setattr(states, "tell", noted)
    monkeypatch.setattr(lanes, "STAYS_S", 0 if foreseen else 100)
    if not foreseen:
        monkeypatch.setitem(lanes.TURN_S, Lane.QUICK, 0)
    stored = services.start(broken)
    assert stored.state == "done"
    assert stored.lane == Lane.MIDDLE
    assert told == sorted(told)
    assert told[0][0] == 1


def somebody_waits(version: SagaVersion, lane: Lane) -> None:
    row = services.start(version, faults=0)
    Exploration.objects.filter(pk=row.pk).update(state="queued", ended_at=None, lane=lane)


def test_a_limit_of_seconds_is_kept_and_said(heavy: SagaVersion):
    stored = services.start(heavy, faults=4, most_seconds=0.05)
    assert stored.state == "limited"
    assert "its limit of 0.05 s" in stored.sentence


def test_one_that_was_limited_can_be_asked_again(small: Saga):
    stored = services.start(small, most_states=20)
    assert stored.state == "limited"
    assert services.again(stored).pk != stored.pk


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ({"faults": 5}, "0 to 4"),
        ({"faults": -1}, "0 to 4"),
        ({"kinds": ["explosion"]}, "reply-lost"),
        ({"kinds": []}, "reply-lost"),
        ({"coordinations": []}, "orchestration, choreography or both"),
        ({"most_states": 0}, "1 to 2,000,000"),
        ({"most_seconds": float("nan")}, "up to 600 s"),
    ],
)
def test_what_cannot_be_explored_is_refused_with_what_could(
    broken: SagaVersion, question: dict[str, Any], right: str
):
    with pytest.raises(services.BadQuestion, match=right):
        services.start(broken, **question)
    assert not Exploration.objects.exists()


def test_the_badge_tells_the_latest_verdict_with_its_scope(
    sound: SagaVersion, broken: SagaVersion, heavy: SagaVersion
):
    never = heavy
    services.start(sound, faults=1)
    services.start(broken, faults=1)
    badges = services.badge_of([sound, broken, never])
    assert badges[sound.hash].state == "sound"
    assert badges[sound.hash].text == "any 1 fault: no finding"
    assert "exhaustive for any 1 fault" in badges[sound.hash].scope
    assert badges[broken.hash].state == "broken"
    assert never.hash not in badges


def test_the_fix_of_what_a_run_broke_is_known_where_it_was_explored(broken: SagaVersion):
    stored = services.start(broken, faults=1)
    row = stored.findings.exclude(fix="").first()
    assert row is not None
    known = services.fix_for(broken.hash, row.harm, row.step, row.coordination)
    assert known is not None
    assert (known.change, known.key, known.is_verified) == (row.fix, row.key, True)
    assert services.fix_for("0" * 64, row.harm, row.step, row.coordination) is None


@pytest.mark.slow
def test_when_it_has_ended_every_pair_has_its_run(gallery: dict[str, Any]):
    stored = services.start(gallery["food-delivery-broken"].latest)
    pairs = stored.more["coordinations"]["orchestration"]["pairs"]
    assert len(pairs) > 200
    assert all(pair["faults"] for pair in pairs)


@pytest.mark.slow
def test_the_gallery_is_explored_once_while_nobody_wants_anything_else(gallery: dict[str, Any]):
    pair = [gallery["bank-transfer"], gallery["bank-transfer-broken"]]
    SavedSaga.objects.exclude(pk__in=[saga.pk for saga in pair]).update(in_gallery=False, watch_for="")
    curating.explore_gallery()
    curating.explore_gallery()
    badges = services.badge_of(saga.latest for saga in pair)
    assert [badges[saga.latest.hash].state for saga in pair] == ["sound", "broken"]
    assert Exploration.objects.count() == 2


def test_a_draft_that_meets_its_limit_says_so_and_keeps_what_one_fault_does(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(verdicts, "MOST_STATES", 600)
    text = (SAGAS / "gallery" / "order-fulfilment-broken.yaml").read_text("utf-8")
    first = verdicts.look(text, 60)
    assert (first["faults"], first["done"], first["exhaustive"]) == (1, True, True)
    second = verdicts.look(text, 60)
    assert (second["faults"], second["done"], second["exhaustive"]) == (2, True, False)
    assert "what lies beyond is not known" in second["scope"]
    assert {it["step"] for it in first["findings"]} <= {it["step"] for it in second["findings"]}
    assert verdicts.look(text, 60) == {**second, "begun": False}


def test_a_draft_goes_on_where_it_was_and_begins_anew_where_it_was_forgotten(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(verdicts, "KEPT_OPEN", 1)
    texts = [
        f"sagasim: 1\nname: draft-{n}\nsteps: [{{name: a, service: s, compensation: b}}]\n" for n in (1, 2)
    ]
    assert verdicts.look(texts[0], 0)["begun"] is True
    assert verdicts.look(texts[0], 0)["begun"] is False
    assert verdicts.look(texts[1], 0)["begun"] is True
    assert verdicts.look(texts[0], 0)["begun"] is True
    assert [verdicts.look(texts[0], 60)["faults"] for _ in range(3)] == [1, 2, 2]
    assert not Exploration.objects.exists()


def test_a_draft_that_was_explored_as_a_saga_gets_that_answer_at_once():
    text = (
        "sagasim: 1\nname: shop\nengine: {compensates: completed}\nsteps:\n"
        "  - {name: charge, service: payments, compensation: refund, effects: {paid: 100}}\n"
        "  - {name: ship, service: parcels, compensation: recall, effects: {sent: 1}}\n"
    )
    worked_out = [verdicts.look(text, 60) for _ in range(2)][-1]
    assert worked_out["findings"]
    services.start(saga_from_text(text))
    verdicts._answers.clear()
    assert verdicts.look(text, 0) == {**worked_out, "begun": False}
