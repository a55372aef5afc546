"""Saved sagas and their versions.

A version is what a run pins: the text as it was written, and what it means (the normal form and its hash).
Versions are added, never edited; saving what is there already adds none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from sagasim.core.codec import saga_from_data

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    from sagasim.core.saga import Saga

LONGEST_NAME = 200
DRAFT = "--draft-"
"""Stands in the name of a draft and, since it is no slug, in no saga's own name."""
MOST_MEANINGS = 256

_meanings: dict[str, Saga] = {}  # by hash: equal hashes mean equal sagas, and reading one costs milliseconds


class VersionIsFinal(Exception):
    """Somebody tried to change what runs depend on."""

    def __init__(self, version: SagaVersion) -> None:
        super().__init__(f"{version} is what runs depend on; save a new version instead")


class SavedSaga(models.Model):
    """A saga under its name. `latest` is the version that a new run takes.

    `layout` is where its steps were put on the canvas. A draft holds what somebody has run and not saved
    (docs/decisions/0010).
    """

    name = models.SlugField(max_length=LONGEST_NAME, unique=True)
    title = models.TextField(blank=True)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    latest = models.OneToOneField(
        "SagaVersion", models.RESTRICT, null=True, blank=True, related_name="latest_of"
    )
    layout: models.JSONField[dict[str, Any] | Combinable, dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    is_draft = models.BooleanField(default=False, db_index=True)
    in_gallery = models.BooleanField(default=False, db_index=True)
    watch_for = models.TextField(blank=True, help_text="Gallery: what to watch for, in one line.")
    show_with = models.JSONField(
        default=list, blank=True, help_text="Gallery: the faults of the run that one click starts."
    )
    broken_twin_of = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="broken_twin"
    )
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        verbose_name = "saga"
        constraints = [
            models.CheckConstraint(name="a_saga_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="only_a_gallery_saga_says_what_to_watch_for",
                condition=Q(in_gallery=True) | Q(watch_for=""),
            ),
            models.CheckConstraint(
                name="a_draft_and_nothing_else_is_named_as_one",
                condition=Q(is_draft=True, name__contains=DRAFT)
                | Q(Q(is_draft=False), ~Q(name__contains=DRAFT)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("composer:page", args=[self.name])

    @property
    def own_name(self) -> str:
        """The name that its text says; of a draft, that of the saga that it is a draft of."""
        return self.name.partition(DRAFT)[0]

    @property
    def heading(self) -> str:
        return self.title or self.own_name

    @property
    def label(self) -> str:
        """The name as lists show it."""
        return f"{self.own_name} (draft)" if self.is_draft else self.name


class FormerName(models.Model):
    """What a saga was called before it was renamed, so that its old address leads to the new one."""

    name = models.SlugField(max_length=LONGEST_NAME, primary_key=True)
    saga = models.ForeignKey(SavedSaga, models.CASCADE, related_name="former_names")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}, now {self.saga}"


class SagaVersion(models.Model):
    """One version of a saga, as written and as understood. It never changes."""

    saga = models.ForeignKey(SavedSaga, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    hash = models.CharField(max_length=64, db_index=True)
    text = models.TextField()
    normal_form: models.JSONField[dict[str, Any] | Combinable, dict[str, Any]] = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["saga", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["saga", "number"], name="a_saga_has_each_version_once"),
            models.CheckConstraint(name="versions_count_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.saga.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise VersionIsFinal(self)
        super().save(*args, **kwargs)

    @property
    def meaning(self) -> Saga:
        """The saga itself, with every default filled in."""
        if self.hash not in _meanings:
            if len(_meanings) >= MOST_MEANINGS:
                _meanings.clear()
            _meanings[self.hash] = saga_from_data(self.normal_form)
        return _meanings[self.hash]
