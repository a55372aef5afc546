"""The classic choreography as newcomers type it, and what the bus does when handlers fail."""

from __future__ import annotations

import asyncio
import threading

import pytest

from sagasim import EventBus
from sagasim.core.history import SagaEnded
from sagasim.library import JumpingClock, MemoryRecorder, Refused


class OrderService:
    def __init__(self, event_bus):
        self.event_bus = event_bus
        self.orders = {}
        event_bus.subscribe("PaymentProcessed", self.handle_payment_processed)
        event_bus.subscribe("PaymentFailed", self.handle_payment_failed)

    def create_order(self, order_id, amount):
        self.orders[order_id] = "pending"
        self.event_bus.publish("OrderCreated", {"order_id": order_id, "amount": amount})

    def handle_payment_processed(self, data):
        self.orders[data["order_id"]] = "confirmed"

    def handle_payment_failed(self, data):
        self.orders[data["order_id"]] = "cancelled"
        self.event_bus.publish("OrderCancelled", {"order_id": data["order_id"], "reason": data["reason"]})


class PaymentService:
    def __init__(self, event_bus):
        self.event_bus = event_bus
        event_bus.subscribe("OrderCreated", self.handle_order_created)

    def handle_order_created(self, data):
        if data["amount"] <= 100:
            self.event_bus.publish("PaymentProcessed", {"order_id": data["order_id"]})
        else:
            self.event_bus.publish(
                "PaymentFailed", {"order_id": data["order_id"], "reason": "Insufficient funds"}
            )


def told(bus):
    """Each entry by its kind and the handler or event that it is about."""
    return [
        (
            entry.kind,
            entry.event.event if entry.kind == "EventPublished" else getattr(entry.event, "step", ""),
        )
        for entry in bus.history
        if entry.kind not in ("OutcomeRecorded", "EventHeard", "SagaEnded")
    ]


def test_the_classic_choreography_confirms_one_order_and_cancels_the_other():
    bus = EventBus()
    orders = OrderService(bus)
    PaymentService(bus)
    cancelled: list[object] = []
    bus.subscribe("OrderCancelled", cancelled.append)
    orders.create_order(1, amount=50)
    orders.create_order(2, amount=500)
    assert orders.orders == {1: "confirmed", 2: "cancelled"}
    assert cancelled == [{"order_id": 2, "reason": "Insufficient funds"}]
    assert bus.dead_letters == ()


def test_its_history_is_that_of_a_choreography():
    bus = EventBus()
    orders = OrderService(bus)
    PaymentService(bus)
    orders.create_order(1, amount=50)
    assert told(bus) == [
        ("SagaStarted", ""),
        ("EventPublished", "OrderCreated"),
        ("EventConsumed", "payment-service-handle-order-created"),
        ("StepCommitted", "payment-service-handle-order-created"),
        ("EventPublished", "PaymentProcessed"),
        ("EventConsumed", "order-service-handle-payment-processed"),
        ("StepCommitted", "order-service-handle-payment-processed"),
    ]
    assert [entry.seq for entry in bus.history] == list(range(1, len(bus.history) + 1))
    assert all(entry.because < entry.seq for entry in bus.history)
    assert {entry.instance for entry in bus.history} == {1}
    orders.create_order(2, amount=50)
    assert bus.history[-1].instance == 2


class Handle:
    """A handler that fails so many times; it remembers what it was given."""

    def __init__(self, failures, error=None):
        self.failures, self.error = failures, error or ValueError("busy")
        self.attempts = []

    def __call__(self, data, attempt, idempotency_key):
        self.attempts.append((attempt, idempotency_key))
        if attempt <= self.failures:
            raise self.error


def test_a_handler_that_raises_gets_the_event_again_after_a_while():
    clock, handle = JumpingClock(), Handle(2)
    bus = EventBus(clock=clock, retry={"attempts": 3, "first_ms": 100})
    bus.subscribe("OrderCreated", handle)
    bus.publish("OrderCreated", {})
    assert handle.attempts == [(n, "OrderCreated:1/handle") for n in (1, 2, 3)]
    assert [entry.at_ms for entry in bus.history if entry.kind == "EventConsumed"] == [0, 100, 300]
    assert bus.dead_letters == ()


def test_after_the_last_redelivery_the_event_is_a_dead_letter_and_the_others_still_get_it(caplog):
    bus = EventBus(clock=JumpingClock())
    seen: list[object] = []
    handle = Handle(3)
    bus.subscribe("OrderCreated", handle)
    bus.subscribe("OrderCreated", seen.append)
    bus.publish("OrderCreated", {"order_id": 1})
    assert len(handle.attempts) == 3
    assert seen == [{"order_id": 1}]
    (letter,) = bus.dead_letters
    assert (letter.event_type, letter.data, letter.handler) == ("OrderCreated", {"order_id": 1}, "handle")
    assert str(letter.error) == "busy"
    assert ("DeadLettered", "handle") in told(bus)
    assert "handle could not take OrderCreated" in caplog.text  # who never looks is told too


