"""Your own callables under the rules of a saga: SagaOrchestrator and EventBus.

from sagasim import SagaOrchestrator, EventBus
from sagasim.library import Refused, MemoryRecorder, FileRecorder, JumpingClock
"""

from __future__ import annotations

from sagasim.library.answers import BadCallable, CannotResume, OutcomeUnknown, Refused
from sagasim.library.bus import EventBus
from sagasim.library.clocks import Clock, JumpingClock, WallClock
from sagasim.library.orchestrator import SagaOrchestrator
from sagasim.library.recording import FileRecorder, Line, MemoryRecorder, Recorder
from sagasim.library.results import Result
from sagasim.library.subscriptions import DeadLetter

__all__ = [
    "BadCallable",
    "CannotResume",
    "Clock",
    "DeadLetter",
    "EventBus",
    "FileRecorder",
    "JumpingClock",
    "Line",
    "MemoryRecorder",
    "OutcomeUnknown",
    "Recorder",
    "Refused",
    "Result",
    "SagaOrchestrator",
    "WallClock",
]
