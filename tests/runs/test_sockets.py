from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from sagasim.core.codec import saga_from_data
from sagasim.runs.consumers import WINDOW_BYTES
from sagasim.runs.recorder import ApiRecorder
from tests.runs.conftest import Visitor
from tests.runs.sockets import Closed, connected, lines_in

FAULT = "authorise-card:reply-lost*for-ever"


@pytest.fixture(scope="module")
def run(stage: Visitor) -> str:
    return stage.run("order-fulfilment-broken", FAULT)


def socket_of(run: str) -> str:
    return f"/ws{run}"


async def test_a_viewer_gets_every_line_in_its_order_and_then_the_end(stage: Visitor, run: str):
    async with connected(stage.site, socket_of(run)) as viewer:
        hello = (await viewer.hear())["hello"]
        viewer.say({"after": 0})
        heard = await viewer.hear_until("ended")
    lines = lines_in(heard)
    assert lines == stage.history(run)
    assert [line["seq"] for line in lines] == list(range(1, hello["head"] + 1))
    assert heard[-1]["ended"] == {"outcome": "compensated", "status": "finished", "last_seq": hello["head"]}


@pytest.mark.parametrize("after", [1, 17, 36])
async def test_whoever_comes_back_gets_what_is_missing_and_nothing_twice(
    stage: Visitor, run: str, after: int
):
    async with connected(stage.site, socket_of(run)) as viewer:
        await viewer.hear()
        viewer.say({"after": after})
        assert await viewer.lines_until_the_end() == stage.history(run)[after:]


async def test_a_viewer_may_go_back_without_a_new_socket(stage: Visitor, run: str):
    async with connected(stage.site, socket_of(run)) as viewer:
        await viewer.hear()
        viewer.say({"after": 30})
        await viewer.lines_until_the_end()
        viewer.say({"after": 2})
        assert await viewer.lines_until_the_end() == stage.history(run)[2:]


async def test_a_run_that_is_not_there_is_said_with_a_code(stage: Visitor):
    async with connected(stage.site, f"/ws/runs/{uuid4()}/") as viewer:
        assert "no such run" in (await viewer.hear())["error"]
        with pytest.raises(Closed) as closed:
            await viewer.hear()
    assert closed.value.code == 4404


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"play": true}', 4400),
        ("{", 4400),
        ("[]", 4400),
        ('{"after": -1}', 4400),
        ('{"after": true}', 4400),
        ('{"after": "0"}', 4400),
        ('{"after": 0, "ack": 1}', 4400),
        ('{"lead": {"playing": true, "at_ms": 1e999, "speed": 1}}', 4400),
        ('{"lead": {"playing": true, "at_ms": 1, "speed": 1, "name": "me"}}', 4400),
        ("[" * 8000, 4400),
        ('{"after": ' + "1" * 5000 + "}", 4400),
        ('"' + "x" * 8192 + '"', 4413),
    ],
    ids=lambda it: str(it)[:60],
)
async def test_what_the_protocol_does_not_know_closes_this_socket_and_no_other(
    stage: Visitor, run: str, text: str, code: int
):
    async with (
        connected(stage.site, socket_of(run)) as bystander,
        connected(stage.site, socket_of(run)) as viewer,
    ):
        for each in (bystander, viewer):
            await each.hear()
            each.say({"after": 0})
            await each.hear_until("ended")
        viewer.say_text(text)
        assert (await viewer.hear())["error"].endswith(".")
        with pytest.raises(Closed) as closed:
            await viewer.hear()
        assert closed.value.code == code
        bystander.say({"after": 35})
        assert len(await bystander.lines_until_the_end()) == len(stage.history(run)) - 35


async def test_a_flood_closes_the_socket(stage: Visitor, run: str):
    async with connected(stage.site, socket_of(run)) as viewer:
        await viewer.hear()
        viewer.say({"after": 0})
        for _ in range(300):
            viewer.say({"ack": 1})
        with pytest.raises(Closed) as closed:
            await viewer.hear_until("nothing")
        assert closed.value.code == 4429


async def test_who_leads_moves_those_who_follow_and_nobody_else(stage: Visitor, run: str):
    lead = {"playing": True, "at_ms": 120, "speed": 2}
    async with (
        connected(stage.site, socket_of(run)) as presenter,
        connected(stage.site, socket_of(run)) as follower,
        connected(stage.site, socket_of(run)) as loner,
    ):
        names = {}
        for each in (presenter, follower, loner):
            names[each] = (await each.hear())["hello"]["you"]
            each.say({"after": 0})
            await each.hear_until("ended")
        leader = names[presenter]
        loner.say({"follow": False})
        presenter.say({"lead": lead})
        assert (await follower.hear())["lead"] == {**lead, "by": leader}
        for each in (presenter, loner):
            each.say({"after": 30})
            assert all("lead" not in message for message in await each.hear_until("ended"))
        loner.say({"follow": True})
        assert (await loner.hear())["lead"]["by"] == leader


async def test_an_open_list_hears_of_a_new_run(stage: Visitor):
    async with connected(stage.site, "/ws/runs/") as viewer:
        await viewer.hear()  # how things stand
        await asyncio.to_thread(stage.run, "bank-transfer")
        assert await viewer.hear() == {"changed": True}


async def test_another_sites_page_gets_no_socket(stage: Visitor, run: str):
    with pytest.raises(Closed):
        async with connected(stage.site, socket_of(run), origin="http://evil.example"):
            pass


async def test_where_there_is_no_socket_the_door_stays_shut(stage: Visitor):
    with pytest.raises(Closed):
        async with connected(stage.site, "/ws/nothing/"):
            pass


@pytest.fixture(scope="module")
def long_run(stage: Visitor) -> str:
    """A recorded run whose frames are more than what may be on its way to one viewer."""
    saga = {"sagasim": 1, "name": "many", "steps": [{"name": "a", "service": "s"}]}
    recorder = ApiRecorder(saga_from_data(saga), stage.site)
    data = {"step": "a", "undo": False, "attempt": 1, "instance": 1}
    for first in range(1, 12_000, 2000):
        recorder.append(
            [
                {
                    "seq": seq,
                    "at_ms": seq,
                    "kind": "CommandSent",
                    "run": "many",
                    "data": {**data, "because": seq - 1, "key": uuid4().hex},
                }
                for seq in range(first, first + 2000)
            ]
        )
    (run,) = recorder.runs.values()
    return f"/runs/{run}/"


async def test_who_acknowledges_nothing_gets_a_window_and_the_rest_when_it_does(
    stage: Visitor, long_run: str
):
    async with connected(stage.site, socket_of(long_run)) as viewer:
        head = (await viewer.hear())["hello"]["head"]
        viewer.say({"after": 0})
        heard: list[Any] = []
        while True:
            try:
                heard.append(await asyncio.wait_for(viewer.inbox.get(), 1))
            except TimeoutError:
                break
        got = lines_in(heard)
        assert viewer.got < WINDOW_BYTES + 1000  # the greeting is not counted
        assert 0 < len(got) < head
        while len(got) < head:
            viewer.say({"ack": got[-1]["seq"]})
            got += lines_in([await viewer.hear()])
    assert [line["seq"] for line in got] == list(range(1, head + 1))
