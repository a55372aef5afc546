"""The presets, and what an engine that does not exist is told."""

from __future__ import annotations

from dataclasses import fields

import pytest

from sagasim.core.codec import saga_from_data
from sagasim.core.engine import PRESETS, RULE_NAMES, RULE_VALUES, Rules, order_of, rules_of
from sagasim.core.errors import BadSaga
from sagasim.core.saga import EngineChoice, Saga, Step


def saga(**engine: object) -> Saga:
    preset = str(engine.pop("preset", "default"))
    choice = EngineChoice(preset=preset, overrides=engine)
    return Saga(name="order", steps=(Step(name="charge", service="payments"),), engine=choice)


def test_every_rule_says_which_values_it_has() -> None:
    assert tuple(RULE_VALUES) == tuple(rule.name for rule in fields(Rules)) == RULE_NAMES


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_default_is_one_of_its_values(rule: str) -> None:
    assert getattr(Rules(), rule) in RULE_VALUES[rule]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_only_where_it_differs_and_names_its_source(name: str) -> None:
    preset = PRESETS[name]
    assert preset.source
    assert all(value in RULE_VALUES[rule] for rule, value in preset.differs.items())
    assert all(value != getattr(Rules(), rule) for rule, value in preset.differs.items())


@pytest.mark.parametrize("name", PRESETS)
def test_the_rules_in_force_are_the_preset_and_what_the_file_overrides(name: str) -> None:
    rules = rules_of(saga(preset=name, on_cancel="ignore"))
    expected = {**PRESETS[name].differs, "on_cancel": "ignore"}
    assert {rule: getattr(rules, rule) for rule in expected} == expected
    assert order_of(EngineChoice(preset=name)) == rules_of(saga(preset=name)).order


def test_the_presets_are_those_of_the_model_and_differ_from_one_another_only_where_it_says_so() -> None:
    assert list(PRESETS) == [
        "default", "temporal-like", "temporal-after-like", "seata-like", "dtm-like", "step-functions-like",
        "camunda7-like", "camunda8-like", "conductor-like", "eventuate-like", "masstransit-like", "lra-like",
    ]  # fmt: skip
    assert rules_of(saga(preset="camunda8-like", order="reverse")) == rules_of(saga(preset="camunda7-like"))


@pytest.mark.parametrize(
    ("engine", "path", "sentence"),
    [
        ({"preset": "temporal"}, "engine.preset", "temporal-like"),
        ({"order": "backwards"}, "engine.order", "reverse, reverse-start, parallel"),
        ({"ordre": "reverse"}, "engine.ordre", "order"),
        ({"compensates": ["pay"]}, "engine.compensates", "the saga has charge"),
        ({"compensates": "pay"}, "engine.compensates", "completed, unknown, attempted, all"),
        ({"on_error": ["retry"]}, "engine.on_error", "compensate, abandon, retry, continue"),
        ({"on_error": None}, "engine.on_error", "compensate, abandon, retry, continue"),
    ],
)
def test_an_engine_that_does_not_exist_is_told_what_does(
    engine: dict[str, object], path: str, sentence: str
) -> None:
    with pytest.raises(BadSaga, match=sentence) as by_hand:
        rules_of(saga(**engine))
    assert by_hand.value.path == path
    data = {"sagasim": 1, "name": "order", "steps": [{"name": "charge"}], "engine": engine}
    with pytest.raises(BadSaga) as by_file:
        saga_from_data(data)
    assert by_file.value.path.startswith(path)


def test_a_list_of_steps_to_compensate_is_kept_as_a_tuple() -> None:
    assert rules_of(saga(compensates=["charge"])).compensates == ("charge",)
