"""What the composer's scripts ask while somebody edits.

    POST /sagas/check       {"text": T} or {"text": T, "data": D, "name": N}      -> "valid", and what checking.py says
    POST /sagas/fix         {"text": T, "edit": E, "name": N}                     -> the same, with the edit applied
    POST /sagas/draw        {"text": T, "as": "svg" or "mermaid"}                 -> the drawing of a draft
    POST /sagas/NAME/save   {"text": T, "base": 3, "layout": {...}, "under": N}   -> {"version", "hash", "url", ...}

`name` says whose page it is, so that a problem knows where its proof can be run. `under` keeps the text as a new
saga of that name, `rename` calls this one what its text says. That a draft is no saga is what /sagas/check is there to
say, with `valid` false, its sentence, line and path; where a saga was needed it is a 422 with the same. A version that
came in between is a 409 that has both texts; a saga that is not yours is a 403 with a name that is free.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404

from sagasim.composer import checking, naming, services
from sagasim.composer.asking import Asked, asked, asks_json, number_in, refused, text_in
from sagasim.composer.drawing import DRAWINGS
from sagasim.composer.layouts import layout_in
from sagasim.composer.models import LONGEST_NAME, SavedSaga
from sagasim.composer.page import told
from sagasim.composer.renaming import rename
from sagasim.composer.visitors import user_of
from sagasim.composer.wording import changes_between
from sagasim.core.codec import saga_from_text
from sagasim.core.errors import BadSaga


@asks_json
def check(request: HttpRequest) -> JsonResponse:
    said = asked(request)
    text = text_in(said)
    if "data" not in said:
        return _answered(said, lambda: checking.read_draft(text))
    return _answered(said, lambda: checking.redrawn(text, said["data"]))


@asks_json
def fix(request: HttpRequest) -> JsonResponse:
    said = asked(request)
    text = text_in(said)
    return _answered(said, lambda: checking.repaired(text, said.get("edit")))


@asks_json
def draw(request: HttpRequest) -> HttpResponse:
    """What is on the page as a drawing, whether it is saved or not."""
    said = asked(request)
    saga = saga_from_text(text_in(said))
    wanted = said.get("as")
    if wanted not in DRAWINGS:
        raise BadSaga(f"`as` is how it should be drawn: {' or '.join(DRAWINGS)}")
    drawn, content_type = DRAWINGS[wanted]
    return HttpResponse(drawn(saga), content_type=content_type)


@asks_json
def save(request: HttpRequest, name: str) -> JsonResponse:
    return saved(request, asked(request), name)


def saved(request: HttpRequest, said: Asked, name: str = "") -> JsonResponse:
    """Saves what a script sends, at the address of a saga or, without a name, as a new one."""
    text, by, under = text_in(said), user_of(request), said.get("under", "")
    if not isinstance(under, str):
        raise BadSaga("`under` is the name of a new saga")
    layout = layout_in(said)
    try:
        if said.get("rename") is True and name:
            saga = get_object_or_404(SavedSaga, name=name)
            version = rename(saga, text, base=number_in(said, "base"), by=by)
        elif under:
            version = services.save_as(text, under, by=by)
        else:
            version = services.save_over(text, base=number_in(said, "base"), by=by, expecting=name)
        if layout is not None:
            services.place_steps(version.saga, layout, by=by)
    except services.Outdated as outdated:
        return _both_versions(outdated, text)
    except services.NotYours as not_yours:
        return refused(not_yours, 403, suggest=naming.free_name(not_yours.saga.name), text=text)
    return JsonResponse(
        {
            "name": version.saga.name,
            "version": version.number,
            "hash": version.hash,
            "text": version.text,
            "url": version.saga.get_absolute_url(),
        }
    )


def _answered(said: Asked, read: Callable[[], checking.Draft]) -> JsonResponse:
    """What is known of the draft that is read so; a half-typed one is an answer, and no failure."""
    try:
        return JsonResponse(told(read(), _name_in(said)))
    except BadSaga as bad:
        return JsonResponse({"valid": False, **checking.told_refusal(bad)})


def _name_in(said: Asked) -> str:
    """Whose page it is; empty for a new saga."""
    name = said.get("name", "")
    fits = isinstance(name, str) and len(name) <= LONGEST_NAME
    return name if fits and naming.is_slug(name) else ""


def _both_versions(outdated: services.Outdated, mine: str) -> JsonResponse:
    theirs, base = outdated.theirs, outdated.base
    return refused(
        outdated,
        409,
        theirs={
            "number": theirs.number,
            "by": theirs.saved_by.get_username() if theirs.saved_by else "",
            "at": theirs.saved_at.isoformat(),
            "text": theirs.text,
            "changes": changes_between(base, theirs),
        },
        base_text=base.text if base else "",
        text=mine,
        suggest=naming.free_name(theirs.saga.name),
    )
