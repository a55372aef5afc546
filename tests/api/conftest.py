"""What the tests of the API share."""

from __future__ import annotations

import pytest
from django.test import Client

from sagasim.composer.services import hang_gallery


@pytest.fixture
def api(db: None) -> Client:
    """A program that asks a sagasim with its gallery, in local mode."""
    hang_gallery()
    return Client()
