"""How the composer's scripts ask: JSON in, JSON out, and a sentence where it is not what was expected."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from sagasim.composer.checking import told_refusal
from sagasim.composer.telling import sentence
from sagasim.core.document import MOST_BYTES
from sagasim.core.errors import BadSaga

Asked = dict[str, Any]
View = Callable[..., HttpResponse]


def asked(request: HttpRequest) -> Asked:
    """What the body asks. Raises BadSaga where it is no JSON object."""
    try:
        said = json.loads(request.body, parse_constant=_no_number)
    except RequestDataTooBig:
        raise BadSaga(f"that is too much; a saga file has at most {MOST_BYTES // 1024} KiB") from None
    except (ValueError, RecursionError):
        raise BadSaga('that is no JSON; ask with an object such as {"text": "sagasim: 1 ..."}') from None
    if not isinstance(said, dict):
        raise BadSaga('ask with a JSON object such as {"text": "sagasim: 1 ..."}')
    return said


def text_in(said: Asked) -> str:
    """The text of the saga that is asked about."""
    text = said.get("text")
    if not isinstance(text, str):
        raise BadSaga("`text` is the text of a saga file, as a string")
    return text


def number_in(said: Asked, key: str) -> int:
    """A version's number, 0 where none is said."""
    number = said.get(key, 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**31:
        raise BadSaga(f"`{key}` is the number of a version, or 0")
    return number


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def asks_json(view: View) -> View:
    """A view for scripts: POST only, and what the core refuses is a 422 with its sentence, place and line."""

    @require_POST
    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer = view(request, *args, **kwargs)
        except BadSaga as bad:
            answer = JsonResponse(told_refusal(bad), status=422)
        return quiet(answer)

    return answering


def quiet(answer: HttpResponse) -> HttpResponse:
    """Not for the server's log: that a draft is no saga yet is no incident."""
    if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  # as Django's log_response marks it
    return answer


def refused(error: Exception, status: int, **more: object) -> JsonResponse:
    return JsonResponse({"detail": sentence(error), **more}, status=status)
