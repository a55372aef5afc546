"""The one way in which a saga is explored: in portions, in each coordination in turns, then the fixes.

Whoever drives it (the command line, a worker of the server) looks at its clock between two portions, shows how
far it is, and stops it when it likes; what is known by then can be read at any time. So a page and the command
line cannot disagree: the same question, explored to the end, has the same answer.

    inquiry = Inquiry(saga, faults=2)
    while not inquiry.is_over:
        inquiry.advance()                  # show inquiry.progress(), or break
    for finding in inquiry.mending():      # each finding whose fix is looked for next; or break
        ...
    inquiry.verdict(file="order.yaml", seconds=1.2)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import factorial

from sagasim.core.blueprint import blueprint
from sagasim.core.exploration import MOST_STATES, Exploration, Finding, Progress, Search, reading
from sagasim.core.faults import EXPLORED_KINDS, KINDS
from sagasim.core.graph import Watch, unwatched
from sagasim.core.remedies import Fix, Remedies
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import Fixed, Verdict, verdict_of

PORTION = 500
"""So many worlds are expanded between two looks: some hundredths of a second. It is not the driver's to choose,
since where a limit of states cuts the coordinations off depends on it."""

Key = tuple[Coordination, str, str]
"""A finding in words: in which coordination, which harm, at which step. There is one of each."""


def key_of(finding: Finding) -> Key:
    return finding.coordination, finding.harm, finding.step


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far an inquiry has come. `level` is the number of faults that it is at, in the slowest coordination.

    `findings` counts what was found so far, but for `stuck`, which is known at the end only.
    """

    states: int
    waiting: int
    level: int
    findings: int
    done: bool
    coordinations: Mapping[Coordination, Progress]


class Inquiry:
    """One saga, explored in some coordinations at up to so many faults of these kinds, and its fixes.

    `most_states` bounds how many worlds all searches expand together; a limit cuts none of them off alone.
    Raises BadSaga, BadExpression or BadFault.
    """

    def __init__(
        self,
        saga: Saga,
        coordinations: Iterable[Coordination] = tuple(Coordination),
        *,
        faults: int = 2,
        kinds: Iterable[str] = EXPLORED_KINDS,
        most_states: int = MOST_STATES,
    ) -> None:
        asked = frozenset(kinds)
        self.saga, self.faults = saga, faults
        self.kinds = tuple(kind for kind in KINDS if kind in asked)  # in whichever order they were asked for
        self.left = most_states
        self.searches = {
            each: Search(blueprint(saga, each), faults, kinds=self.kinds)
            for each in dict.fromkeys(coordinations)
        }
        self.fixes: dict[Key, Fix] = {}
        self.hints: dict[Key, str] = {}
        self._turns = list(self.searches)
        self._read: tuple[Exploration, ...] | None = None

    # searching

    @property
    def is_exhaustive(self) -> bool:
        """Whether every search is at its end."""
        return all(search.progress().done for search in self.searches.values())

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to search, or nothing more may be."""
        return self.left <= 0 or self.is_exhaustive

    def advance(self) -> None:
        """Expands a portion in the coordination whose turn it is."""
        open_ = [each for each in self._turns if not self.searches[each].progress().done]
        if not open_ or self.left <= 0:
            return
        turn = open_[0]
        search = self.searches[turn]
        before = search.expanded
        search.advance(max(1, min(PORTION, self.left // len(open_))))
        self.left -= search.expanded - before
        self._turns.remove(turn)
        self._turns.append(turn)
        self._read = None

    def foreseen(self, faults: int) -> int:
        """About how many states there will be at so many faults, judged by those at fewer: rather too many.

        Where one fault can strike in n ways, f of them can in n to the power of f, in f! orders each.
        """
        total = 0
        for search in self.searches.values():
            calm = search.cost.count(0)
            total += round(calm * (len(search) / calm) ** faults / factorial(faults))
        return total

    def progress(self) -> Standing:
        each = {coordination: search.progress() for coordination, search in self.searches.items()}
        return Standing(
            states=sum(it.states for it in each.values()),
            waiting=sum(it.waiting for it in each.values()),
            level=min((it.level for it in each.values() if not it.done), default=self.faults),
            findings=sum(it.findings for it in each.values()),
            done=all(it.done for it in each.values()),
            coordinations=each,
        )

    # reading

    def explorations(self, watch: Watch = unwatched) -> tuple[Exploration, ...]:
        """What is known so far, per coordination. It is read once for all who ask before the next portion.

        Of a large graph that takes seconds; `watch` is called in between, and may raise to end it.
        """
        if self._read is None:
            self._read = tuple(reading(search, watch) for search in self.searches.values())
        return self._read

    def mending(self, watch: Watch = unwatched) -> Iterator[Finding]:
        """Looks for the fix of one finding after the other; gives each before it does.

        Only where the search came to its end: else the harm might come back behind the limit. `watch` is
        called after every portion of the verification, and may raise to end it.
        """
        whole = [each for each in self.explorations() if each.exhaustive]
        remedies = Remedies(self.saga, self.faults, kinds=self.kinds, known=whole, watch=watch)
        for exploration in whole:
            for finding in exploration.findings:
                yield finding
                fix = remedies.fix(finding)
                if fix is not None:
                    self.fixes[key_of(finding)] = fix
                else:
                    self.hints[key_of(finding)] = remedies.hint(finding)

    def verdict(self, *, file: str, seconds: float) -> Verdict:
        """All that is known so far in one. `file` is what replay commands name; the time was taken outside."""
        return verdict_of(self.explorations(), file=file, seconds=seconds, remedy=self._fixed)

    def _fixed(self, _: Exploration, finding: Finding) -> Fixed | None:
        fix = self.fixes.get(key_of(finding))
        return None if fix is None else Fixed(change=fix.change, verified=fix.verified)
