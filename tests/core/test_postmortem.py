from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core.codec import saga_from_data
from sagasim.core.execution import run
from sagasim.core.exploration import explore
from sagasim.core.faults import CALL_KINDS, parse_plan
from sagasim.core.harms import HARMS
from sagasim.core.postmortem import finding_in_words, findings_of
from sagasim.core.saga import Coordination
from tests.core.strategies import fault_plans, sagas
from tests.core.telling import PARCELS, parcels, shop


def why(saga, harm: str, step: str, *faults: str, coordination: str = "orchestration") -> str:
    told = run(saga, Coordination(coordination), parse_plan(faults, saga))
    assert told.shows(harm, step), [str(found) for found, _ in told.harms]
    return finding_in_words(told, harm, step)


def test_an_undo_that_comes_after_the_end_is_told_as_an_undo():
    saga = parcels(engine={"on_undo_failure": "swallow"})
    told = why(saga, "effect-after-end", "charge", "ship:refused", "charge.undo:crash@before*for-ever")
    assert told.endswith(
        "the saga had ended compensated when the undo of charge took effect at last; "
        "100 paid disappear, and nobody looks any more."
    )


def test_an_invariant_is_told_with_what_broke_it_in_brackets():
    saga = parcels(
        {"safeguards": {"idempotent": False}}, invariants=[{"name": "once", "always": "paid <= 100"}]
    )
    assert why(saga, "invariant", "once", "charge:reply-lost") == (
        "The answer of charge was lost: when payments committed charge again (its effect is there twice), "
        "'once' (paid <= 100) does not hold: paid = 200."
    )


@settings(max_examples=60)  # each is a whole run
@given(st.data())
def test_every_finding_of_every_run_says_why(data: st.DataObject):
    presets = ("default", "temporal-after-like", "step-functions-like", "lra-like")
    saga = data.draw(sagas(max_steps=4, max_instances=2, presets=presets))
    told = run(saga, data.draw(st.sampled_from(Coordination)), data.draw(fault_plans(saga)))
    for (harm, step), _ in told.harms:
        text = finding_in_words(told, harm, step)
        assert text.endswith(".")
        assert "None" not in text
        assert ", ." not in text


def test_a_leak_says_what_was_believed_and_what_stays():
    assert why(
        parcels(engine={"compensates": "completed"}), "leak", "charge", "charge:reply-lost*for-ever"
    ) == (
        "The answer of charge was lost 3 times: the saga believed charge unknown and turned back "
        "without undoing it; "
        "the saga ended compensated, and 100 paid stay."
    )


def test_a_leak_of_a_late_call_says_that_the_undo_came_first():
    saga = parcels({"safeguards": {"tombstone": False}}, {"may_refuse": True})
    assert why(saga, "leak", "charge", "charge:late@charge.undo.after*for-ever") == (
        "The call of charge was late 3 times: charge was undone while it was still under way, and "
        "took effect "
        "afterwards; the saga ended compensated, and 100 paid stay."
    )


def test_a_leak_without_a_compensation_says_so():
    charge = {"name": "charge", "effects": {"paid": 100}}
    saga = saga_from_data({**PARCELS, "steps": [charge, PARCELS["steps"][1]]})  # type: ignore[index]
    told = why(saga, "leak", "charge", "ship:refused")
    assert "the saga turned back, and charge has no compensation" in told


def test_a_swallowed_undo_says_so():
    saga = parcels(engine={"on_undo_failure": "swallow"})
    assert why(saga, "leak", "charge", "ship:refused", "charge.undo:error*for-ever") == (
        "ship was refused and the undo of charge failed with an error 5 times: the undo of charge "
        "failed 5 times, and "
        "the saga went on as if it had worked; the saga ended compensated, and 100 paid stay."
    )


def test_a_skipped_undo_says_which_undo_was_given_up():
    saga = parcels(engine={"on_undo_failure": "stop"}, second={"on_unknown": "compensate"})
    told = why(saga, "skipped-undo", "charge", "ship:reply-lost*for-ever", "ship.undo:error*for-ever")
    assert (
        "the undo of ship was given up after 5 attempts, and the undo of charge was not attempted any more"
        in told
    )
    assert told.endswith("100 paid stay.")


def test_a_double_effect_says_how_it_came_to_be_there_twice():
    saga = parcels({"safeguards": {"idempotent": False}})
    assert why(saga, "double-effect", "charge", "charge:reply-lost") == (
        "The answer of charge was lost: nobody knew whether it had happened, and the retry took "
        "effect once more, "
        "because charge does not recognise its key; its effect is there twice (200 paid are there; "
        "100 paid are right)."
    )
    assert "the second copy took effect as well" in why(
        saga, "double-effect", "charge", "charge:duplicate@end"
    )


