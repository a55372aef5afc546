"""How scripts find one another: by a name, wherever a file is served from.

    sagasim/<path under static/js>      ours
    vendor/<name under static/vendor>   other people's, built once (docs/decisions/0014)

The import map is where names become addresses, so that a module may carry the hash of its content in its
address and still be imported by its plain name.
"""

from __future__ import annotations

import json
from functools import cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


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
