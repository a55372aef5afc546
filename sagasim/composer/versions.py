"""The versions of a saga: who saved which when, what it changed, two of them side by side, and back to an old one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sagasim.composer import services
from sagasim.composer.differing import side_by_side
from sagasim.composer.telling import sentence
from sagasim.composer.views import version_asked
from sagasim.composer.visitors import user_of
from sagasim.composer.wording import changes_between

PER_PAGE = 50


@require_safe
def listed(request: HttpRequest, name: str) -> HttpResponse:
    """The newest first; `?before=` turns the page."""
    saga = version_asked(name).saga
    before = request.GET.get("before", "")
    found = saga.versions.select_related("saved_by")
    if before.isascii() and before.isdecimal() and len(before) < 10:
        found = found.filter(number__lt=int(before))
    some = list(found[: PER_PAGE + 1])
    olders = [*some[1:], None]
    rows = [
        {"version": version, "changes": changes_between(older, version)}
        for version, older in zip(some, olders, strict=True)
    ][:PER_PAGE]
    context = {
        "saga": saga,
        "rows": rows,
        "before": some[PER_PAGE - 1].number if len(some) > PER_PAGE else None,
        "may_save": services.may_change(saga, user_of(request)),
    }
    return render(request, "composer/versions.html", context)


@require_safe
def one(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """One version as it was written."""
    version = version_asked(name, str(number))
    older = version.saga.versions.filter(number__lt=number).first()
    context = {
        "saga": version.saga,
        "version": version,
        "older": older,
        "changes": changes_between(older, version),
        "may_save": services.may_change(version.saga, user_of(request)),
    }
    return render(request, "composer/version.html", context)


@require_safe
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Two versions: what is different in words, and their texts side by side. Default: the two newest."""
    newest = version_asked(name)
    new = version_asked(name, request.GET.get("b", "") or str(newest.number))
    old = version_asked(name, request.GET.get("a", "") or str(max(1, new.number - 1)))
    context = {
        "saga": newest.saga,
        "old": old,
        "new": new,
        "numbers": list(newest.saga.versions.values_list("number", flat=True)),
        "changes": changes_between(old, new),
        "rows": side_by_side(old.text, new.text),
    }
    return render(request, "composer/compare.html", context)


@require_POST
def restore(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A new version that is equal to an old one."""
    old = version_asked(name, str(number))
    try:
        version = services.restore(old, by=user_of(request))
    except services.NotYours as not_yours:
        messages.error(request, sentence(not_yours))
        return redirect("composer:versions", name)
    said = "is the newest already" if version.pk == old.pk else f"is back, as version {version.number}"
    messages.success(request, f"Version {number} {said}.")
    return redirect("composer:versions", name)
