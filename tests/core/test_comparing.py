"""What is harmless in one and fatal in the other: coordinations, versions, presets."""

from __future__ import annotations

from dataclasses import replace

from sagasim.core.comparing import Comparison, differences
from sagasim.core.counterparts import Counterparts, counterparts_of
from sagasim.core.execution import run
from sagasim.core.exploration import Exploration, explore
from sagasim.core.faults import parse_moment, parse_plan
from sagasim.core.results import verdict_from_data, verdict_to_data
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import verdict_of
from tests.core.test_twins import BASE, BY_ALL, BY_ONE, saga_of

SOUND = saga_of(BASE)
WITHOUT_OUTBOX = saga_of(BASE, {"charge": {"safeguards": {"outbox": False}}})
AFTERWARDS = saga_of(BASE, engine={"preset": "temporal-after-like"})


def known(saga: Saga, coordination: Coordination = BY_ONE, faults: int = 1) -> Exploration:
    return explore(saga, coordination, faults)


def between_coordinations() -> Comparison:
    return differences(known(WITHOUT_OUTBOX), known(WITHOUT_OUTBOX, BY_ALL))


def test_a_lost_event_is_harmless_with_a_coordinator_and_fatal_without_one() -> None:
    told = between_coordinations()
    lost = next(it for it in told.cells if (it.target, it.kind) == ("charge", "reply-lost"))
    assert (lost.worse, lost.fatal) == ("other", True)
    assert lost.one is not None
    assert lost.other is not None
    assert (lost.one.worst, lost.other.worst) == ("", "stuck")
    assert lost.sentence == (
        "charge:reply-lost is harmless in orchestration, and can lead to stuck at charge in choreography."
    )


def test_every_difference_opens_two_runs_that_show_it() -> None:
    told = between_coordinations()
    assert told.cells
    for cell in told.cells:
        for seen, coordination in ((cell.one, BY_ONE), (cell.other, BY_ALL)):
            if seen is None:
                continue
            plan = parse_plan(seen.faults, WITHOUT_OUTBOX)
            order = tuple(parse_moment(text, WITHOUT_OUTBOX) for text in seen.order)
            shown = run(WITHOUT_OUTBOX, coordination, plan, order=order)
            assert shown.shows(seen.worst, seen.step) if seen.worst else not shown.harms


def test_a_fault_that_cannot_strike_on_one_side_is_said_to() -> None:
    forgetful = saga_of(BASE, {"charge": {"safeguards": {"intent_log": False, "idempotent": False}}})
    told = differences(known(forgetful), known(forgetful, BY_ALL))
    crash = next(it for it in told.cells if (it.target, it.kind) == ("charge", "coordinator-crash"))
    assert (crash.other, crash.worse, crash.fatal) == (None, "one", True)
    assert crash.sentence.startswith(
        "charge:coordinator-crash cannot strike in choreography, and can lead to"
    )


def test_a_comparison_with_itself_has_no_difference() -> None:
    for saga in (SOUND, WITHOUT_OUTBOX, AFTERWARDS):
        told = differences(known(saga), known(saga), names=("before", "after"))
        assert (told.cells, told.findings) == ((), ())
        assert told.alike == len(known(saga).matrix)
        assert told.sentence == (
            "No single fault is harmless in one and breaks something in the other; "
            f"{told.alike} end alike in both."
        )


def test_turning_it_around_turns_every_difference_around() -> None:
    there = differences(known(SOUND), known(AFTERWARDS))
    back = differences(known(AFTERWARDS), known(SOUND))
    turned = {"one": "other", "other": "one"}
    assert {(it.target, it.kind): turned[it.worse] for it in there.cells} == {
        (it.target, it.kind): it.worse for it in back.cells
    }
    assert {(it.harm, it.step): turned[it.worse] for it in there.findings} == {
        (it.harm, it.step): it.worse for it in back.findings
    }


def test_a_finding_that_takes_fewer_faults_is_a_difference() -> None:
    twice = saga_of(BASE, {"charge": {"retry": {"attempts": 1}}}, engine={"preset": "temporal-after-like"})
    told = differences(known(SOUND, faults=2), known(twice, faults=2), names=("v1", "v2"))
    leak = next(it for it in told.findings if (it.harm, it.step) == ("leak", "charge"))
    assert leak.worse == "other"
    assert leak.sentence == "leak at charge: with 1 fault in v2, never in v1."


def test_a_verdict_read_back_from_its_json_is_compared_as_well() -> None:
    verdict = verdict_of([known(WITHOUT_OUTBOX), known(WITHOUT_OUTBOX, BY_ALL)], file="f", seconds=0)
    stored = verdict_from_data(verdict_to_data(verdict))
    told = differences(stored, stored, coordinations=("orchestration", "choreography"))
    mine = between_coordinations()
    assert [(it.target, it.kind, it.worse) for it in told.cells] == [
        (it.target, it.kind, it.worse) for it in mine.cells
    ]
    assert (told.one, told.other) == ("orchestration", "choreography")


def test_what_was_not_explored_to_the_end_is_not_called_harmless() -> None:
    cut = explore(AFTERWARDS, BY_ONE, 1, most_states=20)
    assert not cut.exhaustive
    told = differences(known(AFTERWARDS), cut, names=("whole", "cut"))
    assert all("is harmless in cut" not in it.sentence for it in told.cells)
    assert told.sentence.endswith(", as far as they were explored.")


# ---------------------------------------------------------------- versions


def renamed(saga: Saga, old: str, new: str) -> Saga:
    return replace(
        saga,
        steps=tuple(
            replace(
                step,
                name=new if step.name == old else step.name,
                after=tuple(new if it == old else it for it in step.after),
                builds_on=tuple(new if it == old else it for it in step.builds_on),
            )
            for step in saga.steps
        ),
    )


def test_a_renamed_step_is_the_same_step() -> None:
    later = renamed(SOUND, "charge", "take-money")
    assert counterparts_of(SOUND, later).renamed == {"charge": "take-money"}
    assert counterparts_of(SOUND, later).sentence == "charge is now called take-money."
    told = differences(known(SOUND), known(later), names=("v1", "v2"))
    assert (told.cells, told.findings) == ((), ())


def test_a_renamed_step_keeps_its_differences_and_its_faults_their_own_names() -> None:
    later = renamed(AFTERWARDS, "charge", "take-money")
    told = differences(known(SOUND), known(later), names=("v1", "v2"))
    lost = next(it for it in told.cells if (it.target, it.kind) == ("take-money", "reply-lost"))
    assert lost.one is not None
    assert lost.other is not None
    assert lost.one.faults[0].startswith("charge:")
    assert lost.other.faults[0].startswith("take-money:")


def test_a_step_that_only_one_version_has_is_no_difference_but_said() -> None:
    shorter = saga_of({**BASE, "steps": [step for step in BASE["steps"] if step["name"] != "tell"]})
    told = differences(known(SOUND), known(shorter), names=("v1", "v2"))
    assert told.counterparts == Counterparts(only_one=("tell",))
    assert told.counterparts.sentence == "tell is gone."
    assert "tell" not in {it.target for it in told.cells}
    back = differences(known(shorter), known(SOUND), names=("v2", "v1"))
    assert back.counterparts.sentence == "tell is new."
