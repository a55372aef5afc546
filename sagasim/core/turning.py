"""The point of no return: the last moment of a finding's run from which a good end could still be reached.

A *good end* is an accepted end with nothing under way any more, on a way there on which no property was
broken. A world of the run is *open* if one of the orders in which things can go on by themselves leads from
it to a good end: no further fault strikes, but a fault that goes on striking does go on. The point of no
return is the transition that leaves the last open world.

The worlds of the run are asked from the last to the first, and each world from which there is no way is
asked once: what is paid for is the part of the graph that is lost. A bound on it is honest: it is then said
what could not be decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sagasim.core.blueprint import Blueprint, blueprint
from sagasim.core.causes import struck_as, struck_in_words
from sagasim.core.execution import Passage, Run, passages_of
from sagasim.core.exploration import Finding
from sagasim.core.harms import Harm, Judge, stuck
from sagasim.core.history import (
    CompensationStarted,
    CoordinatorCrashed,
    Entry,
    FaultStruck,
    HarmDone,
    SagaEnded,
    SagaHalted,
)
from sagasim.core.kernel import Kernel
from sagasim.core.narration import sentence
from sagasim.core.phrases import call_of, kind_of
from sagasim.core.reduction import Key, Reduction
from sagasim.core.saga import Coordination, Saga
from sagasim.core.world import World

MOST_WORLDS = 20_000
"""So many worlds are asked for one finding before it is said that the moment is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointOfNoReturn:
    """Where a run left the last world from which a good end could be reached.

    seq      the entry that did it; 0: there was no such world, not even at the start
    at_ms    when
    exact    False: the bound was met, and it may have been before this entry; never after it
    certain  from here on this very harm cannot be avoided, in whatever order things go on by themselves
    """

    seq: int
    at_ms: int
    exact: bool
    certain: bool
    sentence: str


def point_of_no_return(
    saga: Saga, finding: Finding, *, most_worlds: int = MOST_WORLDS
) -> PointOfNoReturn | None:
    """Of the run that shows this finding; None where the saga's run does not show it any more."""
    bp = blueprint(saga, finding.coordination)
    run, passages, last = passages_of(bp, finding.faults, order=finding.order)
    harm = Harm(finding.harm, finding.step)
    if not run.shows(*harm):
        return None
    ways = Ways(bp, most_worlds)
    first_harm = min(seq for _, seq in run.harms)
    unbroken = [place for place, passage in enumerate(passages) if _begins_before(passage, first_harm)]
    turn, exact = _last_open(ways, passages, unbroken)
    if turn is None:
        certain = harm in _harms_at_the_start(bp) or ways.are_all_closed_by(harm, ways.kernel.begin()[0])
        return PointOfNoReturn(seq=0, at_ms=0, exact=True, certain=certain, sentence=_never(harm, certain))
    entry = _telling_entry(run, passages[turn:])
    after = passages[turn + 1].before if turn + 1 < len(passages) else last
    done = any(found == harm and seq in passages[turn].seqs for found, seq in run.harms)
    certain = done or ways.are_all_closed_by(harm, after)
    return PointOfNoReturn(
        seq=entry.seq,
        at_ms=entry.at_ms,
        exact=exact,
        certain=certain,
        sentence=_told(run, entry, harm, exact=exact, certain=certain, most_worlds=most_worlds),
    )


def _begins_before(passage: Passage, first_harm: int) -> bool:
    """Whether nothing was broken yet in the world before this transition."""
    return not passage.seqs or min(passage.seqs) <= first_harm


def _last_open(ways: Ways, passages: Sequence[Passage], places: Sequence[int]) -> tuple[int | None, bool]:
    """The last transition whose world before is open; where the bound is met, the one asked then."""
    for place in reversed(places):
        is_open = ways.is_open(passages[place].before)
        if is_open is None:
            return place, False
        if is_open:
            return place, True
    return None, True


def _harms_at_the_start(bp: Blueprint) -> list[Harm]:
    kernel = Kernel(bp)
    return Judge(kernel).at_the_start(kernel.begin()[0])


class Ways:
    """Where the worlds of one saga can get by themselves, without a further fault.

    `left` is how many more worlds may be asked; whoever is out of it gets None for an answer, or False where
    nothing may be claimed.
    """

    def __init__(self, bp: Blueprint, most_worlds: int) -> None:
        self.bp, self.left = bp, most_worlds
        self.kernel = Kernel(bp, tidy=True, kinds=())
        self.judge = Judge(self.kernel)
        self._reduction = Reduction(bp)
        self._closed: set[Key] = set()

    def is_open(self, world: World) -> bool | None:
        """Whether a good end can be reached from here; None: the bound was met before that was known."""
        return self._reaches(
            world, self._closed, avoids=lambda harms: not harms, is_end=lambda at: not self._stuck(at)
        )

    def are_all_closed_by(self, harm: Harm, world: World) -> bool:
        """Whether every way from here on does this harm. False also where the bound is met first."""
        reached = self._reaches(
            world,
            set(),
            avoids=lambda harms: harm not in harms,
            is_end=lambda at: harm not in self._stuck(at),
        )
        return reached is False

    def _reaches(
        self,
        start: World,
        closed: set[Key],
        *,
        avoids: Callable[[list[Harm]], bool],
        is_end: Callable[[World], bool],
    ) -> bool | None:
        """Depth first: one way is enough. What is in `closed` afterwards leads nowhere, if the answer is no."""
        waiting = [_tidied(start)]
        while waiting:
            world = self._reduction.of(waiting.pop(), faults_left=False)
            key = self._reduction.key(world)
            if key in closed:
                continue
            if self.left <= 0:
                return None
            self.left -= 1
            closed.add(key)
            choices = self.kernel.choices(world)
            if not choices and is_end(world):
                return True
            for choice in choices:
                after, events = self.kernel.apply(world, choice)
                if avoids(self.judge.harms(world, choice, events, after)):
                    waiting.append(after)
        return False

    def _stuck(self, world: World) -> list[Harm]:
        return [stuck(self.bp, each.mind) for each in world.instances if not each.mind.ended]


