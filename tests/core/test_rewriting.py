"""Editing a text: what did not change keeps its comments, order and style."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core.codec import (
    edited_text,
    saga_from_data,
    saga_from_text,
    saga_to_data,
    saga_to_json,
    saga_to_yaml,
)
from sagasim.core.document import read_document
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Saga
from sagasim.core.yamltext import yaml_of
from tests.core.strategies import FILES, hostile_files, mutated, saga_files, sagas

HEAD = "sagasim: 1\nname: order\n"

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
any_saga = sagas(allow_explicit_subscriptions=True, max_instances=3, given=True)
any_file = saga_files(allow_explicit_subscriptions=True, max_instances=3, given=True)


def saga_of(*steps: dict[str, Any]) -> Saga:
    return saga_from_data({"sagasim": 1, "name": "order", "steps": list(steps)})


@every_file
def test_a_text_whose_saga_did_not_change_is_not_touched(file: Path) -> None:
    text = file.read_text()
    assert edited_text(text, saga_to_data(saga_from_text(text))) == text


TEXT = """\
# An order, as we run it.
sagasim: 1
name:   order     # do not rename
title: 'Order'

steps:
  # first of all
  - name: create
    kind: compensatable   # said although it is the default
    compensation: cancel
    retry: { attempts: 3,
             first_ms: 100 }

  # now the money
  - name: charge
    compensation: refund  # not void
    # slow on Mondays
    timeout_ms: 2000

  # and off
  - name: ship
    kind: pivot
