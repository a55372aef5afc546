"""The address of a saga that has been renamed leads to where it is now, whatever of it was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sagasim.composer.models import FormerName

_OF_A_SAGA = re.compile(r"((?:/api)?/sagas/)([-\w]+)(?=[/?]|$)(?!/delete)", re.ASCII)


class SameMethod(HttpResponseRedirect):
    """Go there and ask the same: for now, for the old name may be given to another saga."""

    status_code = HTTPStatus.TEMPORARY_REDIRECT


class LeadOn:
    """Looks at what was not found; a saga that is there is never led away from.

    It is no asynchronous middleware, and stands next to the views: so all that stands before it runs in the view's
    thread, and not each for itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NOT_FOUND and request.method != "DELETE":
            return _elsewhere(request.get_full_path()) or response
        return response


def _elsewhere(address: str) -> HttpResponse | None:
    asked = _OF_A_SAGA.match(address)
    former = FormerName.objects.select_related("saga").filter(name=asked[2]).first() if asked else None
    if asked is None or former is None:
        return None
    return SameMethod(f"{asked[1]}{former.saga.name}{address[asked.end() :]}")
