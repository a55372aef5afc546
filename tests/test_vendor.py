"""Third-party scripts: what is committed is what the manifest says, under licences that came along.

That the build is the one the lock file gives is asked where there is Node (make check); this needs none.
"""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from sagasim.templatetags.modules import addresses, needed_by, preloads
from tests.conftest import ROOT

VENDOR = ROOT / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())["files"]


def test_every_built_file_is_in_the_manifest_and_the_other_way_round():
    assert {path.name for path in VENDOR.iterdir()} == {*MANIFEST, "manifest.json", "LICENSES.txt"}


@pytest.mark.parametrize("name", MANIFEST)
def test_a_built_file_is_byte_for_byte_what_the_manifest_says(name: str):
    content = (VENDOR / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == MANIFEST[name]["sha256"]
    assert b"sourceMappingURL" not in content  # without its map it breaks collectstatic
    assert not re.search(rb"""\b(?:url\(|from|import\()\s*["']?https?:""", content)


def test_a_package_is_the_version_that_the_lock_file_pins_and_brings_its_licence():
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    licences = (VENDOR / "LICENSES.txt").read_text()
    packages = {each["name"]: each for file in MANIFEST.values() for each in file["packages"]}
    assert {"diagram-js", "@dagrejs/dagre", "@codemirror/view"} <= packages.keys()
    for name, package in packages.items():
        assert package["version"] == lock[f"node_modules/{name}"]["version"]
        assert package["license"] in {"MIT", "ISC"}
        assert f"## {name}\n" in licences


def test_scripts_import_them_by_name():
    assert addresses()["vendor/diagram.js"].startswith("/static/vendor/diagram")


def test_a_page_names_every_module_that_it_will_import_at_once_and_none_that_waits():
    needed = needed_by("sagasim/composer/composer.js", "sagasim/composer/canvas/canvas.js")
    assert {"sagasim/composer/store.js", "sagasim/composer/canvas/places.js", "vendor/diagram.js"} <= set(
        needed
    )
    assert "vendor/codemirror.js" not in needed  # the text view asks for it when it is opened
    assert set(needed) <= set(addresses())
    assert len(needed) == len(set(needed))


def test_what_has_time_until_the_page_stands_is_fetched_last_and_once():
    links = str(preloads("sagasim/composer/store.js", then="sagasim/composer/panel.js")).splitlines()
    assert all(
        'fetchpriority="auto"' in link for link in links[: len(needed_by("sagasim/composer/store.js"))]
    )
    assert links[-1].endswith('fetchpriority="low">')
    assert len({link.split()[2] for link in links}) == len(links)
