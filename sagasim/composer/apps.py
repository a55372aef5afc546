"""The composer as a Django app: saved sagas and their versions."""

from __future__ import annotations

from django.apps import AppConfig


class ComposerConfig(AppConfig):
    name = "sagasim.composer"
    verbose_name = "Sagas"
