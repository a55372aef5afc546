"""The explorer as a Django app: what was asked of a saga, and what was found."""

from __future__ import annotations

from django.apps import AppConfig


class ExplorerConfig(AppConfig):
    name = "sagasim.explorer"
    verbose_name = "Explorations"

    def ready(self) -> None:
        from sagasim.explorer.monitoring import section
        from sagasim.explorer.repairing import Explored
        from sagasim.runs import repairs
        from sagasim.runs.monitoring import SECTIONS

        SECTIONS.append(section)
        repairs.ask(Explored())
