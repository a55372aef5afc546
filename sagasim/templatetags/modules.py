"""How scripts find one another: by a name, wherever a file is served from.

    sagasim/<path under static/js>      ours
    vendor/<name under static/vendor>   other people's, built once (docs/decisions/0014)

The import map is where names become addresses, so that a module may carry the hash of its content in its
address and still be imported by its plain name.
"""

from __future__ import annotations

import json
import re
from functools import cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

IMPORTED = re.compile(r'^(?:import|export)\b[^"();]*"((?:sagasim|vendor)/[^"]+)"', re.MULTILINE)
"""What a module imports at once; `import()`, which waits until somebody asks, is none of it."""


@cache
def addresses() -> dict[str, str]:
    found: dict[str, str] = {}
    for prefix, folder in (("sagasim", "js"), ("vendor", "vendor")):
        scripts = settings.BASE_DIR / "static" / folder
        names = sorted(path.relative_to(scripts).as_posix() for path in scripts.rglob("*.js"))
        found |= {f"{prefix}/{name}": static(f"{folder}/{name}") for name in names}
    return found


@register.simple_tag
def import_map() -> SafeString:
    """Write `{"imports": {...}}`, for inside `<script type="importmap">`."""
    if settings.DEBUG:
        addresses.cache_clear()  # whoever adds a module should not have to restart
    text = json.dumps({"imports": addresses()}, indent=1)
    return mark_safe(text.replace("<", "\\u003c"))  # noqa: S308  # JSON of our own file names, "<" escaped


@register.simple_tag
def preloads(*names: str, then: str = "") -> SafeString:
    """Links that fetch these modules and all that they import at once, side by side with the page.

    Otherwise a browser hears of an import only when it has read the importer, one round trip after the other.
    `then` is a module whose turn comes when the page stands: what it needs beyond the others may be fetched last.
    """
    if settings.DEBUG:
        needed_by.cache_clear()
    known, first = addresses(), needed_by(*names)
    later = [name for name in needed_by(then) if name not in first] if then else []
    links = [(known[name], "auto") for name in first] + [(known[name], "low") for name in later]
    return format_html_join("\n", '<link rel="modulepreload" href="{}" fetchpriority="{}">', links)


@cache
def needed_by(*names: str) -> tuple[str, ...]:
    """The modules by their names, each once, with everything that they import at once."""
    found: dict[str, None] = {}
    waiting = [*names]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting.extend(IMPORTED.findall(_source(name)) if name.startswith("sagasim/") else ())
    return tuple(found)


def _source(name: str) -> str:
    return (settings.BASE_DIR / "static" / "js" / name.removeprefix("sagasim/")).read_text("utf-8")
