"""What the tests of the explorer share: the gallery, and the published sagas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.services import hang_gallery

SAGAS = Path(__file__).resolve().parents[1] / "sagas"


@pytest.fixture
def gallery(db: None) -> dict[str, Any]:
    hang_gallery()
    return {saga.name: saga for saga in SavedSaga.objects.select_related("latest__saga")}


@pytest.fixture
def broken(gallery: dict[str, Any]) -> SagaVersion:
    version: SagaVersion = gallery["order-fulfilment-broken"].latest
    return version
