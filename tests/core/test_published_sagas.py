"""The sagas of tests/sagas against what is known of them: nothing missed, nothing made up, everything replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sagasim.core.codec import saga_from_text
from sagasim.core.execution import run
from sagasim.core.exploration import Exploration, explore
from sagasim.core.faults import parse_plan, text_of
from sagasim.core.saga import Coordination, Saga

SAGAS = Path(__file__).parent.parent / "sagas"
FILES = {path.stem: path for path in sorted(SAGAS.rglob("*.yaml"))}
FACTS: dict[str, dict[str, Any]] = {
    name: json.loads(path.with_name(f"{name}.expected.json").read_text("utf-8"))
    for name, path in FILES.items()
}
SLOW_AT_TWO_FAULTS = {
    ("dapr-order-without-refund", "orchestration"),
    ("parallel-trip-pulumi", "orchestration"),
    ("travel-booking", "choreography"),
    ("travel-booking-broken", "choreography"),
    ("vm-provisioning", "choreography"),
    ("vm-provisioning-broken", "choreography"),
}
"""Parallel branches, in tens of thousands of worlds: `make test SLOW=1` walks them all."""


@cache
def saga_of(name: str) -> Saga:
    return saga_from_text(FILES[name].read_bytes(), source=name)


@cache
def explored(name: str, coordination: str, faults: int) -> Exploration:
    return explore(saga_of(name), Coordination(coordination), faults)


def known_findings() -> Iterator[object]:
    for name, facts in FACTS.items():
        for item in facts["must_find"]:
            coordination, faults = item["coordination"], item["faults"]
            slow = faults > 1 and (name, coordination) in SLOW_AT_TWO_FAULTS
            words = (name, item["harm"], item["step"], coordination, *item["plan"])
            yield pytest.param(
                name,
                item,
                id="-".join(words).replace(" ", "-"),
                marks=[pytest.mark.slow] if slow else [],
            )


def explorations(*, at_most: int) -> Iterator[object]:
    for name, facts in FACTS.items():
        for coordination in facts["coordinations"]:
            for faults in range(1, at_most + 1):
                slow = faults > 1 and (name, coordination) in SLOW_AT_TWO_FAULTS
                yield pytest.param(
                    name,
                    coordination,
                    faults,
                    id=f"{name}-{coordination}-{faults}",
                    marks=[pytest.mark.slow, pytest.mark.timeout(600)] if slow else [],
                )


@pytest.mark.parametrize(("name", "item"), list(known_findings()))
def test_what_is_known_to_be_wrong_is_found_with_as_few_faults(name: str, item: dict[str, Any]) -> None:
    found = explored(name, item["coordination"], max(1, item["faults"])).found(item["harm"], item["step"])
    assert found is not None, item["why"]
    assert len(found.faults) <= item["faults"]


@pytest.mark.parametrize(("name", "item"), list(known_findings()))
def test_the_plan_that_is_known_to_show_it_shows_it(name: str, item: dict[str, Any]) -> None:
    saga = saga_of(name)
    shown = run(saga, Coordination(item["coordination"]), parse_plan(item["plan"], saga))
    assert shown.shows(item["harm"], item["step"]), item["why"]
    assert text_of(shown.struck) == text_of(shown.faults)


@pytest.mark.parametrize(("name", "coordination", "faults"), list(explorations(at_most=2)))
def test_a_sound_saga_has_no_finding_and_that_is_said_of_all_plans(
    name: str, coordination: str, faults: int
) -> None:
    known = explored(name, coordination, faults)
    assert known.exhaustive
    assert not known.unexplored
    if FACTS[name]["clean"]:
        assert known.findings == ()


@pytest.mark.parametrize(("name", "coordination", "faults"), list(explorations(at_most=2)))
def test_a_run_shows_what_the_explorer_found(name: str, coordination: str, faults: int) -> None:
    for finding in explored(name, coordination, faults).findings:
        shown = run(saga_of(name), finding.coordination, finding.faults, order=finding.order)
        plan = text_of(finding.faults)
        assert shown.shows(finding.harm, finding.step), (finding.harm, finding.step, plan, finding.order)
        assert text_of(shown.struck) == plan
        assert parse_plan(plan, saga_of(name)) == finding.faults


def test_every_saga_says_what_is_known_of_it() -> None:
    assert len(FILES) >= 59
    assert sum(facts["clean"] for facts in FACTS.values()) >= 23
    assert all(facts["clean"] is not bool(facts["must_find"]) for facts in FACTS.values())
