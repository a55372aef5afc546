from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from sagasim.composer.services import keep_saga
from sagasim.core import execution
from sagasim.core.history import Entry
from sagasim.core.lines import line_of
from sagasim.core.saga import Coordination
from sagasim.runs import feed, recording
from sagasim.runs.models import Run, RunChunk, RunHistory
from sagasim.runs.recorder import ApiRecorder, CannotRecord, DatabaseRecorder
from sagasim.runs.stage import lines_told
from tests.conftest import ROOT
from tests.runs.conftest import Visitor, playing
from tests.runs.sockets import connected, lines_in
from tests.runs.test_running import Gallery, started


@pytest.fixture
def happened(gallery: Gallery) -> tuple[Entry, ...]:
    """A history that could have been a real saga's."""
    run, _ = started(gallery, "authorise-card:reply-lost*for-ever")
    return tuple(feed.entries_after(run.pk, 0))


@pytest.fixture
def recorded(gallery: Gallery) -> Run:
    version = gallery["order-fulfilment-broken"].latest
    assert version is not None
    return recording.begin_recording(version, Coordination.ORCHESTRATION, name="order-17")


Keep = Callable[[Run, Sequence[Entry]], object]


@pytest.fixture(params=["as one who sends them is heard", "as one who writes them keeps them"])
def keep(request: pytest.FixtureRequest) -> Keep:
    """The two ways in which lines are stored; what becomes of them is the same."""
    if request.param.startswith("as one who sends"):
        return lambda run, entries: recording.record_lines(run.pk, entries)
    return lambda run, entries: recording.record({run.pk: entries})


def test_lines_that_come_one_by_one_make_the_history_that_they_are(
    recorded: Run, happened: tuple[Entry, ...], keep: Keep
):
    for entry in happened:
        keep(recorded, [entry])
        assert feed.entries_after(recorded.pk, 0) == list(happened[: entry.seq])
    over = Run.objects.get(pk=recorded.pk)
    assert (over.status, over.outcome, over.last_seq) == ("finished", "compensated", len(happened))
    assert {(it.harm, it.step) for it in over.findings.all()} == {
        ("leak", "authorise-card"),
        ("invariant", "nothing stays authorised"),
    }


def test_lines_that_come_one_by_one_are_sent_together_and_no_further_than_asked(
    recorded: Run, happened: tuple[Entry, ...], keep: Keep
):
    for entry in happened[:9]:
        keep(recorded, [entry])
    (frame,) = feed.frames_after(recorded.pk, 2, 7)
    assert (frame.first, frame.last) == (3, 7)
    assert feed.entries_in(frame) == happened[2:7]
    keep(recorded, happened)
    (frame,) = feed.frames_after(recorded.pk, 2, 7)  # out of the document now
    assert feed.entries_in(frame) == happened[2:7]


def test_when_a_recorded_run_ends_its_chunks_become_one_document(
    recorded: Run, happened: tuple[Entry, ...], keep: Keep
):
    for entry in happened:
        keep(recorded, [entry])
    assert not RunChunk.objects.filter(run=recorded).exists()
    assert RunHistory.objects.filter(run=recorded).exists()


def test_lines_that_are_sent_again_are_not_kept_twice(recorded: Run, happened: tuple[Entry, ...], keep: Keep):
    keep(recorded, happened[:5])
    keep(recorded, happened[:8])
    assert feed.entries_after(recorded.pk, 0) == list(happened[:8])


def test_a_gap_is_refused_and_nothing_of_it_is_kept(recorded: Run, happened: tuple[Entry, ...], keep: Keep):
    keep(recorded, happened[:5])
    with pytest.raises(recording.GapInLines, match="line 7 does not follow line 5; send what comes after 5"):
        keep(recorded, happened[6:8])
    assert feed.entries_after(recorded.pk, 0) == list(happened[:5])


def test_a_recording_that_stops_is_shown_as_cut_off(recorded: Run, happened: tuple[Entry, ...], keep: Keep):
    keep(recorded, happened[:5])
    recording.cut_off(recorded.pk)
    over = Run.objects.get(pk=recorded.pk)
    assert (over.status, over.outcome, over.is_over) == ("cut", "", True)
    assert feed.entries_after(recorded.pk, 2) == list(happened[2:5])


