"""The composer's page, and everything that is done to a saga as a whole. Scripts ask in scripted.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from sagasim.composer import naming, services
from sagasim.composer.asking import asked, asks_json
from sagasim.composer.checking import Draft, read_draft
from sagasim.composer.differing import side_by_side
from sagasim.composer.forms import Essentials, Filled, filled, lines_alike
from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.page import Sheet, composer_data, sheet_of
from sagasim.composer.renaming import rename
from sagasim.composer.scripted import saved
from sagasim.composer.sketching import sketched, slug_of
from sagasim.composer.telling import json_text, sentence
from sagasim.composer.visitors import user_of
from sagasim.composer.wording import changes_between
from sagasim.core.document import MOST_BYTES
from sagasim.core.errors import BadSaga

BLANK = "sagasim: 1\nname: {name}\nsteps: []\n"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, name: str) -> HttpResponse:
    """The composer of a saga: its newest version, or the one that the address asks for."""
    version = version_asked(name, request.GET.get("version", ""))
    sheet = _of_draft(version) if version.saga.is_draft else sheet_of(version)
    return _edited(request, sheet) if request.method == "POST" else shown(request, sheet)


def shown(
    request: HttpRequest, sheet: Sheet, status: int = 200, form: Filled | None = None, **more: object
) -> HttpResponse:
    """The page with a sheet on it."""
    by, draft = user_of(request), read_draft(sheet.text)
    data = composer_data(sheet, draft, by, get_token(request))
    context = {
        "sheet": sheet,
        "saga": sheet.saga,
        "data": data,
        "composer_json": json_text(data),
        "form": form or filled(draft),
        "copy_name": _name_for_copy(sheet, data),
        "gallery": [] if sheet.saga else SavedSaga.objects.filter(in_gallery=True, broken_twin_of=None),
        **more,
    }
    return render(request, "composer/composer.html", context, status=status)


def _name_for_copy(sheet: Sheet, data: dict[str, Any]) -> str:
    """The name that the text gives itself where that is not the saga's; else one that is free."""
    said = data["data"].get("name") if data["data"] else ""
    return str(said) if sheet.saga and said and said != sheet.saga.name else str(data["suggest"])


