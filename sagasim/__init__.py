"""sagasim: compose a saga, break it on purpose, and know before production whether it holds.

`SagaOrchestrator` and `EventBus` run your own callables through the same rules; they are fetched from
sagasim.library when first asked for, so that `import sagasim.core` stays as light as the core is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagasim.library import EventBus, SagaOrchestrator

__version__ = "0.1.0"
__all__ = ["EventBus", "SagaOrchestrator", "__version__"]


def __getattr__(name: str) -> object:
    if name in {"EventBus", "SagaOrchestrator"}:
        from sagasim import library

        return getattr(library, name)
    raise AttributeError(f"module 'sagasim' has no attribute {name!r}")
