"""Saved sagas and their versions, to look at: they are changed in the composer, and versions never are.

A saga is deleted here as there, with its versions, drafts and runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.wording import changes_between

if TYPE_CHECKING:  # Django's own classes take no parameters when they run
    Versions = admin.TabularInline[SagaVersion, SavedSaga]
    SavedSagas = admin.ModelAdmin[SavedSaga]
    SagaVersions = admin.ModelAdmin[SagaVersion]
else:
    Versions = admin.TabularInline
    SavedSagas = SagaVersions = admin.ModelAdmin


class ReadOnly:
    """What can be looked at and deleted, and not edited."""

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


class VersionsInline(ReadOnly, Versions):
    model = SagaVersion
    fields = ("number", "saved_at", "saved_by", "hash", "compared")
    readonly_fields = ("compared",)
    show_change_link = True
    can_delete = False
    extra = 0

    @admin.display(description="what it changed")
    def compared(self, version: SagaVersion) -> str:
        return _compared(version)


def _compared(version: SagaVersion) -> str:
    """Leads to the comparison with the version before; the first has none."""
    if version.number == 1:
        return "the first"
    address = reverse("composer:compare", args=[version.saga.name])
    before = version.number - 1
    return format_html(
        '<a href="{}?a={}&b={}">compare with version {}</a>', address, before, version.number, before
    )


@admin.register(SavedSaga)
class SavedSagaAdmin(ReadOnly, SavedSagas):
    list_display = ("name", "title", "newest", "in_gallery", "is_draft", "owner", "saved_at", "compose")
    list_filter = ("in_gallery", "is_draft")
    date_hierarchy = "saved_at"
    list_select_related = ("latest__saga", "owner")
    search_fields = ("name", "title")
    fields = (
        "name",
        "title",
        "description",
        "owner",
        "in_gallery",
        "is_draft",
        "watch_for",
        "saved_at",
        "compose",
    )
    readonly_fields = ("compose",)
    inlines = (VersionsInline,)

    @admin.display(description="newest version", ordering="latest__number")
    def newest(self, saga: SavedSaga) -> int | None:
        return saga.latest.number if saga.latest else None

    @admin.display(description="composer")
    def compose(self, saga: SavedSaga) -> str:
        return format_html('<a href="{}">open</a>', saga.get_absolute_url())


@admin.register(SagaVersion)
class SagaVersionAdmin(ReadOnly, SagaVersions):
    list_display = ("saga", "number", "saved_at", "saved_by", "hash", "compared")
    list_select_related = ("saga", "saved_by")
    search_fields = ("saga__name", "hash")
    fields = ("saga", "number", "hash", "saved_at", "saved_by", "compared", "changed", "written")

    @admin.display(description="before")
    def compared(self, version: SagaVersion) -> str:
        return _compared(version)

    @admin.display(description="what it changed")
    def changed(self, version: SagaVersion) -> str:
        older = version.saga.versions.filter(number__lt=version.number).first()
        return format_html_join("", "<div>{}</div>", ((it,) for it in changes_between(older, version)))

    @admin.display(description="as written")
    def written(self, version: SagaVersion) -> str:
        return format_html("<pre>{}</pre>", version.text)

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False  # runs depend on it; it goes with its saga