def test_a_dead_letter_can_be_delivered_again():
    bus, broken = EventBus(retry=1), [True]
    seen: list[object] = []

    def handle(data):
        if broken:
            raise ValueError("not yet")
        seen.append(data)

    bus.subscribe("OrderCreated", handle)
    bus.publish("OrderCreated", 1)
    broken.clear()
    assert bus.redeliver() == 1
    assert (seen, bus.dead_letters) == ([1], ())
    assert bus.redeliver() == 0


def test_a_refusal_is_not_delivered_again():
    bus, handle = EventBus(), Handle(9, Refused("never"))
    bus.subscribe("OrderCreated", handle)
    bus.publish("OrderCreated")
    assert len(handle.attempts) == 1
    assert len(bus.dead_letters) == 1


@pytest.mark.parametrize("given", [{"event_id": "e-1"}, {}])
def test_an_event_is_handled_once_however_often_it_is_published(given):
    bus = EventBus()
    seen: list[object] = []
    bus.subscribe("OrderCreated", seen.append)
    data = {"order_id": 1} if given else {"order_id": 1, "event_id": "e-1"}
    assert bus.publish("OrderCreated", data, **given) == "e-1"
    bus.publish("OrderCreated", data, **given)
    assert seen == [data]
    assert told(bus)[-1] == ("AnswerRepeated", "append")
    bus.publish("OrderPaid", data, **given)  # another event, though it carries the same id on
    bus.subscribe("OrderPaid", seen.append)
    bus.publish("OrderCreated", data, event_id="e-2")
    assert len(seen) == 2


def payments_of(bus: EventBus) -> list[object]:
    """What arrives of a handler that publishes, fails, and is handed its event again."""
    seen: list[object] = []

    def pay(data, attempt):
        bus.publish("PaymentProcessed", {"attempt": attempt})
        if attempt == 1:
            raise ValueError("after publishing")

    bus.subscribe("OrderCreated", pay)
    bus.subscribe("PaymentProcessed", seen.append)
    bus.publish("OrderCreated")
    return seen


def test_what_a_handler_publishes_goes_out_when_it_returns_and_once():
    bus = EventBus(clock=JumpingClock())
    assert payments_of(bus) == [{"attempt": 2}]
    assert ("EventLost", "pay") in told(bus)


def test_without_an_outbox_it_goes_out_at_once_under_an_id_that_a_redelivery_repeats():
    bus = EventBus(outbox=False, clock=JumpingClock())
    assert payments_of(bus) == [{"attempt": 1}]


def test_events_are_handled_in_the_order_of_their_publication():
    bus = EventBus()
    seen: list[object] = []

    def first(data):
        bus.publish("B", 1)
        bus.publish("B", 2)
        seen.append("first is through")

    bus.subscribe("A", first)
    bus.subscribe("B", seen.append)
    bus.subscribe("A", lambda data: seen.append("second"))
    bus.publish("A")
    assert seen == ["first is through", "second", 1, 2]


def test_what_one_handler_changes_in_the_data_another_does_not_see():
    bus = EventBus()
    seen: list[object] = []
    bus.subscribe("A", lambda data: data.clear())
    bus.subscribe("A", seen.append)
    bus.publish("A", {"order_id": 1})
    assert seen == [{"order_id": 1}]


def test_who_unsubscribes_gets_no_more_events():
    bus = EventBus()
    seen: list[object] = []
    bus.subscribe("A", seen.append)
    bus.unsubscribe("A", seen.append)
    bus.publish("A", 1)
    assert seen == []
    with pytest.raises(ValueError, match="has not subscribed to 'A'"):
        bus.unsubscribe("A", seen.append)


def test_a_pattern_and_a_decorator_subscribe_too():
    bus = EventBus()
    seen: list[object] = []

    @bus.subscribe("*")
    def audit(event_type, data, event_id):
        seen.append((event_type, data, event_id))

    bus.subscribe("Order*", seen.append)
    bus.publish("OrderCreated", 1)
    bus.publish("PaymentFailed", 2)
    assert seen == [("OrderCreated", 1, "OrderCreated:1"), 1, ("PaymentFailed", 2, "PaymentFailed:2")]


def test_what_cannot_be_a_handler_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="the handler is a callable"):
        EventBus().subscribe("A", 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="also wants 'bus'"):
        EventBus().subscribe("A", lambda data, bus: None)
    with pytest.raises(ValueError, match="attempts, first_ms, factor and max_ms"):
        EventBus(retry={"times": 3})
    with pytest.raises(ValueError, match="at least once"):
        EventBus(retry=0)


