"""The front page: the gallery, your own sagas, and what was run lately. It knows every area; none knows it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from sagasim.composer.models import SavedSaga
from sagasim.runs.views import recent_runs

RECENT = 10
MOST_SAGAS = 50


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    gallery = SavedSaga.objects.filter(in_gallery=True, broken_twin_of=None).select_related("broken_twin")
    own = SavedSaga.objects.filter(in_gallery=False, is_draft=False).select_related("owner", "latest")
    context = {
        "gallery": [(sound, getattr(sound, "broken_twin", None)) for sound in gallery.order_by("pk")],
        "own_sagas": own.order_by("-saved_at")[:MOST_SAGAS],
        "recent_runs": recent_runs()[:RECENT],
    }
    return render(request, "composer/home.html", context)
