"""Names of sagas: which can be one, which is free, and a text under another one."""

from __future__ import annotations

import re
from itertools import count

from sagasim.composer.models import SagaVersion, SavedSaga
from sagasim.core.codec import edited_text, saga_from_data
from sagasim.core.document import read_document
from sagasim.core.saga import SLUG

LONGEST_OWN_NAME = 100
"""As the schema of a saga file has it."""


def under_name(text: str, name: str) -> str:
    """The text with another name in it, and nothing else changed. Raises BadSaga."""
    data = read_document(text).data
    saga_from_data(data)
    return edited_text(text, {**data, "name": name})


def text_now(version: SagaVersion) -> str:
    """The text of a version under the name that its saga has now: it may have been renamed since."""
    if version.saga.is_draft or version.meaning.name == version.saga.name:
        return version.text
    return under_name(version.text, version.saga.name)


def is_slug(name: str) -> bool:
    return SLUG.match(name) is not None


def free(name: str) -> str:
    """This name, or the first one like it that no saga has yet."""
    stem = name[: LONGEST_OWN_NAME - 6].rstrip("-_")
    taken = set(SavedSaga.objects.filter(name__startswith=stem).values_list("name", flat=True))
    if name not in taken:
        return name
    return next(found for number in count(2) if (found := f"{stem}-{number}") not in taken)


def free_name(name: str) -> str:
    """A name for a copy of this saga."""
    return free(f"{re.sub(r'-copy(-[0-9]+)?$', '', name)[: LONGEST_OWN_NAME - 12].rstrip('-_')}-copy")
