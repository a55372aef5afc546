"""Saga files: what they mean, what a wrong one is told, and that nothing is lost on the way back to text."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sagasim.core.codec import (
    edited_text,
    json_schema,
    saga_from_data,
    saga_from_text,
    saga_hash,
    saga_in_full,
    saga_to_data,
    saga_to_json,
    saga_to_yaml,
)
from sagasim.core.document import MOST_BYTES, read_document
from sagasim.core.engine import RULE_NAMES
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Kind, Publishes, Retry, Safeguards, Saga, Service, Step
from tests.core.strategies import hostile_files, json_values, mutated, saga_files, sagas

FILES = sorted((Path(__file__).parent.parent / "sagas").glob("**/*.yaml"))
SHIPPED = sorted((Path(__file__).parent.parent.parent / "sagasim" / "gallery").glob("*.yaml"))
SCHEMA = json_schema()
VALID = Draft202012Validator(SCHEMA)

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
any_saga = sagas(allow_explicit_subscriptions=True, max_instances=3, given=True)
any_file = saga_files(allow_explicit_subscriptions=True, max_instances=3, given=True)


def saga_of(*steps: dict[str, Any], **more: Any) -> Saga:
    return saga_from_data({"sagasim": 1, "name": "order", "steps": list(steps), **more})


def refusal_of(text: str | bytes) -> BadSaga:
    with pytest.raises(BadSaga) as refused:
        saga_from_text(text)
    return refused.value


# What files mean


def test_there_are_files_to_test_with() -> None:
    assert len(FILES) == 22
    assert len(SHIPPED) == 12


@every_file
def test_a_published_file_loads_and_comes_back_the_same_from_every_form(file: Path) -> None:
    saga = saga_from_text(file.read_bytes(), source=file.name)
    assert saga_from_data(saga_to_data(saga)) == saga
    assert saga_from_text(saga_to_yaml(saga)) == saga
    assert saga_from_text(saga_to_json(saga)) == saga


@every_file
def test_a_published_file_is_valid_by_the_published_schema(file: Path) -> None:
    VALID.validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_gallery_that_we_ship_is_the_one_that_we_test(file: Path) -> None:
    assert file.read_text() == (FILES[0].parent / "gallery" / file.name).read_text()


def test_a_step_that_says_only_its_name_is_a_read_of_a_service_of_its_own() -> None:
    assert saga_of({"name": "check-stock"}).steps == (
        Step(name="check-stock", service="check-stock", kind=Kind.READ, action="check-stock"),
    )


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ({}, Kind.READ),
        ({"effects": {}}, Kind.READ),
        ({"effects": {"stock": 1}}, Kind.COMPENSATABLE),
        ({"compensation": "undo"}, Kind.COMPENSATABLE),
        ({"kind": "pivot", "effects": {"stock": 1}}, Kind.PIVOT),
    ],
)
def test_a_step_is_compensatable_where_something_is_there_to_undo(step: dict[str, Any], kind: Kind) -> None:
    assert saga_of({"name": "charge", **step}).steps[0].kind is kind


def test_a_step_comes_after_the_one_above_unless_it_says_otherwise() -> None:
    saga = saga_of(
        {"name": "a"}, {"name": "b"}, {"name": "c", "after": []}, {"name": "d", "after": ["a", "c"]}
    )
    assert [step.after for step in saga.steps] == [(), ("a",), (), ("a", "c")]


@pytest.mark.parametrize(
    ("engine", "builds_on"),
    [
        ({}, ("a",)),
        ({"order": "parallel"}, ()),
        ({"preset": "camunda8-like"}, ()),
        ({"preset": "camunda8-like", "order": "reverse"}, ("a",)),
        ({"preset": "lra-like"}, ()),
    ],
)
def test_a_step_builds_on_the_ones_before_it_where_the_engine_undoes_in_reverse(
    engine: dict[str, Any], builds_on: tuple[str, ...]
) -> None:
    saga = saga_of({"name": "a"}, {"name": "b"}, {"name": "c", "builds_on": ["a"]}, engine=engine)
    assert [step.builds_on for step in saga.steps] == [(), builds_on, ("a",)]


def test_only_what_is_behind_a_pivot_may_not_refuse() -> None:
    saga = saga_of(
        {"name": "before"},
        {"name": "pivot", "kind": "pivot"},
        {"name": "beside", "after": []},
        {"name": "behind", "after": ["pivot"]},
        {"name": "far-behind", "after": ["behind", "beside"]},
        {"name": "asks", "refuses_when": "stock < 1"},
        {"name": "says-so", "may_refuse": True},
        {"name": "never", "kind": "retriable", "after": []},
    )
    assert [step.name for step in saga.steps if step.may_refuse] == [
        "before",
        "pivot",
        "beside",
        "asks",
        "says-so",
    ]


def test_a_partial_retry_fills_up_from_the_defaults() -> None:
    step = saga_of({"name": "a", "retry": {"attempts": 1, "upon": []}, "undo_retry": {"factor": 1.5}}).steps[
        0
    ]
    assert step.retry == Retry(attempts=1, upon=())
    assert step.undo_retry == Retry(attempts=5, factor=1.5)


def test_a_call_takes_a_time_or_something_between_two() -> None:
    saga = saga_of({"name": "a", "takes_ms": 7}, {"name": "b", "takes_ms": {"min": 20, "max": 90}})
    assert [step.takes_ms for step in saga.steps] == [(7, 7), (20, 90)]


def test_a_safeguard_of_a_step_wins_over_its_services_which_wins_over_the_default() -> None:
    saga = saga_of(
        {"name": "a", "service": "bank"},
        {"name": "b", "service": "bank", "safeguards": {"outbox": True}},
        services={"bank": {"safeguards": {"outbox": False, "semantic_lock": "wait"}}},
    )
    assert saga.services == (Service(name="bank", safeguards={"outbox": False, "semantic_lock": "wait"}),)
    assert saga.steps[0].safeguards == Safeguards(outbox=False, semantic_lock="wait")
    assert saga.steps[1].safeguards == Safeguards(semantic_lock="wait")


def test_events_that_are_not_named_are_named_after_the_step() -> None:
    step = saga_of({"name": "charge-card", "publishes": {"done": "Paid"}}).steps[0]
    assert step.publishes.done == "Paid"
    assert step.publishes.refused == Publishes.of("charge-card").refused == "ChargeCardRefused"


def test_a_resource_that_only_an_expression_mentions_is_a_resource() -> None:
    saga = saga_of(
        {"name": "a", "effects": {"x": 1}, "reads": ["y"], "refuses_when": "z < 1"},
        invariants=[{"name": "n", "always": "x + w >= 0"}],
        resources={"v": 5},
    )
    assert saga.resource_names() == ("v", "x", "y", "z", "w")


def test_only_true_and_false_are_booleans_and_numbers_are_those_of_yaml_1_2() -> None:
    text = "[no, on, 'true', true, False, 010, 0o10, 0x10, 1_000, 1e3, 12:30:45, 2001-01-01, ~, , =]"
    data = read_document(f"a: {text.replace(', ,', ', null,')}").data["a"]
    assert data == [
        "no",
        "on",
        "true",
        True,
        False,
        10,
        8,
        16,
        "1_000",
        1000.0,
        "12:30:45",
        "2001-01-01",
        None,
        None,
        "=",
    ]


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert (
        saga_from_text("{sagasim: 1.0, name: a, steps: [{name: b, timeout_ms: 40.0}]}").steps[0].timeout_ms
        == 40
    )


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert saga_from_text("\ufeffsagasim: 1\r\nname: a\r\nsteps:\r\n- name: b\r\n".encode()).name == "a"


def test_json_is_read_with_its_escapes() -> None:
    text = '{"sagasim": 1, "name": "a", "title": "\\ud83d\\ude00 \\/ \x7f\u2028", "steps": [{"name": "b"}]}'
    assert saga_from_text(text.replace("\x7f", "")).title == "\U0001f600 / \u2028"


# What wrong files are told

HEAD = "sagasim: 1\nname: order\n"


@pytest.mark.parametrize(
    ("text", "path", "line", "sentence"),
    [
        ("", "", None, "the file is empty"),
        ("# only a comment\n", "", None, "begins with `sagasim: 1`"),
        (b"\xff\xfe\x00", "", None, "save it as UTF-8"),
        ("name: a\0b", "", None, "binary"),
        ("\x01", "", None, "cannot stand in YAML"),
        (" " * (MOST_BYTES + 1), "", None, "over 1024 KiB"),
        ("ü" * (MOST_BYTES // 2 + 1), "", None, "over 1024 KiB"),
        ("\ud800", "", None, "UTF-8"),
        ("just words", "", None, "is a mapping"),
        ("- a\n- b\n", "", None, "is a mapping"),
        ("null", "", None, "is a mapping"),
        ("a: 1\nb: {c: [}", "", 2, "close each"),
        ("a: 1\n\tb: 2", "", 2, "spaces, not with tabs"),
        ("a: b: c", "", 1, "colon in quotes"),
        ("a: 'b", "", 1, "close the quotes"),
        ("a: 1\na: 2", "", 2, "'a' stands twice"),
        ('{"a": 1, "a": 2}', "", None, "'a' stands twice"),
        ('{"a": NaN}', "", None, "no finite number"),
        ('{"a": 1e999}', "", None, "no finite number"),
        ('{"a": ' + "1" * 5000 + "}", "", None, "too long"),
        ("a: .inf", "a", 1, "no finite number"),
        ("a: 1e999", "a", 1, "no finite number"),
        ("a: " + "9" * 5000, "a", 1, "too long"),
        ("a: 1\n---\nb: 2", "", 2, "a second document"),
        ("a: &x 1\nb: *x", "a", 1, "aliases"),
        ("<<: *x", "<<", 1, "aliases"),
        ("a: !!python/object:os.system x", "a", 1, "tag"),
        ("a: !!str 1", "a", 1, "tag"),
        ("1: a", "", 1, "the key '1' is no text; put it in quotes"),
        ("? [a]\n: b", "", 1, "is no text"),
        ("a: " + "[" * 60 + "]" * 60, "", 1, "nested more than 50 deep"),
        ("[" * 100_000, "", 1, "nested more than 50 deep"),
        ('{"a":' * 100_000, "", None, "nested more than 50 deep"),
        ('{"a":' * 60 + "1" + "}" * 60, "", None, "nested more than 50 deep"),
        ("a: [" + "1," * 60_000 + "]", None, 1, "more than 50000 values"),
        ("version: '3'\nservices: {web: {image: x}}", "", None, "Docker Compose file"),
        ("apiVersion: v1\nkind: Pod", "", None, "Kubernetes"),
        ("openapi: 3.1.0", "", None, "OpenAPI"),
        ("StartAt: a\nStates: {}", "", None, "Step Functions"),
        ("name: a\nsteps: []", "", None, "the key `sagasim` is missing"),
        ("sagasim: 2\nnaem: a", "sagasim", 1, "this sagasim reads version 1"),
        ("sagasim: one\nname: a\nsteps: [{name: b}]", "sagasim", 1, "write 1, not 'one'"),
        ("sagasim: true\nname: a\nsteps: [{name: b}]", "sagasim", 1, "write 1, not true"),
        ("sagasim: 1\nsteps: [{name: b}]", "", None, "the key `name` is missing; it takes a slug"),
        (HEAD + "steps: []", "steps", 3, "empty"),
        (HEAD + "steps: {a: 1}", "steps", 3, "write a list"),
        (HEAD + "stpes:\n- name: a", "stpes", 3, "did you mean `steps`"),
        (HEAD + "steps:\n- name: a\n- nmae: b", "steps[1].nmae", 5, "did you mean `name`"),
        (HEAD + "steps:\n- name: a\n- xyzzy: b", "steps[1].xyzzy", 5, "the keys here are name, service, kind"),
        (HEAD + "steps:\n- name: a\n  retry:\n    attempts: many", "steps[0].retry.attempts", 6, "whole number, not"),
        (HEAD + "steps:\n- {name: a, retry: {attempts: 0}}", "steps[0].retry.attempts", 4, "from 1 to 1000"),
        (HEAD + "steps:\n- {name: a, undo_retry: {upon: []}}", "steps[0].undo_retry.upon", 4, "no key 'upon'"),
        (HEAD + "steps:\n- {name: a, timeout_ms: 1.5}", "steps[0].timeout_ms", 4, "no whole number"),
        (HEAD + "steps:\n- {name: a, timeout_ms: '5'}", "steps[0].timeout_ms", 4, "write a whole number, not '5'"),
        (HEAD + "steps:\n- {name: a, takes_ms: {min: 5, max: 1}}", "steps[0].takes_ms", 4, "swap them"),
        (HEAD + "steps:\n- {name: a, takes_ms: {min: 5}}", "steps[0].takes_ms", 4, "`max` is missing"),
        (HEAD + "steps:\n- {name: a, irreversible: yes}", "steps[0].irreversible", 4, "true or false, not 'yes'"),
        (HEAD + "steps:\n- {name: a, compensation: }", "steps[0].compensation", 4, "not nothing"),
        (HEAD + "steps:\n- {name: A b}", "steps[0].name", 4, "a slug"),
        (HEAD + "steps:\n- {name: saga}", "steps[0].name", 4, "'saga' names the saga itself"),
        (HEAD + "steps:\n- {name: a, service: saga}", "steps[0].service", 4, "'saga' names the saga itself"),
        (HEAD + "steps:\n- name: a\n- name: a", "steps[1].name", 5, "two steps"),
        (HEAD + "steps:\n- {name: a, after: [b]}", "steps[0].after", 4, "no step 'b'; the saga has a"),
        (HEAD + "steps:\n- {name: a, after: [a]}", "steps", 3, "round in a circle"),
        (HEAD + "steps:\n- {name: a}\n- {name: b, after: [a, a]}", "steps[1].after[1]", 5, "twice"),
        (HEAD + "steps:\n- {name: a, kind: read, effects: {x: 1}}", "steps[0].effects", 4, "a read changes nothing"),
        (HEAD + "steps:\n- {name: a, kind: read, compensation: b}", "steps[0].compensation", 4, "a read changes"),
        (HEAD + "steps:\n- {name: a, undo_effects: {x: 1}}", "steps[0].undo_effects", 4, "no compensation"),
        (HEAD + "steps:\n- {name: a, effects: {X: 1}}", "steps[0].effects", 4, "a resource: lower-case"),
        (HEAD + "steps:\n- {name: a, kind: undoable}", "steps[0].kind", 4, "compensatable, pivot, retriable, read"),
        (HEAD + "steps:\n- {name: a, refuses_when: x}", "steps[0].refuses_when", 4, "compare it"),
        (HEAD + "steps:\n- {name: a, starts_on: [a b]}", "steps[0].starts_on[0]", 4, "such as OrderCreated"),
        (HEAD + "steps:\n- {name: a}\nservices: {b: {}}", "services.b", 5, "the steps use a"),
        (HEAD + "steps:\n- {name: a}\nresources: {a.b: x}", "resources.a.b", 5, "write a whole number"),
        (HEAD + "steps:\n- {name: a}\nengine: {preset: best}", "engine.preset", 5, "temporal-like"),
        (HEAD + "steps:\n- {name: a}\nengine:\n  compensates: [b]", "engine.compensates", 6, "the saga has a"),
        (HEAD + "steps:\n- {name: a}\ngiven:\n- a:error\n- b:error", "given[1]", 7, "there are a"),
        (HEAD + "steps:\n- {name: a}\ngiven: ['a:error', 'a:refused']", "given", 5, "keep one"),
        (HEAD + "steps:\n- {name: a}\ninstances: 0", "instances", 5, "from 1 to 100"),
        (HEAD + "steps:\n- {name: a}\ninvariants: [{name: x}]", "invariants[0]", 5, "exactly one of the keys always"),
        (HEAD + "steps:\n- {name: a}\ninvariants: [{name: x, always: y}]", "invariants[0].always", 5, "compare it"),
        (HEAD + "steps:\n- {name: a}\ntitle: \"\\0\"", "title", 5, "cannot be shown"),
        (HEAD + "steps: [" + "{name: a}, " * 201 + "]", "steps", 3, "201 members; at most 200"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where_and_what_would_have_been_right(
    text: str | bytes, path: str | None, line: int | None, sentence: str
) -> None:
    refused = refusal_of(text)
    assert sentence in str(refused)
    assert path is None or refused.path == path
    assert refused.line == line
    assert len(str(refused)) < 600
    assert "\n" not in str(refused)


def test_the_name_of_the_file_stands_first_in_what_it_is_told() -> None:
    with pytest.raises(BadSaga, match=r"^order\.yaml, line 4, steps\[0\]\.retry: write a mapping"):
        saga_from_text(HEAD + "steps:\n- {name: a, retry: 3}", source="order.yaml")


def test_json_is_told_lines_too() -> None:
    assert refusal_of('{"sagasim": 1,\n "name": "a",\n "steps": [\n  {"name": "b", "x": 1}]}').line == 4


@settings(max_examples=500)
@given(hostile_files())
def test_whatever_the_bytes_are_a_file_is_read_or_refused_in_one_sentence(content: bytes) -> None:
    try:
        saga = saga_from_text(content)
    except BadSaga as bad:
        assert str(bad)
        assert "\n" not in str(bad)
        assert len(str(bad)) < 1000
    else:
        assert saga_from_text(saga_to_yaml(saga)) == saga


@given(json_values())
def test_whatever_the_data_are_they_are_read_or_refused(data: Any) -> None:
    with pytest.raises(BadSaga):
        saga_from_data({"sagasim": 1, "name": "a", "steps": data})
    with pytest.raises(BadSaga):
        saga_from_data(data)


# The normal form


@given(any_saga)
def test_a_saga_comes_back_the_same_from_every_form(saga: Saga) -> None:
    assert saga_from_data(saga_to_data(saga)) == saga
    assert saga_from_data(saga_in_full(saga)) == saga
    assert saga_from_text(saga_to_json(saga)) == saga
    assert saga_from_text(saga_to_yaml(saga)) == saga
    assert pickle.loads(pickle.dumps(saga)) == saga


@given(any_saga)
def test_what_we_write_means_the_same_to_a_reader_of_yaml_1_1(saga: Saga) -> None:
    assert yaml.safe_load(saga_to_yaml(saga)) == saga_to_data(saga)


@given(any_file, st.data())
def test_two_sagas_are_equal_where_their_normal_forms_are_and_nowhere_else(
    file: Any, data: st.DataObject
) -> None:
    one = saga_from_data(file)
    try:
        other = saga_from_data(data.draw(mutated(file)))
    except BadSaga:
        other = one
    assert (
        (one == other) is (saga_to_data(one) == saga_to_data(other)) is (saga_hash(one) == saga_hash(other))
    )


@given(any_saga)
def test_the_normal_form_says_nothing_that_is_the_default_anyway(saga: Saga) -> None:
    data = saga_to_data(saga)
    for index, step in enumerate(data["steps"]):
        for key in step:
            shorter = deepcopy(data)
            del shorter["steps"][index][key]
            try:
                assert saga_from_data(shorter) != saga
            except BadSaga:
                pass


@given(any_saga)
def test_the_normal_form_has_the_key_order_of_the_model(saga: Saga) -> None:
    data = saga_to_data(saga)
    order = list(SCHEMA["properties"])
    assert list(data) == [key for key in order if key in data]
    keys = list(SCHEMA["properties"]["steps"]["items"]["properties"])
    for step in data["steps"]:
        assert list(step) == [key for key in keys if key in step]


def test_the_hash_of_a_saga_is_the_same_tomorrow() -> None:
    assert saga_hash(saga_of({"name": "charge"})) == HASH


HASH = "24237441e1ea966299443196458810b93aba4ec776fee849c741758aafc42ba9"


def test_the_order_of_keys_and_services_does_not_change_the_hash() -> None:
    one = saga_from_text(
        HEAD + "steps: [{name: a, effects: {x: 1, y: 2}}, {name: b}]\nservices: {a: {}, b: {}}"
    )
    two = saga_from_text(
        HEAD + "services: {b: {}, a: {}}\nsteps: [{effects: {y: 2, x: 1}, name: a}, {name: b}]"
    )
    assert one == two
    assert saga_hash(one) == saga_hash(two)


# The published schema


def test_the_schema_is_a_schema_and_every_key_has_a_description() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    steps = SCHEMA["properties"]["steps"]["items"]
    for record in (SCHEMA, steps, *steps["properties"].values(), SCHEMA["properties"]["engine"]):
        for key, value in record.get("properties", {}).items():
            assert value.get("description"), key


def test_the_schema_knows_every_field_of_what_it_describes() -> None:
    properties = SCHEMA["properties"]
    step = properties["steps"]["items"]["properties"]
    assert list(step) == [field.name for field in fields(Step)]
    assert list(step["safeguards"]["properties"]) == [field.name for field in fields(Safeguards)]
    assert list(step["retry"]["properties"]) == [field.name for field in fields(Retry)]
    assert list(step["publishes"]["properties"]) == [field.name for field in fields(Publishes)]
    assert list(properties["engine"]["properties"]) == ["preset", *RULE_NAMES]
    assert set(properties) == {field.name for field in fields(Saga)} | {"sagasim"}


@given(any_saga)
def test_every_saga_that_we_write_is_valid_by_the_schema(saga: Saga) -> None:
    VALID.validate(saga_to_data(saga))
    VALID.validate(saga_in_full(saga))


@settings(max_examples=300)
@given(any_file.flatmap(mutated))
def test_what_the_schema_refuses_the_loader_refuses(data: Any) -> None:
    if not VALID.is_valid(data):
        with pytest.raises(BadSaga):
            saga_from_data(data)


@every_file
def test_what_the_schema_refuses_in_a_published_file_the_loader_refuses(file: Path) -> None:
    data = yaml.safe_load(file.read_text())
    for wrong in _one_thing_wrong(data):
        assert not VALID.is_valid(wrong)
        with pytest.raises(BadSaga):
            saga_from_data(wrong)


def _one_thing_wrong(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The data with each key of each step turned into a list of a list, and each with a key too many."""
    found = [{**data, "colour": "red"}]
    for index, step in enumerate(data["steps"]):
        for key in (*step, "colour"):
            wrong = deepcopy(data)
            wrong["steps"][index][key] = [[]]
            found.append(wrong)
    return found


# Editing a text


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
        if draw(st.booleans()) and line[:1].isalpha() and not line.endswith((">-", "|")):
            line += "  # and so on"
        lines.append(line)
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


# What it costs


def test_the_core_loads_no_yaml_before_a_text_is_read() -> None:
    program = "import sys, sagasim.core.codec; print([it for it in ('yaml', 'difflib', 'jsonschema') if it in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
