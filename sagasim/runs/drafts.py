"""Show me: a draft is run without being saved, and the stage opens where it went wrong (docs/decisions/0010).

POST /sagas/NAME/show   {"text": T, "faults": [F, ...], "coordination": C}   -> {"url", "run", "outcome"}

The same at /sagas/show for a saga that was never saved.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.datastructures import MultiValueDict

from sagasim.composer.asking import Asked, asked, asks_json, text_in
from sagasim.composer.services import keep_draft
from sagasim.composer.visitors import user_of
from sagasim.core.errors import BadSaga
from sagasim.runs.feed import entries_after
from sagasim.runs.forms import RunForm
from sagasim.runs.models import Run
from sagasim.runs.services import start_runs


@asks_json
def show(request: HttpRequest, name: str = "") -> JsonResponse:  # noqa: ARG001  # the text says its name
    said = asked(request)
    by = user_of(request)
    version = keep_draft(text_in(said), by=by)
    form = RunForm(_fields(said), version=version)
    if not form.is_valid():
        raise BadSaga(form.refusal)
    runs = start_runs(version, form.cleaned_data["coordination"], form.plan, by=by)
    worst = max(runs, key=lambda run: run.findings_count)
    return JsonResponse({"run": str(worst.pk), "url": address_of_trouble(worst), "outcome": worst.outcome})


def _fields(said: Asked) -> MultiValueDict[str, str]:
    """The fields of the form with which a run is started."""
    return MultiValueDict(
        {
            "coordination": [_word(said.get("coordination") or "both")],
            "fault": _words(said.get("faults")),
            "seed": [_word(said.get("seed") or 0)],
            "order": [",".join(_words(said.get("order")))],
        }
    )


def _words(said: Any) -> list[str]:
    return [_word(it) for it in said] if isinstance(said, list) else []


def _word(said: Any) -> str:
    return said if isinstance(said, str) else str(said)[:1000]


def address_of_trouble(run: Run) -> str:
    """The stage of a run, at the moment of the first thing that went wrong in it."""
    first = run.findings.first()
    line = next(iter(entries_after(run.pk, first.seq - 1)), None) if first else None
    return f"{run.get_absolute_url()}?t={line.at_ms}" if line else run.get_absolute_url()
