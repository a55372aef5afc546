"""Which executor made a history: the version, and a digest of the rules as they are here.

Nobody has to remember to count it up: whoever changes a rule changes the digest. The rules are the core's
execution and whatever it imports.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files

from sagasim import __version__

CORE = files("sagasim.core")
IMPORTED = re.compile(
    r"^\s*from sagasim\.core\.(\w+) import|^\s*from sagasim\.core import (\w+)", re.MULTILINE
)


@cache
def kernel_version() -> str:
    """Such as `0.1.0+5b1c0e9d2f7a`."""
    rules = rules_of_execution()
    digest = hashlib.sha256("".join(rules[name] for name in sorted(rules)).encode())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def rules_of_execution() -> dict[str, str]:
    """The modules on which a history depends, with their source."""
    found: dict[str, str] = {}
    waiting = ["execution"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = (CORE / f"{name}.py").read_text("utf-8")
            waiting.extend(one or other for one, other in IMPORTED.findall(found[name]))
    return found
