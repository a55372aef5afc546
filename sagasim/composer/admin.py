"""Saved sagas and their versions, to look at: they are changed in the composer, and versions never are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from sagasim.composer.models import SagaVersion, SavedSaga

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
    fields = ("number", "hash", "saved_at", "saved_by")
    show_change_link = True
    can_delete = False


@admin.register(SavedSaga)
class SavedSagaAdmin(ReadOnly, SavedSagas):
    list_display = ("name", "title", "latest", "in_gallery", "owner", "saved_at")
    list_filter = ("in_gallery",)
    list_select_related = ("latest__saga", "owner")
    search_fields = ("name", "title")
    fields = ("name", "title", "description", "owner", "in_gallery", "watch_for", "saved_at")
    inlines = (VersionsInline,)


@admin.register(SagaVersion)
class SagaVersionAdmin(ReadOnly, SagaVersions):
    list_display = ("saga", "number", "hash", "saved_at", "saved_by")
    list_select_related = ("saga", "saved_by")
    search_fields = ("saga__name", "hash")
    fields = ("saga", "number", "hash", "saved_at", "saved_by", "written")

    @admin.display(description="as written")
    def written(self, version: SagaVersion) -> str:
        return format_html("<pre>{}</pre>", version.text)

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False  # runs depend on it; it goes with its saga