deadline_ms: 60000
# the end
"""


def edited(change: Any) -> str:
    data = saga_to_data(saga_from_text(TEXT))
    change(data)
    text = edited_text(TEXT, data)
    assert saga_from_text(text) == saga_from_data(data)
    return text


def test_a_changed_value_changes_its_own_place_only() -> None:
    def change(data: Any) -> None:
        data["steps"][1]["timeout_ms"] = 3000
        data["title"] = "Orders"

    assert edited(change) == TEXT.replace("2000", "3000").replace("'Order'", '"Orders"')


def test_a_default_that_somebody_wrote_goes_where_the_data_is_all_that_should_stand_there() -> None:
    text = HEAD + "steps:\n  - name: charge # the card\n    compensation: refund\n    timeout_ms: 1000\n"
    data = {"sagasim": 1, "name": "order", "steps": [{"name": "charge", "compensation": "refund"}]}
    assert edited_text(text, data) == text
    assert edited_text(text, data, as_written=True) == text.replace("    timeout_ms: 1000\n", "")


def test_a_long_title_that_needs_quotes_is_written_like_a_short_one() -> None:
    long = "a-title-of-many-letters-and-no-blank-in-it" * 3 + ", a colon: here"
    assert (
        yaml_of({"title": "one: two", "description": "one, two"})
        == 'title: "one: two"\ndescription: one, two\n'
    )
    assert yaml_of({"title": long}) == f'title: "{long}"\n'


def test_a_new_key_comes_where_the_normal_form_has_it() -> None:
    def change(data: Any) -> None:
        step = data["steps"][2]
        data["steps"][2] = {
            "name": step["name"],
            "service": "parcels",
            **step,
            "effects": {"parcels.sent": 1},
        }

    new = "  - name: ship\n    service: parcels\n    kind: pivot\n    effects: {parcels.sent: 1}\n"
    assert edited(change) == TEXT.replace("  - name: ship\n    kind: pivot\n", new)


def test_a_key_that_goes_takes_the_comment_above_it_along() -> None:
    text = edited(lambda data: data["steps"][1].pop("timeout_ms"))
    assert text == TEXT.replace("    # slow on Mondays\n    timeout_ms: 2000\n", "")


def test_a_step_that_goes_takes_its_own_comments_along_and_no_others() -> None:
    text = edited(lambda data: data["steps"].pop(1))
    assert text == TEXT[: TEXT.index("  # now the money")] + TEXT[TEXT.index("  # and off") :]


def test_a_step_that_moves_keeps_its_comments() -> None:
    def change(data: Any) -> None:
        data["steps"].reverse()
        for step in data["steps"]:
            step["after"] = []

    text = edited(change)
    assert text.index("# and off") < text.index("# now the money") < text.index("# first of all")
    assert "# slow on Mondays\n    timeout_ms: 2000" in text


def test_a_step_that_is_new_stands_among_the_others() -> None:
    text = edited(lambda data: data["steps"].insert(1, {"name": "check", "reads": ["stock"]}))
    at = TEXT.index("  # now the money")
    assert text == TEXT[:at] + "  - name: check\n    reads: [stock]\n" + TEXT[at:]


def test_a_renamed_step_keeps_its_comments() -> None:
    text = edited(lambda data: data["steps"][1].update(name="pay"))
    assert text == TEXT.replace("name: charge", "name: pay")


def test_a_default_that_was_written_down_stays_while_it_is_true() -> None:
    text = edited(lambda data: data["steps"][0].update(retry={"attempts": 4}))
    assert "kind: compensatable   # said although it is the default" in text
    assert "retry: {attempts: 4}" in text


def test_a_file_with_windows_line_ends_keeps_them() -> None:
    text = TEXT.replace("\n", "\r\n")
    data = saga_to_data(saga_from_text(text))
    data["steps"].append({"name": "mail", "kind": "retriable"})
    assert (
        edited_text(text, data).count("\r\n") == edited_text(text, data).count("\n") == text.count("\n") + 2
    )


def test_a_text_that_looks_like_a_comment_is_none() -> None:
    text = HEAD + "description: |\n  one\n  # two\ntitle: x\nsteps:\n- name: a\n"
    data = read_document(text).data
    del data["title"]
    assert edited_text(text, data) == text.replace("title: x\n", "")


def test_json_stays_json() -> None:
    text = saga_to_json(saga_of({"name": "a"}))
    assert json.loads(edited_text(text, saga_to_data(saga_of({"name": "b"}))))["steps"] == [{"name": "b"}]


@st.composite
def commented(draw: st.DrawFn, data: Any) -> str:
    """A text of these data with a comment above each step, and others wherever YAML lets them stand."""
    lines = []
    for line in saga_to_yaml(saga_from_data(data)).splitlines():
        if line.startswith("  - name:"):
            lines += [""] * draw(st.integers(0, 1))
            lines.append(f"  # about {line.split()[-1]}.")
        remark = draw(st.booleans()) and line[:1].isalpha() and not line.endswith((">-", "|"))
        lines.append(f"{line}  # and so on" if remark else line)
    return "\n".join(lines) + "\n"


@settings(max_examples=200)
@given(any_file, st.data())
def test_an_edited_text_means_the_new_saga_and_keeps_the_comments_of_the_steps_that_stay(
    file: Any, data: st.DataObject
) -> None:
    text = data.draw(commented(file))
    assert edited_text(text, saga_to_data(saga_from_text(text))) == text
    new = data.draw(_another_saga(file))
    result = edited_text(text, new)
    assert saga_from_text(result) == saga_from_data(new)
    kept = {step["name"] for step in file["steps"]} & {step["name"] for step in new["steps"]}
    for name in kept:
        assert f"  # about {json.dumps(name) if _needs_quotes(name) else name}." in result


def _needs_quotes(name: str) -> bool:
    return f'"{name}"' in saga_to_yaml(saga_of({"name": name}))


@st.composite
def _another_saga(draw: st.DrawFn, file: Any) -> Any:
    """The normal form of a saga that differs a little, or of another one altogether."""
    if draw(st.booleans()):
        return saga_to_data(draw(any_saga))
    new = deepcopy(file)
    try:
        for _ in range(draw(st.integers(1, 3))):
            new = draw(mutated(new))
        return saga_to_data(saga_from_data(new))
    except BadSaga:
        return saga_to_data(draw(any_saga))


def test_the_first_steps_of_an_empty_saga_are_written_as_a_person_would_write_them() -> None:
    text = "sagasim: 1\nname: new  # mine\nsteps: []  # none yet\n"
    step = {"name": "pay", "compensation": "refund", "effects": {"money": 1}}
    grown = edited_text(text, {"sagasim": 1, "name": "new", "steps": [step, {"name": "ship"}]})
    assert grown == (
        "sagasim: 1\nname: new  # mine\nsteps:\n  - name: pay\n    compensation: refund\n"
        "    effects: {money: 1}\n  - name: ship  # none yet\n"
    )


@given(any_file, st.data())
def test_a_draft_that_cannot_run_is_kept_as_it_is(file: Any, data: st.DataObject) -> None:
    text = data.draw(commented(file))
    draft = data.draw(mutated(read_document(text).data))
    try:
        saga_from_data(draft)
    except BadSaga:
        assert read_document(edited_text(text, draft)).data == draft


@given(hostile_files(), any_saga)
def test_any_text_can_be_edited_into_any_saga(content: bytes, saga: Saga) -> None:
    text = content.decode("utf-8", "replace")
    assert saga_from_text(edited_text(text, saga_to_data(saga))) == saga
