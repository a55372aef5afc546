from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

# Setting a module to None in sys.modules makes importing it fail, as if it were not installed.
WITHOUT_DJANGO = """
import sys
for absent in ("django", "channels", "daphne", "ninja", "django_htmx", "asgiref"):
    sys.modules[absent] = None
import {name}
"""


@pytest.mark.parametrize(
    "name", ["sagasim", "sagasim.core", "sagasim.cli", "sagasim.library", "sagasim.testing"]
)
def test_what_stands_on_the_core_alone_starts_where_django_is_not_installed(name: str):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not written yet")
    started = subprocess.run(
        [sys.executable, "-c", WITHOUT_DJANGO.format(name=name)], capture_output=True, check=False
    )
    assert started.returncode == 0, started.stderr.decode()


def test_a_name_that_sagasim_does_not_export_is_refused():
    import sagasim

    with pytest.raises(AttributeError, match="no attribute 'SagaOrchestra'"):
        sagasim.SagaOrchestra  # noqa: B018
