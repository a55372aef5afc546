"""Where the stage and the runs are."""

from __future__ import annotations

from django.urls import path

from sagasim.runs import drafts, monitoring, views

app_name = "runs"
urlpatterns = [
    path("sagas/show", drafts.show, name="show-new"),
    path("sagas/<slug:name>/show", drafts.show, name="show"),
    path("sagas/<slug:name>/runs/new", views.new, name="new"),
    path("sagas/<slug:name>/runs/", views.start, name="start"),
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:run>/", views.stage, name="stage"),
    path("runs/<uuid:run>/beside/<uuid:other>/", views.beside, name="beside"),
    path("runs/<uuid:run>/what-if", views.what_if, name="what-if"),
    path("runs/<uuid:run>/again", views.again, name="again"),
    path("runs/<uuid:run>/diagram.<slug:wanted>", views.diagram, name="diagram"),
    path("runs/<uuid:run>/log", views.log, name="log"),
    path("monitoring/", monitoring.page, name="monitoring"),
    path("metrics", monitoring.exposition, name="metrics"),
    path("healthz", monitoring.healthz, name="healthz"),
    path("runs/<uuid:run>/history.json", views.history, name="history"),
]
