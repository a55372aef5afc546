"""Who asks, for which saga, and how what cannot be done is refused: shared by all operations."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest

from sagasim.composer.models import SagaVersion


class Unfit(Exception):
    """What was sent cannot be done; the text is the sentence that says why."""


def user_of(request: HttpRequest) -> User:
    user: User = request.auth  # type: ignore[attr-defined]  # ninja puts there what Bearer gave
    return user


def version_of(name: str, number: int | None) -> SagaVersion:
    versions = SagaVersion.objects.select_related("saga").filter(saga__name=name)
    found = versions.filter(number=number) if number is not None else versions.filter(latest_of__isnull=False)
    version = found.first()
    if version is None:
        raise Http404(
            f"There is no saga {name[:60]!r}{f' with version {number}' if number is not None else ''}."
        )
    return version
