"""The stage, and the lists of runs. A view finds, asks a form, calls a service, and shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.errors import BadFault, BadSaga
from sagasim.runs import services
from sagasim.runs.comparing import side_by_side
from sagasim.runs.drawing import FORMATS, drawn
from sagasim.runs.forms import RunForm, WhatIfForm, sentence
from sagasim.runs.listing import RunFilter
from sagasim.runs.models import NEWEST_FIRST, Run
from sagasim.runs.recording import end_silent
from sagasim.runs.stage import json_text, lines_told, stage_data, told
from sagasim.runs.whatifs import NoSuchMoment
from sagasim.runs.whatifs import what_if as ask_what_if


def recent_runs() -> QuerySet[Run]:
    end_silent()
    return Run.objects.select_related("saga", "version").order_by(*NEWEST_FIRST)


@require_safe
def new(request: HttpRequest, name: str) -> HttpResponse:
    """The stage with nothing run yet; the address may say what is already filled in."""
    version = _version(name)
    form = RunForm(version=version, initial=_prefilled(request))
    return render(request, "runs/stage.html", _stage(request, version, [], form))


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, name: str) -> HttpResponse:
    """A POST runs a plan; whoever loads the address of a refused one again, or signed in on the way, gets the form."""
    if request.method != "POST":
        return redirect("runs:new", name)
    version = _version(name)
    form = RunForm(request.POST, version=version)
    if not form.is_valid():
        context = {**_stage(request, version, [], form), "refusal": form.refusal}
        return render(request, _part(request, "refused"), context, status=422)
    parents = _parents(request, version)
    runs = services.start_runs(
        version, form.cleaned_data["coordination"], form.plan, parents=parents, by=_user(request)
    )
    return _shown(request, runs)


@require_safe
def stage(request: HttpRequest, run: UUID) -> HttpResponse:
    runs = _runs(run)
    form = RunForm(version=runs[0].version, initial=_filled_from(runs))
    return render(request, "runs/stage.html", _stage(request, runs[0].version, runs, form))


@require_safe
def beside(request: HttpRequest, run: UUID, other: UUID) -> HttpResponse:
    """Two runs on one clock: a what-if and the run before, two versions, two engines, two plans."""
    both = [_runs(pk, alone=True)[0] for pk in (run, other)]
    pair = side_by_side(*both)
    version = pair.runs[0].version
    shown = _stage(request, version, list(pair.runs), RunForm(version=version))
    t_ms = shown["t_ms"] if shown["t_ms"] is not None else pair.parting_ms
    data = stage_data(version, pair.runs, t_ms)
    for each, name, told_run in zip(shown["runs"], pair.names, data["runs"], strict=True):
        each["name"] = name
        told_run |= {"name": name, "shared_seq": pair.shared_seq, "parting_ms": pair.parting_ms}
    context = {**shown, "beside": pair, "stage_json": json_text(data)}
    return render(request, "runs/stage.html", context)


@require_POST
def what_if(request: HttpRequest, run: UUID) -> HttpResponse:
    runs = _runs(run)
    form = WhatIfForm(request.POST)
    if not form.is_valid():
        return _refused_what_if(request, runs, form.refusal)
    said = form.cleaned_data
    try:
        children = ask_what_if(
            runs,
            said["does"],
            fault=said["fault"],
            service=said["service"],
            from_seq=said["from_seq"],
            by=_user(request),
        )
    except (BadFault, NoSuchMoment) as bad:
        return _refused_what_if(request, runs, sentence(bad))
    return _shown(request, children)


def _refused_what_if(request: HttpRequest, runs: list[Run], refusal: str) -> HttpResponse:
    form = RunForm(version=runs[0].version, initial=_filled_from(runs))
    context = {**_stage(request, runs[0].version, runs, form), "refusal": refusal}
    return render(request, _part(request, "refused"), context, status=422)


@require_POST
def again(request: HttpRequest, run: UUID) -> HttpResponse:
    """The same once more: says whether the history is the same, and keeps the new runs."""
    runs = _runs(run)
    for each in runs:
        messages.info(request, services.executed_again(each).sentence)
    try:
        return _shown(request, services.run_again(runs, by=_user(request)))
    except (BadFault, BadSaga) as bad:
        raise Http404(sentence(bad)) from bad


@require_safe
def log(request: HttpRequest, run: UUID) -> HttpResponse:
    """The log as plain HTML, for those without scripts and for the curious."""
    one = get_object_or_404(Run.objects.select_related("saga", "version"), pk=run)
    return render(request, "runs/log.html", {"run": one, "lines": lines_told(one)})


@require_safe
def history(request: HttpRequest, run: UUID) -> HttpResponse:
    """The lines after a number, each with its sentence, for people and for programs."""
    after = request.GET.get("after", "0")
    if not after.isascii() or not after.isdecimal() or len(after) > 10:
        return JsonResponse({"detail": "after is the number of a line, such as 0."}, status=422)
    one = get_object_or_404(Run.objects.select_related("saga", "version"), pk=run)
    return JsonResponse({"run": told(one), "lines": lines_told(one, int(after))})


@require_safe
def diagram(request: HttpRequest, run: UUID, wanted: str) -> HttpResponse:  # noqa: ARG001  # the shape of a view
    """The space-time diagram as a file: svg or mermaid."""
    one = get_object_or_404(Run.objects.select_related("saga", "version"), pk=run)
    try:
        text, content_type = drawn(one, wanted)
    except KeyError:
        raise Http404(f"A diagram is {' or '.join(FORMATS)}.") from None
    # The drawing brings its own styles, and nothing else: as a document it may not run anything.
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return HttpResponse(text, content_type=content_type, headers=headers)


@require_http_methods(["GET", "HEAD"])
def runs(request: HttpRequest) -> HttpResponse:
    """The list of runs, newest first, with filters; `?before=` turns the page."""
    end_silent()
    listing = RunFilter(request.GET)
    context = {"listing": listing, "page": listing.page()}
    return render(request, _part(request, "rows", page="runs/runs.html"), context)


# ---------------------------------------------------------------- shared by the views


def _version(name: str) -> SagaVersion:
    saga = get_object_or_404(SavedSaga.objects.select_related("latest__saga"), name=name)
    if saga.latest is None:
        raise Http404("This saga has no version yet.")
    return saga.latest


def _runs(run: UUID, *, alone: bool = False) -> list[Run]:
    """The run and, if it has one, the other of its pair."""
    end_silent(run_id=run)
    found = get_object_or_404(Run.objects.select_related("saga", "version__saga"), pk=run)
    return [found] if alone else found.side_by_side()


def _parents(request: HttpRequest, version: SagaVersion) -> list[Run]:
    """The runs that the form says this is a what-if of; only those of the same saga count."""
    try:
        parent = UUID(request.POST.get("parent", ""))
    except ValueError:
        return []
    found = Run.objects.filter(pk=parent, saga=version.saga_id).first()
    return found.side_by_side() if found else []


def _prefilled(request: HttpRequest) -> dict[str, Any]:
    asked = request.GET
    return {
        "placed": asked.getlist("fault"),
        "faults": "\n".join(asked.getlist("fault")),
        "coordination": asked.get("coordination", "both"),
        "seed": asked.get("seed", ""),
        "order": asked.get("order", ""),
    }


def _filled_from(runs: list[Run]) -> dict[str, Any]:
    first = runs[0]
    return {
        "placed": first.faults,
        "faults": "\n".join(first.faults),
        "coordination": "both" if len(runs) > 1 else first.coordination,
        "seed": first.seed,
        "order": ",".join(first.order),
    }


def _stage(request: HttpRequest, version: SagaVersion, runs: list[Run], form: RunForm) -> dict[str, Any]:
    t = request.GET.get("t", "")
    t_ms = int(t) if t.isascii() and t.isdecimal() and len(t) < 12 else None
    return {
        "form": form,
        "typed": form.typed,
        "saga": version.saga,
        "version": version,
        "run": runs[0] if runs else None,
        "runs": [{"run": run, "name": run.coordination.title(), **told(run)} for run in runs],
        "t_ms": t_ms,
        "stage_json": json_text(stage_data(version, runs, t_ms)),
    }


def _shown(request: HttpRequest, runs: list[Run]) -> HttpResponse:
    """The stage of new runs: as a fragment for htmx, with its address; else by a redirect."""
    address = runs[0].get_absolute_url()
    if not _is_htmx(request):
        return HttpResponseRedirect(address)
    form = RunForm(version=runs[0].version, initial=_filled_from(runs))
    response = render(request, "runs/stage.html#stage", _stage(request, runs[0].version, runs, form))
    response.headers["HX-Push-Url"] = address
    return response


def _part(request: HttpRequest, part: str, page: str = "runs/stage.html") -> str:
    """The fragment for htmx, the whole page for everybody else."""
    return f"{page}#{part}" if _is_htmx(request) else page


def _is_htmx(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # django-htmx adds it


def _user(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None
