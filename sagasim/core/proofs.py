"""Shows a harm by a run: likely fault plans are replayed until one does it.

That is no exploration, so it may miss a harm; what it shows is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.execution import run_of
from sagasim.core.faults import FaultPlan, parse_plan
from sagasim.core.harms import Harm
from sagasim.core.saga import Coordination, Saga

MOST_RUNS = 24
MOST_WORK = 10_000
"""What all proofs of one saga may cost together: a lint is quick, and a run costs the square of the steps."""
PER_PROOF = 5


class Proof(NamedTuple):
    """Replay `faults` in that coordination, and see `harm` (None: no harm, but not what was meant)."""

    faults: FaultPlan
    coordination: Coordination
    harm: Harm | None


class Proofs:
    """The proofs of one saga."""

    def __init__(self, saga: Saga) -> None:
        self.saga = saga
        self.left = min(MOST_RUNS, max(2, MOST_WORK // len(saga.steps) ** 2))
        self._blueprints: dict[Coordination, Blueprint] = {}
        self._harms: dict[tuple[Coordination, tuple[str, ...]], tuple[Harm, ...]] = {}

    def find(
        self,
        plans: Iterable[tuple[str, ...]],
        harms: tuple[str, ...],
        *,
        step: str = "",
        coordinations: Iterable[Coordination] = Coordination,
    ) -> Proof | None:
        """The first plan whose faults do one of these harms (to that step, if one is named)."""
        few = list(plans)[:PER_PROOF]
        for coordination in coordinations:
            for plan in few:
                for harm in self._done(coordination, plan):
                    wanted = harm.harm in harms and step in ("", harm.step)
                    if wanted and (not plan or harm not in self._done(coordination, ())):
                        return Proof(parse_plan(plan, self.saga), coordination, harm)
        return None

    def _done(self, coordination: Coordination, plan: tuple[str, ...]) -> tuple[Harm, ...]:
        key = (coordination, plan)
        if key not in self._harms:
            if self.left <= 0:
                return ()
            self.left -= 1
            if coordination not in self._blueprints:
                self._blueprints[coordination] = blueprint(self.saga, coordination)
            run = run_of(self._blueprints[coordination], parse_plan(plan, self.saga))
            self._harms[key] = tuple(harm for harm, _ in run.harms)
        return self._harms[key]
