"""The JSON API: sagas, runs, histories, recordings. The same forms, services and sentences as the pages.

In local mode whoever reaches it is the owner, as everywhere (local.py turns all others away before). In
server mode a program shows a token, `Authorization: Bearer ...`; a browser's session counts for nothing here,
so that no other site can make a browser ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import NonNegativeInt

from sagasim import __version__
from sagasim.api.asking import Unfit, user_of, version_of
from sagasim.api.explorations import router as explorations
from sagasim.api.models import ApiToken, digest_of
from sagasim.api.schemas import (
    CheckOut,
    ComparisonOut,
    HistoryOut,
    LinesIn,
    RecordingIn,
    RecordingOut,
    Refusal,
    RunIn,
    RunOut,
    Runs,
    SagaIn,
    SagaInFull,
    SagaOut,
    VersionOut,
)
from sagasim.api.weighings import router as weighings
from sagasim.composer.checking import answer, read_draft
from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.composer.services import NotYours, delete_saga, keep_saga, save_saga
from sagasim.composer.wording import changes_between
from sagasim.core.codec import saga_from_data, saga_to_yaml
from sagasim.core.errors import CoreError
from sagasim.core.lines import entry_of, line_of
from sagasim.core.saga import Coordination
from sagasim.explorer.services import NothingKnown
from sagasim.local import owner
from sagasim.runs import feed, recording, services
from sagasim.runs.drawing import drawn
from sagasim.runs.forms import RunForm, sentence
from sagasim.runs.listing import RunFilter
from sagasim.runs.models import Run
from sagasim.runs.stage import findings_of, outcome_sentence

REFUSED = frozenset({401, 404, 409, 422})


class Bearer(HttpBearer):
    """The user behind a token; in local mode the owner, whatever is shown."""

    def __call__(self, request: HttpRequest) -> User | None:
        if settings.LOCAL:
            return owner()
        found: User | None = super().__call__(request)
        return found

    def authenticate(self, _request: HttpRequest, token: str) -> User | None:
        known = ApiToken.objects.select_related("user").filter(digest=digest_of(token)).first()
        return known.user if known is not None and known.user.is_active else None


api = NinjaAPI(
    title="sagasim",
    version=__version__,
    description="Compose a saga, run it with faults, and read what is believed beside what is true.",
    auth=Bearer(),
    urls_namespace="api",
    docs_url=None,  # the page that ninja brings fetches its scripts from another origin
)


# ---------------------------------------------------------------- sagas


@api.get("/sagas", response=list[SagaOut], tags=["sagas"])
def list_sagas(request: HttpRequest) -> list[dict[str, Any]]:
    """Every saga with its newest version."""
    sagas = SavedSaga.objects.filter(is_draft=False).select_related("latest__saga")
    return [_saga(saga.latest) for saga in sagas if saga.latest]


@api.post("/sagas", response={201: SagaOut, REFUSED: Refusal}, tags=["sagas"])
def save(request: HttpRequest, said: SagaIn) -> Status[Any]:
    """Keeps a saga under its own name, as its newest version."""
    if said.saga is not None and said.text is None:
        version = keep_saga(saga_from_data(said.saga), by=user_of(request))
    else:
        version = save_saga(_text_of(said), by=user_of(request))
    return Status(201, _saga(version))


@api.post("/sagas/check", response={200: CheckOut, REFUSED: Refusal}, tags=["sagas"])
def check_saga(request: HttpRequest, said: SagaIn) -> dict[str, Any]:
    """What is wrong with a saga before anything runs, in the sentences of the composer. Keeps nothing."""
    draft = read_draft(_text_of(said))
    if draft.refusal is not None:
        raise draft.refusal
    return answer(draft)


@api.get("/sagas/{name}", response={200: SagaInFull, 404: Refusal}, tags=["sagas"])
def read_saga(request: HttpRequest, name: str, version: int | None = None) -> dict[str, Any]:
    found = version_of(name, version)
    return {**_saga(found), "text": found.text, "saga": found.normal_form}


@api.get("/sagas/{name}/versions", response={200: list[VersionOut], 404: Refusal}, tags=["sagas"])
def list_versions(request: HttpRequest, name: str) -> list[SagaVersion]:
    return list(version_of(name, None).saga.versions.all())


@api.get("/sagas/{name}/compare", response={200: ComparisonOut, 404: Refusal}, tags=["sagas"])
def compare_versions(request: HttpRequest, name: str, a: int, b: int | None = None) -> dict[str, Any]:
    """What changed from version `a` to version `b` (default: the newest), in words."""
    old, new = version_of(name, a), version_of(name, b)
    return {"a": old.number, "b": new.number, "changes": changes_between(old, new)}


@api.delete("/sagas/{name}", response={204: None, REFUSED: Refusal}, tags=["sagas"])
def delete(request: HttpRequest, name: str) -> Status[Any]:
    """Deletes a saga with its versions, and all that was run and explored of them."""
    delete_saga(version_of(name, None).saga, by=user_of(request))
    return Status(204, None)


# ---------------------------------------------------------------- runs


@api.get("/runs", response={200: Runs, 422: Refusal}, tags=["runs"])
def list_runs(
    request: HttpRequest,
    outcome: str = "",
    coordination: str = "",
    harm: str = "",
    kind: str = "",
    saga: str = "",
    before: str = "",
) -> dict[str, Any]:
    """Runs, newest first."""
    asked = {
        "outcome": outcome,
        "coordination": coordination,
        "harm": harm,
        "kind": kind,
        "saga": saga,
        "before": before,
    }
    recording.end_silent()
    listing = RunFilter(asked)
    if listing.refusals:
        raise Unfit(listing.refusals[0])
    page = listing.page()
    return {"runs": [_run(run) for run in page.runs], "next": page.before}


@api.post("/runs", response={201: list[RunOut], REFUSED: Refusal}, tags=["runs"])
def start(request: HttpRequest, said: RunIn) -> Status[Any]:
    """Executes a saga in virtual time and keeps all of it: one run, or a pair for both coordinations."""
    version = version_of(said.saga, said.version)
    posted: MultiValueDict[str, str] = MultiValueDict(
        {
            "coordination": [said.coordination],
            "fault": list(said.faults),
            "seed": [str(said.seed)],
            "order": [",".join(said.order)],
        }
    )
    form = RunForm(posted, version=version)
    if not form.is_valid():
        raise Unfit(form.refusal)
    parents = _found_run(said.parent).side_by_side() if said.parent else []
    runs = services.start_runs(
        version, form.cleaned_data["coordination"], form.plan, parents=parents, by=user_of(request)
    )
    return Status(201, [_run(run) for run in runs])


@api.get("/runs/{run_id}", response={200: RunOut, 404: Refusal}, tags=["runs"])
def read_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    return _run(_found_run(run_id))


@api.get("/runs/{run_id}/history", response={200: HistoryOut, 404: Refusal, 422: Refusal}, tags=["runs"])
def read_history(request: HttpRequest, run_id: UUID, after: NonNegativeInt = 0) -> dict[str, Any]:
    """Every line with a higher number than `after`."""
    run = _found_run(run_id)
    lines = [line_of(entry) for entry in feed.entries_after(run.pk, after)]
    return {"lines": lines, "last_seq": lines[-1]["seq"] if lines else after, "status": run.status}


@api.get("/runs/{run_id}/diagram", response={404: Refusal}, tags=["runs"])
def draw(request: HttpRequest, run_id: UUID, wanted: Literal["svg", "mermaid"] = "svg") -> HttpResponse:
    """The space-time diagram, as svg or as mermaid."""
    text, content_type = drawn(_found_run(run_id), wanted)
    return HttpResponse(text, content_type=content_type)


@api.post("/runs/{run_id}/replay", response={200: dict[str, Any], 404: Refusal}, tags=["runs"])
def execute_again(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Executes a stored run again, keeps nothing, and says whether its history is the same."""
    shown = services.executed_again(_found_run(run_id))
    return {"same": shown.is_the_same, "sentence": shown.sentence}


