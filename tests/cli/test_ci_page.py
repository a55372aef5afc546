"""docs/ci.md says what is so: its commands are run, and its pipelines are read."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from sagasim.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BROKEN = ROOT / "sagasim" / "gallery" / "event-ticketing-broken.yaml"
SOUND = ROOT / "sagasim" / "gallery" / "event-ticketing.yaml"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the saga that the page speaks of; it has findings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sagas").mkdir()
    (tmp_path / "sagas" / "order.yaml").write_bytes(BROKEN.read_bytes())
    return tmp_path


def run(command: str) -> int:
    """As a shell would, but in this process: redirections of standard output included."""
    words = shlex.split(
        command.replace("--faults 3", "--faults 2")
    )  # three are for the night, not for a test
    assert words[0] == "sagasim"
    return main(words[1:])


@pytest.mark.parametrize("command", [line for line in COMMANDS if "<" not in line and ">" not in line])
def test_every_command_does_something_sensible(command: str, project: Path) -> None:
    baseline = project / "sagas" / "order.baseline.json"
    if "--baseline" in command:
        baseline.write_text(verdict_of(project))
    assert run(command) == (0 if "--baseline" in command else 1)
    if "--junit" in command:
        assert ET.parse(project / "report.xml").getroot().find(".//failure") is not None


def verdict_of(folder: Path) -> str:
    command = [sys.executable, "-m", "sagasim", "explore", str(folder / "sagas" / "order.yaml"), "--json"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return told.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for line in COMMANDS if "<" in line or ">" in line])
def test_a_shell_runs_the_rest(command: str, project: Path) -> None:
    told = subprocess.run(
        ["sh", "-c", command.replace("sagasim", f"{sys.executable} -m sagasim", 1)],
        cwd=project, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (1, "")
    written = command.rsplit("> ", maxsplit=1)[-1].strip()
    assert json.loads((project / written).read_text())["findings"]


@pytest.mark.slow
def test_the_repaired_saga_passes_the_gate(project: Path) -> None:
    (project / "sagas" / "order.yaml").write_bytes(SOUND.read_bytes())
    for command in COMMANDS:
        if (
            "<" not in command
            and ">" not in command
            and "--baseline" not in command
            and "--max" not in command
        ):
            assert run(command) == 0


def scripts() -> list[str]:
    """The commands of both pipelines, with the names that their matrices put in."""
    github, gitlab = (yaml.safe_load(block) for block in blocks("yaml"))
    steps: list[dict[str, Any]] = github["jobs"]["explore"]["steps"]
    lines = [step["run"] for step in steps if "run" in step]
    lines += [*gitlab["sagas"]["before_script"], *gitlab["sagas"]["script"]]
    return [line.replace("${{ matrix.saga }}", "order").replace("$SAGA", "order") for line in lines]


@pytest.mark.slow
def test_both_pipelines_are_yaml_whose_commands_work(project: Path) -> None:
    (project / "sagas" / "order.baseline.json").write_text(verdict_of(project))
    commands = [line for line in scripts() if line.startswith("sagasim")]
    assert len(commands) == 4
    for command in commands:
        assert run(command) == 0
        if "--junit" in command:
            report = ET.parse(project / "report.xml").getroot()
            assert report.find(".//failure") is None
            assert report.find(".//skipped") is not None
