"""A saga as a file: as it was written, as JSON, as a diagram of its design; and the schema of such files."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sagasim.composer.drawing import DRAWINGS
from sagasim.composer.models import SagaVersion
from sagasim.composer.views import version_asked
from sagasim.core.codec import json_schema

# A drawing brings its own styles and nothing else: as a document it may not run anything.
ALONE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}


def _yaml(version: SagaVersion) -> tuple[str, str]:
    return version.text, "application/yaml"


def _json(version: SagaVersion) -> tuple[str, str]:
    return json.dumps(version.normal_form, indent=2, ensure_ascii=False) + "\n", "application/json"


def _drawn(as_: str) -> Callable[[SagaVersion], tuple[str, str]]:
    draw, content_type = DRAWINGS[as_]
    return lambda version: (draw(version.meaning), content_type)


FILES = {"yaml": _yaml, "json": _json, "mermaid": _drawn("mermaid"), "svg": _drawn("svg")}


@require_safe
def export(request: HttpRequest, name: str, wanted: str) -> HttpResponse:
    """The newest version, or `?version=`, as a file to keep; `?look` shows it in the browser instead."""
    version = version_asked(name, request.GET.get("version", ""))
    text, content_type = FILES[wanted](version)
    ending = {"mermaid": "mmd"}.get(wanted, wanted)
    disposition = "inline" if "look" in request.GET else f'attachment; filename="{name}.{ending}"'
    headers = {**ALONE, "Content-Disposition": disposition}
    return HttpResponse(text, content_type=content_type, headers=headers)


@require_safe
def schema(_request: HttpRequest) -> JsonResponse:
    """The JSON Schema of a saga file, for editors."""
    return JsonResponse(json_schema())
