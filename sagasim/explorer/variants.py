"""Changed sagas that somebody looks at and has not saved: one without a safeguard, one in another engine.

Runs pin a version, so what is looked at is kept as a draft of whoever looks (composer/services.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sagasim.composer.services import keep_draft
from sagasim.core.changes import apply_fix
from sagasim.core.codec import edited_text, saga_to_data

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.composer.models import SagaVersion
    from sagasim.core.saga import Saga


def kept_variant(version: SagaVersion, edit: Mapping[str, object], *, by: User | None) -> SagaVersion:
    """The version with one change, kept so that it can be run. Raises BadSaga."""
    return kept(version, apply_fix(version.meaning, edit), by=by)


def kept(version: SagaVersion, changed: Saga, *, by: User | None) -> SagaVersion:
    """The same for any change of its meaning."""
    return keep_draft(edited_text(version.text, saga_to_data(changed)), by=by)
