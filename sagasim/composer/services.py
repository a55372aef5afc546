"""What changes saved sagas: saving a version, deleting a saga, keeping a draft, and hanging the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from sagasim.composer.gallery import Exhibit, pairs
from sagasim.composer.models import DRAFT, LONGEST_NAME, SagaVersion, SavedSaga
from sagasim.composer.naming import text_now, under_name
from sagasim.core.codec import (
    saga_from_text,
    saga_hash,
    saga_to_data,
    saga_to_yaml,
)
from sagasim.core.errors import BadSaga

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from sagasim.core.saga import Saga

MOST_COUNTED = 1000


class NotYours(Exception):
    """Somebody else's saga, or one of the gallery, would get a new version."""

    def __init__(self, saga: SavedSaga) -> None:
        whose = "the gallery" if saga.in_gallery else str(saga.owner or "somebody else")
        super().__init__(f"the saga {saga.name} belongs to {whose}; save yours under another name")
        self.saga = saga


class Outdated(Exception):
    """Somebody else has saved since: `theirs` is the newest version, `base` the one that was edited, if any."""

    def __init__(self, theirs: SagaVersion, base: SagaVersion | None) -> None:
        who = theirs.saved_by.get_username() if theirs.saved_by else "somebody else"
        edited = f"you edited version {base.number}" if base else "yours is a new one"
        super().__init__(
            f"version {theirs.number} of {theirs.saga.name} was saved by {who}, and {edited}; keep yours as the "
            "newest, take theirs, or keep yours under another name"
        )
        self.theirs, self.base = theirs, base


class NameTaken(BadSaga):
    """A new saga would have the name of one that is there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a saga {name!r} already; choose another name", path="name")


def save_saga(text: str, *, by: User | None, expecting: str = "") -> SagaVersion:
    """Keeps the saga that a text means under the name that it gives itself, as its newest version.

    A text that is already the newest version is not kept twice. `expecting` is the name that the saga should
    have, where an address has said so. Raises BadSaga and NotYours.
    """
    return _save(saga_from_text(text), text, by, expecting)


def save_over(text: str, *, base: int, by: User | None, expecting: str = "") -> SagaVersion:
    """The same for somebody who edited version `base` (0: none): nobody may have saved another one since.

    Raises Outdated besides.
    """
    return _save(saga_from_text(text), text, by, expecting, base)


def save_as(text: str, name: str, *, by: User | None) -> SagaVersion:
    """Keeps the text as the first version of a new saga of that name. Raises BadSaga, NameTaken included."""
    renamed = under_name(text, name)
    if SavedSaga.objects.filter(name=name).exists():
        raise NameTaken(name)
    return _save(saga_from_text(renamed), renamed, by, name, 0)


def keep_saga(meaning: Saga, *, by: User | None) -> SagaVersion:
    """The same as save_saga for a saga that was built by a program. Raises BadSaga and NotYours."""
    newest = SagaVersion.objects.filter(latest_of__name=meaning.name, hash=saga_hash(meaning)).first()
    return newest or _save(meaning, saga_to_yaml(meaning), by, "")


def _save(meaning: Saga, text: str, by: User | None, expecting: str, base: int | None = None) -> SagaVersion:
    if len(meaning.name) > LONGEST_NAME:
        raise BadSaga(f"the name has {len(meaning.name)} characters; at most {LONGEST_NAME} fit", path="name")
    if expecting and meaning.name != expecting:
        raise BadSaga(
            f"the saga here is {expecting!r}; save a copy under the name {meaning.name!r}, or call it "
            f"{expecting!r} again",
            path="name",
        )
    with transaction.atomic():
        saga, is_new = SavedSaga.objects.select_for_update().get_or_create(
            name=meaning.name, defaults={"owner": by, "saved_at": timezone.now()}
        )
        if not is_new and not may_change(saga, by):
            raise NotYours(saga)
        if base is not None:
            refuse_outdated(saga, text, base)
        version, _ = add_version(saga, text, meaning, by)
        return version


def refuse_outdated(saga: SavedSaga, text: str, base: int) -> None:
    """Whoever edited version `base` is told where there is a newer one. Raises Outdated."""
    newest = saga.latest
    if newest is not None and newest.number != base and newest.text != text:
        raise Outdated(newest, saga.versions.filter(number=base).first())


def place_steps(saga: SavedSaga, layout: dict[str, dict[str, float]], *, by: User | None) -> None:
    """Remembers where steps were put on the canvas. Raises NotYours."""
    if not may_change(saga, by):
        raise NotYours(saga)
    if saga.layout != layout:
        saga.layout = layout
        saga.save(update_fields=["layout"])


def restore(version: SagaVersion, *, by: User | None) -> SagaVersion:
    """A new version equal to an old one but for its name; the newest itself where it is that already.

    Raises NotYours.
    """
    text = text_now(version)
    return _save(saga_from_text(text), text, by, version.saga.name)


def duplicate(version: SagaVersion, name: str, *, by: User | None) -> SagaVersion:
    """A new saga that begins with this version. Raises BadSaga, NameTaken included."""
    copy = save_as(version.text, name, by=by)
    place_steps(copy.saga, version.saga.layout, by=by)
    return copy


def what_goes_with(saga: SavedSaga) -> dict[str, Any]:
    """What is deleted with a saga: counted no further than a person needs."""
    versions = SagaVersion.objects.filter(saga__in=[saga, *drafts_of(saga)], runs__isnull=False)
    runs = versions.values("runs")[: MOST_COUNTED + 1].count()
    return {"saga": saga, "versions": saga.versions.count(), "runs": runs, "most": MOST_COUNTED}


def drafts_of(saga: SavedSaga) -> QuerySet[SavedSaga]:
    return SavedSaga.objects.filter(is_draft=True, name__startswith=f"{saga.name}{DRAFT}")


def delete_saga(saga: SavedSaga, *, by: User | None) -> None:
    """Takes a saga away, with its versions and all that was run and explored of them. Raises NotYours."""
    if not may_change(saga, by):
        raise NotYours(saga)
    with transaction.atomic():
        for each in (*drafts_of(saga), saga):
            each.delete()


def keep_draft(text: str, *, by: User | None) -> SagaVersion:
    """Keeps what somebody runs without saving it: as a version of a draft of their own. Raises BadSaga.

    What is saved already is no draft, and what is looked at twice is kept once (docs/decisions/0010).
    """
    meaning = saga_from_text(text)
    saved = SagaVersion.objects.filter(saga__name=meaning.name, hash=saga_hash(meaning), text=text).last()
    if saved is not None:
        return saved
    with transaction.atomic():
        draft, _ = SavedSaga.objects.select_for_update().get_or_create(
            name=f"{meaning.name}{DRAFT}{by.pk if by else 0}",
            defaults={"owner": by, "is_draft": True, "saved_at": timezone.now()},
        )
        known = draft.versions.filter(hash=saga_hash(meaning), text=text).first()
        return known or add_version(draft, text, meaning, by)[0]


def may_change(saga: SavedSaga, by: User | None) -> bool:
    """Whoever saved it first may change it, and staff may; the gallery is nobody's."""
    if saga.in_gallery:
        return False
    return by is None or by.is_staff or saga.owner_id in (None, by.pk)


