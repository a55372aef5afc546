"""Saga files: what they mean, what a wrong one is told, and that nothing is lost on the way back to text."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from sagasim.core.codec import (
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
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Kind, Publishes, Retry, Safeguards, Saga, Service, Step
from tests.core.strategies import FILES, hostile_files, json_values, mutated, saga_files, sagas

SHIPPED = sorted((Path(__file__).parent.parent.parent / "sagasim" / "gallery").glob("[!i]*.yaml"))
SCHEMA = json_schema()

FIRST_FOUND = settings(max_examples=5000, deadline=None, database=None, phases=[Phase.generate])

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
    assert len(FILES) == 59
    assert len(SHIPPED) == 12


@every_file
def test_a_published_file_loads_and_comes_back_the_same_from_every_form(file: Path) -> None:
    saga = saga_from_text(file.read_bytes(), source=file.name)
    assert saga_from_data(saga_to_data(saga)) == saga
    assert saga_from_text(saga_to_yaml(saga)) == saga
    assert saga_from_text(saga_to_json(saga)) == saga


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
ONE = HEAD + "steps:\n- {name: a}\n"
A = HEAD + "steps:\n- {name: a, "


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
        (HEAD + "steps: []", "steps", 3, "at least one step"),
        (HEAD + "steps: {a: 1}", "steps", 3, "write a list"),
        (HEAD + "stpes:\n- name: a", "stpes", 3, "did you mean `steps`"),
        (HEAD + "steps:\n- name: a\n- nmae: b", "steps[1].nmae", 5, "did you mean `name`"),
        (HEAD + "steps:\n- name: a\n- xyzzy: b", "steps[1].xyzzy", 5, "the keys here are name, service"),
        (HEAD + "steps:\n- name: a\n  retry:\n    attempts: no", "steps[0].retry.attempts", 6, "number, not"),
        (A + "retry: {attempts: 0}}", "steps[0].retry.attempts", 4, "from 1 to 1000"),
        (A + "undo_retry: {upon: []}}", "steps[0].undo_retry.upon", 4, "no key 'upon'"),
        (A + "timeout_ms: 1.5}", "steps[0].timeout_ms", 4, "no whole number"),
        (A + "timeout_ms: '5'}", "steps[0].timeout_ms", 4, "write a whole number, not '5'"),
        (A + "takes_ms: {min: 5, max: 1}}", "steps[0].takes_ms", 4, "swap them"),
        (A + "takes_ms: {min: 5}}", "steps[0].takes_ms", 4, "`max` is missing"),
        (A + "irreversible: yes}", "steps[0].irreversible", 4, "true or false, not 'yes'"),
        (A + "compensation: }", "steps[0].compensation", 4, "not nothing"),
        (HEAD + "steps:\n- {name: A b}", "steps[0].name", 4, "a slug"),
        (HEAD + "steps:\n- {name: saga}", "steps[0].name", 4, "'saga' names the saga itself"),
        (A + "service: saga}", "steps[0].service", 4, "'saga' names the saga itself"),
        (HEAD + "steps:\n- name: a\n- name: a", "steps[1].name", 5, "two steps"),
        (A + "after: [b]}", "steps[0].after", 4, "no step 'b'; the saga has a"),
        (A + "after: [a]}", "steps", 3, "round in a circle"),
        (ONE + "- {name: b, after: [a, a]}", "steps[1].after[1]", 5, "twice"),
        (A + "kind: read, effects: {x: 1}}", "steps[0].effects", 4, "a read changes nothing"),
        (A + "kind: read, compensation: b}", "steps[0].compensation", 4, "a read changes"),
        (A + "undo_effects: {x: 1}}", "steps[0].undo_effects", 4, "no compensation"),
        (A + "effects: {X: 1}}", "steps[0].effects", 4, "a resource: lower-case"),
        (A + "kind: undoable}", "steps[0].kind", 4, "compensatable, pivot, retriable, read"),
        (A + "refuses_when: x}", "steps[0].refuses_when", 4, "compare it"),
        (A + "starts_on: [a b]}", "steps[0].starts_on[0]", 4, "such as OrderCreated"),
        (ONE + "services: {b: {}}", "services.b", 5, "the steps use a"),
        (ONE + "resources: {a.b: x}", "resources.a.b", 5, "write a whole number"),
        (ONE + "engine: {preset: best}", "engine.preset", 5, "temporal-like"),
        (ONE + "engine:\n  compensates: [b]", "engine.compensates", 6, "the saga has a"),
        (ONE + "given:\n- a:error\n- b:error", "given[1]", 7, "there are a"),
        (ONE + "given: ['a:error', 'a:refused']", "given", 5, "keep one"),
        (ONE + "instances: 0", "instances", 5, "from 1 to 100"),
        (ONE + "invariants: [{name: x}]", "invariants[0]", 5, "exactly one of the keys always"),
        (ONE + "invariants: [{name: x, always: y}]", "invariants[0].always", 5, "compare it"),
        (ONE + "title: \"\\0\"", "title", 5, "cannot be shown"),
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
        saga_from_text(A + "retry: 3}", source="order.yaml")


def test_json_is_told_lines_too() -> None:
    assert refusal_of('{"sagasim": 1,\n "name": "a",\n "steps": [\n  {"name": "b", "x": 1}]}').line == 4


@settings(max_examples=500)
@given(hostile_files())
def test_whatever_the_bytes_are_a_file_is_read_or_refused_in_one_sentence(content: bytes) -> None:
    try:
        saga = saga_from_text(content)
    except BadSaga as bad:
        sentence = str(bad)
    else:
        sentence = "it was read"
        assert saga_from_text(saga_to_yaml(saga)) == saga
    assert sentence.isprintable()
    assert 0 < len(sentence) < 1000


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
            with suppress(BadSaga):
                assert saga_from_data(shorter) != saga


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


# What the strategy draws


@pytest.mark.parametrize(
    "is_wanted",
    [
        lambda saga: any(step.kind is Kind.PIVOT for step in saga.steps) and len(saga.steps) == 5,
        lambda saga: sum(step.after == () for step in saga.steps) > 1,
        lambda saga: any(len(step.after) > 1 for step in saga.steps),
        lambda saga: any(step.starts_on for step in saga.steps),
        lambda saga: any(step.compensates_on for step in saga.steps),
        lambda saga: any(step.undo_effects for step in saga.steps),
        lambda saga: any(step.refuses_when for step in saga.steps),
        lambda saga: any(step.safeguards.semantic_lock == "wait" for step in saga.steps),
        lambda saga: saga.engine.preset == "lra-like",
        lambda saga: isinstance(saga.engine.overrides.get("compensates"), tuple),
        lambda saga: saga.given and saga.instances == 3,
    ],
    ids=[
        "five steps with a pivot",
        "two that start at once",
        "a join",
        "explicit starts",
        "explicit compensations",
        "undo effects",
        "a condition to refuse",
        "a lock that waits",
        "a preset",
        "a list to compensate",
        "given faults in three instances",
    ],
)
def test_the_strategy_draws_what_a_saga_can_be(is_wanted: Callable[[Saga], bool]) -> None:
    assert is_wanted(find(any_saga, is_wanted, settings=FIRST_FOUND, random=Random(8)))


@given(sagas(clean=True, coordination_neutral=True))
def test_a_clean_saga_that_is_drawn_has_nothing_that_could_fail_by_itself(saga: Saga) -> None:
    assert all(step.takes_ms[1] < step.timeout_ms and step.refuses_when is None for step in saga.steps)
    assert all(step.starts_on is step.compensates_on is None for step in saga.steps)
    assert saga.engine.preset == "default"


# What it costs


def test_the_core_loads_no_yaml_before_a_text_is_read() -> None:
    program = "import sys, sagasim.core.codec; print({'yaml', 'difflib', 'jsonschema'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
