from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from sagasim.composer.models import VersionIsFinal
from sagasim.composer.services import NotYours, hang_gallery, save_saga
from sagasim.core import execution
from sagasim.core.errors import BadFault
from sagasim.core.faults import parse_plan
from sagasim.core.history import SagaEnded
from sagasim.core.saga import Coordination
from sagasim.runs import feed, services
from sagasim.runs.kernel import kernel_version, rules_of
from sagasim.runs.models import Run, RunHistory
from sagasim.runs.services import BOTH, Plan, start_runs
from sagasim.runs.stage import lines_told
from sagasim.runs.whatifs import NoSuchMoment, what_if

FAULT = "authorise-card:reply-lost*for-ever"
Gallery = dict[str, Any]


def started(
    gallery: Gallery, *faults: str, saga: str = "order-fulfilment-broken", coordinations=BOTH
) -> list[Run]:
    version = gallery[saga].latest
    assert version is not None
    return start_runs(version, coordinations, Plan(faults=parse_plan(faults, version.meaning)))


def test_a_run_is_stored_with_all_that_it_is_a_function_of_and_its_whole_history(gallery: Gallery):
    run, _ = started(gallery, FAULT)
    executed = execution.run(
        run.version.meaning, Coordination.ORCHESTRATION, parse_plan([FAULT], run.version.meaning)
    )
    stored = Run.objects.get(pk=run.pk)
    assert (stored.faults, stored.seed, stored.outcome, stored.struck) == ([FAULT], 0, "compensated", [FAULT])
    assert feed.entries_after(run.pk, 0) == list(executed.history)
    assert [(it.harm, it.step) for it in stored.findings.all()] == [tuple(harm) for harm, _ in executed.harms]
    assert set(stored.mentions.values_list("word", flat=True)) == {
        f"fault:{FAULT}",
        "kind:reply-lost",
        "step:authorise-card",
        "harm:leak",
        "harm:invariant",
        "step:nothing stays authorised",
    }


def test_every_line_has_its_sentence_also_where_a_harm_names_an_invariant(gallery: Gallery):
    run, _ = started(gallery, FAULT)
    told = {line["seq"]: line["sentence"] for line in lines_told(run)}
    assert "BROKEN: the invariant 'nothing stays authorised' does not hold" in told.values()
    assert not any("HarmDone" in sentence for sentence in told.values())


def test_two_coordinations_make_a_pair_of_one_version_one_plan_and_one_clock(gallery: Gallery):
    one, other = started(gallery, FAULT)
    assert (one.coordination, other.coordination) == ("orchestration", "choreography")
    assert one.side_by_side() == other.side_by_side() == [one, other]
    for same in ("pair", "version_id", "faults", "seed", "order", "executed_at"):
        assert getattr(one, same) == getattr(other, same)


def test_a_fault_that_is_none_leaves_nothing_behind(gallery: Gallery):
    with pytest.raises(BadFault):
        started(gallery, "charge:reply-lost")
    assert not Run.objects.exists()


