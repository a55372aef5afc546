from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sagasim.local import as_the_owner, loopback, only_this_machine, refusal

OURS = "127.0.0.1:8000"


async def welcome(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Whoever gets as far as this is let in."""
    await send({"type": "websocket.accept"} if scope["type"] == "websocket" else {"type": "welcome"})


async def answer_to(kind: str, host: str, origin: str | None = None) -> list[dict[str, Any]]:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    guarded = ApplicationCommunicator(only_this_machine(welcome), {"type": kind, "headers": headers})
    await guarded.wait()
    answer = []
    while not guarded.output_queue.empty():
        answer.append(await guarded.receive_output())
    return answer


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
async def test_a_browser_on_this_machine_is_let_in(host: str):
    assert await answer_to("http", host) == [{"type": "welcome"}]


@pytest.mark.parametrize(
    "host",
    [
        "sagasim.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "192.168.0.7:8000",
        "0.0.0.0",
        "",
    ],
)
async def test_another_host_header_gets_nothing(host: str):
    start, body = await answer_to("http", host)
    assert start["status"] == 403
    assert b"127.0.0.1 and localhost only" in body["body"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "https://127.0.0.1:8000",
        "http://127.0.0.1:80001",
        "null",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_page_of_another_origin_gets_nothing(kind: str, origin: str):
    answer = await answer_to(kind, OURS, origin)
    assert answer[0].get("status") == 403 or answer == [{"type": "websocket.close"}]


async def test_our_own_page_may_post_and_open_a_socket():
    assert await answer_to("http", OURS, f"http://{OURS}") == [{"type": "welcome"}]
    assert await answer_to("websocket", OURS, f"http://{OURS}") == [{"type": "websocket.accept"}]


@given(host=st.binary(), origin=st.binary())
def test_whatever_the_headers_say_there_is_an_answer(host: bytes, origin: bytes):
    reason = refusal({b"host": host, b"origin": origin})
    assert reason is None or reason.startswith("In local mode ")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_address_is_one_that_only_this_machine_reaches(host: str):
    assert loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "", "127.0.0.1.example.org"])
def test_every_other_address_is_not(host: str):
    assert not loopback(host)


@pytest.mark.django_db
def test_whoever_gets_in_is_the_owner_and_may_enter_the_admin(client: Client):
    page = client.get("/admin/")
    assert page.status_code == 200
    assert page.context["user"].get_username() == "owner"


@pytest.mark.django_db
def test_the_owner_is_made_once_and_no_password_opens_the_account(client: Client):
    client.get("/admin/")
    client.get("/admin/")
    owner = User.objects.get()
    assert owner.is_superuser
    assert not owner.has_usable_password()


@pytest.mark.django_db(transaction=True)
async def test_a_socket_is_the_owners_too():
    seen = []

    async def remember(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope["user"].get_username())

    await ApplicationCommunicator(as_the_owner(remember), {"type": "websocket"}).wait()
    assert seen == ["owner"]
