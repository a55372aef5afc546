"""The daphne that serves sagasim: it tells what it could not send yet, and sends a file by its name.

daphne takes whatever it is given to send and keeps it in memory until the peer has read it. A socket's application that
does not want that asks scope["extensions"][UNSENT]() before it sends more. `http.response.pathsend` is an extension of
ASGI: who answers with a file names it, and need not open it. Importing this installs daphne's event loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daphne.server import Server

from sagasim.runs.sockets import UNSENT

PATHSEND = "http.response.pathsend"


class TellingServer(Server):  # type: ignore[misc]  # daphne has no types
    """daphne, with two extensions of ASGI."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        extensions = scope.setdefault("extensions", {})
        extensions[UNSENT] = lambda: unsent(protocol.transport)
        if scope["type"] == "http":
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
