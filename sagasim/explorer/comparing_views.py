"""The page of comparisons: which faults are harmless in one and fatal in the other, and the runs that show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sagasim.composer.models import SagaVersion
from sagasim.composer.telling import sentence
from sagasim.composer.views import version_asked
from sagasim.composer.visitors import user_of
from sagasim.core.errors import CoreError
from sagasim.core.presets import AS_WRITTEN, every_preset
from sagasim.core.saga import Coordination
from sagasim.explorer import opening
from sagasim.explorer.comparison import BOTH, preset_rows, shown_differences
from sagasim.explorer.contenders import (
    COORDINATIONS,
    ENGINES,
    PRESETS,
    VERSIONS,
    WHATS,
    Contender,
    compared,
    contenders,
    explore_all,
)
from sagasim.explorer.fragments import shown
from sagasim.explorer.services import MOST_FAULTS

FAULTS = {PRESETS: 1}
"""How many faults are compared where nobody says it: two, but with a dozen engines at once one."""
DEPTHS = range(1, MOST_FAULTS + 1)


@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """What is known of both sides; a POST explores what is not."""
    version = version_asked(name, "")
    asked = _asked(request, version)
    try:
        sides = contenders(version, asked["what"], asked["keys"], asked["faults"])
    except CoreError as bad:
        return _page(request, version, asked, [], status=422, refusal=sentence(bad))
    if request.method == "POST":
        explore_all(sides, asked["faults"], by=user_of(request))
        return redirect(f"{request.path}?{_query(asked)}")
    return _page(request, version, asked, sides)


@require_safe
def beside(request: HttpRequest, name: str) -> HttpResponse:
    """The run of the faults that tell two sides apart, paused where it went wrong; of both sides, where they part."""
    version = version_asked(name, "")
    asked = _asked(request, version)
    said = request.GET
    try:
        sides = contenders(version, asked["what"], asked["keys"], asked["faults"])
        asked_for = said.get("side", "")
        side = next((each for each in sides if each.key == asked_for), sides[0])
        scene = opening.Scene(
            coordinations=_coordinations(said.get("coordination", "")),
            faults=tuple(said.getlist("fault")),
            harm=said.get("harm", ""),
        )
        by = user_of(request)
        if asked_for == BOTH and len(sides) == 2 and len(scene.coordinations) == 1:
            runs = [opening.run_of(scene, each.kept(by=by), by=by)[0] for each in sides]
            return redirect("runs:beside", *(run.pk for run in runs))
        return HttpResponseRedirect(opening.address_of(scene, side.kept(by=by), by=by))
    except CoreError as bad:
        return _page(request, version, asked, [], status=422, refusal=sentence(bad))


def _asked(request: HttpRequest, version: SagaVersion) -> dict[str, Any]:
    said = request.POST if request.method == "POST" else request.GET
    what = said.get("what", COORDINATIONS)
    what = what if what in WHATS else COORDINATIONS
    faults = said.get("faults", "")
    usual = {
        VERSIONS: (str(max(1, version.number - 1)), str(version.number)),
        ENGINES: (AS_WRITTEN, "temporal-like"),
    }.get(what, ("", ""))
    return {
        "what": what,
        "keys": (said.get("a") or usual[0], said.get("b") or usual[1]),
        "faults": int(faults) if faults in map(str, DEPTHS) else FAULTS.get(what, 2),
        "is_said": faults in map(str, DEPTHS),
    }


def _query(asked: dict[str, Any]) -> str:
    keys = dict(zip("ab", asked["keys"], strict=True)) if asked["what"] in (VERSIONS, ENGINES) else {}
    return urlencode({"what": asked["what"], **keys, "faults": asked["faults"]})


def _coordinations(text: str) -> tuple[Coordination, ...]:
    return (Coordination(text),) if text in list(Coordination) else tuple(Coordination)


def _page(
    request: HttpRequest,
    version: SagaVersion,
    asked: dict[str, Any],
    sides: Sequence[Contender],
    *,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    saga = version.saga
    all_known = bool(sides) and all(side.is_known for side in sides)
    beside_url = f"{reverse('explorer:beside', args=[saga.name])}?{_query(asked)}"
    alone = asked["what"] == VERSIONS and version.number == 1
    pairs = compared(sides) if sides and not alone and asked["what"] != PRESETS else []
    context = {
        "saga": saga,
        "version": version,
        "asked": asked,
        "what": asked["what"],
        "tabs": [(what, label) for what, label in WHATS.items()],
        "choices": _choices(asked["what"], version),
        "depths": DEPTHS,
        "sides": sides,
        "is_open": any(side.is_open for side in sides),
        "all_known": all_known,
        "done": sum(1 for side in sides if side.is_known),
        "comparisons": [shown_differences(name, it, sides, beside_url) for name, it in pairs],
        "presets": preset_rows(sides, beside_url) if asked["what"] == PRESETS else None,
        "refusal": refusal,
        "here": f"{request.path}?{_query(asked)}",
    }
    page = "explorer/compare.html"
    return shown(request, page, f"{page}#compared", context, status)


def _choices(what: str, version: SagaVersion) -> list[tuple[str, str]]:
    match what:
        case "versions":
            numbers = version.saga.versions.order_by("-number").values_list("number", flat=True)
            return [(str(number), f"version {number}") for number in numbers]
        case "engines":
            return [(name, name) for name in every_preset(version.meaning)]
        case _:
            return []