async def test_coroutine_handlers_run_on_the_loop_of_who_publishes():
    bus = EventBus()
    seen: list[object] = []

    async def pay(data):
        await asyncio.sleep(0)
        bus.publish("PaymentProcessed", data)
        await bus.apublish("PaymentArchived", data)

    async def confirm(data):
        seen.append((asyncio.get_running_loop(), data))

    bus.subscribe("OrderCreated", pay)
    bus.subscribe("PaymentProcessed", confirm)
    bus.subscribe("PaymentArchived", seen.append)
    await bus.apublish("OrderCreated", 1)
    assert seen == [(asyncio.get_running_loop(), 1), 1]
    with pytest.raises(ValueError, match=r"write await bus\.apublish\(\.\.\.\)"):
        bus.publish("OrderCreated", 2)


def test_coroutine_handlers_run_without_a_loop_of_ones_own_too():
    bus = EventBus()
    seen: list[object] = []

    async def pay(data):
        seen.append(data)

    bus.subscribe("OrderCreated", pay)
    bus.publish("OrderCreated", 1)
    assert seen == [1]


def test_a_thread_that_publishes_while_another_delivers_hands_its_event_over():
    bus = EventBus()
    seen: list[object] = []

    def handle(data):
        thread = threading.Thread(target=bus.publish, args=("B", 1))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()

    bus.subscribe("A", handle)
    bus.subscribe("B", seen.append)
    bus.publish("A")
    assert seen == [1]


def test_after_an_interrupt_the_bus_goes_on():
    bus, interrupts = EventBus(), [True]
    seen: list[object] = []

    def handle(data):
        if interrupts:
            interrupts.clear()
            raise KeyboardInterrupt
        seen.append(data)

    bus.subscribe("A", handle)
    with pytest.raises(KeyboardInterrupt):
        bus.publish("A", 1)
    bus.publish("A", 2)
    assert seen == [2]


def test_a_recorder_gets_the_lines_as_they_happen():
    recorder = MemoryRecorder()
    bus = EventBus("orders", record=recorder)
    bus.subscribe("OrderCreated", lambda data: None)
    bus.publish("OrderCreated", {"order_id": 1})
    assert [line["kind"] for line in recorder.lines] == [entry.kind for entry in bus.history]
    assert recorder.lines[1]["data"]["payload"] == {"order_id": 1}
    assert recorder.lines[3]["data"]["step"] == "on-order-created"
    assert {line["run"] for line in recorder.lines} == {"orders-1"}


def test_what_follows_from_each_event_from_outside_is_a_run_of_its_own():
    recorder = MemoryRecorder()
    bus = EventBus("orders", record=recorder, retry=1)
    orders = OrderService(bus)
    PaymentService(bus)
    orders.create_order(1, amount=50)
    orders.create_order(2, amount=500)
    runs = {
        name: [line for line in recorder.lines if line["run"] == name] for name in ("orders-1", "orders-2")
    }
    assert sum(map(len, runs.values())) == len(recorder.lines)
    for lines in runs.values():
        assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert all(line["data"]["because"] < line["seq"] for line in lines)
        assert {line["data"]["instance"] for line in lines} == {1}
        assert lines[0]["at_ms"] == 0
        assert (lines[-1]["kind"], lines[-1]["data"]["outcome"]) == ("SagaEnded", "completed")
        assert [line["kind"] for line in lines].count("SagaEnded") == 1


def test_a_saga_whose_handler_gives_up_is_parked_until_it_is_delivered_again():
    bus, fails = EventBus(retry=1), [True]

    @bus.subscribe("OrderCreated", name="reserve")
    def reserve(data):
        if fails:
            raise RuntimeError("no stock")

    def ends():
        return [(it.event.outcome, it.event.parked) for it in bus.history if isinstance(it.event, SagaEnded)]

    bus.publish("OrderCreated", {})
    assert ends() == [("parked", ("reserve",))]
    fails.clear()
    bus.redeliver()
    assert ends() == [("parked", ("reserve",)), ("completed", ())]


def test_an_event_that_nobody_wants_ends_its_saga_at_once():
    bus = EventBus()
    bus.publish("OrderCreated", {})
    assert [entry.kind for entry in bus.history] == ["SagaStarted", "EventPublished", "SagaEnded"]


def test_a_bus_is_a_saga_whose_steps_are_its_handlers():
    bus = EventBus("Orders")
    OrderService(bus)
    bus.subscribe("OrderCreated", lambda data: None)
    assert bus.saga.name == "orders"
    assert [(step.name, step.service) for step in bus.saga.steps] == [
        ("order-service-handle-payment-processed", "order-service"),
        ("order-service-handle-payment-failed", "order-service"),
        ("on-order-created", "on-order-created"),
    ]
