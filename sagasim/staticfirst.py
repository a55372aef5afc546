"""Scripts, styles and pictures are answered before Django is asked: a page of ours wants some sixty of them.

ServeStatic knows which file is meant and what HTTP has to say about it (docs/decisions/0002). What Django's middleware
says in the head of every answer is said here too, without a nonce: no file has anything inline that should run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
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
    files = Files(pages)
    always = every_answers_headers()

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        known = path.startswith(files.prefix) and reached_as_it_should_be(scope)
        file = await files.find(path) if known else None
        if file is None:
            await pages(scope, receive, send)
        else:
            await FileServerASGI(file)(scope, receive, adding(always, send))

    return served


class Files:
    """The static files by their paths, as the settings say where they are."""

    def __init__(self, pages: Application) -> None:
        self._found = ServeStaticMiddleware(pages)  # it is asked for files, and never called
        self.prefix = self._found.static_prefix
        self._stamps = {path: stamp(file) for path, file in self._found.files.items()}

    async def find(self, path: str) -> Any:
        if self._found.autorefresh:
            return await asyncio.to_thread(self._found.find_file, path)
        file = self._found.files.get(path)
        return self._as_it_is_now(path, file) if file and self._found.use_finders else file

    def _as_it_is_now(self, path: str, file: Any) -> Any:
        """Files that are served where they lie are changed under a running server, by a pull or an editor."""
        now = stamp(file)
        if now != self._stamps[path]:
            file = self._found.find_file(path)
            if file is not None:
                self._found.files[path], self._stamps[path] = file, now
        return file


def stamp(file: Any) -> tuple[int, int] | None:
    """What is another one when the file is; None where it is gone."""
    try:
        stat = Path(file.alternatives[-1][1]).stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


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
