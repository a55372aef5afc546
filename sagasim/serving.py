"""The daphne that serves sagasim: it tells a socket's application how much it could not send yet.

daphne takes whatever it is given to send and keeps it in memory until the peer has read it. An application that
does not want that asks scope["extensions"][UNSENT]() before it sends more. Importing this installs daphne's event loop.
"""

from __future__ import annotations

from typing import Any

from daphne.server import Server

from sagasim.runs.sockets import UNSENT


class TellingServer(Server):  # type: ignore[misc]  # daphne has no types
    """daphne, with an extension of ASGI."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        scope.setdefault("extensions", {})[UNSENT] = lambda: unsent(protocol.transport)
        return super().create_application(protocol, scope)


def unsent(transport: Any) -> int:
    """The bytes that a transport of Twisted has been given and the system has not taken yet."""
    waiting = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return int(waiting + getattr(transport, "_tempDataLen", 0))
