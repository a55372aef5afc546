"""What is wrong with a saga before anything runs.

Each rule looks at the definition alone and says one sentence per problem. Where a fault plan shows what comes
of it, the problem carries that plan as its proof; where one edit takes the problem away, it carries that.

An error is a design that contradicts itself or is proven to do harm; a warning may be meant.
"""

from __future__ import annotations

from sagasim.core import eventlint, orderlint, steplint
from sagasim.core.changes import apply_fix
from sagasim.core.problems import RULES, Design, Problem, Severity
from sagasim.core.saga import Saga

__all__ = ["RULES", "Problem", "Severity", "apply_fix", "check"]


def check(saga: Saga) -> tuple[Problem, ...]:
    """Every problem, errors first, then in the order of the steps. Raises BadSaga where it cannot run."""
    design = Design(saga)
    found = [
        problem
        for rule in (*steplint.CHECKS, *orderlint.CHECKS, *eventlint.CHECKS)
        for problem in rule(design)
    ]
    places = {name: place for place, name in enumerate(saga.step_names)}
    found.sort(key=lambda problem: (problem.severity != "error", places.get(problem.step, -1)))
    return tuple(found)
