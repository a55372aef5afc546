"""What the library's tests sell: the classic order as a newcomer types it, and services that keep their promises."""

from __future__ import annotations

from collections import Counter

from sagasim import SagaOrchestrator
from sagasim.library import JumpingClock, Refused


class OrderShop:
    """The classic example: four functions that write down what they did."""

    def __init__(self, declines=False):
        self.log = []
        self.declines = declines

    def create_order(self, context):
        self.log.append("create order")
        return {"order_id": 1}

    def cancel_order(self, context):
        self.log.append(f"cancel order {context['order_id']}")

    def process_payment(self, context):
        self.log.append("process payment")
        if self.declines:
            raise Exception("Payment declined")  # noqa: TRY002 - as newcomers do
        return {"payment_id": 7}

    def refund_payment(self, context):
        self.log.append(f"refund payment {context['payment_id']}")

    def reserve_inventory(self, context):
        self.log.append("reserve inventory")
        return {"reserved": True}

    def release_inventory(self, context):
        self.log.append("release inventory")

    def ship_order(self, context):
        self.log.append("ship order")

    def orchestrator(self, **options):
        orchestrator = SagaOrchestrator(**{"clock": JumpingClock(), **options})
        orchestrator.add_step(action=self.create_order, compensation=self.cancel_order)
        orchestrator.add_step(action=self.process_payment, compensation=self.refund_payment)
        orchestrator.add_step(action=self.reserve_inventory, compensation=self.release_inventory)
        orchestrator.add_step(action=self.ship_order)
        return orchestrator


class Services:
    """Participants that deduplicate by key, remember an undo that came first, and accept an undo of nothing."""

    def __init__(self):
        self.effects: Counter[str] = Counter()
        self.answers = {}
        self.tombstones = set()

    def does(self, step):
        def action(context, idempotency_key):
            if idempotency_key in self.answers:
                return self.answers[idempotency_key]
            if step in self.tombstones:
                raise Refused("its undo came first")
            self.effects[step] += 1
            self.answers[idempotency_key] = {f"{step}_id": step.upper()}
            return self.answers[idempotency_key]

        return action

    def undoes(self, step):
        def compensation(context, idempotency_key):
            if idempotency_key not in self.answers:
                self.answers[idempotency_key] = None
                self.tombstones.add(step)
                self.effects[step] -= bool(self.effects[step])

        return compensation

    def orchestrator(self, pivot=False, timeout_ms=None, record=None, **rules):
        """Three steps with an undo, or a pivot in the middle and a step behind it that must work."""
        orchestrator = SagaOrchestrator(
            "kit", clock=JumpingClock(), engine={"preset": "default", **rules}, record=record
        )
        retry = {"attempts": 2, "first_ms": 100}
        for number, step in enumerate(("order", "charge", "ship")):
            kind = ("compensatable", "pivot", "retriable")[number] if pivot else "compensatable"
            orchestrator.add_step(
                self.does(step),
                None if kind in ("pivot", "retriable") else self.undoes(step),
                name=step,
                kind=kind,
                retry=retry,
                undo_retry=None if kind in ("pivot", "retriable") else retry,
                timeout_ms=timeout_ms,
            )
        return orchestrator


def events(history):
    """What a run with real callables can know of a history: all but the judgement of the simulator."""
    return [(entry.event, entry.belief) for entry in history if entry.kind not in ("HarmDone", "SagaStuck")]