def add_version(saga: SavedSaga, text: str, meaning: Saga, by: User | None) -> tuple[SagaVersion, bool]:
    """The newest version of the saga from now on, and whether it was not that already."""
    digest = saga_hash(meaning)
    newest = saga.latest
    if newest is not None and (newest.hash, newest.text) == (digest, text):
        return newest, False
    version = SagaVersion.objects.create(
        saga=saga,
        number=newest.number + 1 if newest else 1,
        hash=digest,
        text=text,
        normal_form=saga_to_data(meaning),
        saved_at=timezone.now(),
        saved_by=by,
    )
    saga.latest, saga.saved_at = version, version.saved_at
    saga.title, saga.description = meaning.title, meaning.description
    saga.save()
    return version, True


def hang_gallery() -> int:
    """Makes the stored gallery what the files say; returns how many versions that took.

    The ready case, a gallery that hangs already, is one query: this runs at every start.
    """
    hung = {
        saga.name: (saga.watch_for, tuple(saga.show_with), saga.latest.text if saga.latest else "")
        for saga in SavedSaga.objects.filter(in_gallery=True).select_related("latest")
    }
    wanted = {it.name: (it.watch_for, it.faults, it.text) for pair in pairs() for it in pair}
    if hung == wanted:
        return 0
    with transaction.atomic():
        return sum(_hang_pair(sound, broken) for sound, broken in pairs())


def _hang_pair(sound: Exhibit, broken: Exhibit) -> int:
    first, one = _hang(sound, None)
    _, other = _hang(broken, first)
    return one + other


def _hang(exhibit: Exhibit, twin: SavedSaga | None) -> tuple[SavedSaga, bool]:
    saga, _ = SavedSaga.objects.update_or_create(
        name=exhibit.name,
        defaults={
            "in_gallery": True,
            "owner": None,
            "watch_for": exhibit.watch_for,
            "show_with": list(exhibit.faults),
            "broken_twin_of": twin,
        },
        create_defaults={
            "name": exhibit.name,
            "in_gallery": True,
            "watch_for": exhibit.watch_for,
            "show_with": list(exhibit.faults),
            "broken_twin_of": twin,
            "saved_at": timezone.now(),
        },
    )
    _, is_new = add_version(saga, exhibit.text, saga_from_text(exhibit.text), None)
    return saga, is_new