def _edited(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    """The page as a form: looks at what was typed, rearranges it, or saves it."""
    sent = Essentials(request.POST)
    base = sheet.saga.versions.filter(number=sent.base).first() if sheet.saga else None
    sheet = replace(sheet, text=sent.text, base=base, is_unsaved=True)
    draft: Draft | None = None
    try:
        draft = sent.draft()
        sheet = replace(sheet, text=draft.text)
        if sent.saves:
            return redirect(_kept(request, sheet, sent).saga)
    except services.Outdated as outdated:
        return _both(request, sheet, outdated)
    except services.NotYours as not_yours:
        return shown(request, sheet, 403, refusal=sentence(not_yours))
    except BadSaga as bad:
        form = sent.unchanged(bad) if draft is None else filled(draft, bad)
        return shown(request, sheet, 422, form)
    return shown(request, sheet, 422 if draft.refusal else 200)


def _kept(request: HttpRequest, sheet: Sheet, sent: Essentials) -> SagaVersion:
    by, name = user_of(request), sheet.saga.name if sheet.saga else ""
    if sent.does == "save-as":
        return services.save_as(sheet.text, sent.under or naming.free_name(name or "my-saga"), by=by)
    if sent.does == "rename" and sheet.saga:
        text = naming.under_name(sheet.text, sent.under)
        return rename(sheet.saga, text, base=sheet.base_number, by=by)
    return services.save_over(sheet.text, base=sheet.base_number, by=by, expecting=name)


def _both(request: HttpRequest, sheet: Sheet, outdated: services.Outdated) -> HttpResponse:
    """Somebody else has saved since: both versions, and the choice."""
    theirs, base = outdated.theirs, outdated.base
    context = {
        "sheet": sheet,
        "saga": theirs.saga,
        "theirs": theirs,
        "refusal": sentence(outdated),
        "their_changes": changes_between(base, theirs),
        "rows": side_by_side(theirs.text, sheet.text),
        "suggest": naming.free_name(theirs.saga.name),
    }
    return render(request, "composer/conflict.html", context, status=409)


def version_asked(name: str, number: str = "") -> SagaVersion:
    """That version of that saga, or else the newest."""
    saga = get_object_or_404(SavedSaga.objects.select_related("latest", "owner"), name=name)
    if not number:
        if saga.latest is None:
            raise Http404("This saga has no version yet.")
        version = saga.latest
    else:
        wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0
        version = get_object_or_404(SagaVersion, saga=saga, number=wanted)
    version.saga = saga
    return version


def _of_draft(version: SagaVersion) -> Sheet:
    """What was run without being saved, on the page of the saga that it is a draft of."""
    own = SavedSaga.objects.select_related("latest", "owner").filter(name=version.saga.own_name)
    saga = own.first()
    return Sheet(text=version.text, saga=saga, base=saga.latest if saga else None, is_unsaved=True)


# ---------------------------------------------------------------- a new one


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A blank page, a copy of a saga that is there already (`?from=`), or what somebody noted down (`steps`)."""
    if "steps" in request.POST:
        return _sketched(request)
    if request.method == "POST":
        return _edited(request, Sheet(text=""))
    origin = request.GET.get("from", "")
    if not origin:
        return shown(request, Sheet(text=BLANK.format(name=naming.free("my-saga"))))
    version = version_asked(origin)
    text = naming.under_name(version.text, naming.free_name(origin))
    return shown(request, Sheet(text=text, layout=version.saga.layout, is_unsaved=True))


def _sketched(request: HttpRequest) -> HttpResponse:
    lines, name = lines_alike(request.POST["steps"]), slug_of(request.POST.get("name", ""))
    name = naming.free(name or "my-saga")
    try:
        text = sketched(lines, name)
    except BadSaga as bad:
        refusal = sentence(bad)
        sheet = Sheet(text=BLANK.format(name=name))
        return shown(request, sheet, 422, noted=lines, noted_refusal=refusal, noted_name=name)
    return shown(request, Sheet(text=text, is_unsaved=True))


def bring(request: HttpRequest) -> HttpResponse:
    """A saga comes as a file, as text, or from a script, and is kept under its own name."""
    if request.content_type == "application/json":
        return _brought_by_script(request)
    return _brought(request)


@asks_json
def _brought_by_script(request: HttpRequest) -> HttpResponse:
    return saved(request, asked(request))


@require_POST
def _brought(request: HttpRequest) -> HttpResponse:
    upload, text = request.FILES.get("file"), request.POST.get("text", "")
    try:
        text = lines_alike(text)
        if upload:
            text = _text_of(upload)
        version = services.save_saga(text, by=user_of(request))
    except UnicodeDecodeError:
        return shown(
            request, Sheet(text=text), 422, refusal="A saga file is text in UTF-8; this file is not."
        )
    except (BadSaga, services.NotYours) as bad:
        return shown(request, Sheet(text=text), 422, refusal=sentence(bad))
    return redirect(version.saga)


def _text_of(upload: UploadedFile[bytes]) -> str:
    """The text of a file, without the mark that some editors put before it."""
    if upload.size is None or upload.size > MOST_BYTES:
        raise BadSaga(f"the file has over {MOST_BYTES // 1024} KiB; no saga of 200 steps needs that")
    content: bytes = upload.read()
    return content.decode("utf-8-sig")


# ---------------------------------------------------------------- a whole saga


@require_POST
def duplicate(request: HttpRequest, name: str) -> HttpResponse:
    """A new saga that begins with this one; its name is the form's, or one that is free."""
    version = version_asked(name, request.POST.get("version", ""))
    wanted = request.POST.get("name", "").strip() or naming.free_name(name)
    try:
        copy = services.duplicate(version, wanted, by=user_of(request))
    except BadSaga as bad:
        return shown(request, sheet_of(version), 422, refusal=sentence(bad))
    return redirect(copy.saga)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Asks first, and says what goes with it."""
    saga = version_asked(name).saga
    if request.method != "POST":
        return render(request, "composer/delete.html", services.what_goes_with(saga))
    try:
        services.delete_saga(saga, by=user_of(request))
    except services.NotYours as not_yours:
        context = {**services.what_goes_with(saga), "refusal": sentence(not_yours)}
        return render(request, "composer/delete.html", context, status=403)
    messages.success(request, f"{saga.heading} is deleted.")
    return redirect("home")
