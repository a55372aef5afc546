"""When two questions are the same: then they have the same answer, and it is explored once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.saga import Coordination
from sagasim.explorer.models import Exploration, State
from sagasim.explorer.telling import SHAPE, TOLD_BY
from sagasim.runs.kernel import version_of

BOTH = tuple(Coordination)


def explorer_version() -> str:
    """By which rules is explored here."""
    return version_of(*TOLD_BY)


def question_of(
    digest: str, faults: int, kinds: Sequence[str] = EXPLORED_KINDS, coordinations: Iterable[str] = BOTH
) -> str:
    """A saga's hash, the rules, and all that was asked; limits are no part of it: a whole answer has none."""
    told = [digest, explorer_version(), SHAPE, faults, list(kinds), sorted(coordinations)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def answer_to(question: str) -> Exploration | None:
    """What was explored to the end."""
    same = Exploration.objects.filter(question=question, state=State.DONE)
    return same.select_related("saga", "version").first()
