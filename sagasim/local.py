"""Local mode: one person on their own machine, without a password, and therefore nobody else.

Three rules, and all of them must hold, since whoever gets in *is* the owner:
the server listens on a loopback address only (`loopback`); a request must be addressed to this machine by
name, and must not come from another site's page (`only_this_machine`); then it is the owner's
(`SignInTheOwner`, and `as_the_owner` for sockets).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

# The words of ASGI, as its specification has them.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(headers: dict[bytes, bytes]) -> str | None:
    """Why a request is not the owner's, in one sentence; None if it is.

    A page of another site can make a browser send requests here (it cannot hide its Origin), and a name of
    its own that resolves to 127.0.0.1 even lets it read the answers (it cannot hide that name, the Host).
    """
    host = headers.get(b"host", b"").decode("latin-1")
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not loopback(hostname(f"//{host}")):
        return "In local mode sagasim answers to 127.0.0.1 and localhost only, not to another name."
    if origin and origin != f"http://{host}":
        return "In local mode sagasim answers to its own pages only, not to those of another origin."
    return None


def hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def only_this_machine(application: Application) -> Application:
    """Turns away, before Django sees it, whatever `refusal` has a reason to turn away."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        reason = refusal(dict(scope["headers"]))
        if reason is None:
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before accept: the browser sees a 403
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": reason.encode()})

    return guarded


def owner() -> User:
    """The one user of a local installation, made when first needed; no password opens it."""
    from django.contrib.auth.models import User

    user, _ = User.objects.get_or_create(
        username="owner", defaults={"is_staff": True, "is_superuser": True, "password": "!"}
    )
    return user


class SignInTheOwner(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(owner)  # type: ignore[assignment]  # as Django's own middleware does
        request.auser = sync_to_async(owner)


def as_the_owner(application: Application) -> Application:
    """A socket's `scope["user"]`, as channels.auth would give it."""

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "user": await sync_to_async(owner)()}, receive, send)

    return signed_in