def test_what_is_kept_is_the_same_whichever_way_it_came(gallery: Gallery, happened: tuple[Entry, ...]):
    version = gallery["order-fulfilment-broken"].latest
    assert version is not None
    begun = [recording.begin_recording(version, Coordination.ORCHESTRATION) for _ in range(2)]
    one, other = (run.pk for run in begun)
    for entry in happened:
        recording.record_lines(one, [entry])
        goes_on = recording.record({other: [entry]})
        rows = list(Run.objects.filter(pk__in=(one, other)).order_by("executed_at").values(*RECORDED))
        assert rows[0] == rows[1]
        assert bool(goes_on) == (rows[1]["status"] == "running")


RECORDED = ("status", "outcome", "last_seq", "duration_ms", "struck", "findings_count", "parked")


def test_what_is_recorded_of_a_saga_built_by_a_program_has_a_version(gallery: Gallery):
    saga = execution.run(gallery["bank-transfer"].latest.meaning, Coordination.ORCHESTRATION).saga
    assert keep_saga(saga, by=None) == gallery["bank-transfer"].latest


# from another process, in front of viewers


@pytest.mark.parametrize("where", ["database", "api"])
async def test_a_saga_in_another_process_appears_line_by_line_while_it_happens(stage: Visitor, where: str):
    with playing(stage.env, "database" if where == "database" else stage.site, f"{where}-1") as player:
        assert player.stdout is not None
        assert await asyncio.to_thread(player.stdout.readline) == "1\n"
        (run,) = [it for it in newest(stage) if it["recorded_as"] == f"{where}-1"]
        async with connected(stage.site, f"/ws/runs/{run['id']}/") as viewer:
            hello = (await viewer.hear())["hello"]
            assert hello["status"] == "running"
            viewer.say({"after": 0})
            heard = await viewer.hear_until("ended")
            while heard[-1]["ended"]["last_seq"] < 37:  # what broke is told after the saga has ended
                heard += await viewer.hear_until("ended")
    frames = [message for message in heard if "lines" in message]
    lines = lines_in(heard)
    assert [line["seq"] for line in lines] == list(range(1, 38))
    assert len(frames) > 5
    assert heard[-1]["ended"] == {"outcome": "compensated", "status": "finished", "last_seq": 37}
    assert "4111" not in str(lines)  # what the callables work with is not our business
    assert stage.history(f"/runs/{run['id']}/") == lines


def newest(stage: Visitor):
    import json

    return json.loads(stage.get("/api/runs"))["runs"]


def test_who_records_elsewhere_is_told_in_a_sentence_what_is_wrong(
    stage: Visitor, happened: tuple[Entry, ...]
):
    saga = started_saga()
    recorder = ApiRecorder(saga, stage.site)
    recorder.append([{**line_of(happened[0]), "run": "gap"}])
    with pytest.raises(CannotRecord, match=r"Line 3 does not follow line 1; send what comes after 1\."):
        recorder.append([{**line_of(happened[2]), "run": "gap"}])
    with pytest.raises(CannotRecord, match="is no address of a sagasim"):
        ApiRecorder(saga, "file:///etc/passwd")


def started_saga():
    from sagasim.composer.gallery import pairs
    from sagasim.core.codec import saga_from_text

    return saga_from_text(pairs()[0][1].text.replace("fulfilment-broken", "gap"))


# real callables


