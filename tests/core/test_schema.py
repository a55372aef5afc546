"""The published JSON Schema: tied to what it describes, and no stricter or laxer than it should be."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from sagasim.core.codec import json_schema, saga_from_data, saga_in_full, saga_to_data
from sagasim.core.engine import RULE_NAMES
from sagasim.core.errors import BadSaga
from sagasim.core.saga import Publishes, Retry, Safeguards, Saga, Step
from tests.core.strategies import FILES, mutated, saga_files, sagas

SCHEMA = json_schema()
VALID = Draft202012Validator(SCHEMA)

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
any_saga = sagas(allow_explicit_subscriptions=True, max_instances=3, given=True)
any_file = saga_files(allow_explicit_subscriptions=True, max_instances=3, given=True)


@every_file
def test_a_published_file_is_valid_by_the_published_schema(file: Path) -> None:
    VALID.validate(yaml.safe_load(file.read_text()))


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
