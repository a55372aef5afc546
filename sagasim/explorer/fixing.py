"""Applying the fix of a finding: a new version of the saga, or, of a saga that is not yours, of a copy.

The change is written into the text as it was typed, comments and all. It was verified for the version that was
explored; where somebody has saved another one since, it is not applied blindly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sagasim.composer.naming import free_name
from sagasim.composer.services import may_change, save_as, save_over
from sagasim.core.changes import apply_fix
from sagasim.core.codec import edited_text, saga_to_data
from sagasim.core.errors import CoreError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.composer.models import SagaVersion
    from sagasim.explorer.models import Exploration


class NoFix(CoreError):
    """This fix cannot be applied; the text is one sentence for the user."""


def apply(exploration: Exploration, key: str, *, by: User | None) -> SagaVersion:
    """The version that has the fix of this finding. Raises NoFix, and what saving raises: Outdated, BadSaga."""
    version = exploration.version
    if version is None:
        raise NoFix("this was explored without being saved; save the saga, and explore it, to apply a fix")
    data = saga_to_data(apply_fix(version.meaning, edit_of(exploration, key)))
    if may_change(version.saga, by):
        text = edited_text(version.text, data)
        return save_over(text, base=version.number, by=by, expecting=version.saga.name)
    change = (finding_of(exploration, key) or {})["fix"]["change"]
    titled = {
        **data,
        "title": f"{version.saga.name}, repaired by {change}",
    }  # a title may say what was broken
    return save_as(edited_text(version.text, titled), free_name(version.saga.name), by=by)


def said(exploration: Exploration, version: SagaVersion, key: str) -> str:
    """What has been done, in one sentence."""
    found = finding_of(exploration, key) or {}
    change = (found.get("fix") or {}).get("change", "the fix")
    old = exploration.version
    if old is not None and old.saga_id != version.saga_id:
        return f"{version.saga.name} is a copy of {old.saga.name} with {change}."
    return f"Version {version.number} has {change}."


def edit_of(exploration: Exploration, key: str) -> Mapping[str, object]:
    """The change that repairs a finding. Raises NoFix."""
    found = finding_of(exploration, key)
    if found is None:
        raise NoFix(f"there is no finding {key!r} here; choose one of the page")
    fix = found.get("fix")
    if not fix:
        raise NoFix("no single change was found that repairs this; the finding says what is known")
    return cast("Mapping[str, object]", fix["edit"])


def finding_of(exploration: Exploration, key: str) -> Mapping[str, Any] | None:
    """What is stored of a finding beyond the verdict."""
    known = exploration.more.get("findings", [])
    return next((each for each in known if each.get("key") == key), None)
