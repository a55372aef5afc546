"""Show me: a draft is run without being saved, and the stage opens where it went wrong (docs/decisions/0010).

POST /sagas/NAME/show   {"text": T, "faults": [F, ...], "coordination": C}   -> {"url", "run", "outcome"}

The same at /sagas/show for a saga that was never saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_POST

from sagasim.composer.asking import Asked, asked, asks_json, text_in
from sagasim.composer.checking import problems_of, read_draft
from sagasim.composer.forms import lines_alike
from sagasim.composer.services import keep_draft
from sagasim.composer.views import new, page
from sagasim.composer.visitors import user_of
from sagasim.core.errors import BadSaga
from sagasim.runs.feed import entries_after
from sagasim.runs.forms import RunForm
from sagasim.runs.models import Run
from sagasim.runs.services import start_runs

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def show(request: HttpRequest, name: str = "") -> HttpResponse:
    """A script asks with faults; the page without scripts with the number of a problem that has a proof."""
    return _shown_to_script(request) if request.content_type == "application/json" else _shown(request, name)


@asks_json
def _shown_to_script(request: HttpRequest) -> HttpResponse:
    said = asked(request)
    run = _run_of(text_in(said), _fields(said), user_of(request))
    return JsonResponse({"run": str(run.pk), "url": address_of_trouble(run), "outcome": run.outcome})


@require_POST
def _shown(request: HttpRequest, name: str) -> HttpResponse:
    """What was typed and cannot be run comes back in the composer, which says why."""
    draft = read_draft(lines_alike(request.POST.get("text", "")))
    problems = problems_of(draft.saga) if draft.saga else []
    number = request.POST.get("problem", "")
    proven = problems[int(number)] if number in map(str, range(len(problems))) else {}
    if not proven.get("proof"):
        return page(request, name) if name else new(request)
    said = {"faults": proven["proof"], "coordination": proven["coordination"]}
    return redirect(address_of_trouble(_run_of(draft.text, _fields(said), user_of(request))))


def _run_of(text: str, fields: MultiValueDict[str, str], by: User | None) -> Run:
    """Runs a text without saving it; of a pair, the run in which more went wrong. Raises BadSaga."""
    version = keep_draft(text, by=by)
    form = RunForm(fields, version=version)
    if not form.is_valid():
        raise BadSaga(form.refusal)
    runs = start_runs(version, form.cleaned_data["coordination"], form.plan, by=by)
    return max(runs, key=lambda run: run.findings_count)


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
