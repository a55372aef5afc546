"""What is asked of the explorer: start, stop, ask again; what is known of a saga; the fix of what a run broke.

The same question is explored once: who asks it again gets the answer that is there, or the exploration that
is under way. Questions are the same where the saga's hash, the rules and all that was asked are (kernel.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone

from sagasim.composer.models import SagaVersion
from sagasim.core.codec import saga_hash, saga_to_data
from sagasim.core.errors import CoreError, listed, quoted
from sagasim.core.faults import EXPLORED_KINDS, KINDS
from sagasim.core.phrases import number_of
from sagasim.core.saga import Coordination, Saga
from sagasim.explorer import states
from sagasim.explorer.jobs import jobs, sweep
from sagasim.explorer.models import OPEN, Exploration, ExploredFinding, Lane, State
from sagasim.explorer.questions import BOTH, answer_to, explorer_version, question_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = [
    "BOTH",
    "MOST_FAULTS",
    "MOST_SECONDS",
    "MOST_STATES",
    "BadQuestion",
    "Badge",
    "NothingKnown",
    "again",
    "badge_of",
    "explorer_version",
    "fix_for",
    "start",
    "stop",
    "sweep",
    "warm",
]

log = logging.getLogger(__name__)

MOST_FAULTS = 4
MOST_STATES, MOST_SECONDS = 2_000_000, 60.0
LONGEST_SECONDS = 600.0


class BadQuestion(CoreError):
    """This cannot be explored; the text is one sentence for the user."""


class NothingKnown(Exception):
    """No verdict can be read yet, or none will ever be."""

    def __init__(self, exploration: Exploration) -> None:
        later = "ask again in a moment" if exploration.is_open else "start it again"
        super().__init__(f"nothing is known yet: the exploration is {exploration.state}; {later}")


# ---------------------------------------------------------------- starting and stopping


def start(
    design: SagaVersion | Saga,
    *,
    faults: int = 2,
    kinds: Iterable[str] = EXPLORED_KINDS,
    coordinations: Iterable[Coordination] = BOTH,
    most_states: int = MOST_STATES,
    most_seconds: float = MOST_SECONDS,
    by: User | None = None,
    anew: bool = False,
    quietly: bool = False,
) -> Exploration:
    """The answer if it is there; else what is under way; else a new exploration, in the queue.

    `anew` takes no answer that is there; `quietly`: nobody waits for it, so it keeps nobody waiting. Call it
    outside of transactions: a worker must see the row.
    Raises BadQuestion.
    """
    version = design if isinstance(design, SagaVersion) else None
    saga = design.meaning if isinstance(design, SagaVersion) else design
    asked_kinds = _kinds(kinds)
    asked = tuple(dict.fromkeys(coordinations))
    _check(faults, asked, most_states, most_seconds)
    digest = version.hash if version is not None else saga_hash(saga)
    question = question_of(digest, faults, asked_kinds, asked)
    if not anew:
        known = _known(question, most_states, most_seconds)
        if known is not None:
            if not quietly and known.is_open and jobs.call_forward(known.pk):
                known.refresh_from_db()
            return _adopted(known, version)
    now = timezone.now()
    row = Exploration.objects.create(
        saga=version.saga if version is not None else None,
        version=version,
        name=saga.name,
        design=None if version is not None else saga_to_data(saga),
        hash=digest,
        kernel=explorer_version(),
        question=question,
        faults=faults,
        kinds=list(asked_kinds),
        coordinations=[each.value for each in asked],
        most_states=most_states,
        most_seconds=most_seconds,
        lane=Lane.IDLE if quietly else Lane.QUICK,
        keeper=jobs.keeper,
        kept_until=now + states.LEASE,
        asked_at=now,
        asked_by=by,
    )
    jobs.submit(row.pk, row.lane)
    row.refresh_from_db()
    return row


def stop(exploration: Exploration) -> Exploration:
    """Ends it with what is known; one that has ended stays as it is."""
    jobs.stop(exploration.pk)
    exploration.refresh_from_db()
    return exploration


def again(exploration: Exploration, *, by: User | None = None) -> Exploration:
    """The same question once more, by the rules of today. One that was explored to the end by these is there."""
    return start(
        exploration.version or exploration.meaning,
        faults=exploration.faults,
        kinds=exploration.kinds,
        coordinations=[Coordination(each) for each in exploration.coordinations],
        most_states=exploration.most_states,
        most_seconds=exploration.most_seconds,
        by=by,
    )


def warm() -> None:
    """Somebody is about to ask: whoever answers had better be awake."""
    jobs.warm()


def _adopted(row: Exploration, version: SagaVersion | None) -> Exploration:
    """An answer about a design that has been saved since belongs to its version from now on."""
    if version is not None and (row.version is None or row.version.saga.is_draft):
        Exploration.objects.filter(pk=row.pk).update(version=version, saga=version.saga)
        row.refresh_from_db()
    return row


def _known(question: str, most_states: int, most_seconds: float) -> Exploration | None:
    """An answer that is whole has no limits that would matter; one under way must have as much room."""
    done = answer_to(question)
    if done is not None:
        return done
    sweep()
    same = Exploration.objects.filter(question=question).select_related("saga", "version")
    return same.filter(
        state__in=OPEN, stop_asked=False, most_states__gte=most_states, most_seconds__gte=most_seconds
    ).first()


def _kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    asked = frozenset(kinds)
    for kind in sorted(asked):
        if kind not in KINDS:
            raise BadQuestion(f"no fault kind {quoted(kind)}; there are {listed(KINDS, 30)}")
    if not asked:
        raise BadQuestion(f"no fault kind was chosen; there are {listed(KINDS, 30)}")
    return tuple(kind for kind in KINDS if kind in asked)


def _check(faults: int, coordinations: Sequence[Coordination], most_states: int, most_seconds: float) -> None:
    if not 0 <= faults <= MOST_FAULTS:
        raise BadQuestion(f"{faults} faults are too many or too few; ask for 0 to {MOST_FAULTS}")
    if not coordinations:
        raise BadQuestion("no coordination was chosen; choose orchestration, choreography or both")
    if not 1 <= most_states <= MOST_STATES:
        raise BadQuestion(f"a limit of {most_states} states cannot be; choose 1 to {MOST_STATES:,}")
    if not 0 < most_seconds <= LONGEST_SECONDS:
        raise BadQuestion(f"a limit of {most_seconds:g} s cannot be; choose up to {LONGEST_SECONDS:g} s")


# ---------------------------------------------------------------- what is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The latest verdict on a saga in a few words, with its scope. `state`: sound, broken or open."""

    text: str
    state: str
    scope: str
    url: str


