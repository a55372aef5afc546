"""What newcomers type, as it stands in the articles they read."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tests.library.shops import OrderShop


def test_the_classic_order_succeeds_and_every_result_is_merged_into_the_context():
    from sagasim import SagaOrchestrator

    def create_order(context):
        return {"order_id": 1}

    def cancel_order(context):
        context["told"] = True

    def process_payment(context):
        return {"payment_id": f"pay-{context['order_id']}"}

    def refund_payment(context):
        context["told"] = True

    def reserve_inventory(context):
        return {"reserved": context["items"]}

    def release_inventory(context):
        context["told"] = True

    def ship_order(context):
        return {"shipment_id": 9}

    orchestrator = SagaOrchestrator()
    orchestrator.add_step(action=create_order, compensation=cancel_order)
    orchestrator.add_step(action=process_payment, compensation=refund_payment)
    orchestrator.add_step(action=reserve_inventory, compensation=release_inventory)
    orchestrator.add_step(action=ship_order)
    result = orchestrator.execute({"items": ["book"]})

    assert result == {
        "status": "success",
        "context": {
            "items": ["book"], "order_id": 1, "payment_id": "pay-1", "reserved": ["book"], "shipment_id": 9,
        },
    }  # fmt: skip


def test_the_classic_failure_calls_once_and_compensates_the_executed_steps_in_reverse():
    shop = OrderShop()

    def out_of_stock(context):
        shop.log.append("reserve inventory")
        raise Exception("Out of stock")  # noqa: TRY002 - as newcomers do

    from sagasim import SagaOrchestrator

    saga = SagaOrchestrator()
    saga.add_step(shop.create_order, shop.cancel_order)
    saga.add_step(shop.process_payment, shop.refund_payment)
    saga.add_step(out_of_stock, shop.release_inventory)
    saga.add_step(shop.ship_order)

    assert saga.execute({}) == {"status": "failed", "error": "Out of stock"}
    assert shop.log == [
        "create order", "process payment", "reserve inventory", "refund payment 7", "cancel order 1",
    ]  # fmt: skip


def test_the_dict_that_was_given_is_the_context():
    context = {"customer": "Ada"}
    result = OrderShop().orchestrator().execute(context)
    assert result["context"] is context
    assert context["order_id"] == 1


def test_a_step_may_change_the_context_in_place_and_return_nothing():
    from sagasim import SagaOrchestrator

    def create_order(context):
        context["order_id"] = 5

    assert SagaOrchestrator().add_step(create_order).execute().context == {"order_id": 5}


def test_what_is_no_dict_goes_into_the_context_under_the_name_of_its_action():
    from sagasim import SagaOrchestrator

    def count_items(context):
        return 3

    assert SagaOrchestrator().add_step(count_items).execute({}).context == {"count_items": 3}


def test_steps_are_named_after_their_callables_whatever_these_are():
    from sagasim import SagaOrchestrator

    class ChargeCard:
        def __call__(self, context):
            return None

    def process_payment(context, amount):
        return {"paid": amount}

    shop = OrderShop()
    saga = SagaOrchestrator()
    for action in (
        shop.create_order,
        lambda context: None,
        ChargeCard(),
        partial(process_payment, amount=5),
        partial(process_payment, amount=6),
        dict,
    ):
        saga.add_step(action)
    saga.add_step(lambda: {"shipped": True}, name="ship")
    assert saga.saga.step_names == (
        "create-order", "step-2", "charge-card", "process-payment", "process-payment-2", "dict", "ship",
    )  # fmt: skip
    assert saga.execute({}).context == {"order_id": 1, "paid": 6, "shipped": True}


def test_two_steps_with_the_same_callable_undo_what_each_of_them_did():
    from sagasim import SagaOrchestrator

    rooms = iter((101, 102))
    cancelled = []

    def book_room(context):
        return {"room": next(rooms)}

    def cancel_room(context):
        cancelled.append(context["room"])
        context["last"] = context["room"]

    def pay(context):
        raise ValueError("no money")

    saga = SagaOrchestrator().add_step(book_room, cancel_room).add_step(book_room, cancel_room).add_step(pay)
    result = saga.execute({})
    assert result == {"status": "failed", "error": "no money"}
    assert cancelled == [102, 101]
    assert result.context["last"] == 101


async def test_coroutines_are_steps_like_any_other():
    from sagasim import SagaOrchestrator

    order = []

    async def create_order(context):
        await asyncio.sleep(0)
        order.append(asyncio.get_running_loop())
        return {"order_id": 1}

    async def cancel_order(context):
        order.append(context["order_id"])

    def process_payment(context):
        raise RuntimeError("declined")

    saga = SagaOrchestrator().add_step(create_order, cancel_order).add_step(process_payment)
    assert await saga.aexecute({}) == {"status": "failed", "error": "declined"}
    assert order == [asyncio.get_running_loop(), 1]


def test_coroutines_run_without_a_loop_of_ones_own_too():
    from sagasim import SagaOrchestrator

    async def create_order(context):
        return {"order_id": 1}

    async def later():
        return {"shipped": True}

    saga = SagaOrchestrator().add_step(create_order).add_step(lambda context: later(), name="ship")
    assert saga.execute({}).context == {"order_id": 1, "shipped": True}


async def test_in_a_running_loop_execute_says_what_to_write_instead():
    from sagasim import SagaOrchestrator

    async def create_order(context):
        return {"order_id": 1}

    with pytest.raises(ValueError, match=r"write await orchestrator\.aexecute\(\.\.\.\)"):
        SagaOrchestrator().add_step(create_order).execute({})
    assert OrderShop().orchestrator().execute({})["status"] == "success"  # nothing in there needs the loop


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ({"order_id": 1}, "give the function itself, without calling it"),
        (None, "give the function itself, without calling it"),
        (lambda context, order: None, "also wants 'order'"),
    ],
)
def test_what_cannot_be_called_as_an_action_is_refused_where_it_is_written(action, sentence):
    from sagasim import SagaOrchestrator

    with pytest.raises(ValueError, match=sentence):
        SagaOrchestrator().add_step(action=action)


def test_mistakes_in_options_are_refused_with_what_would_have_been_right():
    from sagasim import SagaOrchestrator

    shop = OrderShop()
    with pytest.raises(ValueError, match="kind"):
        SagaOrchestrator().add_step(shop.create_order, kind="piwot")
    with pytest.raises(ValueError, match="retries"):
        SagaOrchestrator().add_step(shop.create_order, retries=3)
    with pytest.raises(ValueError, match=r"no step .pay."):
        SagaOrchestrator().add_step(shop.create_order, after="pay")
    with pytest.raises(ValueError, match="write one of default, temporal-like"):
        SagaOrchestrator(engine="temporal").add_step(shop.create_order).execute()
    with pytest.raises(ValueError, match="write add_step"):
        SagaOrchestrator().execute({})
    with pytest.raises(ValueError, match="a dict that the steps share"):
        shop.orchestrator().execute([1])
