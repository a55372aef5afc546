"""What the composer's scripts ask while somebody edits.

    POST /sagas/check       {"text": T} or {"text": T, "data": D, "name": N}      -> the answer of checking.py
    POST /sagas/fix         {"text": T, "edit": E, "name": N}                     -> the same, with the edit applied
    POST /sagas/NAME/save   {"text": T, "base": 3, "layout": {...}, "under": N}   -> {"version", "hash", "url", ...}

`name` says whose page it is, so that a problem knows where its proof can be run. `under` keeps the text as a new
saga of that name. What is not a saga is a 422 with its sentence, line and path; a version that came in between
is a 409 that has both texts; a saga that is not yours is a 403 with a name that is free.
"""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from sagasim.composer import checking, naming, services
from sagasim.composer.asking import Asked, asked, asks_json, number_in, refused, text_in
from sagasim.composer.layouts import layout_in
from sagasim.composer.models import LONGEST_NAME
from sagasim.composer.page import told
from sagasim.composer.visitors import user_of
from sagasim.composer.wording import changes_between
from sagasim.core.errors import BadSaga


@asks_json
def check(request: HttpRequest) -> JsonResponse:
    said = asked(request)
    text = text_in(said)
    draft = checking.redrawn(text, said["data"]) if "data" in said else checking.read_draft(text)
    return _answered(draft, said)


@asks_json
def fix(request: HttpRequest) -> JsonResponse:
    said = asked(request)
    return _answered(checking.repaired(text_in(said), said.get("edit")), said)


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
        if under:
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


def _answered(draft: checking.Draft, said: Asked) -> JsonResponse:
    return JsonResponse(told(draft, _name_in(said)), status=200 if draft.saga else 422)


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
