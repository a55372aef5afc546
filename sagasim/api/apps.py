"""The API as a Django app: it owns the tokens."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "sagasim.api"
    verbose_name = "API"
