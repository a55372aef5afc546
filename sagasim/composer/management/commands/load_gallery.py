"""Makes the stored gallery what the shipped files say."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from sagasim.composer.services import hang_gallery


class Command(BaseCommand):
    help = "Load the gallery: sound sagas, each beside its broken twin. Loading it again changes nothing."

    def handle(self, *_: Any, **__: Any) -> None:
        versions = hang_gallery()
        if versions:
            self.stdout.write(f"The gallery got {versions} new versions.")
