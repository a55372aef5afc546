"""The calls of one run: which one is waited for at each step, and how far each of them has come."""

from __future__ import annotations

from sagasim.core.participant import Strike
from sagasim.library.turns import Ask


class Calls:
    """Calls are known by their numbers, which begin at 1.

    by_number  every call of the run that is not over
    current    per step, the call whose answer is waited for
    running    was issued, and did not come back
    commanded  the entry that says that it was sent
    sent_ms    when it was sent
    performed  the participant has done its part
    strikes    the fault that strikes it
    given_up   ran into its timeout, and is still running
    abandoned  is on its way, and nobody waits for it any more
    """

    def __init__(self) -> None:
        self.by_number: dict[int, Ask] = {}
        self.current: dict[int, int] = {}
        self.running: set[int] = set()
        self.commanded: dict[int, int] = {}
        self.sent_ms: dict[int, int] = {}
        self.performed: set[int] = set()
        self.strikes: dict[int, Strike] = {}
        self.given_up: set[int] = set()
        self.abandoned: set[int] = set()
        self.last = 0  # the number of the newest call
        self._to_issue: list[Ask] = []

    def add(
        self, step: int, undo: bool, attempt: int, key: str, *, copy: str = "", timeout_ms: int | None = None
    ) -> Ask:
        """A new call."""
        self.last += 1
        ask = self.by_number[self.last] = Ask(self.last, step, undo, attempt, key, copy, timeout_ms)
        return ask

    def issue(self, ask: Ask) -> None:
        """It will be called when the lines of this turn are recorded."""
        self.running.add(ask.number)
        self._to_issue.append(ask)

    def take_issued(self) -> tuple[Ask, ...]:
        """The calls that were issued since they were last asked for."""
        asks, self._to_issue = tuple(self._to_issue), []
        return asks

    def is_waited_for(self, number: int) -> bool:
        """Whether it is the call that its step stands at."""
        return self.current.get(self.by_number[number].step) == number

    def abandon(self, waited_for: dict[int, int]) -> None:
        """Of the calls that were waited for, those that were sent and are no more: they arrive all the same."""
        for step, number in waited_for.items():
            arrives = number in self.commanded and number not in self.running | self.performed
            if self.current.get(step) != number and arrives:
                self.abandoned.add(number)

    def forget_abandoned(self, step: int, undo: bool) -> None:
        """The abandoned call of this action has arrived."""
        self.abandoned = {it for it in self.abandoned if self.by_number[it][1:3] != (step, undo)}
