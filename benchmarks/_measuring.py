"""What all benchmarks share: CPU time, medians of pairs, the machine's name, a table and the same as JSON.

Seconds are CPU seconds of the process that works, so that a busy neighbour does not count; only where
waiting is the matter (start-up) it is the clock on the wall. Ratios are medians over pairs that ran one
directly after the other.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sagasim.core.saga import Saga, Step

RESULTS = Path(__file__).parent / "results"

Row = dict[str, object]


def machine() -> dict[str, str]:
    """The machine that the numbers are from."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def report(name: str, rows: Sequence[Row]) -> None:
    """Prints the rows as a table and writes them to benchmarks/results/<name>.json, with the machine."""
    here = machine()
    print(f"{here['cpu']}, {here['cores']} cores, {here['python']}, load {_load()}")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    texts = [columns, *([_text(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in texts) for place in range(len(columns))]
    for line in texts:
        cells = (
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
    RESULTS.mkdir(exist_ok=True)
    told = {"benchmark": name, "machine": here, "load": _load(), "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "NO"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
        case _:
            return str(value)


def verdict(value: float, goal: float, *, at_most: bool) -> str:
    """Whether a goal is met, as it stands in a table."""
    return "met" if (value <= goal if at_most else value >= goal) else "MISSED"


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def median_pair(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Median seconds of both, and the median of theirs / ours pair by pair."""
    pairs = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(rounds)]
    return (
        statistics.median(mine for mine, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(other / mine for mine, other in pairs),
    )


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without the garbage collector: an exploration makes much to look through, and no cycles."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def line_of(steps: int, *, instances: int = 1, shared: bool = False) -> Saga:
    """Steps in a row, each with a compensation and its own service; all defaults.

    With `shared`, the step in the middle takes from one resource that all instances share.
    """
    return Saga(
        name=f"line-of-{steps}",
        instances=instances,
        steps=tuple(
            Step(
                name=f"step-{number}",
                service=f"service-{number}",
                compensation=f"undo-{number}",
                after=(f"step-{number - 1}",) if number else (),
                builds_on=(f"step-{number - 1}",) if number else (),
                effects={"stock.left": -1} if shared and number == steps // 2 else {},
            )
            for number in range(steps)
        ),
    )
