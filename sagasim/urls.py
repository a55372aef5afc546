"""Which address leads where; each area keeps its own addresses."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path

from sagasim.api.api import api
from sagasim.home import home

handler400 = "sagasim.refusals.bad_request"
handler404 = "sagasim.refusals.not_found"


@login_not_required
def icon(_: HttpRequest) -> HttpResponseRedirect:
    """Where browsers look for it when they show something that is no page of ours, such as JSON."""
    return HttpResponseRedirect(static("img/sagasim.svg"))


urlpatterns = [
    path("favicon.ico", icon),
    path("", home, name="home"),
    path("", include("sagasim.composer.urls")),
    path("", include("sagasim.runs.urls")),
    path("", include("sagasim.explorer.urls")),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]