def badge_of(versions: Iterable[SagaVersion]) -> dict[str, Badge]:
    """Per hash, what was last explored to the end; of those under way or never asked there is none."""
    hashes = {version.hash for version in versions}
    rows = (
        Exploration.objects.filter(hash__in=hashes, state=State.DONE)
        .order_by("hash", "faults", "asked_at")
        .only("id", "hash", "faults", "findings_count", "verdict", "more", "kernel", "coordinations")
    )
    return {row.hash: _badge(row) for row in rows}


def _badge(row: Exploration) -> Badge:
    plans = f"any {number_of(row.faults, 'fault')}"
    counts = (row.verdict or {}).get("coordinations", {})
    found = ", ".join(f"{_counted(its['findings'])} ({name})" for name, its in counts.items())
    text = f"{plans}: no finding" if not row.findings_count else f"{plans}: {found}"
    return Badge(
        text=text,
        state="broken" if row.findings_count else "sound",
        scope=row.more.get("scope", ""),
        url=row.get_absolute_url(),
    )


def _counted(findings: int) -> str:
    return number_of(findings, "finding") if findings else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFix:
    """The fix of a finding that was explored, and where it is shown."""

    change: str
    is_verified: bool
    sentence: str
    exploration: Exploration
    key: str


def fix_for(digest: str, harm: str, step: str, coordination: str) -> KnownFix | None:
    """The fix of what a run of this design broke, where an exploration of it has found one."""
    found = (
        ExploredFinding.objects.filter(
            exploration__hash=digest, harm=harm, step=step, coordination=coordination
        )
        .exclude(fix="")
        .order_by("-is_fix_verified", "-found_at")
        .select_related("exploration")
        .first()
    )
    if found is None:
        return None
    return KnownFix(
        change=found.fix,
        is_verified=found.is_fix_verified,
        sentence=found.sentence,
        exploration=found.exploration,
        key=found.key,
    )


def progress_of(exploration: Exploration) -> Mapping[str, Any]:
    """How far it is, as the socket and the API say it."""
    progress: dict[str, Any] = {"states": 0, "waiting": 0, "level": 0, "findings": 0, "seconds": 0.0}
    return {
        **progress,
        **exploration.progress,
        "state": exploration.state,
        "lane": exploration.lane,
        "known_findings": exploration.findings_count,
    }


def id_of(text: str) -> UUID | None:
    """The id that somebody pasted, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
