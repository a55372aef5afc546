"""How pages are told things: an error as a sentence, data as JSON that can stand in a page."""

from __future__ import annotations

import json

from django.utils.safestring import SafeString, mark_safe


def sentence(error: Exception | str) -> str:
    """An error of the core as a sentence: a full stop, and a capital letter but for a path or a fault."""
    text = str(error)
    first = text.partition(" ")[0]
    text = text if set(first) & set(":.[-_'`0123456789") else text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def json_text(data: object) -> SafeString:
    """JSON that can stand in a page as it is, outside of attributes: it can open and close no element.

    It stands in a <template>, not in a <script>: htmx takes every script out of a fragment (base.html).
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    escaped = text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"})
    return mark_safe(escaped)  # noqa: S308  # what made it unsafe has just been taken out
