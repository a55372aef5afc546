from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core.execution import run
from sagasim.core.faults import parse_fault, parse_plan
from sagasim.core.narration import fix_in_words, scope, sentence, story
from sagasim.core.phrases import fault_in_words, joined
from sagasim.core.saga import Coordination
from tests.core.strategies import fault_plans, sagas
from tests.core.telling import parcels


@settings(max_examples=60)  # each is a whole run
@given(st.data())
def test_every_entry_of_every_run_has_a_sentence(data: st.DataObject):
    saga = data.draw(sagas(max_steps=4, max_instances=2, allow_explicit_subscriptions=True))
    told = run(saga, data.draw(st.sampled_from(Coordination)), data.draw(fault_plans(saga)))
    for entry in told.history:
        text = sentence(entry.event, saga)
        assert text == text.strip() != ""
        assert "None" not in text
    assert len(list(story(told.history, saga))) == len(told.history)


def test_a_story_tells_who_did_what_and_where_belief_and_truth_part():
    saga = parcels()
    told = list(
        story(run(saga, Coordination.ORCHESTRATION, parse_plan(["charge:reply-lost"], saga)).history, saga)
    )
    assert "     30 ms  payments committed charge (believed running, there once)   [paid = 100]" in told
    assert (
        "   1000 ms  no answer to charge came in time: nobody knows whether it was done (believed "
        "unknown, there once)" in told
    )
    assert told[-1].endswith("the saga ended: completed, every step is believed done")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("charge:reply-lost*for-ever", "the answer of charge is lost, every time"),
        ("charge#2:error", "charge fails with an error before any effect, at attempt 2"),
        ("charge.undo:error*3", "the undo of charge fails with an error before any effect, 3 times"),
        ("charge:late@end", "the call of charge is late, and it lands after the saga has ended"),
        (
            "charge:duplicate@ship.after",
            "charge is delivered twice, and the second copy lands right after ship has taken effect",
        ),
        ("payments:outage*for-ever", "payments is down, for ever"),
        ("payments:outage@charge.undo.before", "payments is down from the undo of charge on"),
        ("charge:crash@before", "payments crashes before charge takes effect"),
        ("saga:cancelled@charge.after", "the user cancels the saga right after charge has taken effect"),
        ("saga:deadline@charge.before", "the deadline passes while charge is on its way"),
    ],
)
def test_a_fault_is_said_in_words(fault: str, words: str):
    saga = parcels()
    assert fault_in_words(parse_fault(fault, saga), saga) == words


def test_the_scope_is_never_a_bare_green_tick():
    known = {"states": 931, "executions": 9593}
    assert scope(faults=2, exhaustive=True, unexplored=0, **known) == (
        "exhaustive for any 2 faults, 931 states, 9,593 executions"
    )
    assert scope(faults=2, exhaustive=False, unexplored=1204, states=200_000, executions=1) == (
        "stopped at 200,000 states, 1,204 unexplored: what lies beyond is not known"
    )


def test_a_fix_says_whether_it_was_verified():
    assert fix_in_words("a: b", verified=True) == "a: b (verified by exploring again)"
    assert "not verified" in fix_in_words("a: b", verified=False)


def test_names_are_joined_as_one_speaks():
    assert [joined(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