def test_a_missing_effect_says_what_the_saga_went_on_in_spite_of():
    saga = parcels({"on_unknown": "continue"})
    assert why(saga, "missing-effect", "charge", "charge:request-lost*for-ever") == (
        "The request for charge was lost 3 times: the saga went on although it believed charge "
        "unknown; the saga ended "
        "completed, and 100 paid are missing."
    )


def test_a_phantom_undo_says_what_was_taken_away():
    saga = parcels({"safeguards": {"undo_of_nothing": "apply"}})
    assert why(saga, "phantom-undo", "charge", "charge:request-lost*for-ever") == (
        "The request for charge was lost 3 times: the undo of charge took away what had never been there "
        "(undo_of_nothing: apply); 100 paid are missing."
    )


def test_an_effect_after_the_end_says_how_the_saga_had_ended():
    saga = parcels({"safeguards": {"tombstone": False}})
    assert why(saga, "effect-after-end", "charge", "charge:late@end*for-ever") == (
        "The call of charge was late 3 times: the saga had ended compensated when charge took effect "
        "at last; "
        "100 paid appear, and nobody looks any more."
    )


def test_an_undo_after_the_pivot_says_what_was_believed_of_the_pivot():
    ship = {"name": "ship", "service": "parcels", "kind": "pivot", "effects": {"sent": 1}}
    engine = {"pivot_unknown": "compensate"}
    saga = saga_from_data({**PARCELS, "engine": engine, "steps": [PARCELS["steps"][0], ship]})  # type: ignore[index]
    told = why(saga, "undone-after-pivot", "charge", "ship:reply-lost*for-ever")
    assert "the saga believed ship unknown, and undid charge; in truth ship had committed" in told


def test_a_stuck_saga_says_what_cannot_work():
    saga = parcels({"safeguards": {"undo_of_nothing": "reject"}}, engine={"on_undo_failure": "retry"})
    told = why(saga, "stuck", "charge", "charge:request-lost*for-ever")
    assert "the undo of charge is tried again and again, and cannot work (there is nothing to undo)" in told


def test_a_lost_event_leaves_a_choreography_stuck():
    saga = parcels({"safeguards": {"outbox": False}})
    saga = replace(saga, deadline_ms=None)
    told = why(saga, "stuck", "charge", "charge:reply-lost", coordination="choreography")
    assert told == (
        "The event that charge had happened was lost: payments never publishes ChargeDone; no end is "
        "reached, and nobody is told; meanwhile charge stands."
    )


def test_an_invariant_is_told_with_its_values():
    saga = parcels(
        invariants=[{"name": "paid is sent", "finally": "paid == 100 * sent"}],
        engine={"compensates": "completed"},
    )
    assert why(saga, "invariant", "paid is sent", "charge:reply-lost*for-ever") == (
        "The answer of charge was lost 3 times: when the saga has ended compensated, 'paid is sent' "
        "(paid == 100 * sent) does not hold: paid = 100 and sent = 0."
    )


def test_a_dirty_read_says_what_was_taken_back():
    saga = parcels(None, {"reads": ["paid"], "effects": {}}, instances=2)
    exploration = explore(saga, Coordination.ORCHESTRATION, 1, kinds=("refused",))
    finding = exploration.found("dirty-read", "ship")
    assert finding is not None
    told = finding_in_words(
        run(saga, finding.coordination, finding.faults, order=finding.order), "dirty-read", "ship"
    )
    assert "ship read paid between charge of saga" in told
    assert told.endswith("what it built on has been taken back.")


def test_a_run_that_does_not_show_a_finding_says_so():
    saga = parcels()
    assert finding_in_words(run(saga, Coordination.ORCHESTRATION), "leak", "charge").startswith(
        "This run does not"
    )


def test_the_findings_of_a_run_say_why():
    (leak,) = findings_of(shop("charge:reply-lost*for-ever"))
    assert (leak.harm, leak.step) == ("leak", "charge")
    assert leak.sentence == (
        "The answer of charge was lost twice: the saga believed charge unknown and turned back "
        "without undoing it; "
        "the saga ended compensated, and 100 paid stay."
    )


def test_every_harm_and_kind_is_told_somewhere():
    from sagasim.core.causes import STRUCK
    from sagasim.core.phrases import KINDS_IN_WORDS
    from sagasim.core.postmortem import _TOLD

    assert set(_TOLD) == set(HARMS)
    assert set(KINDS_IN_WORDS) == set(STRUCK)
    assert {place.partition("@")[0] for place in STRUCK} == set(CALL_KINDS)
