"""Weighings as JSON: which safeguards carry load. Start one, see how far it is, read its rows, stop it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Status

from sagasim.api.asking import user_of, version_of
from sagasim.api.schemas import Refusal, WeighingIn, WeighingInFull, Weighings
from sagasim.explorer import weighing
from sagasim.explorer.listing import weighings_of
from sagasim.explorer.models import Weighing

router = Router(tags=["weighings"])
REFUSED = frozenset({401, 404, 422})


@router.get("", response={200: Weighings, 404: Refusal})
def list_weighings(request: HttpRequest, saga: str = "", before: str = "") -> dict[str, Any]:
    """Weighings, newest first; of one saga, or of all."""
    rows, following = weighings_of(version_of(saga, None).saga if saga else None, before)
    return {"weighings": [_told(weighing.heard_of(row)) for row in rows], "next": following}


@router.post("", response={200: WeighingInFull, 201: WeighingInFull, REFUSED: Refusal})
def weigh(request: HttpRequest, said: WeighingIn) -> Status[Any]:
    """Starts a weighing, in the background. 200: it is known, or under way, and is not begun twice."""
    began = timezone.now()
    row = weighing.weigh(version_of(said.saga, said.version), faults=said.faults, by=user_of(request))
    return Status(201 if row.asked_at >= began else 200, _in_full(row))


@router.get("/{weighing_id}", response={200: WeighingInFull, 404: Refusal})
def read_weighing(request: HttpRequest, weighing_id: UUID) -> dict[str, Any]:
    """How far it is, and every row that is known by now."""
    return _in_full(_found(weighing_id))


@router.post("/{weighing_id}/stop", response={200: WeighingInFull, 404: Refusal})
def stop(request: HttpRequest, weighing_id: UUID) -> dict[str, Any]:
    """Ends it with what is known. One that has ended stays as it is."""
    row = _found(weighing_id)
    weighing.stop(row)
    row.refresh_from_db()
    return _in_full(row)


def _found(weighing_id: UUID) -> Weighing:
    row = Weighing.objects.select_related("version__saga").filter(pk=weighing_id).first()
    if row is None:
        raise Http404("There is no such weighing; it may have been deleted.")
    return weighing.heard_of(row)


def _told(row: Weighing) -> dict[str, Any]:
    page = reverse("explorer:safeguards", args=[row.version.saga.name])
    return {
        **{name: getattr(row, name) for name in ("id", "kernel", "faults", "state", "done", "of")},
        **{name: getattr(row, name) for name in ("seconds", "asked_at", "told_at")},
        "saga": row.version.saga.name,
        "version": row.version.number,
        "url": f"{page}?version={row.version.number}&weighing={row.pk}",
    }


def _in_full(row: Weighing) -> dict[str, Any]:
    return {**_told(row), "rows": row.rows}
