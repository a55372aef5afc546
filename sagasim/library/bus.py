"""EventBus: a choreography of your own handlers, in this process.

    publish    the event is handed to every handler that subscribed to its type, in the order of subscription
    outbox     what a handler publishes goes out when it returns, and not at all if it raises
    retry      a handler that raises gets the event again, then it is a dead letter (a Refused at once)
    dedupe     a handler takes the same event, by type and id, once

`publish` returns when everything that follows from it has been handled. Events are handled one after the
other, in the order of their publication. Inside a handler, and while another thread is handling, publishing
only hands the event over.

What follows from an event that was published from outside is a saga of its own: it ends when nothing of it is left to
be handled, completed, or parked with the handlers that could not take their event. A recorder gets each as a run.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from sagasim.core.errors import CoreError, quoted
from sagasim.core.history import (
    AnswerRepeated,
    DeadLettered,
    Entry,
    EventConsumed,
    EventHeard,
    EventLost,
    EventPublished,
    HistoryEvent,
    OutcomeRecorded,
    RetryScheduled,
    SagaEnded,
    SagaStarted,
    StepCommitted,
    StepErred,
    StepRefused,
)
from sagasim.core.saga import Retry, Saga
from sagasim.library.answers import BadCallable, Raised
from sagasim.library.callables import name_of
from sagasim.library.calling import call_here, in_thread, is_in_a_loop
from sagasim.library.clocks import Clock, Inbox, WallClock
from sagasim.library.recording import Recorder, line_of
from sagasim.library.subscriptions import DeadLetter, Event, Subscription, retry_of, subscription_of
from sagasim.library.telling import Telling, saga_of

RETRY = Retry(attempts=3, first_ms=20)
MOST_REMEMBERED = 100_000
"""How many entries, and how many handled events, a bus keeps; the oldest go first."""

_log = logging.getLogger("sagasim.bus")
_Handler = TypeVar("_Handler", bound=Callable[..., object])


@dataclass(slots=True)
class _Delivery:
    """A handler at work: what it publishes is held back until it returns."""

    bus: EventBus
    event: Event
    step: str
    held: list[tuple[str, Any, str]] = field(default_factory=list)
    is_open: bool = True


_at_work: ContextVar[_Delivery | None] = ContextVar("sagasim_delivery", default=None)


class EventBus:
    """A bus for one process.

    retry    how often a handler gets an event in all, or {"attempts", "first_ms", "factor", "max_ms"}
    outbox   False: what a handler publishes goes out even if it raises afterwards
    record   where the history goes as it happens: anything with `append(lines)`
    """

    def __init__(
        self,
        name: str = "bus",
        *,
        retry: int | Mapping[str, Any] | Retry = RETRY,
        outbox: bool = True,
        record: Recorder | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name, self._outbox, self._recorder = name, outbox, record
        self._retry = retry_of(retry, RETRY)
        self._clock = clock or WallClock()
        self._start = self._clock.now_ms()
        self._lock = Lock()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._queue: deque[tuple[Event, Subscription]] = deque()
        self._is_delivering = False
        self._taken: dict[tuple[str, str, str], None] = {}
        self._dead: list[DeadLetter] = []
        self._entries: deque[Entry] = deque(maxlen=MOST_REMEMBERED)
        self._seq = self._sagas = 0
        self._tellings: dict[int, Telling] = {}

    # subscribing

    def subscribe(
        self,
        event_type: str,
        handler: _Handler | None = None,
        *,
        name: str | None = None,
        retry: int | Mapping[str, Any] | Retry | None = None,
    ) -> Any:
        """Hands events of this type (or pattern: "Order*", "*") to the handler; also as a decorator.

        The handler is called with the data of the event, and gets `event_type`, `event_id`, `idempotency_key` and
        `attempt` if it has parameters of these names. `name` is what the history calls it.
        """
        if handler is None:
            return lambda function: self.subscribe(event_type, function, name=name, retry=retry)
        own = self._retry if retry is None else retry_of(retry, self._retry)
        with self._lock:
            taken = [other.step for other in self._subscriptions]
            subscription = subscription_of(handler, event_type, name, own, taken)
            self._subscriptions = (*self._subscriptions, subscription)
        return handler

    def unsubscribe(self, event_type: str, handler: Callable[..., object]) -> None:
        """The handler gets no further events of this type; one that it is handling is not taken from it."""
        with self._lock:
            left = [
                it for it in self._subscriptions if (it.pattern, it.callee.function) != (event_type, handler)
            ]
            if len(left) == len(self._subscriptions):
                raise CoreError(f"{name_of(handler)!r} has not subscribed to {quoted(event_type)}")
            self._subscriptions = tuple(left)

    # publishing

    def publish(self, event_type: str, data: Any = None, *, event_id: str | None = None) -> str:
        """Publishes an event, and handles it and all that follows from it. Returns its id.

        event_id   makes a second publication a duplicate; default: `data["event_id"]`, else an id of its own
        """
        given, at_work = self._id_given(data, event_id), self._here()
        if at_work is not None:
            return self._publish_inside(at_work, event_type, data, given)
        if is_in_a_loop() and any(it.callee.is_async for it in self._subscriptions):
            raise BadCallable(
                "publish(...) would block the event loop that coroutine handlers need; write await bus.apublish(...)"
            )
        chosen = self._publish_outside(event_type, data, given)
        self._deliver_all(None)
        return chosen

    async def apublish(self, event_type: str, data: Any = None, *, event_id: str | None = None) -> str:
        """The same in a running event loop, where coroutine handlers then run."""
        given, at_work = self._id_given(data, event_id), self._here()
        if at_work is not None:
            return self._publish_inside(at_work, event_type, data, given)
        chosen, loop = self._publish_outside(event_type, data, given), asyncio.get_running_loop()
        await in_thread(lambda: self._deliver_all(loop), lambda: None)
        return chosen

    # what happened

    @property
    def saga(self) -> Saga:
        """The bus as a saga: a step is a handler, its service whoever it belongs to. Recorders ask for it."""
        return saga_of(self.name, self._subscriptions)

    @property
    def history(self) -> tuple[Entry, ...]:
        """What has happened on this bus, as the history of a choreography: a step is a handler."""
        return tuple(self._entries)

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """The events that a handler could not take, oldest first."""
        return tuple(self._dead)

    def redeliver(self, letters: Iterable[DeadLetter] | None = None) -> int:
        """Hands dead letters (default: all) to their handlers again. Returns how many."""
        with self._lock:
            wanted = list(self._dead if letters is None else letters)
            self._dead = [letter for letter in self._dead if letter not in wanted]
            for letter in wanted:
                self._queue.append((letter.event, letter.subscription))
                self._telling(letter.event.instance).redelivers(letter.subscription.step)
        self._deliver_all(None)
        return len(wanted)

    # inside

    def _here(self) -> _Delivery | None:
        delivery = _at_work.get()
        return delivery if delivery is not None and delivery.bus is self and delivery.is_open else None

    def _id_given(self, data: Any, event_id: str | None) -> str:
        own = data.get("event_id") if isinstance(data, Mapping) else None
        return str(event_id if event_id is not None else own if own is not None else "")

    def _publish_outside(self, event_type: str, data: Any, event_id: str) -> str:
        with self._lock:
            self._sagas += 1
            number = self._sagas
        chosen = event_id or f"{event_type}:{number}"
        self._write(number, 0, SagaStarted(chosen))
        if not self._put(Event(event_type, data, chosen, "", number)):
            self._end_if_over(number)
        return chosen

    def _publish_inside(self, delivery: _Delivery, event_type: str, data: Any, event_id: str) -> str:
        """The id is a function of what the handler handles, so that a redelivery publishes the same event."""
        chosen = event_id or f"{delivery.event.id}/{delivery.step}/{len(delivery.held) + 1}"
        delivery.held.append((event_type, data, chosen))
        if not self._outbox:
            self._put(Event(event_type, data, chosen, delivery.step, delivery.event.instance))
        return chosen

    def _put(self, event: Event, because: int = 0) -> int:
        """Hands an event to those who want it; tells how many they are."""
        told = EventPublished(event.publisher or self.name, "done", event.type)
        seq = self._write(event.instance, because, told, {"event_id": event.id, "payload": event.data})
        known = Event(event.type, event.data, event.id, event.publisher, event.instance, seq)
        with self._lock:
            wanted = [(known, it) for it in self._subscriptions if it.wants(event.type)]
            self._queue.extend(wanted)
            self._telling(event.instance).open += len(wanted)
            return len(wanted)

    def _deliver_all(self, loop: asyncio.AbstractEventLoop | None) -> None:
        with self._lock:
            if self._is_delivering:  # whoever is at it takes these too
                return
            self._is_delivering = True
        try:
            while (due := self._next()) is not None:
                self._deliver(*due, loop)
                with self._lock:
                    self._telling(due[0].instance).open -= 1
                self._end_if_over(due[0].instance)
        except BaseException:
            self._is_delivering = False
            raise

    def _next(self) -> tuple[Event, Subscription] | None:
        with self._lock:
            if not self._queue:
                self._is_delivering = False
                return None
            return self._queue.popleft()

    def _deliver(self, event: Event, to: Subscription, loop: asyncio.AbstractEventLoop | None) -> None:
        place, step = (to.step, event.type, event.id), to.step
        heard = EventHeard(step, "done", event.type, event.publisher or self.name)
        seq = self._write(event.instance, event.seq, heard)
        if place in self._taken:
            self._write(event.instance, seq, AnswerRepeated(step, False, 1, "done"))
            return
        for attempt in range(1, to.retry.attempts + 1):
            seq = self._write(event.instance, seq, EventConsumed(step, False, attempt))
            raised, held = self._handle(event, to, attempt, loop)
            if raised is None:
                self._taken[place] = None
                if len(self._taken) > MOST_REMEMBERED:
                    del self._taken[next(iter(self._taken))]
                seq = self._write(event.instance, seq, StepCommitted(step, attempt, 1))
                self._write(event.instance, seq, OutcomeRecorded(step, "done"))
                for kind, data, chosen in held if self._outbox else ():
                    self._put(Event(kind, data, chosen, step, event.instance), seq)
                return
            told = StepRefused if raised.word == "refused" else StepErred
            seq = self._write(event.instance, seq, told(step, False, attempt, raised.text))
            for kind, _, _ in held if self._outbox else ():
                self._write(event.instance, seq, EventLost(step, "done", kind))
            if raised.word == "refused" or attempt == to.retry.attempts:
                self._bury(event, to, raised, seq)
                return
            self._write(event.instance, seq, RetryScheduled(step, False, attempt + 1))
            self._wait(to.retry.wait_ms(attempt + 1))

    def _handle(
        self, event: Event, to: Subscription, attempt: int, loop: asyncio.AbstractEventLoop | None
    ) -> tuple[Raised | None, list[tuple[str, Any, str]]]:
        delivery = _Delivery(self, event, to.step)
        data = (
            dict(event.data) if type(event.data) is dict else event.data
        )  # what one handler changes is its own
        extras = {
            "event_type": event.type,
            "event_id": event.id,
            "idempotency_key": f"{event.id}/{to.step}",
            "attempt": attempt,
        }
        token = _at_work.set(delivery)
        try:
            outcome = call_here(to.callee, data, extras, loop)
        finally:
            delivery.is_open = False
            _at_work.reset(token)
        return (outcome if isinstance(outcome, Raised) else None), delivery.held

    def _bury(self, event: Event, to: Subscription, raised: Raised, seq: int) -> None:
        letter = DeadLetter(event.type, event.data, event.id, to.step, raised.error, event, to)
        self._dead.append(letter)
        self._write(event.instance, seq, DeadLettered(to.step, False, True))
        self._write(event.instance, seq, OutcomeRecorded(to.step, "dead"))
        self._telling(event.instance).dead[to.step] = None
        _log.error(
            "%s could not take %s %s: %s; see dead_letters", to.step, event.type, event.id, raised.text,
            exc_info=raised.error,
        )  # fmt: skip

    def _end_if_over(self, instance: int) -> None:
        """The saga has ended when nothing of it waits or is being handled; what comes later is told after its end."""
        telling = self._telling(instance)
        if not telling.open:
            dead = tuple(telling.dead)
            self._write(instance, telling.last, SagaEnded("parked" if dead else "completed", dead))

    def _telling(self, instance: int) -> Telling:
        telling = self._tellings.get(instance)
        if telling is None:
            telling = self._tellings[instance] = Telling(f"{self.name}-{instance}")
            if len(self._tellings) > MOST_REMEMBERED:
                del self._tellings[next(iter(self._tellings))]
        return telling

    def _wait(self, ms: int) -> None:
        Inbox[None](self._clock).take(self._clock.now_ms() + ms, idle=True)

    def _write(
        self, instance: int, because: int, event: HistoryEvent, more: Mapping[str, object] | None = None
    ) -> int:
        with self._lock:
            self._seq += 1
            belief = event.belief if isinstance(event, OutcomeRecorded) else ""
            at_ms = self._clock.now_ms() - self._start
            entry = Entry(self._seq, at_ms, event, instance, because, belief)
            self._entries.append(entry)
            telling = self._telling(instance)
            telling.last = entry.seq
            if self._recorder is not None:
                self._recorder.append([line_of(telling.entry(entry), telling.run, more or {})])
            return entry.seq
