"""The matrix and its findings: looking, exploring, opening a cell, applying a fix, taking it away as a file."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sagasim.composer.models import SagaVersion
from sagasim.composer.services import Outdated
from sagasim.composer.telling import sentence
from sagasim.composer.views import version_asked
from sagasim.composer.visitors import user_of
from sagasim.core.errors import CoreError
from sagasim.core.results import verdict_from_data
from sagasim.core.saga import Coordination
from sagasim.explorer import fixing, opening, services
from sagasim.explorer.exports import FORMATS, SUFFIXES, Report
from sagasim.explorer.forms import ExploreForm
from sagasim.explorer.models import OPEN, Exploration, State
from sagasim.explorer.scenes import NoSuchCell, scene_asked
from sagasim.explorer.showing import shown_page

# ---------------------------------------------------------------- looking


@require_safe
def matrix(request: HttpRequest, name: str) -> HttpResponse:
    """What is known of a saga's newest version, or of the one asked for; or what to do where nothing is."""
    services.warm()
    version = version_asked(name, request.GET.get("version", ""))
    asked = request.GET.get("exploration", "")
    if asked:
        return redirect("explorer:exploration", _uuid(asked))
    faults = request.GET.get("faults", "")
    known = _telling_most(version, int(faults) if faults in ("1", "2", "3", "4") else None)
    return shown_page(request, version, known, here=request.path)


def _telling_most(version: SagaVersion, faults: int | None) -> Exploration | None:
    """What is under way; else the whole answer for most faults by the rules of today; else the newest there is."""
    known = Exploration.objects.filter(hash=version.hash, saga=version.saga)
    if faults is not None:
        known = known.filter(faults=faults)
    whole = known.filter(state=State.DONE, kernel=services.explorer_version())
    return known.filter(state__in=OPEN).first() or whole.order_by("-faults").first() or known.first()


@require_safe
def exploration(request: HttpRequest, pk: UUID) -> HttpResponse:
    one = _exploration(pk)
    return shown_page(request, one.version, one)


# ---------------------------------------------------------------- asking


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Explores a version, or shows the answer that is there."""
    version = version_asked(name, request.POST.get("version", ""))
    if request.method != "POST":
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
    return shown_page(request, version, None, status=422, refusal=refusal, form=form)


@require_POST
def stop(request: HttpRequest, pk: UUID) -> HttpResponse:  # noqa: ARG001  # the shape of a view
    return redirect(services.stop(_exploration(pk)))


@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same question once more: after a worker was lost, or with the rules of today."""
    return redirect(services.again(_exploration(pk), by=user_of(request)))


# ---------------------------------------------------------------- from a cell to its run, and to its fix


@require_safe
def open_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The run that shows a cell, a pair or a finding, paused at the first moment that went wrong."""
    one = _exploration(pk)
    if one.version is None:
        refusal = "This was explored without being saved; save the saga, and explore it, to see its runs."
        return shown_page(request, None, one, status=409, refusal=refusal)
    try:
        scene = scene_asked(one, request.GET.dict())
        by, at_ms = user_of(request), _ms(request.GET.get("t", ""))
        return HttpResponseRedirect(opening.address_of(scene, one.version, by=by, at_ms=at_ms))
    except NoSuchCell as bad:
        return shown_page(request, one.version, one, status=404, refusal=sentence(bad))
    except CoreError as bad:
        return shown_page(request, one.version, one, status=422, refusal=sentence(bad))


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
        return shown_page(request, one.version, one, status=409, refusal=refusal)
    except CoreError as bad:
        return shown_page(request, one.version, one, status=422, refusal=sentence(bad))
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


@require_safe
def export(request: HttpRequest, pk: UUID, wanted: str) -> HttpResponse:
    one = _exploration(pk)
    if wanted not in FORMATS:
        raise Http404(f"An exploration can be exported as {', '.join(FORMATS)}.")
    if not one.verdict:
        return shown_page(
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
