"""The page of safeguards: what each of them holds back, and the run that shows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sagasim.composer.models import SagaVersion
from sagasim.composer.telling import sentence
from sagasim.composer.views import version_asked
from sagasim.composer.visitors import user_of
from sagasim.core.errors import CoreError
from sagasim.explorer import opening, weighing
from sagasim.explorer.fragments import shown
from sagasim.explorer.models import Weighing
from sagasim.explorer.safeguards import weights_of
from sagasim.explorer.scenes import NoSuchCell
from sagasim.explorer.variants import kept_variant

CHOICES = range(1, weighing.MOST_FAULTS + 1)


@require_http_methods(["GET", "HEAD", "POST"])
def safeguards(request: HttpRequest, name: str) -> HttpResponse:
    """What is known of the newest version; a POST weighs it, or stops that."""
    if request.method != "POST":
        return _page(request, version_asked(name, request.GET.get("version", "")))
    version = version_asked(name, request.POST.get("version", ""))
    said = request.POST.get("faults", "1")
    faults = _faults(said)
    if faults is None:
        refusal = (
            f"Safeguards are weighed with any 1 to {weighing.MOST_FAULTS} faults, not with {said[:20]!r}."
        )
        return _page(request, version, status=422, refusal=refusal)
    known = weighing.latest(version, faults)
    if request.POST.get("does") != "stop":
        weighing.weigh(version, faults=faults, by=user_of(request))
    elif known is not None:
        weighing.stop(known)
    newest = version.saga.latest
    older = "" if newest is None or newest.pk == version.pk else f"&version={version.number}"
    return redirect(f"{reverse('explorer:safeguards', args=[name])}?faults={faults}{older}")


@require_safe
def without(request: HttpRequest, name: str) -> HttpResponse:
    """The run that shows what is found without a safeguard."""
    version = version_asked(name, request.GET.get("version", ""))
    row = _row(_known(request, version), request.GET.get("without", ""), request.GET.get("coordination", ""))
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


def _faults(text: str) -> int | None:
    return int(text) if text in map(str, CHOICES) else None


def _known(request: HttpRequest, version: SagaVersion) -> Weighing | None:
    """The weighing that an address names, else what is known of so many faults, or of any."""
    named = request.GET.get("weighing", "")
    if named:
        try:
            return Weighing.objects.filter(pk=UUID(named), version__hash=version.hash).first()
        except ValueError:
            return None
    return weighing.latest(version, _faults(request.GET.get("faults", "")))


def _row(known: Weighing | None, change: str, coordination: str) -> dict[str, Any] | None:
    rows = known.rows if known is not None else []
    return next((row for row in rows if (row["change"], row["coordination"]) == (change, coordination)), None)


def _page(
    request: HttpRequest, version: SagaVersion, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    known = _known(request, version)
    faults = known.faults if known is not None else _faults(request.GET.get("faults", "")) or 1
    context = {
        "saga": version.saga,
        "version": version,
        "weighing": known,
        "weights": weights_of(known.rows if known is not None else []),
        "faults": faults,
        "more_faults": min(faults + 1, weighing.MOST_FAULTS),
        "choices": CHOICES,
        "here": f"{reverse('explorer:safeguards', args=[version.saga.name])}?{request.GET.urlencode()}",
        "refusal": refusal,
    }
    page = "explorer/safeguards.html"
    return shown(request, page, f"{page}#weighing", context, status)
