"""What is said to a request that Django itself turns away: a sentence on a page, or as JSON where JSON is spoken."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

TOO_MUCH = "That is too much at once; a saga file has at most 1 MiB. Go back: what you typed is still there."
OLD_PAGE = (
    "This page is too old to send that, or your browser takes no cookies; load it again, and send it again."
)
NOTHING_HERE = "There is nothing at this address; /api/openapi.json lists what there is."
OTHER_METHOD = (
    "This address is not one to open: it takes what a button or a form of a page sends. Go back to that page."
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


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  # Django hands it over
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": NOTHING_HERE}, status=404)
    return render(request, "404.html", status=404)


class SayWhatIsNotAllowed(MiddlewareMixin):
    """A method that a view does not take is answered by Django with an empty page."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if response.status_code != 405 or response.content:  # method not allowed
            return response
        said = _answer(request, OTHER_METHOD, 405)
        said.headers["Allow"] = response.headers.get("Allow", "")
        return said


def _answer(request: HttpRequest, said: str, status: int) -> HttpResponse:
    if request.path.startswith("/api/") or request.content_type == "application/json":
        return JsonResponse({"detail": said}, status=status)
    return render(request, "400.html", {"said": said}, status=status)
