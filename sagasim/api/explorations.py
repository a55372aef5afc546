"""Explorations as JSON: start one, see how far it is, read its verdict and findings, stop it, ask again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Status

from sagasim.api.asking import Unfit, user_of, version_of
from sagasim.api.schemas import ExplorationIn, ExplorationOut, Explorations, ExploredFindingOut, Refusal
from sagasim.composer.models import SagaVersion
from sagasim.core.codec import saga_from_text
from sagasim.core.faults import EXPLORED_KINDS
from sagasim.core.saga import Coordination, Saga
from sagasim.explorer import services
from sagasim.explorer.listing import ExplorationFilter
from sagasim.explorer.models import Exploration
from sagasim.explorer.telling import findings_told

router = Router(tags=["explorations"])
REFUSED = frozenset({401, 404, 409, 422})


@router.get("", response={200: Explorations, 422: Refusal})
def list_explorations(
    request: HttpRequest, state: str = "", saga: str = "", harm: str = "", before: str = ""
) -> dict[str, Any]:
    """Explorations, newest first."""
    listing = ExplorationFilter({"state": state, "saga": saga, "harm": harm, "before": before})
    if listing.refusals:
        raise Unfit(listing.refusals[0])
    services.sweep()
    page = listing.page()
    return {"explorations": [_told(row) for row in page.explorations], "next": page.before}


@router.post("", response={200: ExplorationOut, 201: ExplorationOut, REFUSED: Refusal})
def explore(request: HttpRequest, said: ExplorationIn) -> Status[Any]:
    """Starts an exploration, in the background. 200: the same question was asked before, and is not asked twice."""
    began = timezone.now()
    row = services.start(
        _design(said),
        faults=said.faults,
        kinds=EXPLORED_KINDS if said.kinds is None else said.kinds,
        coordinations=services.BOTH if said.coordination == "both" else [Coordination(said.coordination)],
        most_states=said.most_states,
        most_seconds=said.most_seconds,
        by=user_of(request),
        anew=said.anew,
    )
    return Status(201 if row.asked_at >= began else 200, _told(row))


@router.get("/{exploration_id}", response={200: ExplorationOut, 404: Refusal})
def read_exploration(request: HttpRequest, exploration_id: UUID) -> dict[str, Any]:
    return _told(_found(exploration_id))


@router.get("/{exploration_id}/verdict", response={200: dict[str, Any], 404: Refusal, 409: Refusal})
def read_verdict(request: HttpRequest, exploration_id: UUID) -> dict[str, Any]:
    """What `sagasim explore --json` says; while it is under way, what is known so far."""
    return _verdict(_found(exploration_id))


@router.get("/{exploration_id}/findings", response={200: list[ExploredFindingOut], REFUSED: Refusal})
def list_findings(request: HttpRequest, exploration_id: UUID) -> list[dict[str, Any]]:
    """The findings with all that the page shows of them."""
    row = _found(exploration_id)
    _verdict(row)
    return findings_told(row)


@router.post("/{exploration_id}/stop", response={200: ExplorationOut, 404: Refusal})
def stop(request: HttpRequest, exploration_id: UUID) -> dict[str, Any]:
    """Ends it with what is known. One that has ended stays as it is."""
    return _told(services.stop(_found(exploration_id)))


@router.post("/{exploration_id}/again", response={200: ExplorationOut, 201: ExplorationOut, REFUSED: Refusal})
def ask_again(request: HttpRequest, exploration_id: UUID) -> Status[Any]:
    """The same question once more, where its answer is not there."""
    began = timezone.now()
    row = services.again(_found(exploration_id), by=user_of(request))
    return Status(201 if row.asked_at >= began else 200, _told(row))


def _design(said: ExplorationIn) -> SagaVersion | Saga:
    if (said.saga is None) == (said.text is None):
        raise Unfit("Send either the name of a saved saga or the text of a saga file.")
    if said.saga is not None:
        return version_of(said.saga, said.version)
    if said.version is not None:
        raise Unfit("A version belongs to a saved saga; leave it out where you send a text.")
    return saga_from_text(said.text or "")


def _found(exploration_id: UUID) -> Exploration:
    row = Exploration.objects.select_related("saga", "version").filter(pk=exploration_id).first()
    if row is None:
        raise Http404("There is no such exploration; it may have been deleted.")
    if row.is_open and services.sweep():
        row.refresh_from_db()
    return row


def _verdict(row: Exploration) -> dict[str, Any]:
    if row.verdict is None:
        raise services.NothingKnown(row)
    return row.verdict


def _told(row: Exploration) -> dict[str, Any]:
    return {
        **{
            name: getattr(row, name)
            for name in ("id", "hash", "kernel", "state", "sentence", "faults", "kinds", "coordinations")
        },
        **{name: getattr(row, name) for name in ("most_states", "most_seconds", "states", "seconds")},
        **{name: getattr(row, name) for name in ("exhaustive", "asked_at", "began_at", "ended_at")},
        "saga": row.name,
        "version": row.version.number if row.version else None,
        "progress": services.progress_of(row),
        "findings": row.findings_count,
        "scope": row.more.get("scope", ""),
        "verdict": row.verdict is not None,
        "url": row.get_absolute_url(),
    }
