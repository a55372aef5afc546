"""The page of safeguards: what each of them holds back, and the run that shows it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from sagasim.composer.models import SagaVersion
from sagasim.composer.telling import sentence
from sagasim.composer.views import version_asked
from sagasim.composer.visitors import user_of
from sagasim.core.errors import CoreError
from sagasim.explorer import opening, weighing
from sagasim.explorer.fragments import shown
from sagasim.explorer.safeguards import weights_of
from sagasim.explorer.scenes import NoSuchCell
from sagasim.explorer.variants import kept_variant

FAULTS = 1


@require_http_methods(["GET", "HEAD", "POST"])
def safeguards(request: HttpRequest, name: str) -> HttpResponse:
    """What is known of the newest version; a POST weighs it, or stops that."""
    version = version_asked(name, request.GET.get("version", ""))
    if request.method != "POST":
        return _page(request, version)
    known = weighing.latest(version, FAULTS)
    if request.POST.get("does") != "stop":
        weighing.weigh(version, faults=FAULTS, by=user_of(request))
    elif known is not None:
        weighing.stop(known)
    return redirect("explorer:safeguards", name)


@require_safe
def without(request: HttpRequest, name: str) -> HttpResponse:
    """The run that shows what is found without a safeguard."""
    version = version_asked(name, request.GET.get("version", ""))
    row = _row(version, request.GET.get("without", ""), request.GET.get("coordination", ""))
    if row is None or row["worst"] is None:
        return _page(
            request, version, status=404, refusal="Nothing was found without that; choose a row of the table."
        )
    try:
        changed = kept_variant(version, row["edit"], by=user_of(request))
        scene = opening.scene_of(row["coordination"], row["worst"])
        return HttpResponseRedirect(opening.address_of(scene, changed, by=user_of(request)))
    except (CoreError, NoSuchCell) as bad:
        return _page(request, version, status=422, refusal=sentence(bad))


def _row(version: SagaVersion, change: str, coordination: str) -> dict[str, Any] | None:
    known = weighing.latest(version, FAULTS)
    rows = known.rows if known is not None else []
    return next((row for row in rows if (row["change"], row["coordination"]) == (change, coordination)), None)


def _page(
    request: HttpRequest, version: SagaVersion, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    known = weighing.latest(version, FAULTS)
    context = {
        "saga": version.saga,
        "version": version,
        "weighing": known,
        "weights": weights_of(known.rows if known is not None else []),
        "faults": FAULTS,
        "refusal": refusal,
    }
    page = "explorer/safeguards.html"
    return shown(request, page, f"{page}#weighing", context, status)
