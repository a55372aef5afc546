"""The page of one exploration: gathers from its row, and from the address, what the template writes down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.services import may_change
from sagasim.composer.visitors import user_of
from sagasim.core.results import verdict_from_data
from sagasim.core.verdict import Verdict
from sagasim.explorer import services
from sagasim.explorer.exports import FORMATS
from sagasim.explorer.forms import ExploreForm
from sagasim.explorer.fragments import shown
from sagasim.explorer.models import Exploration
from sagasim.explorer.page import Asked, Shown, progress_in_words, sentence_of, shown_of
from sagasim.explorer.pairing import pairs_from_data


def shown_page(
    request: HttpRequest,
    version: SagaVersion | None,
    one: Exploration | None,
    *,
    here: str = "",
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """The page of an exploration, or of a version that has none yet; `more` is what a refusal adds."""
    by = user_of(request)
    verdict = _shown(request, one) if one is not None and one.verdict else None
    saga = version.saga if version is not None else None
    own = saga is not None and may_change(saga, by)
    context = {
        "saga": saga,
        "version": version,
        "exploration": one,
        "heading": saga.heading if saga else one.name if one else "",
        "name": saga.name if saga else one.name if one else "",
        "here": here or request.path,
        "shown": verdict,
        "state_sentence": sentence_of(one) if one else "",
        "progress_sentence": progress_in_words(one) if one else "",
        "form": ExploreForm(initial=_as_explored(one) if one else {}),
        "fixes_known": one is not None and bool(one.more.get("complete")),
        "fixes_come": one is not None and one.is_open and not one.more.get("complete"),
        "may_fix": version is not None,
        "fix_label": f"Apply it as version {_next(saga)}" if own else "Apply it to a copy",
        "exports": tuple(FORMATS),
        "newer": saga.latest if saga and saga.latest != version else None,
        "is_outdated": one is not None and not one.is_open and one.kernel != services.explorer_version(),
        "before": request.GET.get("before", ""),
        **more,
    }
    return shown(request, "explorer/explorer.html", "explorer/exploration.html", context, status)


def _shown(request: HttpRequest, one: Exploration) -> Shown:
    verdict = verdict_from_data(one.verdict)
    return shown_of(
        one.meaning,
        verdict,
        Asked.from_address(request.GET.dict()),
        kinds=tuple(one.kinds),
        more={each["key"]: each for each in one.more.get("findings", [])},
        pairs=pairs_from_data(one.more),
        before=_before(request.GET.get("before", "")),
        one_fault=_glance(one),
        pairs_come=one.is_open and one.faults > 1,
        pairs_seen=sum(it.get("pairs_seen", 0) for it in one.more.get("coordinations", {}).values()),
    )


def _glance(one: Exploration) -> Verdict | None:
    """Any one fault, known to the end before the exploration was cut short."""
    glance = one.more.get("glance")
    return verdict_from_data(glance["verdict"]) if glance and glance.get("verdict") else None


def _before(pk: str) -> Verdict | None:
    """The verdict of the version before, where an address names one that is there."""
    try:
        other = Exploration.objects.filter(pk=UUID(pk), verdict__isnull=False).first()
    except ValueError:
        return None
    return verdict_from_data(other.verdict) if other else None


def _as_explored(one: Exploration) -> dict[str, Any]:
    both = len(one.coordinations) > 1
    return {
        "faults": one.faults,
        "coordination": "both" if both else one.coordinations[0],
        "kinds": one.kinds,
        "most_states": one.most_states,
        "most_seconds": f"{one.most_seconds:g}",
    }


def _next(saga: SavedSaga | None) -> int:
    return saga.latest.number + 1 if saga and saga.latest else 1
