"""Copy as pytest: the test fails on the saga that has the finding, and passes on the one that is repaired."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagasim.core.codec import saga_from_text, saga_to_yaml
from sagasim.core.errors import BadSaga
from sagasim.core.exploration import Finding, explore
from sagasim.core.faults import parse_plan
from sagasim.core.harms import PROPERTIES
from sagasim.core.pytests import HOLDS, test_text
from sagasim.core.remedies import Remedies
from sagasim.core.saga import Coordination, Saga
from tests.core.test_oracle import EXAMPLES, Case, cases
from tests.core.test_twins import BASE, saga_of

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "sagasim" / "gallery"
BROKEN = ("order-fulfilment-broken", pytest.param("bank-transfer-broken", marks=pytest.mark.slow))


def from_gallery(name: str) -> Saga:
    return saga_from_text((GALLERY / f"{name}.yaml").read_bytes())


def failures(text: str, folder: Path, saga: Saga) -> list[str]:
    """Which tests of the text fail, run here, on this saga in a file."""
    (folder / f"{saga.name}.yaml").write_text(saga_to_yaml(saga))
    names: dict[str, Any] = {"__file__": str(folder / "test_it.py")}
    exec(compile(text, names["__file__"], "exec"), names)
    failed = []
    for name in [name for name in names if name.startswith("test_")]:
        try:
            names[name]()
        except AssertionError as error:
            failed.append(f"{name}: {error}")
    return failed


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("coordination", Coordination)
def test_it_fails_on_the_broken_saga_and_passes_on_the_repaired_one(
    name: str, coordination: Coordination, tmp_path: Path
) -> None:
    saga = from_gallery(name)
    known = explore(saga, coordination, 1)
    remedies = Remedies(saga, 1, known=[known])
    assert known.findings or name == "order-fulfilment-broken"
    for finding in known.findings[:3]:
        text = test_text(saga, finding)
        assert len(failures(text, tmp_path, saga)) == 2, text
        fix = remedies.fix(finding)
        assert fix is not None
        assert fix.verified
        assert failures(text, tmp_path, fix.saga) == [], text


@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 3)
@given(cases(max_steps=2))
def test_every_finding_of_any_saga_can_be_written_as_a_test_that_fails(
    tmp_path_factory: pytest.TempPathFactory, case: Case
) -> None:
    for finding in explore(case.saga, case.coordination, 1, kinds=case.kinds).findings[:2]:
        text = test_text(case.saga, finding)
        failed = failures(text, tmp_path_factory.mktemp("saga"), case.saga)
        assert len(failed) == 2, text


@given(st.text(min_size=1, max_size=60))
def test_no_name_breaks_out_of_its_place(name: str) -> None:
    try:
        saga = saga_of(BASE, invariants=[{"name": name, "always": "1 > 2"}])
    except BadSaga:
        return
    finding = Finding(harm="invariant", step=name, coordination=Coordination.ORCHESTRATION, faults=())
    names: dict[str, Any] = {"__file__": "/somewhere/test_it.py"}
    exec(compile(test_text(saga, finding, file="it's\n\"quoted\\.yaml"), "test_it.py", "exec"), names)
    assert names["SAGA"] == Path("/somewhere/it's\n\"quoted\\.yaml")
    assert len([name for name in names if name.startswith("test_")]) == 2


def test_it_reads_as_somebody_would_write_it() -> None:
    saga = saga_of(BASE, engine={"preset": "temporal-after-like"})
    plan = parse_plan(["charge:reply-lost*for-ever"], saga)
    finding = Finding(harm="leak", step="charge", coordination=Coordination.ORCHESTRATION, faults=plan)
    assert test_text(saga, finding) == READS


READS = """\
\"\"\"order: found by sagasim.\"\"\"

from pathlib import Path

from sagasim.testing import explore, replay, why

SAGA = Path(__file__).parent / "order.yaml"


def test_charge_leaves_nothing_behind():
    # The answer of charge was lost 3 times: the saga believed charge unknown and turned back
    # without undoing it; the saga ended compensated, and the effect of charge stays.
    run = replay(SAGA, "orchestration", faults=["charge:reply-lost*for-ever"])
    assert not run.shows("leak", "charge"), why(run, "leak", "charge")


def test_charge_leaves_nothing_behind_whatever_one_fault_does():
    known = explore(SAGA, "orchestration", faults=1)
    assert known.exhaustive
    found = known.found("leak", "charge")
    assert found is None, [str(fault) for fault in found.faults]
"""


@pytest.mark.parametrize("harm", PROPERTIES)
def test_every_harm_has_words_for_what_holds_instead(harm: str) -> None:
    assert HOLDS[harm]


@pytest.mark.slow
def test_pytest_itself_runs_it(tmp_path: Path) -> None:
    saga = from_gallery("order-fulfilment-broken")
    known = explore(saga, Coordination.ORCHESTRATION, 1)
    finding = known.findings[0]
    (tmp_path / "test_it.py").write_text(test_text(saga, finding))

    def pytest_says(it: Saga) -> subprocess.CompletedProcess[str]:
        (tmp_path / f"{saga.name}.yaml").write_text(saga_to_yaml(it))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", "."]
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTEST"))
        }
        env = {**clean, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    broken = pytest_says(saga)
    assert broken.returncode == 1, broken.stdout
    assert "2 failed" in broken.stdout
    fix = Remedies(saga, 1, known=[known]).fix(finding)
    assert fix is not None
    repaired = pytest_says(fix.saga)
    assert repaired.returncode == 0, repaired.stdout
    assert "2 passed" in repaired.stdout
