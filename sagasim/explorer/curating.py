"""Explores the gallery while nobody wants anything else, so that the front page has verdicts.

One saga after the other, in a lane of its own, and none is begun beside what somebody has asked for. Who wants one
that is under way gets it, in the quick lane (jobs.py: call_forward).
"""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, connection

from sagasim.composer.models import SagaVersion
from sagasim.explorer import services
from sagasim.explorer.jobs import jobs

log = logging.getLogger(__name__)

FIRST_S, PAUSE_S = 3.0, 0.5
"""The server comes first, and then whoever opens the first page."""


def begin() -> threading.Thread:
    """In a thread of its own, which ends when all is explored, or with the server."""
    curator = threading.Thread(target=_curate, name="curator", daemon=True)
    curator.start()
    return curator


def _curate() -> None:
    try:
        if not jobs.closing.wait(FIRST_S):
            explore_gallery()
    except DatabaseError:
        log.exception("cannot explore the gallery")
    finally:
        connection.close()


def explore_gallery() -> None:
    """What was explored by the rules of today is not explored again."""
    gallery = SagaVersion.objects.filter(latest_of__in_gallery=True).order_by("saga_id")  # as it is shown
    for version in gallery.select_related("saga"):
        if not _is_quiet():
            return
        services.start(version, quietly=True)


def _is_quiet() -> bool:
    """As soon as nothing is under way; False: the server ends."""
    while jobs.under_way:
        if jobs.closing.wait(PAUSE_S):
            return False
    return not jobs.closing.is_set()
