"""How a saga would end in every engine that we know."""

from __future__ import annotations

import pytest

from sagasim.core.codec import saga_to_data
from sagasim.core.engine import PRESETS
from sagasim.core.exploration import Exploration, explore
from sagasim.core.presets import AS_WRITTEN, every_preset, in_preset, presets_compared
from sagasim.core.saga import Saga
from tests.core.test_twins import BASE, BY_ONE, saga_of

SOUND = saga_of(BASE)


def known(saga: Saga) -> Exploration:
    return explore(saga, BY_ONE, 1)


def test_in_another_engine_the_saga_is_the_same_but_for_the_engine() -> None:
    own = saga_of(BASE, engine={"preset": "dtm-like", "on_undo_failure": "park"})
    other = in_preset(own, "camunda8-like")
    assert saga_to_data(other)["engine"] == {"preset": "camunda8-like"}
    assert [step.name for step in other.steps] == [step.name for step in own.steps]


def test_what_a_step_builds_on_follows_the_new_engine() -> None:
    plain = saga_of(
        {**BASE, "steps": [{k: v for k, v in it.items() if k != "builds_on"} for it in BASE["steps"]]}
    )
    assert plain.step("reserve").builds_on == ("charge",)
    assert in_preset(plain, "camunda8-like").step("reserve").builds_on == ()


def test_all_presets_at_once_say_how_the_saga_would_end_in_each() -> None:
    explored = {name: [known(saga)] for name, saga in every_preset(SOUND).items()}
    table = presets_compared(explored)
    assert [it.preset for it in table.presets] == [AS_WRITTEN, *PRESETS]
    ends = {it.preset: it for it in table.presets}
    assert ends[AS_WRITTEN].sentence == "Nothing is found as it is written."
    assert ends["temporal-after-like"].findings > 0
    for row in table.rows:
        for preset, seen in row.takes.items():
            found = explored[preset][0].found(row.harm, row.step)
            assert (seen is None) == (found is None)
            assert seen is None or found is None or len(seen.faults) == len(found.faults)
    assert sum(it.findings for it in table.presets) == sum(
        seen is not None for row in table.rows for seen in row.takes.values()
    )


@pytest.mark.parametrize("preset", ["temporal-after-like", "step-functions-like"])
def test_a_preset_says_its_worst_with_the_fewest_faults(preset: str) -> None:
    (end,) = presets_compared({preset: [known(in_preset(SOUND, preset))]}).presets
    assert end.sentence.startswith(f"{end.findings} thing")
    assert f"in an engine that is {preset}: " in end.sentence
    assert end.sentence.endswith(" fault.")