def test_a_history_that_cannot_be_stored_leaves_no_run_either(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE runs_runhistory")
    with pytest.raises(Exception, match="runs_runhistory"), transaction.atomic():
        started(gallery)
    assert not Run.objects.exists()


def test_executing_a_run_again_gives_its_history_byte_for_byte(gallery: Gallery):
    for run in started(gallery, FAULT, "reserve-items.undo:error"):
        assert services.executed_again(run).is_the_same


def test_a_history_of_another_executor_is_said_to_be_one(gallery: Gallery):
    run, _ = started(gallery, FAULT)
    other, _ = started(gallery)
    history = RunHistory.objects.get(run=run)
    history.document = RunHistory.objects.get(run=other).document
    history.save()
    Run.objects.filter(pk=run.pk).update(kernel="0.0.1+abc", last_seq=other.last_seq)
    shown = services.executed_again(Run.objects.get(pk=run.pk))
    assert not shown.is_the_same
    assert f"The executor has changed since (0.0.1+abc, now {kernel_version()})" in shown.sentence


def test_the_kernel_version_covers_every_rule_that_a_history_depends_on():
    rules = rules_of("execution")
    assert {"execution", "kernel", "participant", "orchestration", "choreography", "ledger", "faults"} <= set(
        rules
    )
    assert "narration" not in rules
    told = set(rules_of("inquiry"))  # two of its modules are imported by one statement
    assert {"courseharms", "effectharms"} <= told


@pytest.mark.parametrize("seq", [0, 1, 20, 36, 37, 5000])
def test_reading_after_a_number_gives_the_lines_behind_it(gallery: Gallery, seq: int):
    run, _ = started(gallery, FAULT)
    assert feed.entries_after(run.pk, seq) == feed.entries_after(run.pk, 0)[seq:]


def test_a_long_history_comes_in_frames_and_can_be_read_from_any_line(gallery: Gallery):
    text = gallery["order-fulfilment"].latest.text.replace("steps:", "instances: 40\nsteps:")
    version = save_saga(text.replace("name: order-fulfilment\n", "name: many\n"), by=None)
    (run,) = start_runs(version, BOTH[:1], Plan())
    whole = feed.entries_after(run.pk, 0)
    frames = feed.frames_after(run.pk, 0)
    assert len(whole) == run.last_seq > 2 * feed.FRAME_LINES
    assert [frame.first for frame in frames] == [1 + n * feed.FRAME_LINES for n in range(len(frames))]
    for seq in (1, 399, 400, 401, 799, run.last_seq - 1):
        assert feed.entries_after(run.pk, seq) == whole[seq:]


def test_500_lines_take_less_than_10_kilobytes(gallery: Gallery):
    text = gallery["order-fulfilment"].latest.text.replace("steps:", "instances: 16\nsteps:")
    version = save_saga(text.replace("name: order-fulfilment\n", "name: many\n"), by=None)
    (run,) = start_runs(version, BOTH[:1], Plan())
    assert run.last_seq > 450
    assert len(RunHistory.objects.get(run=run).document) / run.last_seq < 10_000 / 500


# what-ifs


def test_a_what_if_shares_the_lines_before_its_fault_and_tells_another_story_from_there(gallery: Gallery):
    parents = started(gallery, saga="order-fulfilment")
    children = what_if(parents, "place", fault="capture:late*for-ever")
    for parent, child in zip(parents, children, strict=True):
        before, after = feed.entries_after(parent.pk, 0), feed.entries_after(child.pk, 0)
        assert child.parent == parent
        shared = child.shared_seq
        assert shared
        assert before[:shared] == after[:shared]
        assert before[shared] != after[shared]


def test_a_killed_service_answers_nobody_from_its_next_call_on(gallery: Gallery):
    parents = started(gallery, saga="order-fulfilment", coordinations=BOTH[:1])
    (killed,) = what_if(parents, "kill", service="payments", from_seq=1)
    assert killed.faults == ["payments:outage@authorise-card.before*for-ever"]
    (again,) = what_if([killed], "restart", service="payments", from_seq=20)
    assert again.faults == ["payments:outage@authorise-card.before"]


def test_what_cannot_happen_any_more_is_said(gallery: Gallery):
    parents = started(gallery, saga="order-fulfilment", coordinations=BOTH[:1])
    last = parents[0].last_seq
    for does, words in (
        ("kill", "kill it earlier"),
        ("cancel", "cancel the saga earlier"),
        ("restart", "not down"),
    ):
        with pytest.raises(NoSuchMoment, match=words):
            what_if(parents, does, service="payments", from_seq=last)


def test_a_cancelled_saga_is_undone(gallery: Gallery):
    parents = started(gallery, saga="order-fulfilment", coordinations=BOTH[:1])
    (child,) = what_if(parents, "cancel", from_seq=6)
    assert child.outcome == "compensated"
    (end,) = [it.event for it in feed.entries_after(child.pk, 0) if isinstance(it.event, SagaEnded)]
    assert end.outcome == "compensated"


# what the database itself holds against us


def test_the_database_refuses_a_finished_run_without_an_outcome(gallery: Gallery):
    run, _ = started(gallery)
    with pytest.raises(IntegrityError, match="a_finished_run_has_an_outcome"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(outcome="")


def test_the_database_refuses_a_pair_with_the_same_coordination_twice(gallery: Gallery):
    _, other = started(gallery)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=other.pk).update(coordination="orchestration")


# sagas


def test_a_version_is_never_changed(gallery: Gallery):
    version = gallery["bank-transfer"].latest
    version.text = "something else"
    with pytest.raises(VersionIsFinal, match="version 1 of bank-transfer"):
        version.save()


def test_saving_the_same_text_again_makes_no_version(gallery: Gallery):
    text = gallery["bank-transfer"].latest.text.replace("name: bank-transfer\n", "name: mine\n")
    assert save_saga(text, by=None) == save_saga(text, by=None)
    assert save_saga(text + "\n# a remark\n", by=None).number == 2


def test_the_gallery_is_nobodys_to_change(gallery: Gallery):
    with pytest.raises(NotYours, match="belongs to the gallery"):
        save_saga(gallery["bank-transfer"].latest.text + "# mine\n", by=None)


def test_hanging_the_gallery_again_changes_nothing_and_asks_once(gallery: Gallery, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert hang_gallery() == 0


def test_every_sound_saga_hangs_beside_its_broken_twin_and_one_click_tells_them_apart(gallery: Gallery):
    sound = [saga for saga in gallery.values() if saga.broken_twin_of is None]
    assert len(sound) == 6
    for saga in sound:
        for each, is_sound in ((saga, True), (saga.broken_twin, False)):
            runs = started(gallery, *each.show_with, saga=each.name)
            assert all(run.findings_count == 0 for run in runs) is is_sound, each.name
            assert all(run.struck == each.show_with for run in runs[:1]), each.name
