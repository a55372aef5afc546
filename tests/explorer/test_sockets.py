"""What is said over sockets while a saga is explored, and while one is edited."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.explorer.conftest import SAGAS, Site
from tests.runs.sockets import Client, Closed, connected

BROKEN = (SAGAS / "gallery" / "order-fulfilment-broken.yaml").read_text("utf-8")
SOUND = (SAGAS / "gallery" / "order-fulfilment.yaml").read_text("utf-8")
HEAVY = (SAGAS / "parallel-trip-pulumi.yaml").read_text("utf-8")


async def explored(served: Site, **asked: Any) -> dict[str, Any]:
    told: dict[str, Any] = await asyncio.to_thread(served.ask, "", asked)
    return told


async def verdicts(client: Client, text: str, number: int) -> list[dict[str, Any]]:
    """Everything that is said to this text, up to what is said last."""
    client.say({"explore": {"text": text, "n": number}})
    heard: list[dict[str, Any]] = []
    while not heard or not ("error" in heard[-1] or (heard[-1]["done"] and heard[-1]["faults"] == 2)):
        heard.append(await client.hear())
    return heard


async def test_who_watches_an_exploration_hears_how_far_it_is_and_then_the_end(served: Site):
    row = await explored(served, saga="order-fulfilment-broken", anew=True)
    heard: list[dict[str, Any]] = []
    async with connected(served.address, f"/ws/explorations/{row['id']}/") as watcher:
        while "ended" not in (heard[-1] if heard else {}):
            heard.append(await watcher.hear())
        with pytest.raises(Closed) as closed:
            await watcher.hear()
    assert closed.value.code == 1000
    *progress, last = heard
    assert all(it["progress"]["state"] in ("queued", "running") for it in progress)
    states = [it["progress"]["states"] for it in progress]
    assert states == sorted(states)
    told = await asyncio.to_thread(served.ask, f"/{row['id']}")
    assert last["ended"] == {
        "state": "done",
        "sentence": "",
        "findings": told["findings"],
        "states": told["states"],
        "seconds": told["seconds"],
        "exhaustive": True,
        "url": f"/explorations/{row['id']}/",
    }


async def test_who_comes_late_hears_the_end_at_once(served: Site):
    row = await explored(served, saga="bank-transfer", faults=1)
    await asyncio.to_thread(served.until, row["id"], lambda it: it["state"] == "done")
    async with connected(served.address, f"/ws/explorations/{row['id']}/") as watcher:
        assert (await watcher.hear())["ended"]["state"] == "done"


async def test_an_exploration_that_is_not_there_is_said_with_a_code(served: Site):
    async with connected(served.address, f"/ws/explorations/{uuid4()}/") as watcher:
        assert "no such exploration" in (await watcher.hear())["error"]
        with pytest.raises(Closed) as closed:
            await watcher.hear()
    assert closed.value.code == 4404


async def test_a_draft_gets_its_verdict_for_one_fault_and_then_for_two(served: Site):
    text = BROKEN.replace("name: order-fulfilment-broken", "name: mine")  # nobody has explored it
    async with connected(served.address, "/ws/verdict/") as editor:
        heard = await verdicts(editor, text, 7)
    done = [it for it in heard if it["done"]]
    assert [(it["n"], it["faults"], it["exhaustive"]) for it in done] == [(7, 1, True), (7, 2, True)]
    said = await explored(served, text=text)
    await asyncio.to_thread(served.until, said["id"], lambda it: it["state"] == "done")
    verdict = await asyncio.to_thread(served.ask, f"/{said['id']}/verdict")
    last = done[-1]
    assert last["states"] == verdict["states"]
    assert last["coordinations"] == verdict["coordinations"]
    assert [it["sentence"] for it in last["findings"]] == [it["sentence"] for it in verdict["findings"]]
    assert last["scope"].startswith("exhaustive for any 2 faults")


async def test_undo_gives_the_verdict_at_once(served: Site):
    async with connected(served.address, "/ws/verdict/") as editor:
        first = await verdicts(editor, BROKEN, 1)
        await verdicts(editor, SOUND, 2)
        undone = await verdicts(editor, BROKEN, 3)
    assert undone == [{**first[-1], "n": 3}]


async def test_a_new_edit_ends_what_was_asked_before(served: Site):
    async with connected(served.address, "/ws/verdict/") as editor:
        editor.say({"explore": {"text": HEAVY, "n": 1}})
        assert (await editor.hear())["n"] == 1
        heard = await verdicts(editor, SOUND.replace("Order", "Another order"), 2)
    numbers = [it["n"] for it in heard]
    assert numbers == sorted(numbers)  # what was on its way may still arrive, and nothing after it
    assert heard[-1]["findings"] == []


async def test_a_text_that_is_no_saga_gets_a_sentence_and_the_next_one_its_verdict(served: Site):
    async with connected(served.address, "/ws/verdict/") as editor:
        (refused,) = await verdicts(editor, "sagasim: 1\nname: shop\nsteps: [{name: a, nme: b}]\n", 1)
        assert (refused["n"], "nme" in refused["error"], "line 3" in refused["error"]) == (1, True, True)
        assert (await verdicts(editor, SOUND, 2))[-1]["exhaustive"] is True


@pytest.mark.slow
async def test_several_editors_share_the_worker_and_a_heavy_draft_keeps_nobody_waiting(served: Site):
    async with (
        connected(served.address, "/ws/verdict/") as one,
        connected(served.address, "/ws/verdict/") as other,
    ):
        one.say({"explore": {"text": HEAVY, "n": 1}})
        await one.hear()
        mine = await verdicts(other, SOUND.replace("Order", "My order"), 1)
        assert mine[-1]["exhaustive"] is True
        heard = [await one.hear()]
        while not (heard[-1]["done"] and heard[-1]["faults"] == 2):
            heard.append(await one.hear())
    beyond = "what lies beyond is not known" in heard[-1]["scope"]  # how far it comes is the machine's to say
    assert beyond is not heard[-1]["exhaustive"]


@pytest.mark.parametrize(
    "message",
    [
        {"explore": {}},
        {"explore": {"text": "a", "n": -1}},
        {"explore": {"text": "a", "n": True}},
        {"explore": {"text": 5, "n": 1}},
        {"explore": {"text": "a", "n": 1, "faults": 9}},
        {"explore": "a"},
        {"after": 0},
        {},
    ],
    ids=str,
)
async def test_what_the_protocol_does_not_know_closes_the_socket_with_a_sentence(served: Site, message: Any):
    async with connected(served.address, "/ws/verdict/") as editor:
        editor.say(message)
        assert (await editor.hear())["error"].endswith(".")
        with pytest.raises(Closed) as closed:
            await editor.hear()
    assert closed.value.code == 4400


async def test_nobody_is_listened_to_where_one_only_watches(served: Site):
    row = await explored(served, saga="vm-provisioning", faults=3)
    async with connected(served.address, f"/ws/explorations/{row['id']}/") as watcher:
        watcher.say({"stop": True})
        with pytest.raises(Closed) as closed:
            await watcher.hear_until("nothing")
    assert closed.value.code == 4400
    await asyncio.to_thread(served.ask, f"/{row['id']}/stop", {})