def _tidied(world: World) -> World:
    """The world of a run as an exploration calls it: there an overtaken copy is a late one, and bundled with it."""
    instances = tuple(
        each._replace(
            copies=tuple(
                sorted(
                    copy._replace(kind="late") if copy.kind == "reordered" else copy for copy in each.copies
                )
            )
        )
        for each in world.instances
    )
    return world._replace(instances=instances)


# ---------------------------------------------------------------- in words

FATES: Mapping[str, str] = MappingProxyType(
    {
        "leak": "the effect of {step} is left behind",
        "missing-effect": "the saga completes without the effect of {step}",
        "double-effect": "{step} takes effect twice",
        "phantom-undo": "the undo of {step} takes away what is not there",
        "undone-after-pivot": "{step} is undone although the pivot has committed",
        "wrong-order": "{step} is undone while what builds on it still stands",
        "skipped-undo": "the undo of {step} is not attempted",
        "false-outcome": "the saga reports an end that is not true",
        "effect-after-end": "the effect of {step} changes after the saga has ended",
        "stuck": "the saga never ends: it hangs at {step}",
        "dirty-read": "{step} has read what another saga takes back",
        "lost-update": "{step} has overwritten what another saga takes back",
        "invariant": "'{step}' does not hold",
    }
)
"""What a finding comes to, as something that is still to come."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def _telling_entry(run: Run, passages: Sequence[Passage]) -> Entry:
    """The entry that says best what the first of these transitions did: the fault, or what came first."""
    seqs = next(passage.seqs for passage in passages if passage.seqs)
    entries = [run.history[seq - 1] for seq in sorted(seqs)]
    faults = [entry for entry in entries if isinstance(entry.event, FaultStruck)]
    turned = [entry for entry in entries if isinstance(entry.event, CompensationStarted | SagaEnded)]
    told = [entry for entry in entries if not isinstance(entry.event, CoordinatorCrashed | HarmDone)]
    return (faults or turned or told or entries)[0]


def _never(harm: Harm, certain: bool) -> str:
    fate = FATES[harm.harm].format(step=harm.step)
    if certain:
        return f"There never was a good end to reach: even without a fault, {fate}."
    return f"There never was a good end to reach, even without a fault; in this run, {fate}."


def _told(run: Run, entry: Entry, harm: Harm, *, exact: bool, certain: bool, most_worlds: int) -> str:
    what, when = _happened(run, entry), f"{entry.at_ms:,} ms"
    fate = FATES[harm.harm].format(step=harm.step)
    follows = (
        f"it is certain that {fate}"
        if certain
        else f"something breaks in whatever order the rest happens: in this run, {fate}"
    )
    if exact:
        return f"A good end was still possible until {when}, when {what}; from then on {follows}."
    return (
        f"At the latest from {when} on, when {what}, {follows}. Whether a good end was still possible just "
        f"before was not decided within {most_worlds:,} worlds."
    )


def _happened(run: Run, entry: Entry) -> str:
    event = entry.event
    match event:
        case FaultStruck():
            return _struck(run, entry, event)
        case CompensationStarted():
            return "the saga turned back"
        case SagaHalted(step):
            return f"the saga halted because of {step}" if step else "the saga halted"
        case _:
            return sentence(event, run.saga)


def _struck(run: Run, entry: Entry, event: FaultStruck) -> str:
    """`the answer of charge was lost for the third time`: so often had it happened already."""
    kind = struck_as(event.fault)
    service = run.saga.step(event.step).service
    if kind == "outage":
        return f"{service} was down and {call_of(event.step, event.undo)} went unanswered"
    orchestrated = run.coordination is Coordination.ORCHESTRATION
    told = struck_in_words(kind, call_of(event.step, event.undo), service, orchestrated=orchestrated)
    times = sum(_is_same_blow(event, other, entry) for other in run.history if other.seq <= entry.seq)
    if times == 1:
        return told
    return f"{told} for the {ORDINALS[times - 1] if times <= len(ORDINALS) else f'{times}th'} time"


def _is_same_blow(event: FaultStruck, other: Entry, entry: Entry) -> bool:
    """Whether another entry says that the same kind of fault struck the same call."""
    if not isinstance(other.event, FaultStruck) or other.instance != entry.instance:
        return False
    same_call = (other.event.step, other.event.undo) == (event.step, event.undo)
    return same_call and kind_of(other.event.fault) == kind_of(event.fault)
