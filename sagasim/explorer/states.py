"""What becomes of an exploration: every change of its row, each from the states in which it may happen.

A change that comes too late (it was stopped, or given up for lost, meanwhile) changes nothing, and says so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from sagasim.explorer.models import OPEN, Exploration, ExploredFinding, Lane, State, Weighing

LEASE = timedelta(seconds=20)
"""A server that has said nothing for so long is taken for dead."""

NOT_BEGUN = "It was stopped before it began."
BETWEEN_TURNS = "It was stopped while it waited for its turn; what was known by then is shown."


class Wish(NamedTuple):
    """What is wanted of an exploration that is under way: to stop, or to go on in this lane."""

    stop: bool
    lane: str


def begin(pk: UUID) -> Exploration | None:
    """From queued to running; None where nobody waits for it any more."""
    now = timezone.now()
    if not Exploration.objects.filter(pk=pk, state=State.QUEUED).update(state=State.RUNNING):
        return None
    Exploration.objects.filter(pk=pk, began_at=None).update(began_at=now)
    return Exploration.objects.select_related("version", "saga").get(pk=pk)


def breathe(pk: UUID, progress: dict[str, Any]) -> Wish | None:
    """Tells how far it is, and hears what is wanted. None: nobody waits for it any more."""
    running = Exploration.objects.filter(pk=pk, state=State.RUNNING)
    with transaction.atomic():
        if not running.update(progress=progress):
            return None
        wish = running.values_list("stop_asked", "lane").first()
    return None if wish is None else Wish(*wish)


def somebody_waits(lane: str) -> bool:
    """Whether another one waits in this lane; whatever is weighed is weighed in the middle one."""
    waits = Exploration.objects.filter(state=State.QUEUED, lane=lane).exists()
    return waits or (lane == Lane.MIDDLE and Weighing.objects.filter(state=State.QUEUED).exists())


def call_forward(pk: UUID) -> bool:
    """Somebody wants what was explored because nobody wanted anything: into the quick lane with it."""
    idle = Exploration.objects.filter(pk=pk, state__in=OPEN, lane=Lane.IDLE)
    return bool(idle.update(lane=Lane.QUICK))


def tell(pk: UUID, verdict: dict[str, Any], more: dict[str, Any], progress: dict[str, Any]) -> None:
    """What is known so far."""
    Exploration.objects.filter(pk=pk, state=State.RUNNING).update(
        verdict=verdict, more=more, progress=progress, **_counts(verdict)
    )


def hand_over(pk: UUID, lane: str) -> bool:
    """Back to waiting, in this lane."""
    running = Exploration.objects.filter(pk=pk, state=State.RUNNING)
    return bool(running.update(state=State.QUEUED, lane=lane))


def end(pk: UUID, state: State, verdict: dict[str, Any], more: dict[str, Any], *, sentence: str = "") -> bool:
    """The answer, and its findings as rows."""
    now = timezone.now()
    with transaction.atomic():
        ended = Exploration.objects.filter(pk=pk, state=State.RUNNING).update(
            state=state, verdict=verdict, more=more, sentence=sentence, ended_at=now, **_counts(verdict)
        )
        if not ended:
            return False
        ExploredFinding.objects.bulk_create(
            ExploredFinding(
                exploration_id=pk,
                key=extra["key"],
                harm=told["harm"],
                step=told["step"],
                coordination=told["coordination"],
                faults=told["faults"],
                faults_count=len(told["faults"]),
                order=extra["order"],
                sentence=told["sentence"],
                fix=told["fix"]["change"] if told["fix"] else "",
                is_fix_verified=bool(told["fix"]) and told["fix"]["verified"],
                found_at=now,
            )
            for told, extra in zip(verdict["findings"], more["findings"], strict=True)
        )
    return True


def ask_to_stop(pk: UUID) -> None:
    """At once where nobody has begun; else whoever explores reads it at its next breath."""
    now = timezone.now()
    for not_begun, sentence in ((True, NOT_BEGUN), (False, BETWEEN_TURNS)):
        Exploration.objects.filter(pk=pk, state=State.QUEUED, began_at__isnull=not_begun).update(
            state=State.STOPPED, stop_asked=True, ended_at=now, sentence=sentence
        )
    Exploration.objects.filter(pk=pk, state=State.RUNNING).update(stop_asked=True)


def give_up(pk: UUID, state: State, sentence: str) -> bool:
    """Lost or failed: there will be no answer. What was known so far stays."""
    return bool(
        Exploration.objects.filter(pk=pk, state__in=OPEN).update(
            state=state, sentence=sentence, ended_at=timezone.now()
        )
    )


def keep(pks: set[UUID]) -> None:
    """The server that looks after these is alive."""
    Exploration.objects.filter(pk__in=pks, state__in=OPEN).update(kept_until=timezone.now() + LEASE)


def _counts(verdict: dict[str, Any]) -> dict[str, Any]:
    return {
        "findings_count": len(verdict["findings"]),
        "states": verdict["states"],
        "seconds": verdict["seconds"],
        # what one fault does is known to the end long before what was asked
        "exhaustive": Case(
            When(faults=verdict["faults"], then=Value(verdict["exhaustive"])), default=Value(False)
        ),
    }
