"""By which rules something was executed or explored: the version, and a digest of the rules as they are here.

Nobody has to remember to count it up: whoever changes a rule changes the digest. The rules of a run are the
core's execution and whatever it imports; those of an exploration are its inquiry, in the same way.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files

from sagasim import __version__

CORE = files("sagasim.core")
IMPORTED = re.compile(
    r"^\s*from sagasim\.core(?:\.(?P<one>\w+) import| import (?:\((?P<many>[^)]*)\)|(?P<some>.*)$))",
    re.MULTILINE,
)


def kernel_version() -> str:
    """Of what executes runs, such as `0.1.0+5b1c0e9d2f7a`."""
    return version_of("execution")


@cache
def version_of(*modules: str) -> str:
    """The version and the digest of these modules of the core, and of all that they import."""
    rules = rules_of(*modules)
    digest = hashlib.sha256("".join(rules[name] for name in sorted(rules)).encode())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def rules_of(*modules: str) -> dict[str, str]:
    """The modules on which the outcome depends, with their source."""
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = (CORE / f"{name}.py").read_text("utf-8")
            for imported in IMPORTED.finditer(found[name]):
                waiting.extend(re.findall(r"\w+", imported["one"] or imported["many"] or imported["some"]))
    return found
