"""Scripts, styles and pictures are answered before Django is asked: a page of ours wants some sixty of them.

ServeStatic knows which file is meant and what HTTP has to say about it (docs/decisions/0002). What Django's middleware
says in the head of every answer is said here too, without a nonce: no file has anything inline that should run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from servestatic.asgi import FileServerASGI
from servestatic.middleware import ServeStaticMiddleware

from sagasim.local import Application, Receive, Scope, Send
from sagasim.security import ContentSecurityPolicyMiddleware


def static_first(pages: Application) -> Application:
    """Answers what lies under STATIC_URL; everything else, and what does not exist there, is left to the pages."""
    files = ServeStaticMiddleware(pages)  # never called: it knows the files, as the settings say
    always = every_answers_headers()

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        known = path.startswith(files.static_prefix) and reached_as_it_should_be(scope)
        file = await find(files, path) if known else None
        if file is None:
            await pages(scope, receive, send)
        else:
            await FileServerASGI(file)(scope, receive, adding(always, send))

    return served


async def find(files: ServeStaticMiddleware, path: str) -> Any:
    if files.autorefresh:
        return await asyncio.to_thread(files.find_file, path)
    return files.files.get(path)


def reached_as_it_should_be(scope: Scope) -> bool:
    """Whether Django would not send this request to HTTPS first; how it is told so is Django's to judge."""
    return not settings.SECURE_SSL_REDIRECT or ASGIRequest(scope, BytesIO()).is_secure()


def every_answers_headers() -> list[tuple[bytes, bytes]]:
    """What the middleware that stands before every view adds to an empty answer."""
    request = ASGIRequest(
        {"type": "http", "method": "GET", "path": "/", "scheme": "https", "headers": []}, BytesIO()
    )
    response = HttpResponse()
    del response["Content-Type"]
    ContentSecurityPolicyMiddleware(_nothing).process_response(request, response)
    SecurityMiddleware(_nothing).process_response(request, response)
    return [(name.lower().encode(), value.encode()) for name, value in response.items()]


def _nothing(_: HttpRequest) -> HttpResponse:
    """Behind the middleware that is asked here for its headers alone."""
    return HttpResponse()


def adding(headers: list[tuple[bytes, bytes]], send: Send) -> Send:
    async def sending(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return sending
