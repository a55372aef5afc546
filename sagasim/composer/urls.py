"""Where the composer is. A saga's own name can never be one of these words with a slash behind it."""

from __future__ import annotations

from django.urls import path, register_converter

from sagasim.composer import exports, scripted, versions, views
from sagasim.composer.page import EXPORTS


class ExportConverter:
    """The kinds of files that a saga can be taken away as."""

    regex = "|".join(EXPORTS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ExportConverter, "export")

app_name = "composer"
urlpatterns = [
    path("sagas/", views.bring, name="bring"),
    path("sagas/new", views.new, name="new"),
    path("sagas/check", scripted.check, name="check"),
    path("sagas/fix", scripted.fix, name="fix"),
    path("sagas/draw", scripted.draw, name="draw"),
    path("sagas/schema.json", exports.schema, name="schema"),
    path("sagas/<slug:name>/", views.page, name="page"),
    path("sagas/<slug:name>/save", scripted.save, name="save"),
    path("sagas/<slug:name>/duplicate", views.duplicate, name="duplicate"),
    path("sagas/<slug:name>/delete", views.delete, name="delete"),
    path("sagas/<slug:name>/export.<export:wanted>", exports.export, name="export"),
    path("sagas/<slug:name>/versions/", versions.listed, name="versions"),
    path("sagas/<slug:name>/versions/compare", versions.compare, name="compare"),
    path("sagas/<slug:name>/versions/<int:number>", versions.one, name="version"),
    path("sagas/<slug:name>/versions/<int:number>/restore", versions.restore, name="restore"),
]
