"""The daphne that serves sagasim, with extensions of ASGI for those who write to sockets or send files.

daphne takes whatever it is given to send and keeps it in memory until the peer has read it. An application that
does not want that asks scope["extensions"][UNSENT]() before it sends more. What many are told is made into bytes once,
and scope["extensions"][AT_ONCE](bytes) hands it to the system without a detour. Who answers with a file names it
(`http.response.pathsend`), and need not open it. Importing this installs daphne's event loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daphne.server import Server
from twisted.internet.tcp import Connection

from sagasim.runs.sockets import AT_ONCE, UNSENT

PATHSEND = "http.response.pathsend"


class TellingServer(Server):  # type: ignore[misc]  # daphne has no types
    """daphne, with extensions of ASGI."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        extensions = scope.setdefault("extensions", {})
        if scope["type"] == "websocket":
            extensions[UNSENT] = lambda: unsent(protocol.transport)
            extensions[AT_ONCE] = lambda message: sent_at_once(protocol, message)
        else:
            extensions[PATHSEND] = {}
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: Mapping[str, Any]) -> None:
        if message["type"] == PATHSEND:
            message = {"type": "http.response.body", "body": content(message["path"])}
        await super().handle_reply(protocol, message)


def content(path: str) -> bytes:
    """A file of ours, at once: to hand so small a file to a thread takes longer than to read it."""
    return Path(path).read_bytes()


def unsent(transport: Any) -> int:
    """The bytes that a transport of Twisted has been given and the system has not taken yet."""
    waiting = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return int(waiting + getattr(transport, "_tempDataLen", 0))


def sent_at_once(protocol: Any, message: bytes) -> bool:
    """Hands the system a whole WebSocket message, if nothing waits before it; False: nothing of it was sent.

    Twisted would keep it, ask the system whether it may write, write in a later round and take its question back:
    three more calls of the system for every message, and as many turns of the event loop as there are viewers.
    """
    transport: Any = protocol.transport
    if (
        not isinstance(transport, Connection)
        or getattr(transport, "TLS", False)
        or protocol.state != protocol.STATE_OPEN
        or protocol.send_queue
        or not transport.connected
        or transport.disconnecting
        or unsent(transport)
    ):
        return False
    taken = transport.writeSomeData(message)
    if not isinstance(taken, int) or taken <= 0:
        return False  # full, or lost: the long way finds out
    if taken < len(message):
        transport.write(message[taken:])  # type: ignore[no-untyped-call]  # Twisted has no types here
    return True
