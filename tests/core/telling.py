"""Two small sagas to run and tell of, and the way of a value through JSON."""

from __future__ import annotations

import json

from sagasim.core.codec import saga_from_data
from sagasim.core.execution import run
from sagasim.core.faults import parse_plan
from sagasim.core.saga import Coordination

SHOP = {
    "sagasim": 1,
    "name": "shop",
    "resources": {"stock": 2},
    "engine": {"compensates": "completed"},
    "steps": [
        {"name": "charge", "compensation": "refund", "effects": {"paid": 100}, "retry": {"attempts": 2}},
        {"name": "ship", "effects": {"stock": -1}, "compensation": "unship", "retry": {"attempts": 1}},
    ],
}


def shop(*faults: str, **changes: object):
    saga = saga_from_data({**SHOP, **changes})
    return run(saga, Coordination.ORCHESTRATION, parse_plan(faults, saga))


PARCELS = {
    "sagasim": 1,
    "name": "shop",
    "deadline_ms": 60000,
    "steps": [
        {"name": "charge", "service": "payments", "compensation": "refund", "effects": {"paid": 100}},
        {"name": "ship", "service": "parcels", "compensation": "recall", "effects": {"sent": 1}},
    ],
}


def parcels(first: dict[str, object] | None = None, second: dict[str, object] | None = None, **saga: object):
    steps = [{**PARCELS["steps"][0], **(first or {})}, {**PARCELS["steps"][1], **(second or {})}]  # type: ignore[index]
    return saga_from_data({**PARCELS, **saga, "steps": steps})


def through_json(data: object):
    return json.loads(json.dumps(data))
