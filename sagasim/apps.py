"""The project as a Django app: it owns what belongs to no area, such as `manage.py serve`."""

from __future__ import annotations

from django.apps import AppConfig


class SagasimConfig(AppConfig):
    name = "sagasim"
