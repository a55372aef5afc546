from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sagasim.composer.services import keep_saga
from sagasim.core import execution
from sagasim.core.codec import saga_from_data
from sagasim.core.history import Entry
from sagasim.core.lines import line_of
from sagasim.core.saga import Coordination, Saga
from sagasim.runs import feed, recording
from sagasim.runs.consumers import Viewer
from sagasim.runs.hub import Hub
from sagasim.runs.models import QUIET_S, SILENT_S, Run
from sagasim.runs.recorder import DatabaseRecorder
from sagasim.runs.stage import outcome_sentence
from tests.runs.other_end import Browser

HOST = {"host": "127.0.0.1"}


def saga() -> Saga:
    return saga_from_data({"sagasim": 1, "name": "quiet", "steps": [{"name": "a", "service": "s"}]})


def happened() -> tuple[Entry, ...]:
    return execution.run(saga(), Coordination.ORCHESTRATION).history


def recorded(silent_s: float = 0) -> Run:
    """A run of which some lines have come, the last one so long ago."""
    run = recording.begin_recording(keep_saga(saga(), by=None), Coordination.ORCHESTRATION, name="order-1")
    recording.record_lines(run.pk, happened()[:3])
    return silent_for(run, silent_s)


def silent_for(run: Run, seconds: float) -> Run:
    Run.objects.filter(pk=run.pk).update(heard_at=timezone.now() - timedelta(seconds=seconds))
    return Run.objects.get(pk=run.pk)


@pytest.mark.parametrize("path", ["/runs/", "/runs/{}/", "/api/runs", "/api/runs/{}", "/admin/runs/run/"])
def test_whoever_looks_ends_a_run_whose_recorder_has_died(db: None, path: str):
    run = recorded(silent_s=SILENT_S + 1)
    answer = Client(headers=HOST).get(path.format(run.pk))
    assert answer.status_code == 200
    over = Run.objects.get(pk=run.pk)
    assert (over.status, over.outcome, over.last_seq) == ("cut", "", 3)
    assert feed.entries_after(run.pk, 0) == list(happened()[:3])


def test_a_run_that_was_heard_of_goes_on(db: None):
    run = recorded(silent_s=SILENT_S - 5)
    assert recording.end_silent() == []
    assert Run.objects.get(pk=run.pk).status == "running"
    assert recording.end_silent(now=timezone.now() + timedelta(seconds=10)) == [run.pk]


def test_a_run_says_since_when_there_is_no_news(db: None):
    assert outcome_sentence(recorded()) == "The saga is running."
    quiet = recorded(silent_s=QUIET_S + 1)
    since = timezone.localtime(quiet.heard_at).strftime("%H:%M:%S")
    assert (
        outcome_sentence(quiet)
        == f"The saga is running; there has been no news from its recorder since {since}."
    )
    recording.cut_off(quiet.pk)
    assert outcome_sentence(Run.objects.get(pk=quiet.pk)).startswith(
        f"Cut off: nothing more came from its recorder, last heard at {since}."
    )


def test_no_lines_are_news_too(db: None):
    run = recorded(silent_s=SILENT_S + 1)
    recording.record_lines(run.pk, [])
    assert recording.end_silent() == []
    assert Run.objects.get(pk=run.pk).last_seq == 3


def test_a_run_that_was_cut_off_goes_on_when_its_recorder_is_heard_again_and_has_lost_nothing(db: None):
    run = recorded(silent_s=SILENT_S + 1)
    recording.end_silent()
    recording.record_lines(run.pk, happened()[3:4])
    again = Run.objects.get(pk=run.pk)
    assert (again.status, again.last_seq) == ("running", 4)
    recording.record_lines(run.pk, happened())
    over = Run.objects.get(pk=run.pk)
    assert (over.status, over.outcome) == ("finished", "completed")
    assert feed.entries_after(run.pk, 0) == list(happened())


def test_what_is_wrong_with_the_lines_of_one_run_keeps_those_of_no_other(db: None):
    one, other = recorded(), recorded()
    with pytest.raises(recording.GapInLines):
        recording.record({one.pk: happened()[3:4], other.pk: happened()[4:5]})
    assert feed.entries_after(one.pk, 0) == list(happened()[:3])


@pytest.mark.django_db(transaction=True)
def test_a_recorder_says_that_it_is_there_for_every_run_that_goes_on():
    recorder = DatabaseRecorder(saga())
    lines = [line_of(entry) for entry in happened()]
    recorder.append([{**line, "run": "ended"} for line in lines])
    recorder.append([{**line, "run": "waiting"} for line in lines[:3]])
    long_ago = timezone.now() - timedelta(seconds=SILENT_S + 1)
    Run.objects.update(heard_at=long_ago)
    recorder.beat()
    assert recording.end_silent() == []
    heard = dict(Run.objects.values_list("recorded_as", "heard_at"))
    assert heard["ended"] == long_ago
    waiting = heard["waiting"]
    assert waiting is not None
    assert waiting > long_ago
    recorder.close()
    assert dict(Run.objects.values_list("recorded_as", "status")) == {"ended": "finished", "waiting": "cut"}


@pytest.mark.django_db(transaction=True)
async def test_who_watches_is_told_of_the_silence_and_then_that_the_run_is_over():
    run = await asyncio.to_thread(recorded, QUIET_S + 1)
    browser = Browser(takes=float("inf"))
    serving = asyncio.create_task(Viewer(browser.socket, run.pk, Hub(), news_s=0.02).serve())
    await browser.until(lambda: "quiet" in browser.told[-1])
    assert run.heard_at is not None
    assert browser.told[-1] == {"quiet": {"since": run.heard_at.isoformat()}}
    await asyncio.to_thread(recording.record_lines, run.pk, [])
    await browser.until(lambda: browser.told[-1] == {"quiet": {"since": None}})
    await asyncio.to_thread(silent_for, run, SILENT_S + 1)
    await browser.until(lambda: "ended" in browser.told[-1])
    assert browser.told[-1] == {"ended": {"outcome": "", "status": "cut", "last_seq": 3}}
    serving.cancel()
