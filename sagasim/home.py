"""The front page: the gallery, your own sagas with what is known of them, and what was run lately.

It knows every area, and none knows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sagasim.composer.models import SavedSaga
from sagasim.composer.services import may_change
from sagasim.composer.visitors import user_of
from sagasim.explorer.findings import Chip, chips
from sagasim.explorer.services import Badge, badge_of
from sagasim.runs.views import recent_runs

RECENT = 10
MOST_SAGAS = 50
MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Card:
    """One saga on the page, and the latest verdict on its newest version, if there is one."""

    saga: SavedSaga
    badge: Badge | None
    may_change: bool
    faults: tuple[Chip, ...] = ()
    """Of the gallery: those that tell it from its twin."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`?q=` looks for your own sagas by name and title."""
    wanted = request.GET.get("q", "")[:MOST_LETTERS].strip()
    gallery = list(_newest_known("latest__text").filter(in_gallery=True).order_by("pk"))
    own = list(_own(wanted)[: MOST_SAGAS + 1])
    badges = badge_of(saga.latest for saga in (*gallery, *own) if saga.latest)

    def card(saga: SavedSaga) -> Card:
        badge = badges.get(saga.latest.hash) if saga.latest else None
        faults = chips(saga.show_with, saga.latest.meaning) if saga.latest and saga.in_gallery else ()
        return Card(saga, badge, may_change(saga, user_of(request)), faults)

    twins = {saga.broken_twin_of_id: card(saga) for saga in gallery if saga.broken_twin_of_id}
    context = {
        "gallery": [(card(saga), twins.get(saga.pk)) for saga in gallery if saga.broken_twin_of_id is None],
        "own_sagas": [card(saga) for saga in own[:MOST_SAGAS]],
        "are_more": len(own) > MOST_SAGAS,
        "most": MOST_SAGAS,
        "wanted": wanted,
        "recent_runs": recent_runs()[:RECENT],
    }
    return render(request, "composer/home.html", context)


def _newest_known(*unread: str) -> QuerySet[SavedSaga]:
    return SavedSaga.objects.select_related("owner", "latest").defer(*unread)


def _own(wanted: str) -> QuerySet[SavedSaga]:
    own = (
        _newest_known("latest__text", "latest__normal_form")
        .filter(in_gallery=False, is_draft=False)
        .order_by("-saved_at")
    )
    return own.filter(Q(name__icontains=wanted) | Q(title__icontains=wanted)) if wanted else own
