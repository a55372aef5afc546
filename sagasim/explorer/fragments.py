"""A page, or the part of it that a script asks for anew; both have one address, and are never taken for one another."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers


def shown(
    request: HttpRequest, page: str, part: str, context: Mapping[str, object], status: int = 200
) -> HttpResponse:
    """The part for htmx, the page for everybody else; what a browser kept of the one is not shown as the other."""
    asks_for_part = bool(request.htmx) and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django-htmx adds it
    response = render(request, part if asks_for_part else page, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    if asks_for_part:
        add_never_cache_headers(response)
    return response