@pytest.mark.django_db(transaction=True)
def test_a_saga_of_real_callables_is_recorded_as_it_runs():
    from sagasim import SagaOrchestrator

    seen: list[int] = []
    recorder = DatabaseRecorder(lambda: orders.saga)

    def reserve(context):
        seen.append(Run.objects.get().last_seq)

    def charge(context):
        raise RuntimeError("the bank is on fire")

    orders = SagaOrchestrator("real-orders", record=recorder)
    orders.add_step(reserve, lambda _context: None, name="reserve").add_step(charge, name="charge")
    result = orders.execute({"card": "4111"}, run="order-1")
    recorder.close()
    run = Run.objects.get()
    assert (run.saga.name, run.recorded_as, run.status, run.outcome) == (
        "real-orders",
        "order-1",
        "finished",
        result.outcome,
    )
    assert seen[0] >= 2  # what led to the call was stored before the call was made
    history = feed.entries_after(run.pk, 0)
    assert [entry.seq for entry in history] == list(range(1, run.last_seq + 1))
    assert "4111" not in feed.text_of(history)
    assert [line["sentence"] for line in lines_told(run)][-1].startswith("the saga ended: compensated")


@pytest.mark.django_db(transaction=True)
def test_what_runs_over_a_bus_is_recorded_saga_by_saga():
    from sagasim import EventBus

    recorder = DatabaseRecorder(lambda: bus.saga, "choreography")
    bus = EventBus("shop", record=recorder, retry=1)
    broken = [True]

    @bus.subscribe("OrderCreated", name="charge")
    def charge(data):
        if broken and data["amount"] > 100:
            raise RuntimeError("the bank is on fire")
        bus.publish("Charged", data)

    bus.subscribe("Charged", lambda _data: None, name="ship")
    bus.publish("OrderCreated", {"amount": 50})
    bus.publish("OrderCreated", {"amount": 500})

    def outcomes():
        return list(Run.objects.order_by("recorded_as").values_list("recorded_as", "outcome", "parked"))

    assert outcomes() == [("shop-1", "completed", []), ("shop-2", "parked", ["charge"])]
    broken.clear()
    bus.redeliver()
    recorder.close()
    assert outcomes() == [("shop-1", "completed", []), ("shop-2", "completed", [])]
    told = lines_told(Run.objects.get(recorded_as="shop-2"))
    assert [line["seq"] for line in told] == list(range(1, len(told) + 1))
    assert "500" not in str(told)  # what the handlers work with is not our business
    assert all(line["sentence"] for line in told)


BUS = """
import sys
from sagasim import EventBus
from sagasim.runs.recorder import ApiRecorder, DatabaseRecorder
where = sys.argv[1]
asked = (lambda: bus.saga, "choreography") if where == "database" else (lambda: bus.saga, where)
recorder = DatabaseRecorder(*asked) if where == "database" else ApiRecorder(*asked, coordination="choreography")
bus = EventBus(f"bus-{'database' if where == 'database' else 'api'}", record=recorder)

@bus.subscribe("OrderCreated", name="charge")
def charge(data):
    print("charging", flush=True)
    sys.stdin.readline()
    bus.publish("Charged", data)

bus.subscribe("Charged", lambda data: None, name="ship")
bus.publish("OrderCreated", {"card": "4111"})
recorder.close()
"""


def bus_in_another_process(stage: Visitor, where: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUS, "database" if where == "database" else stage.site]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=stage.env, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


@pytest.mark.parametrize("where", ["database", pytest.param("api", marks=pytest.mark.slow)])
async def test_a_bus_in_another_process_appears_line_by_line_while_it_works(stage: Visitor, where: str):
    with bus_in_another_process(stage, where) as working:
        assert working.stdin is not None
        assert working.stdout is not None
        assert await asyncio.to_thread(working.stdout.readline) == "charging\n"
        (run,) = [it for it in newest(stage) if it["recorded_as"] == f"bus-{where}-1"]
        async with connected(stage.site, f"/ws/runs/{run['id']}/") as viewer:
            assert (await viewer.hear())["hello"]["status"] == "running"
            viewer.say({"after": 0})
            before = lines_in([await viewer.hear()])
            assert [line["kind"] for line in before] == [
                "SagaStarted",
                "EventPublished",
                "EventHeard",
                "EventConsumed",
            ]
            working.stdin.write("\n")
            working.stdin.flush()
            heard = await viewer.hear_until("ended")
    assert heard[-1]["ended"]["outcome"] == "completed"
    assert [line["seq"] for line in before + lines_in(heard)] == list(
        range(1, heard[-1]["ended"]["last_seq"] + 1)
    )
