"""A saga under another name: with its versions, its runs and what was explored of it; the old address leads there.

A saga's name is its address, and a version never changes. So renaming is a new version whose text says the new name;
older versions go on saying the old one, which is what runs of them were runs of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from sagasim.composer.models import DRAFT, FormerName, SagaVersion, SavedSaga
from sagasim.composer.services import (
    NameTaken,
    NotYours,
    add_version,
    drafts_of,
    may_change,
    refuse_outdated,
    save_over,
)
from sagasim.core.codec import saga_from_text

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def rename(saga: SavedSaga, text: str, *, base: int, by: User | None) -> SagaVersion:
    """Keeps a text that calls the saga something else as its newest version, and calls the saga that.

    Raises BadSaga, NameTaken included, NotYours and Outdated.
    """
    meaning = saga_from_text(text)
    if meaning.name == saga.name:
        return save_over(text, base=base, by=by, expecting=saga.name)
    with transaction.atomic():
        saga = SavedSaga.objects.select_for_update().get(pk=saga.pk)
        if not may_change(saga, by):
            raise NotYours(saga)
        if SavedSaga.objects.filter(name=meaning.name).exists():
            raise NameTaken(meaning.name)
        refuse_outdated(saga, text, base)
        _call(saga, meaning.name)
        return add_version(saga, text, meaning, by)[0]


def _call(saga: SavedSaga, name: str) -> None:
    """The saga, and what was run of it without being saved, by another name."""
    for draft in drafts_of(saga):
        draft.name = draft.name.replace(f"{saga.name}{DRAFT}", f"{name}{DRAFT}", 1)
        draft.save(update_fields=["name"])
    FormerName.objects.filter(name=name).delete()  # it is called this again, or somebody else's is
    FormerName.objects.update_or_create(name=saga.name, defaults={"saga": saga})
    saga.name = name
    saga.save(update_fields=["name"])
