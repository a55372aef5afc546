"""What the composer's page is told: the draft that it begins with, and where to ask for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from sagasim.composer import checking
from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.naming import free_name, text_now
from sagasim.composer.services import may_change

if TYPE_CHECKING:
    from django.contrib.auth.models import User

EXPORTS = ("yaml", "json", "mermaid", "svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What lies on the desk: a text, the saga whose page this is (none for a new one), and what it began as.

    `base` is the version that was edited; with another newest one, saving asks first.
    """

    text: str
    saga: SavedSaga | None = None
    base: SagaVersion | None = None
    layout: Mapping[str, Any] = field(default_factory=dict)
    is_unsaved: bool = False

    @property
    def base_number(self) -> int:
        return self.base.number if self.base else 0


def sheet_of(version: SagaVersion) -> Sheet:
    return Sheet(text=text_now(version), saga=version.saga, base=version, layout=version.saga.layout)


def composer_data(sheet: Sheet, draft: checking.Draft, by: User | None, csrf: str) -> dict[str, Any]:
    """Everything with which the scripts begin; `checked` is the answer of /sagas/check for this draft."""
    answered = told(draft, sheet.saga.name if sheet.saga else "")
    saga = sheet.saga
    may_save = saga is None or may_change(saga, by)
    return {
        "name": saga.name if saga else "",
        "text": sheet.text,
        "data": answered["data"],
        "hash": answered.get("hash", ""),
        "checked": answered,
        "version": sheet.base_number,
        "base": sheet.base_number,
        "is_unsaved": sheet.is_unsaved,
        "latest": saga.latest.number if saga and saga.latest else 0,
        "may_save": may_save,
        "suggest": free_name(saga.name) if saga else "",
        "in_gallery": bool(saga and saga.in_gallery),
        "layout": dict(sheet.layout),
        "presets": checking.presets_told(),
        "csrf": csrf,
        "urls": addresses(saga.name) if saga else addresses_of_new(),
    }


def told(draft: checking.Draft, name: str) -> dict[str, Any]:
    """The answer of /sagas/check about a draft, whether it is a saga or not."""
    if draft.saga is None:
        return {"valid": False, **checking.refusal(draft)}
    return {"valid": True, **checking.answer(draft, reverse("runs:new", args=[name]) if name else "")}


def _everywhere() -> dict[str, Any]:
    return {
        "check": reverse("composer:check"),
        "fix": reverse("composer:fix"),
        "draw": reverse("composer:draw"),
        "schema": reverse("composer:schema"),
        "import": reverse("composer:bring"),
        "new": reverse("composer:new"),
        "verdict_socket": "/ws/verdict/",
    }


def addresses_of_new() -> dict[str, Any]:
    """Where a new saga asks: its text says its name, and its first version gets a page of its own."""
    return {**_everywhere(), "save": reverse("composer:bring"), "show": reverse("runs:show-new")}


def addresses(name: str) -> dict[str, Any]:
    """Where the page of a saga asks."""
    own = ("page", "save", "versions", "compare", "duplicate", "delete")
    return {
        **_everywhere(),
        **{view: reverse(f"composer:{view}", args=[name]) for view in own},
        "show": reverse("runs:show", args=[name]),
        "run": reverse("runs:new", args=[name]),
        "start": reverse("runs:start", args=[name]),
        "matrix": reverse("explorer:matrix", args=[name]),
        "export": {kind: reverse("composer:export", args=[name, kind]) for kind in EXPORTS},
    }
