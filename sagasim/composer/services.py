"""What changes saved sagas: saving a version, and hanging the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from sagasim.composer.gallery import Exhibit, pairs
from sagasim.composer.models import LONGEST_NAME, SagaVersion, SavedSaga
from sagasim.core.codec import saga_from_text, saga_hash, saga_to_data, saga_to_yaml
from sagasim.core.errors import BadSaga

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.core.saga import Saga


class NotYours(Exception):
    """Somebody else's saga, or one of the gallery, would get a new version."""

    def __init__(self, saga: SavedSaga) -> None:
        whose = "the gallery" if saga.in_gallery else str(saga.owner or "somebody else")
        super().__init__(f"the saga {saga.name} belongs to {whose}; save yours under another name")
        self.saga = saga


def save_saga(text: str, *, by: User | None, expecting: str = "") -> SagaVersion:
    """Keeps the saga that a text means under the name that it gives itself, as its newest version.

    A text that is already the newest version is not kept twice. `expecting` is the name that the saga should
    have, where an address has said so. Raises BadSaga and NotYours.
    """
    return _save(saga_from_text(text), text, by, expecting)


def keep_saga(meaning: Saga, *, by: User | None) -> SagaVersion:
    """The same for a saga that was built by a program. Raises BadSaga and NotYours."""
    newest = SagaVersion.objects.filter(latest_of__name=meaning.name, hash=saga_hash(meaning)).first()
    return newest or _save(meaning, saga_to_yaml(meaning), by, "")


def _save(meaning: Saga, text: str, by: User | None, expecting: str) -> SagaVersion:
    if len(meaning.name) > LONGEST_NAME:
        raise BadSaga(f"the name has {len(meaning.name)} characters; at most {LONGEST_NAME} fit", path="name")
    if expecting and meaning.name != expecting:
        raise BadSaga(
            f"the saga here is {expecting!r}; save {meaning.name!r} at its own address", path="name"
        )
    with transaction.atomic():
        saga, is_new = SavedSaga.objects.get_or_create(
            name=meaning.name, defaults={"owner": by, "saved_at": timezone.now()}
        )
        if not is_new and not may_change(saga, by):
            raise NotYours(saga)
        version, _ = _keep(saga, text, meaning, by)
        return version


def may_change(saga: SavedSaga, by: User | None) -> bool:
    """Whoever saved it first may change it, and staff may; the gallery is nobody's."""
    if saga.in_gallery:
        return False
    return by is None or by.is_staff or saga.owner_id in (None, by.pk)


def _keep(saga: SavedSaga, text: str, meaning: Saga, by: User | None) -> tuple[SagaVersion, bool]:
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
    _, is_new = _keep(saga, exhibit.text, saga_from_text(exhibit.text), None)
    return saga, is_new
