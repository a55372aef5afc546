"""ARCHITECTURE.md says where things are: what it names is there, and what is there has its row."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
CORE = ROOT / "sagasim" / "core"
CONVENTIONAL = {"__init__", "admin", "apps", "forms", "models", "services", "urls", "views"}
"""What an area has because every Django application has it."""


def places() -> set[Path]:
    """What the first column of each table names; a bare name is a module of the core, or beside the one before it."""
    found = set()
    for row in re.findall(r"^\| ([^|]*`[^|]*) \|", TEXT, re.MULTILINE):
        folder = CORE
        for name in re.findall(r"`([^`]+)`", row):
            place = ROOT / name if (ROOT / name).exists() else folder / name
            if "/" not in name and "." not in name:
                place = CORE / f"{name}.py"
            found.add(place)
            folder = place.parent
    return found


def test_what_is_named_is_there() -> None:
    assert [str(place) for place in places() if not place.exists()] == []


@pytest.mark.parametrize("area", [".", "core", "library", "composer", "runs", "explorer", "api"])
def test_every_module_has_its_row(area: str) -> None:
    modules = {path for path in (ROOT / "sagasim" / area).glob("*.py") if path.stem not in CONVENTIONAL}
    assert {path.name for path in modules - places()} == set()


def test_every_script_has_its_row() -> None:
    named = places()
    scripts = {path for path in (ROOT / "static" / "js").rglob("*.js") if path.parent not in named}
    assert {str(path.relative_to(ROOT)) for path in scripts - named} == set()


def test_the_layers_of_the_core_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    checked = next(it["layers"] for it in contracts if it["id"] == "core")
    said = re.search(r"inside the core:(.*?)```", TEXT, re.DOTALL)
    assert said is not None
    assert [re.findall(r"\w+", layer) for layer in said[1].split(">")] == [
        re.findall(r"\w+", layer) for layer in checked
    ]
