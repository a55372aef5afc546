"""A saga of somebody's own, in a process of its own: its lines come one by one, on the wall clock.

Takes how long it waits between two lines (seconds), how to record them (database, or the address of a
sagasim), and the name of the run. Prints each line's number once it is safe.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sagasim.core import execution
from sagasim.core.codec import saga_from_text
from sagasim.core.faults import parse_plan
from sagasim.core.lines import line_of
from sagasim.core.saga import Coordination
from sagasim.runs.recorder import ApiRecorder, DatabaseRecorder

GALLERY = Path(__file__).resolve().parents[2] / "sagasim" / "gallery"


def main(wait: str, where: str, name: str) -> None:
    text = (GALLERY / "order-fulfilment-broken.yaml").read_text().replace("fulfilment-broken", "recorded")
    saga = saga_from_text(text)
    recorder = DatabaseRecorder(saga) if where == "database" else ApiRecorder(saga, where)
    plan = parse_plan(["authorise-card:reply-lost*for-ever"], saga)
    for entry in execution.run(saga, Coordination.ORCHESTRATION, plan).history:
        line = line_of(entry)
        told = (
            {"faults": [str(fault) for fault in plan], "context": {"card": "4111"}} if entry.seq == 1 else {}
        )
        recorder.append([{**line, "data": {**line["data"], **told}, "run": name}])  # type: ignore[dict-item]
        sys.stdout.write(f"{entry.seq}\n")
        sys.stdout.flush()
        time.sleep(float(wait))
    recorder.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
