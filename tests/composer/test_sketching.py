from __future__ import annotations

import pytest
from django.test import Client

from sagasim.composer.sketching import sketched, slug_of
from sagasim.core.codec import saga_from_text
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Kind

NOTES = """\
# our shop
- inventory: reserve items / release items
2. payments: Charge the card / refund
payments: capture (pivot)
send parcel

notifications: Réçu (retriable)
audit: look (read)
"""


def test_a_list_of_steps_becomes_a_saga():
    saga = saga_from_text(sketched(NOTES, "shop"))
    assert [(it.name, it.service, it.action, it.compensation, it.kind) for it in saga.steps] == [
        ("reserve-items", "inventory", "reserve-items", "release items", Kind.COMPENSATABLE),
        ("charge-the-card", "payments", "charge-the-card", "refund", Kind.COMPENSATABLE),
        ("capture", "payments", "capture", None, Kind.PIVOT),
        ("send-parcel", "send-parcel", "send-parcel", None, Kind.RETRIABLE),
        ("recu", "notifications", "Réçu", None, Kind.RETRIABLE),
        ("look", "audit", "look", None, Kind.READ),
    ]


def test_a_step_without_a_compensation_stays_one_that_the_lint_asks_about():
    (step,) = saga_from_text(sketched("pay", "shop")).steps
    assert (step.kind, step.compensation) == (Kind.COMPENSATABLE, None)


WRONG = [
    ("", "there is no step yet; write `service: action / compensation`, one step a line", None),
    ("a: b /", "there is no compensation behind the slash; write one, or leave the slash out", 1),
    ("a\nb\na", "lines 1 and 3 both make a step 'a'; word one of them differently", 3),
    ("a: / undo", "the step has no name; write `service: action / compensation`", 1),
    (": pay", "the service has no name", 1),
    ("pay (odd)", "no kind 'odd'; the kinds are compensatable, pivot, retriable, read", 1),
    ("支付", "no name for the step can be made of '支付'; use a to z and digits", 1),
    ("ok\npay / back (pivot)", "a step of kind pivot is never undone; leave out 'back', or the kind", 2),
    ("saga", "'saga' names the saga itself; call the step something else", 1),
    ("x" * 150, "the name of the step has 150 characters; at most 100 fit", 1),
    ("a / " + "x" * 300, "300 characters for one name; at most 200 fit", 1),
    ("x" * 1000, "the line has 1000 characters", 1),
    ("\n".join(f"step {n}" for n in range(201)), "201 steps; at most 200 are allowed", None),
]


@pytest.mark.parametrize(
    ("lines", "sentence", "line"), WRONG, ids=lambda it: str(it)[:20].encode("ascii", "replace")
)
def test_a_line_that_is_none_is_told_with_its_number(lines: str, sentence: str, line: int | None):
    with pytest.raises(BadSaga) as refused:
        sketched(lines, "shop")
    assert refused.value.sentence.startswith(sentence)
    assert refused.value.line == line


def test_two_hundred_steps_are_not_too_many():
    assert len(saga_from_text(sketched("\n".join(f"step {n}" for n in range(200)), "shop")).steps) == 200


@pytest.mark.parametrize(
    ("words", "slug"), [("Charge the card!", "charge-the-card"), ("  ", ""), ("Ä--b_c", "a-b-c")]
)
def test_words_become_a_name(words: str, slug: str):
    assert slug_of(words) == slug


def test_what_somebody_noted_opens_in_the_composer_and_is_not_saved_yet(client: Client, db: None):
    answer = client.post("/sagas/new", {"steps": NOTES.replace("\n", "\r\n"), "name": "My Shop"})
    assert answer.status_code == 200
    assert answer.context["data"]["data"]["name"] == "my-shop"
    assert len(answer.context["form"].rows) == 6
    assert client.get("/sagas/my-shop/").status_code == 404


def test_what_could_not_be_read_comes_back_with_the_reason(client: Client, db: None):
    answer = client.post("/sagas/new", {"steps": "pay /", "name": "shop"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 1: there is no compensation behind the slash" in page
    assert "pay /</textarea>" in page
