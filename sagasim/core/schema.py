"""The keys of a saga file: a table of their shapes, and what each one means.

model.md section 4 is its source. The descriptions are what an editor shows while somebody types; the JSON
Schema is made from the same table that sagafile.py reads by, and defaults come from saga.py and engine.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from sagasim.core.engine import PRESETS, RULE_VALUES, Rules
from sagasim.core.expressions import MOST_CHARACTERS, RESOURCE
from sagasim.core.saga import (
    MOST_STEPS,
    REACTIONS,
    SLUG,
    UNDO_REACTIONS,
    UNDO_RETRY,
    Delivery,
    Kind,
    Retry,
    Safeguards,
    SemanticLock,
    UndoOfNothing,
)
from sagasim.core.shapes import (
    Choice,
    Const,
    Either,
    Flag,
    ListOf,
    MapOf,
    Number,
    Record,
    Shape,
    Text,
    schema_of,
)

VERSION = 1
MOST_ATTEMPTS = 1000
MOST_INSTANCES = 100
MOST_MS = 10 * 365 * 24 * 3600 * 1000
"""Ten years; no timer of a saga is longer."""


def _slug(says: str) -> Text:
    return Text(
        says=says,
        pattern=SLUG.pattern.removesuffix(r"\Z"),
        such_as="a slug: lower-case words joined by hyphens",
        least=1,
        most=100,
    )


def _event(says: str) -> Text:
    return Text(
        says=says,
        pattern=r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
        such_as="an event's name such as OrderCreated",
        least=1,
        most=100,
    )


def _events(says: str) -> ListOf:
    return ListOf(says=says, item=_event("The name of a domain event"), most=MOST_STEPS)


def _expression(says: str) -> Text:
    return Text(
        says=says, such_as='an expression such as "inventory.reserved == 0"', least=1, most=MOST_CHARACTERS
    )


def _ms(says: str, least: int = 0, default: int | None = None) -> Number:
    return Number(says=says, least=least, most=MOST_MS, default=default)


_RESOURCE = Text(
    says="The name of a resource",
    pattern=RESOURCE.pattern.removesuffix(r"\Z"),
    such_as="a resource: lower-case letters and _, joined by dots, such as inventory.available",
    least=1,
    most=100,
)


def _steps_of(says: str) -> ListOf:
    return ListOf(says=says, item=_slug("The name of a step"), most=MOST_STEPS)


def _amounts(says: str) -> MapOf:
    return MapOf(says=says, key=_RESOURCE, value=Number(says="How much"))


_SAFEGUARD_SAYS: Mapping[str, str] = {
    "idempotent": "The same key takes effect once. Without it: double effects, double undos.",
    "natural_key": "The key comes from the business (an order number), so that it cannot be lost.",
    "undo_of_nothing": "What an undo does where nothing was applied: accept (answers yes, changes nothing), "
    "reject (an error that no retry cures), apply (undoes what never was).",
    "tombstone": "An action that arrives after its undo is refused. Without it: an effect nobody undoes.",
    "outbox": "Effect and message are one transaction. Without it: a lost event.",
    "intent_log": "The coordinator writes before it sends. Without it: an effect forgotten after a crash.",
    "sticky_refusal": "Who refused once refuses the duplicate too.",
    "dead_letter_alarm": "A dead letter is reported and the saga is parked. Without it: nobody knows.",
    "semantic_lock": "The record is pending until the saga ends, and other sagas fail or wait at it; none: "
    "dirty reads and lost updates are possible.",
}
_SAFEGUARD_VALUES: Mapping[str, tuple[str, ...]] = {
    "undo_of_nothing": get_args(UndoOfNothing),
    "semantic_lock": get_args(SemanticLock),
}


def _safeguard(name: str, says: str) -> Shape:
    default = getattr(Safeguards(), name)
    if name in _SAFEGUARD_VALUES:
        return Choice(values=_SAFEGUARD_VALUES[name], says=says, default=default)
    return Flag(says=says, default=default)


def _safeguards(says: str) -> Record:
    return Record(says=says, keys={name: _safeguard(name, text) for name, text in _SAFEGUARD_SAYS.items()})


def _retry_keys(default: Retry) -> dict[str, Shape]:
    return {
        "attempts": Number(
            says="How often it is tried in all.", least=1, most=MOST_ATTEMPTS, default=default.attempts
        ),
        "first_ms": _ms("How long the second attempt waits, in milliseconds.", default=default.first_ms),
        "factor": Number(
            says="By how much each wait is longer than the one before.",
            least=1,
            most=100,
            fraction=True,
            default=default.factor,
        ),
        "max_ms": _ms("No wait is longer than this, in milliseconds.", default=default.max_ms),
    }


_RETRY = Record(
    says="How a call is retried; what is left out has its default. A refusal is final and never retried.",
    keys={
        **_retry_keys(Retry()),
        "upon": ListOf(
            says="After which answers it is retried: a reported error, no answer. Default: both.",
            item=Choice(values=("error", "unknown")),
        ),
    },
)
_UNDO_RETRY = Record(
    says="How the compensation is retried, whatever its failure; what is left out has its default.",
    keys=_retry_keys(UNDO_RETRY),
)

_PUBLISHES = Record(
    says="Choreography: the names of the events that the step publishes; default: made from its name.",
    keys={
        "done": _event("The step has committed."),
        "refused": _event("The step has not happened, and the saga turns back."),
        "undone": _event("Nothing of the step stands any more."),
        "skipped": _event("The step never began and never will."),
        "undo_failed": _event("The undo was given up; a person must look at it."),
        "aborting": _event("The step must be undone while another branch behind it still stands."),
    },
)

_RULE_SAYS: Mapping[str, str] = {
    "compensates": "Which steps are undone: the completed; also those nobody knows about (unknown); also the "
    "refused one (attempted); also those never begun (all); or a list of steps.",
    "order": "In which order: against the dependencies, against the order of starting, or all at once.",
    "errors_are": "What a reported error tells about the effect: nothing (unknown), or that it is not there.",
    "belief": "What is believed after several attempts: join (unknown if one was), or the last answer.",
    "on_refusal": "What a final refusal does.",
    "on_error": "What a reported error does after the last retry.",
    "on_unknown": "What happens when no answer came after the last retry.",
    "on_undo_failure": "After the last retry of an undo: park (attempt all others, then ask a person), stop, "
    "swallow (report success all the same), retry (for ever).",
    "on_cancel": "What happens when the user cancels the saga.",
    "on_deadline": "What happens when the deadline passes.",
    "pivot_unknown": "When nobody knows whether the pivot has committed: resolve (ask with the same key "
    "until it is known), compensate, or continue.",
    "on_recover": "After a crash of the coordinator: resend the open call, compensate, or wait (unknown "
    "at the timeout).",
    "on_stray_reply": "What a late or doubled reply does: nothing, it is taken for the current step "
    "(advance), or a saga that turns back goes on (resurrect).",
    "on_sibling_failure": "What happens to running parallel branches when one fails.",
}


def _rule(name: str) -> Shape:
    values = RULE_VALUES[name]
    if name == "compensates":
        return Either(plain=Choice(values=values), nested=_steps_of("These steps"), says=_RULE_SAYS[name])
    return Choice(values=values, says=f"{_RULE_SAYS[name]} Default: {getattr(Rules(), name)}.")


_ENGINE = Record(
    says="The rules of the engine: a preset, and what differs from it.",
    keys={
        "preset": Choice(values=tuple(PRESETS), says="A named set of rules.", default="default"),
        **{name: _rule(name) for name in _RULE_SAYS},
    },
)

_TAKES_MS = Either(
    says="How long a call takes, in milliseconds: a number, or the least and the most. Default: 40.",
    plain=_ms("So long"),
    nested=Record(
        keys={"min": _ms("The least."), "max": _ms("The most.")},
        required=("min", "max"),
    ),
)

_STEP = Record(
    says="One local transaction of one participant, with its compensation.",
    keys={
        "name": _slug("The step's name; faults and other steps name it by this."),
        "service": _slug("The participant that owns the data. Default: the step's own name."),
        "kind": Choice(
            values=tuple(Kind),
            says="compensatable: may be undone. pivot: go or no-go; once it commits, nothing is undone. "
            "retriable: after the pivot, retried until it works. read: changes nothing. "
            "Default: compensatable with a compensation or effects, else read.",
        ),
        "action": Text(says="What the step does. Default: its name.", such_as="a name", least=1, most=200),
        "compensation": Text(
            says="What takes the effect back; absent: nothing does.", such_as="a name", least=1, most=200
        ),
        "after": _steps_of("The steps that must be done before. Default: the step above; [] starts at once."),
        "builds_on": _steps_of(
            "The steps whose effect it builds on: they may not be undone before it. "
            "Default: `after` where the engine undoes in reverse order, else none."
        ),
        "takes_ms": _TAKES_MS,
        "timeout_ms": _ms("How long the caller waits for an answer.", least=1, default=1000),
        "retry": _RETRY,
        "undo_retry": _UNDO_RETRY,
        "effects": _amounts("What the step adds to each resource; its undo takes the same away."),
        "undo_effects": _amounts("What the undo adds to each resource, where that is not the inverse."),
        "reads": ListOf(says="The resources that the step reads.", item=_RESOURCE, most=MOST_STEPS),
        "refuses_when": _expression("The step refuses while this is true of the resources."),
        "may_refuse": Flag(
            says="Whether it can be refused. Default: yes before and at the pivot, no after it."
        ),
        "irreversible": Flag(says="Mail, a parcel, a payout: no undo brings it back.", default=False),
        "safeguards": _safeguards("The switches that make a fault harmless; they win over the service's."),
        "on_refusal": Choice(values=REACTIONS, says="Instead of the engine's rule, for this step."),
        "on_error": Choice(values=REACTIONS, says="Instead of the engine's rule, for this step."),
        "on_unknown": Choice(values=REACTIONS, says="Instead of the engine's rule, for this step."),
        "on_undo_failure": Choice(values=UNDO_REACTIONS, says="Instead of the engine's rule, for this step."),
        "publishes": _PUBLISHES,
        "starts_on": _events(
            "Choreography: the step starts when all of these events have come. Default: `done` of `after`."
        ),
        "compensates_on": _events(
            "Choreography: the step is undone when any of these events comes. Default: when every step after "
            "it is undone, refused or never began."
        ),
    },
    required=("name",),
)

_SERVICE = Record(
    says="A participant, where it differs from the defaults.",
    keys={
        "delivery": Choice(
            values=tuple(Delivery),
            says="What the broker promises for the events that it consumes.",
            default=Delivery.AT_LEAST_ONCE,
        ),
        "safeguards": _safeguards("The switches of all steps of this service."),
    },
)

_INVARIANT = Record(
    says="A property of your own, at every moment (always) or at the end (finally).",
    keys={
        "name": Text(says="What must hold, in words.", such_as="some words", least=1, most=200),
        "always": _expression("True at every moment, until an undo is given up."),
        "finally": _expression("True when the saga has completed, compensated or failed."),
    },
    required=("name",),
    just_one_of=("always", "finally"),
)

SAGA = Record(
    says="A saga: a business transaction across services.",
    keys={
        "sagasim": Const(value=VERSION, says="The version of this format."),
        "name": _slug("The saga's name."),
        "title": Text(says="What people call it."),
        "description": Text(says="What it is for."),
        "services": MapOf(
            says="Participants that differ from the defaults; others need not stand here.",
            key=_slug("The name of a service"),
            value=_SERVICE,
        ),
        "resources": _amounts("Initial values; a resource that does not stand here begins at 0."),
        "steps": ListOf(
            says="The steps.",
            item=_STEP,
            least=1,
            most=MOST_STEPS,
            unique=False,
            too_few="a saga needs at least one step",
        ),
        "engine": _ENGINE,
        "given": ListOf(
            says="Faults that are part of the design: in every run, not counted, never ending.",
            item=Text(such_as="a fault such as charge.undo:error*for-ever", least=1, most=400),
            most=MOST_STEPS,
        ),
        "deadline_ms": _ms("The saga must have ended by then, in milliseconds. Default: none.", least=1),
        "instances": Number(
            says="How many sagas run at the same time over the same resources.",
            least=1,
            most=MOST_INSTANCES,
            default=1,
        ),
        "invariants": ListOf(says="What must hold.", item=_INVARIANT, most=MOST_STEPS, unique=False),
    },
    required=("sagasim", "name", "steps"),
)


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a saga file (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sagasim saga file",
        **schema_of(SAGA),
    }
