"""Where the matrix, the findings and the comparisons are."""

from __future__ import annotations

from django.urls import path

from sagasim.explorer import comparing_views, drilling_views, views, weighing_views

app_name = "explorer"
urlpatterns = [
    path("sagas/<slug:name>/matrix/", views.matrix, name="matrix"),
    path("sagas/<slug:name>/explorations/", views.start, name="start"),
    path("sagas/<slug:name>/safeguards/", weighing_views.safeguards, name="safeguards"),
    path("sagas/<slug:name>/safeguards/open", weighing_views.without, name="without"),
    path("sagas/<slug:name>/compare/", comparing_views.compare, name="compare"),
    path("sagas/<slug:name>/compare/open", comparing_views.beside, name="beside"),
    path("runs/<uuid:run>/drill/", drilling_views.drill, name="drill"),
    path("explorations/<uuid:pk>/", views.exploration, name="exploration"),
    path("explorations/<uuid:pk>/stop", views.stop, name="stop"),
    path("explorations/<uuid:pk>/again", views.again, name="again"),
    path("explorations/<uuid:pk>/open", views.open_run, name="open"),
    path("explorations/<uuid:pk>/fix", views.fix, name="fix"),
    path("explorations/<uuid:pk>/export.<slug:wanted>", views.export, name="export"),
]
