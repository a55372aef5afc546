"""Who is asking: the signed-in user of a request, or None."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def user_of(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None
