"""What is compared with what: two coordinations, two versions, two engines, or all engines at once.

A contender is a saga and what is known of it; `differences` (core/comparing.py) tells two of them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagasim.core.codec import saga_hash
from sagasim.core.comparing import Comparison, differences
from sagasim.core.counterparts import counterparts_of
from sagasim.core.errors import CoreError
from sagasim.core.presets import AS_WRITTEN, every_preset
from sagasim.core.results import verdict_from_data
from sagasim.core.saga import Coordination, Saga
from sagasim.core.verdict import Verdict
from sagasim.explorer.models import OPEN, Exploration, State
from sagasim.explorer.services import explorer_version, start
from sagasim.explorer.variants import kept

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from sagasim.composer.models import SagaVersion

COORDINATIONS, VERSIONS, ENGINES, PRESETS = "coordinations", "versions", "engines", "presets"
WHATS: Mapping[str, str] = {
    COORDINATIONS: "two coordinations",
    VERSIONS: "two versions",
    ENGINES: "two engines",
    PRESETS: "all engines",
}


class NoSuchContender(CoreError):
    """There is nothing of that name to compare; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One side. `key` names it in an address; `version` is there where it is saved."""

    key: str
    name: str
    saga: Saga
    exploration: Exploration | None
    base: SagaVersion
    version: SagaVersion | None = None

    @property
    def verdict(self) -> Verdict | None:
        it = self.exploration
        return verdict_from_data(it.verdict) if it is not None and it.verdict else None

    @property
    def is_open(self) -> bool:
        return self.exploration is not None and self.exploration.is_open

    @property
    def is_known(self) -> bool:
        return self.exploration is not None and self.exploration.state == State.DONE

    def kept(self, *, by: User | None) -> SagaVersion:
        """A version that runs can pin: the saved one, or a draft."""
        return self.version or kept(self.base, self.saga, by=by)


def contenders(version: SagaVersion, what: str, keys: Sequence[str], faults: int) -> list[Contender]:
    """Those that an address names, in its order. Raises NoSuchContender."""
    match what:
        case "versions":
            found = [_version(version, key, faults) for key in keys]
        case "engines":
            found = [_engine(version, key, faults) for key in keys]
        case "presets":
            found = [_engine(version, key, faults) for key in every_preset(version.meaning)]
        case _:
            found = [_version(version, str(version.number), faults)]
    return found


def _version(version: SagaVersion, key: str, faults: int) -> Contender:
    it = version.saga.versions.filter(number=int(key)).first() if key.isdecimal() and len(key) < 10 else None
    if it is None:
        raise NoSuchContender(f"there is no version {key!r} of {version.saga.name}; choose one of the list")
    return Contender(
        key=key,
        name=f"version {it.number}",
        saga=it.meaning,
        exploration=_known(it.hash, faults),
        base=it,
        version=it,
    )


def _engine(version: SagaVersion, key: str, faults: int) -> Contender:
    engines = every_preset(version.meaning)
    if key not in engines:
        raise NoSuchContender(f"there is no engine {key!r}; there are {', '.join(engines)}")
    saga = engines[key]
    return Contender(
        key=key,
        name=key,
        saga=saga,
        exploration=_known(saga_hash(saga), faults),
        base=version,
        version=version if key == AS_WRITTEN else None,
    )


def _known(digest: str, faults: int) -> Exploration | None:
    """The whole answer by the rules of today, or what is under way, or what is left of it."""
    rows = Exploration.objects.filter(hash=digest, faults=faults, kernel=explorer_version())
    both = [row for row in rows if len(row.coordinations) == len(Coordination)]
    done = next((row for row in both if row.state == State.DONE), None)
    return done or next((row for row in both if row.state in OPEN), None) or next(iter(both), None)


def explore_all(sides: Iterable[Contender], faults: int, *, by: User | None) -> None:
    """Explores whatever is not known to the end yet."""
    for side in sides:
        if not side.is_known:
            start(side.version or side.saga, faults=faults, by=by)


def compared(sides: Sequence[Contender]) -> list[tuple[str, Comparison]]:
    """Two sides coordination by coordination; one side with itself, in its two coordinations."""
    verdicts = [side.verdict for side in sides]
    known = [verdict for verdict in verdicts if verdict is not None]
    if len(known) < len(sides):
        return []
    if len(sides) == 1:
        one, other = (each.value for each in Coordination)
        return [("", differences(known[0], known[0], coordinations=(one, other)))]
    return [
        (
            each.value,
            differences(
                known[0],
                known[1],
                names=(sides[0].name, sides[1].name),
                coordinations=(each.value, each.value),
                counterparts=counterparts_of(sides[0].saga, sides[1].saga),
            ),
        )
        for each in Coordination
    ]