# ---------------------------------------------------------------- recordings


@api.post("/recordings", response={201: RecordingOut, REFUSED: Refusal}, tags=["recordings"])
def begin_recording(request: HttpRequest, said: RecordingIn) -> Status[Any]:
    """A saga runs elsewhere, and its lines will come here. Not `is_new`: go on with the run of that name."""
    known = None if said.is_new else recording.recorded_as(said.recorded_as)
    if known is not None:
        return Status(201, _recording(_found_run(known)))
    version = keep_saga(saga_from_data(said.saga), by=user_of(request))
    run = recording.begin_recording(
        version,
        Coordination(said.coordination),
        name=said.recorded_as,
        faults=said.faults,
        by=user_of(request),
    )
    return Status(201, _recording(run))


@api.post("/recordings/{run_id}/lines", response={200: RecordingOut, REFUSED: Refusal}, tags=["recordings"])
def record(request: HttpRequest, run_id: UUID, said: LinesIn) -> dict[str, Any]:
    """The next lines; they are stored when this answers. What was sent before is not kept twice.

    No lines at all, every few seconds, say that whoever records is there: a run that nobody is heard of is cut off.
    """
    return _recording(recording.record_lines(run_id, [entry_of(line) for line in said.lines]))


@api.post("/recordings/{run_id}/close", response={200: RecordingOut, 404: Refusal}, tags=["recordings"])
def close_recording(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Nothing more will come."""
    recording.cut_off(run_id)
    return _recording(_found_run(run_id))


# ---------------------------------------------------------------- explorations

api.add_router("/explorations", explorations)
api.add_router("/weighings", weighings)


# ---------------------------------------------------------------- what goes wrong, as a sentence


def _answered(status: int) -> Callable[[HttpRequest, Any], HttpResponse]:
    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        return api.create_response(request, {"detail": sentence(error)}, status=status)

    return answer


def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    """The first thing that is wrong with the shape of what was sent, and where."""
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"][1:] if part != "said")
    text = f"{where}: {first['msg']}" if where else str(first["msg"])
    return api.create_response(request, {"detail": sentence(ValueError(text))}, status=422)


def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    """What was sent is no JSON: the library says that it cannot be parsed, and not what it would have to be."""
    is_about_json = error.status_code == 400 and "parse" in str(error)
    detail = (
        'What is sent is JSON, an object such as {"saga": "order-fulfilment"}.'
        if is_about_json
        else str(error)
    )
    return api.create_response(request, {"detail": detail}, status=error.status_code)


def _not_signed_in(request: HttpRequest, _error: Any) -> HttpResponse:
    detail = "Show a token: Authorization: Bearer ... (manage.py make_token makes one)."
    return api.create_response(request, {"detail": detail}, status=401)


def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return api.create_response(request, {"detail": str(error) or "There is nothing here."}, status=404)


api.add_exception_handler(CoreError, _answered(422))
api.add_exception_handler(Unfit, _answered(422))
api.add_exception_handler(NotYours, _answered(409))
api.add_exception_handler(NothingKnown, _answered(409))
api.add_exception_handler(recording.GapInLines, _answered(409))
api.add_exception_handler(ValidationError, _not_valid)
api.add_exception_handler(HttpError, _unreadable)
api.add_exception_handler(AuthenticationError, _not_signed_in)
api.add_exception_handler(Http404, _not_found)
api.add_exception_handler(Run.DoesNotExist, lambda request, _: _not_found(request, "There is no such run."))


# ---------------------------------------------------------------- shared by the answers


def _text_of(said: SagaIn) -> str:
    """The text that is sent, or the data as text."""
    if (said.text is None) == (said.saga is None):
        raise Unfit("Send either the text of a saga file or its data.")
    return said.text if said.text is not None else saga_to_yaml(saga_from_data(said.saga))


def _found_run(run_id: UUID) -> Run:
    recording.end_silent(run_id=run_id)
    run = Run.objects.select_related("saga", "version").filter(pk=run_id).first()
    if run is None:
        raise Http404("There is no such run; it may have been deleted.")
    return run


def _saga(version: SagaVersion) -> dict[str, Any]:
    return {
        "name": version.saga.name,
        "title": version.saga.title,
        "description": version.saga.description,
        "version": version.number,
        "hash": version.hash,
        "in_gallery": version.saga.in_gallery,
        "saved_at": version.saved_at,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        **{
            name: getattr(run, name)
            for name in ("id", "coordination", "status", "clock", "outcome", "parked")
        },
        **{name: getattr(run, name) for name in ("faults", "seed", "order", "duration_ms", "last_seq")},
        **{
            name: getattr(run, name)
            for name in ("kernel", "pair", "shared_seq", "executed_at", "recorded_as")
        },
        "struck": len(run.struck),
        "saga": run.saga.name,
        "version": run.version.number,
        "outcome_sentence": outcome_sentence(run),
        "findings": findings_of(run),
        "parent": run.parent_id,
        "url": run.get_absolute_url(),
    }


def _recording(run: Run) -> dict[str, Any]:
    return {"id": run.pk, "last_seq": run.last_seq, "status": run.status}
