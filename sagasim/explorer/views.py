"""The matrix and its findings: looking, exploring, opening a cell, applying a fix, taking it away as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.services import Outdated, may_change
from sagasim.composer.telling import sentence
from sagasim.composer.views import version_asked
from sagasim.composer.visitors import user_of
from sagasim.core.errors import CoreError
from sagasim.core.results import Verdict, verdict_from_data
from sagasim.core.saga import Coordination
from sagasim.explorer import fixing, opening, services
from sagasim.explorer.exports import FORMATS, SUFFIXES, Report
from sagasim.explorer.forms import ExploreForm
from sagasim.explorer.fragments import shown
from sagasim.explorer.models import OPEN, Exploration, State
from sagasim.explorer.page import Asked, Shown, progress_in_words, sentence_of, shown_of
from sagasim.explorer.pairing import pairs_from_data
from sagasim.explorer.scenes import NoSuchCell, scene_asked

# ---------------------------------------------------------------- looking


@require_GET
def matrix(request: HttpRequest, name: str) -> HttpResponse:
    """What is known of a saga's newest version, or of the one asked for; or what to do where nothing is."""
    services.warm()
    version = version_asked(name, request.GET.get("version", ""))
    asked = request.GET.get("exploration", "")
    if asked:
        return redirect("explorer:exploration", _uuid(asked))
    faults = request.GET.get("faults", "")
    known = _telling_most(version, int(faults) if faults in ("1", "2", "3", "4") else None)
    return _page(request, version, known, here=request.path)


def _telling_most(version: SagaVersion, faults: int | None) -> Exploration | None:
    """What is under way; else the whole answer for most faults by the rules of today; else the newest there is."""
    known = Exploration.objects.filter(hash=version.hash, saga=version.saga)
    if faults is not None:
        known = known.filter(faults=faults)
    whole = known.filter(state=State.DONE, kernel=services.explorer_version())
    return known.filter(state__in=OPEN).first() or whole.order_by("-faults").first() or known.first()


@require_GET
def exploration(request: HttpRequest, pk: UUID) -> HttpResponse:
    one = _exploration(pk)
    return _page(request, one.version, one)


def _page(
    request: HttpRequest,
    version: SagaVersion | None,
    one: Exploration | None,
    *,
    here: str = "",
    status: int = 200,
    **more: object,
) -> HttpResponse:
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


# ---------------------------------------------------------------- asking


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Explores a version, or shows the answer that is there."""
    version = version_asked(name, request.POST.get("version", ""))
    if request.method == "GET":
        return redirect("explorer:matrix", name)
    form = ExploreForm(request.POST)
    refusal = form.refusal
    if not refusal:
        said = form.cleaned_data
        try:
            return redirect(
                services.start(
                    version,
                    faults=said["faults"],
                    kinds=said["kinds"],
                    coordinations=said["coordination"],
                    most_states=said["most_states"],
                    most_seconds=said["most_seconds"],
                    by=user_of(request),
                )
            )
        except CoreError as bad:
            refusal = sentence(bad)
    return _page(request, version, None, status=422, refusal=refusal, form=form)


@require_POST
def stop(request: HttpRequest, pk: UUID) -> HttpResponse:  # noqa: ARG001  # the shape of a view
    return redirect(services.stop(_exploration(pk)))


@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same question once more: after a worker was lost, or with the rules of today."""
    return redirect(services.again(_exploration(pk), by=user_of(request)))


# ---------------------------------------------------------------- from a cell to its run, and to its fix


@require_GET
def open_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The run that shows a cell, a pair or a finding, paused at the first moment that went wrong."""
    one = _exploration(pk)
    if one.version is None:
        refusal = "This was explored without being saved; save the saga, and explore it, to see its runs."
        return _page(request, None, one, status=409, refusal=refusal)
    try:
        scene = scene_asked(one, request.GET.dict())
        by, at_ms = user_of(request), _ms(request.GET.get("t", ""))
        return HttpResponseRedirect(opening.address_of(scene, one.version, by=by, at_ms=at_ms))
    except NoSuchCell as bad:
        return _page(request, one.version, one, status=404, refusal=sentence(bad))
    except CoreError as bad:
        return _page(request, one.version, one, status=422, refusal=sentence(bad))


@require_POST
def fix(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Applies the fix of a finding as a new version, explores that, and shows what has turned green."""
    one = _exploration(pk)
    by = user_of(request)
    try:
        version = fixing.apply(one, request.POST.get("finding", ""), by=by)
    except Outdated as outdated:
        newer = f"Version {outdated.theirs.number} of {one.name} has been saved since this was explored"
        refusal = f"{newer}; explore that one, and apply its fix."
        return _page(request, one.version, one, status=409, refusal=refusal)
    except CoreError as bad:
        return _page(request, one.version, one, status=422, refusal=sentence(bad))
    changed = services.start(
        version,
        faults=one.faults,
        kinds=one.kinds,
        coordinations=[Coordination(each) for each in one.coordinations],
        most_states=one.most_states,
        most_seconds=one.most_seconds,
        by=by,
    )
    messages.success(request, fixing.said(one, version, request.POST.get("finding", "")))
    return HttpResponseRedirect(f"{changed.get_absolute_url()}?before={one.pk}")


# ---------------------------------------------------------------- taking it away


@require_GET
def export(request: HttpRequest, pk: UUID, wanted: str) -> HttpResponse:
    one = _exploration(pk)
    if wanted not in FORMATS:
        raise Http404(f"An exploration can be exported as {', '.join(FORMATS)}.")
    if not one.verdict:
        return _page(
            request, one.version, one, status=409, refusal="Nothing is known yet that could be exported."
        )
    content_type, write = FORMATS[wanted]
    report = Report(
        title=one.version.saga.heading if one.version else one.name,
        saga=one.meaning,
        verdict=verdict_from_data(one.verdict),
        kinds=tuple(one.kinds),
        timestamp=(one.ended_at or one.asked_at).strftime("%Y-%m-%dT%H:%M:%S"),
    )
    name = f"{one.name}.{SUFFIXES.get(wanted, wanted)}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if wanted == "svg":  # it brings its own styles, and nothing else: as a document it may not run anything
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return HttpResponse(write(report), content_type=content_type, headers=headers)


# ---------------------------------------------------------------- shared by the views


def _exploration(pk: UUID) -> Exploration:
    return get_object_or_404(Exploration.objects.select_related("version__saga__latest", "saga"), pk=pk)


def _ms(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404("There is no such exploration.") from None
