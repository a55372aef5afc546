"""The runs as a Django app: what was executed, stored and played."""

from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "sagasim.runs"
    verbose_name = "Runs"
