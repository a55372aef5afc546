"""Records runs on the wall clock into the database, as a saga of one's own would, from another process.

    python -m benchmarks._recording LINES RATE [RUNS RATE]    one run; or that one, and some slower ones

It says the runs' ids, waits for a line, says when it starts (monotonic, in seconds), and at the end the CPU
seconds that recording took and how many lines each run has. A line is appended when it is due; those that are
due already, together.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks._measuring import line_of as row_of_steps
from sagasim.core import execution
from sagasim.core.lines import line_of
from sagasim.core.saga import Coordination
from sagasim.runs.recorder import DatabaseRecorder

PER_STEP = 4


def lines_of_a_run(number: int) -> list[dict[str, Any]]:
    """The first lines of a history that is longer than that."""
    history = execution.run(row_of_steps(number // PER_STEP + 1), Coordination.ORCHESTRATION, ()).history
    return [dict(line_of(entry)) for entry in history[:number]]


def main(number: int, rates: list[float]) -> None:
    recorder = DatabaseRecorder(row_of_steps(number // PER_STEP + 1))
    lines = lines_of_a_run(number)
    names = [f"run {place}" for place in range(len(rates))]
    for name in names:
        recorder.append([{**lines[0], "run": name}])
    print(json.dumps([str(recorder.runs[name]) for name in names]), flush=True)
    sys.stdin.readline()
    start, used = time.monotonic() + 0.2, time.process_time()
    print(json.dumps(start), flush=True)
    whole_s = (number - 1) / rates[0]
    left = [
        (start + place / rate, name, lines[place])
        for name, rate in zip(names, rates, strict=True)
        for place in range(1, number)
        if place / rate <= whole_s
    ]
    record(recorder, sorted(left, key=lambda it: it[:2]))
    used = time.process_time() - used
    recorder.close()  # what has not ended is cut off: whoever watches is told
    counts = [1 + sum(whose == name for _, whose, _ in left) for name in names]
    print(json.dumps({"cpu": used, "lines": counts}), flush=True)


def record(recorder: DatabaseRecorder, left: list[tuple[float, str, dict[str, Any]]]) -> None:
    place = 0
    while place < len(left):
        time.sleep(max(0.0, left[place][0] - time.monotonic()))
        now, first = time.monotonic(), place
        while place < len(left) and left[place][0] <= now:
            place += 1
        recorder.append([{**line, "run": name} for _, name, line in left[first:place]])


if __name__ == "__main__":
    many, rate, *slower = sys.argv[1:]
    others = [float(slower[1])] * int(slower[0]) if slower else []
    main(int(many), [float(rate), *others])
