"""What becomes of an exploration: every change of its row, each from the states in which it may happen.

A change that comes too late (it was stopped, or given up for lost, meanwhile) changes nothing, and says so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from sagasim.explorer.models import OPEN, Exploration, ExploredFinding, Lane, State

LEASE = timedelta(seconds=20)
"""A server that has said nothing for so long is taken for dead."""

STOPPED_WAITING = {
    Lane.QUICK: "It was stopped before it began.",
    Lane.LONG: "It was stopped while it waited for its turn; what was known by then is shown.",
}


def begin(pk: UUID) -> Exploration | None:
    """From queued to running; None where nobody waits for it any more."""
    now = timezone.now()
    if not Exploration.objects.filter(pk=pk, state=State.QUEUED).update(state=State.RUNNING):
        return None
    Exploration.objects.filter(pk=pk, began_at=None).update(began_at=now)
    return Exploration.objects.select_related("version", "saga").get(pk=pk)


def breathe(pk: UUID, progress: dict[str, Any]) -> bool | None:
    """Tells how far it is; whether to stop. None: nobody waits for it any more."""
    running = Exploration.objects.filter(pk=pk, state=State.RUNNING)
    with transaction.atomic():
        if not running.update(progress=progress):
            return None
        return running.values_list("stop_asked", flat=True).first()


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
    for lane, sentence in STOPPED_WAITING.items():
        Exploration.objects.filter(pk=pk, state=State.QUEUED, lane=lane).update(
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
        "exhaustive": verdict["exhaustive"],
    }
