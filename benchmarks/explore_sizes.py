"""How long an exploration takes, how many new states a second it finds, and what a state costs in memory.

Seconds are those of the whole answer: tables, search, findings, matrix and number of executions. Sagas in a
row have all defaults; the two from the gallery have branches.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks._measuring import Row, cpu_seconds, line_of, report, undisturbed, verdict
from sagasim.core.blueprint import blueprint
from sagasim.core.codec import saga_from_text
from sagasim.core.exploration import Exploration, Search, explore
from sagasim.core.saga import Coordination, Saga

GALLERY = Path(__file__).parent.parent / "sagasim" / "gallery"
BOTH = (Coordination.ORCHESTRATION, Coordination.CHOREOGRAPHY)
ORCHESTRATION, CHOREOGRAPHY = BOTH[:1], BOTH[1:]
STATES_A_SECOND = 30_000
MILLION = 1_000_000
BYTES_A_STATE = 1024


class Case(NamedTuple):
    """An exploration, and the seconds that it may take (None: no goal)."""

    name: str
    saga: Saga
    faults: int
    coordinations: tuple[Coordination, ...]
    goal: float | None
    rounds: int = 3


def cases() -> list[Case]:
    return [
        Case("8 steps, 2 faults", line_of(8), 2, BOTH, 0.25, 7),
        Case("12 steps, 3 faults", line_of(12), 3, ORCHESTRATION, 3, 1),
        Case("12 steps, 3 faults", line_of(12), 3, CHOREOGRAPHY, 5, 1),
        Case("2 x 8 steps, shared, 2 faults", line_of(8, instances=2, shared=True), 2, ORCHESTRATION, 5, 1),
        Case("travel-booking, 2 faults", from_gallery("travel-booking"), 2, BOTH, None),
        Case("vm-provisioning, 2 faults", from_gallery("vm-provisioning"), 2, BOTH, None),
    ]


def from_gallery(name: str) -> Saga:
    return saga_from_text((GALLERY / f"{name}.yaml").read_text())


def main() -> None:
    with undisturbed():
        rows = [measured(case) for case in cases()]
    report("explore_sizes", rows)
    print()
    report("explore_memory", [memory_at_a_million()])


def measured(case: Case) -> Row:
    found: list[Exploration] = []

    def answer() -> None:
        found[:] = [explore(case.saga, each, case.faults) for each in case.coordinations]

    seconds = sorted(cpu_seconds(answer) for _ in range(case.rounds))[case.rounds // 2]
    states = sum(each.states for each in found)
    rate = states / seconds
    assert all(each.exhaustive for each in found)
    return {
        "exploration": case.name,
        "coordination": "both" if len(found) > 1 else str(found[0].coordination),
        "executions": f"{sum(each.executions for each in found):.2g}",
        "states": states,
        "states/s": rate,
        "goal/s": STATES_A_SECOND,
        " ": verdict(rate, STATES_A_SECOND, at_most=False),
        "seconds": seconds,
        "goal s": case.goal if case.goal is not None else "-",
        "": verdict(seconds, case.goal, at_most=True) if case.goal is not None else "",
    }


def memory_at_a_million() -> Row:
    """Measured in a process of its own: what the search adds to its peak, divided by its states."""
    done = subprocess.run(  # ourselves
        [sys.executable, "-m", "benchmarks.explore_sizes", "memory"],
        check=True, capture_output=True, text=True, cwd=GALLERY.parent.parent,
    )  # fmt: skip
    states, before, after, seconds = (float(word) for word in done.stdout.split())
    each = (after - before) / states
    return {
        "exploration": "20 steps, 5 faults, up to a million states",
        "states": int(states),
        "states/s": states / seconds,
        "peak MB": (after - before) / 1e6,
        "bytes/state": each,
        "goal": f"<= {BYTES_A_STATE}",
        "": verdict(each, BYTES_A_STATE, at_most=True),
    }


def grow_to_a_million() -> None:
    from resource import RUSAGE_SELF, getrusage  # not on every system; only this measurement needs it

    def peak() -> int:
        return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    search = Search(blueprint(line_of(20), Coordination.ORCHESTRATION), 5)
    before = peak()

    def work() -> None:
        while search.progress().states < MILLION and not search.progress().done:
            search.advance(5_000)

    with undisturbed():
        seconds = cpu_seconds(work)
    print(search.progress().states, before, peak(), seconds)


if __name__ == "__main__":
    grow_to_a_million() if sys.argv[1:] == ["memory"] else main()
