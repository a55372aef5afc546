"""Sagas to and from text: the only place that knows the wire format.

document.py reads YAML and JSON, schema.py and sagafile.py know what the keys mean, yamltext.py writes, and
rewriting.py changes a text where its data changed.
"""

from __future__ import annotations

import hashlib
import json

from sagasim.core.document import Document, read_document
from sagasim.core.errors import BadSaga
from sagasim.core.rewriting import edited_text
from sagasim.core.saga import Saga
from sagasim.core.sagafile import saga_from_data, saga_in_full, saga_to_data
from sagasim.core.schema import json_schema
from sagasim.core.yamltext import yaml_of

__all__ = [
    "edited_text",
    "json_schema",
    "saga_from_data",
    "saga_from_text",
    "saga_hash",
    "saga_in_full",
    "saga_to_data",
    "saga_to_json",
    "saga_to_yaml",
]


def saga_from_text(text: str | bytes, *, source: str = "") -> Saga:
    """The saga that a YAML or JSON text means. `source` is named in the error: a file's name, say.

    Raises BadSaga, and nothing else whatever the bytes are.
    """
    document: Document | None = None
    try:
        document = read_document(text)
        return saga_from_data(document.data)
    except BadSaga as bad:
        line = bad.line or (document.line_of(bad.path) if document else None)
        raise BadSaga(bad.sentence, path=bad.path, line=line, source=source) from None


def saga_to_yaml(saga: Saga) -> str:
    """The normal form as YAML; `saga_from_text` is its inverse."""
    return yaml_of(saga_to_data(saga))


def saga_to_json(saga: Saga) -> str:
    """The normal form as JSON; `saga_from_text` is its inverse."""
    return json.dumps(saga_to_data(saga), indent=2, ensure_ascii=False) + "\n"


def saga_hash(saga: Saga) -> str:
    """The same for two sagas if and only if they are equal: SHA-256 over the normal form."""
    canonical = json.dumps(saga_to_data(saga), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
