"""What was explored and weighed is deleted by age; what the newest version of a saga shows is kept.

Whoever clears out keeps the verdicts that pages show today: of the newest version of every saga the answer that its
matrix and its badge show, and what is known of its safeguards. Of older versions nothing is kept: their questions can
be asked again, and have the same answers. What is under way is never deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from sagasim.composer.models import SagaVersion
from sagasim.explorer.models import ENDED, Exploration, State, Weighing
from sagasim.runs.services import delete_in_portions

AT_ONCE = 200
"""So many rows are deleted in one transaction, so that others can write in between."""


def delete_older_explorations(before: datetime) -> int:
    """Deletes explorations that were asked for before a moment, with their findings; says how many."""
    old = Exploration.objects.filter(asked_at__lt=before, state__in=ENDED).exclude(
        pk__in=shown_explorations()
    )
    return delete_in_portions(old, AT_ONCE)


def delete_older_weighings(before: datetime) -> int:
    """Deletes weighings that were asked for before a moment; says how many."""
    old = Weighing.objects.filter(asked_at__lt=before, state__in=ENDED).exclude(pk__in=shown_weighings())
    return delete_in_portions(old, AT_ONCE)


def shown_explorations() -> set[UUID]:
    """Per newest version, the whole answer for most faults, and of those the newest."""
    done = Exploration.objects.filter(hash__in=_newest().values("hash"), state=State.DONE)
    return _last_of(done.order_by("hash", "faults", "asked_at").values_list("hash", "pk"))


def shown_weighings() -> set[UUID]:
    done = Weighing.objects.filter(version__hash__in=_newest().values("hash"), state=State.DONE)
    return _last_of(done.order_by("version__hash", "faults", "asked_at").values_list("version__hash", "pk"))


def _newest() -> QuerySet[SagaVersion]:
    return SagaVersion.objects.filter(latest_of__isnull=False, saga__is_draft=False)


def _last_of(rows: Iterable[tuple[str, UUID]]) -> set[UUID]:
    return set(dict(rows).values())
