"""The page of the operator drill: a parked run as an exercise. It reads, and writes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from sagasim.composer.telling import sentence
from sagasim.core.drill import BadDecision
from sagasim.core.errors import CoreError
from sagasim.explorer.drilling import exercise_of
from sagasim.runs.models import Run


@require_safe
def drill(request: HttpRequest, run: UUID) -> HttpResponse:
    """What is seen of the run; with `decide`, what the choices did. A choice that cannot be made is a 422."""
    found = get_object_or_404(Run.objects.select_related("saga", "version"), pk=run)
    context: dict[str, Any] = {"run": found, "saga": found.saga, "version": found.version}
    try:
        context["exercise"] = exercise_of(found, request.GET.dict())
    except BadDecision as bad:
        asked = {"instance": request.GET["instance"]} if "instance" in request.GET else {}
        context["exercise"] = exercise_of(found, asked)
        return render(request, "explorer/drill.html", {**context, "refusal": sentence(bad)}, status=422)
    except CoreError as none:
        return render(request, "explorer/drill.html", {**context, "refusal": sentence(none)}, status=404)
    return render(request, "explorer/drill.html", context)
