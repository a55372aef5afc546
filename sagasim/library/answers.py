"""What a callable can say besides returning: a definite no, and that nobody knows.

Returning is yes. Any other exception is a technical error: it is retried if the step says so, and what it tells
about the effect is the engine's rule `errors_are`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sagasim.core.errors import CoreError


class Refused(Exception):
    """Raise it for a business no: nothing was done, and asking again would not help. It is never retried.

    In `raise Refused("card declined")` the text becomes the `error` of the result.
    """


class OutcomeUnknown(Exception):
    """Raise it where you cannot tell whether it happened: a lost connection, say. TimeoutError says the same."""


class BadCallable(CoreError):
    """What was given as an action, a compensation or a handler cannot be called as one."""


class CannotResume(CoreError):
    """The lines do not tell a run that this orchestrator could take up again."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A callable came back with a value."""

    value: object


@dataclass(frozen=True, slots=True)
class Raised:
    """A callable ended with an exception."""

    error: BaseException

    @property
    def word(self) -> str:
        """The answer that this is in the words of a saga: refused, silence (nobody knows) or error."""
        match self.error:
            case Refused():
                return "refused"
            case OutcomeUnknown() | TimeoutError():
                return "silence"
            case _:
                return "error"

    @property
    def text(self) -> str:
        """What the exception says, or its name where it says nothing."""
        return str(self.error) or type(self.error).__name__


Outcome = Returned | Raised
