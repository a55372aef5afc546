"""What is said to a request that Django itself turns away: a sentence on a page, or as JSON where JSON is spoken."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

TOO_MUCH = "That is too much at once; a saga file has at most 1 MiB. Go back: what you typed is still there."
OLD_PAGE = (
    "This page is too old to send that, or your browser takes no cookies; load it again, and send it again."
)
NOT_HERE = "No sagasim answers to this name; whoever runs it lists its names in SAGASIM_HOSTS."
NO_SENSE = "This request makes no sense here; go back and try again."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    is_too_much = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    if is_too_much:
        return _answer(request, TOO_MUCH, 413)
    return _answer(request, NOT_HERE if isinstance(exception, DisallowedHost) else NO_SENSE, 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django hands it over
    return _answer(request, OLD_PAGE, 403)


def _answer(request: HttpRequest, said: str, status: int) -> HttpResponse:
    if request.path.startswith("/api/") or request.content_type == "application/json":
        return JsonResponse({"detail": said}, status=status)
    return render(request, "400.html", {"said": said}, status=status)
