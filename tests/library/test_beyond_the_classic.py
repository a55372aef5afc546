"""What the orchestrator does beyond the classic one: unknown outcomes, retries, time, parallel branches, rules."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from sagasim import SagaOrchestrator
from sagasim.library import (
    CannotResume,
    FileRecorder,
    JumpingClock,
    MemoryRecorder,
    OutcomeUnknown,
    Refused,
)
from tests.library.shops import OrderShop, Services


def kinds(result):
    return [entry.kind for entry in result.history]


class Charge:
    """An action that fails so many times, then works; it remembers what it was given."""

    def __init__(self, failures, error=None):
        self.failures, self.error = failures, error or ValueError("down")
        self.given = []

    def __call__(self, context, idempotency_key, attempt):
        self.given.append((idempotency_key, attempt))
        if len(self.given) <= self.failures:
            raise self.error
        return {"charged": True}


def test_an_error_is_retried_with_backoff_under_the_same_key():
    clock, charge = JumpingClock(), Charge(2)
    saga = SagaOrchestrator(clock=clock).add_step(charge, retry={"attempts": 3, "first_ms": 100, "factor": 3})
    result = saga.execute({}, run="order-42")
    assert result["status"] == "success"
    assert charge.given == [("order-42:do:charge", 1), ("order-42:do:charge", 2), ("order-42:do:charge", 3)]
    sent = [entry.at_ms for entry in result.history if entry.kind == "CommandSent"]
    assert sent == [0, 100, 400]


def test_two_runs_never_share_a_key():
    charge = Charge(0)
    saga = SagaOrchestrator().add_step(charge)
    saga.execute({})
    saga.execute({})
    assert charge.given[0][0] != charge.given[1][0]


def test_a_refusal_is_a_definite_no_and_not_retried():
    charge = Charge(9, Refused("card declined"))
    result = SagaOrchestrator().add_step(charge, retry=5).execute({})
    assert result == {"status": "failed", "error": "card declined"}
    assert len(charge.given) == 1
    assert result.belief == {"charge": "refused"}
    assert isinstance(result.exception, Refused)


@pytest.mark.parametrize("error", [TimeoutError("no answer"), OutcomeUnknown("connection lost")])
def test_where_the_callable_itself_does_not_know_its_step_is_compensated_too(error):
    refunded: list[object] = []

    def refund(context, idempotency_key, result):
        refunded.append((idempotency_key, result))

    saga = SagaOrchestrator().add_step(Charge(1, error), refund)
    result = saga.execute({}, run="r")
    assert result == {"status": "failed", "error": str(error)}
    assert refunded == [("r:undo:charge", None)]
    assert result.belief == {"charge": "undone"}


def test_a_lost_answer_calls_the_function_and_compensates_it_with_what_it_returned():
    shop = OrderShop()
    result = shop.orchestrator().execute({}, faults="process-payment:reply-lost")
    assert shop.log == ["create order", "process payment", "refund payment 7", "cancel order 1"]
    assert result.outcome == "compensated"
    assert "process-payment:reply-lost" in result["error"]
    assert [str(fault) for fault in result.struck] == ["process-payment:reply-lost"]
    assert "payment_id" not in result.context  # the saga itself never heard of it


def test_a_compensation_that_fails_is_retried_then_named_and_the_others_still_run():
    shop = OrderShop()
    calls = []

    def refund_payment(context):
        calls.append(context["payment_id"])
        raise ConnectionError("bank is down")

    def ship_order(context):
        raise ValueError("no lorry")

    saga = SagaOrchestrator(clock=JumpingClock())
    saga.add_step(shop.create_order, shop.cancel_order)
    saga.add_step(shop.process_payment, refund_payment)
    saga.add_step(ship_order)
    result = saga.execute({})
    assert result == {"status": "failed", "error": "no lorry", "parked": ["process-payment"]}
    assert calls == [7, 7, 7]
    assert shop.log[-1] == "cancel order 1"
    assert (result.outcome, result.parked) == ("parked", ("process-payment",))


def test_the_result_is_the_classic_dict_with_the_rest_behind_it():
    result = OrderShop().orchestrator().execute({}, faults="ship-order:refused")
    assert set(result) == {"status", "error"}
    assert result["outcome"] == result.outcome == result.get("outcome") == "compensated"
    assert result["parked"] == result.get("parked", "nothing") == ()
    assert result.get("colour", "blue") == "blue"
    with pytest.raises(KeyError):
        result["colour"]
    assert json.loads(json.dumps(result))["status"] == "failed"
    assert all(entry.truth is None for entry in result.history)


def test_a_call_that_takes_too_long_is_given_up_and_its_late_answer_is_recorded_as_a_stray():
    clock, may_return, recorder = JumpingClock(), threading.Event(), MemoryRecorder()
    refunded: list[object] = []

    def charge(context):
        clock.advance(1001)
        assert may_return.wait(10)
        return {"payment_id": 7}

    saga = SagaOrchestrator(clock=clock, record=recorder)
    saga.add_step(charge, refunded.append, timeout_ms=1000)
    result = saga.execute({})
    assert result["error"] == "charge gave no answer within 1000 ms; whether it happened, nobody knows"
    assert result.outcome == "compensated"
    assert len(refunded) == 1
    assert "StrayReplyReceived" not in kinds(result)
    may_return.set()
    for thread in threading.enumerate():
        if thread.name == "sagasim call":
            thread.join(10)
    assert kinds(result)[-3:] == ["CopyLanded", "StepCommitted", "StrayReplyReceived"]
    assert recorder.lines[-1]["kind"] == "StrayReplyReceived"


def test_an_answer_that_came_in_time_counts_although_the_timeout_has_passed_since():
    clock = JumpingClock()

    def charge(context):
        clock.advance(999)
        return {"payment_id": 7}

    result = SagaOrchestrator(clock=clock).add_step(charge, timeout_ms=1000).execute({})
    assert result["status"] == "success"


async def test_a_coroutine_that_takes_too_long_is_given_up_too():
    clock, never = JumpingClock(), asyncio.Event()

    async def charge(context):
        clock.advance(50)
        await never.wait()

    result = await SagaOrchestrator(clock=clock).add_step(charge, timeout_ms=50).aexecute({})
    assert result["error"] == "charge gave no answer within 50 ms; whether it happened, nobody knows"
    never.set()


def test_branches_run_side_by_side_and_meet_again():
    both = threading.Barrier(2, timeout=10)  # nobody passes alone
    shop = OrderShop()

    def book_hotel(context):
        both.wait()
        return {"hotel": 1}

    def book_flight(context):
        both.wait()
        return {"flight": 2}

    def pay(context):
        return {"paid": (context["hotel"], context["flight"])}

    saga = SagaOrchestrator()
    saga.add_step(shop.create_order)
    saga.add_step(book_hotel, after=shop.create_order)
    saga.add_step(book_flight, after="create-order")
    saga.add_step(pay, after=[book_hotel, book_flight])
    assert saga.execute({}).context == {"order_id": 1, "hotel": 1, "flight": 2, "paid": (1, 2)}


def test_when_one_branch_fails_the_running_other_is_waited_for_and_undone():
    failed, undone = threading.Event(), []

    def book_hotel(context):
        assert failed.wait(10)
        return {"hotel": 1}

    def book_flight(context):
        failed.set()
        raise Refused("no seat")

    saga = SagaOrchestrator()
    saga.add_step(book_hotel, lambda context: undone.append(context["hotel"]), after=[])
    saga.add_step(book_flight, after=[])
    assert saga.execute({}) == {"status": "failed", "error": "no seat"}
    assert undone == [1]


def test_after_the_pivot_an_error_is_retried_until_it_works():
    send = Charge(6)
    saga = SagaOrchestrator(clock=JumpingClock())
    saga.add_step(lambda context: {"paid": True}, name="pay", kind="pivot")
    saga.add_step(send, kind="retriable")
    assert saga.execute({})["status"] == "success"
    assert len(send.given) == 7


def test_the_rules_of_an_engine_go_by_their_names():
    def charge(context):
        raise ValueError("half done?")

    undone: list[object] = []
    careful = SagaOrchestrator(engine="default").add_step(charge, undone.append)
    assert careful.execute({}).belief == {"charge": "undone"}  # there an error may mean anything
    assert len(undone) == 1
    classic = SagaOrchestrator().add_step(charge, undone.append)
    assert classic.execute({}).belief == {"charge": "failed"}
    assert len(undone) == 1
    given_up = SagaOrchestrator(on_error="abandon").add_step(charge, undone.append)
    assert given_up.execute({}).outcome == "failed"
    with pytest.raises(ValueError, match="no_such_rule"):
        SagaOrchestrator(no_such_rule=1).add_step(charge).execute({})


def test_a_rule_may_name_a_step_that_is_added_later():
    saga = SagaOrchestrator(compensates=["process-payment"])
    shop = OrderShop()
    saga.add_step(shop.create_order, shop.cancel_order).add_step(shop.process_payment, shop.refund_payment)
    saga.add_step(lambda context: 1 / 0, name="ship")
    saga.execute({})
    assert shop.log == ["create order", "process payment", "refund payment 7"]


def test_the_deadline_turns_the_saga_back():
    clock, shop = JumpingClock(), OrderShop()

    def slow(context):
        clock.advance(600)

    saga = SagaOrchestrator(clock=clock, deadline_ms=500)
    saga.add_step(shop.create_order, shop.cancel_order).add_step(slow).add_step(shop.ship_order)
    assert saga.execute({}) == {"status": "failed", "error": "the deadline of 500 ms has passed"}
    assert shop.log == ["create order", "cancel order 1"]


def test_cancel_undoes_what_was_done():
    shop = OrderShop()

    def change_of_mind(context):
        saga.cancel()

    saga = SagaOrchestrator()
    saga.add_step(shop.create_order, shop.cancel_order).add_step(change_of_mind).add_step(shop.ship_order)
    assert saga.execute({}) == {"status": "failed", "error": "the saga was cancelled"}
    assert shop.log == ["create order", "cancel order 1"]
    saga.cancel()  # nobody is on the way: nothing happens


async def test_cancelling_the_task_cancels_the_saga_and_waits_until_it_is_undone():
    shop, started, go_on = OrderShop(), asyncio.Event(), asyncio.Event()

    async def charge(context):
        started.set()
        await go_on.wait()

    saga = SagaOrchestrator()
    saga.add_step(shop.create_order, shop.cancel_order).add_step(charge).add_step(shop.ship_order)
    task = asyncio.create_task(saga.aexecute({}))
    await started.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shop.log == ["create order", "cancel order 1"]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("process-payment:poisoned", "an orchestrated step is called"),
        ("ship-order.undo:error", "has no compensation"),
        ("create-order:key-lost", "ask for `idempotency_key`"),
        ("proces-payment:error", "no step or service"),
        ("process-payment:eror", "no fault kind"),
        ("saga:deadline@create-order.after", "no deadline"),
    ],
)
def test_a_fault_that_cannot_strike_is_refused_before_anything_is_called(fault, sentence):
    shop = OrderShop()
    with pytest.raises(ValueError, match=sentence):
        shop.orchestrator().execute({}, faults=fault)
    assert shop.log == []


def test_a_fault_plan_may_be_a_list_or_a_text_of_several():
    text = OrderShop().orchestrator().execute({}, faults="create-order:duplicate, ship-order:error")
    listed = OrderShop().orchestrator().execute({}, faults=["create-order:duplicate", "ship-order:error"])
    assert kinds(text) == kinds(listed)
    assert len(text.struck) == 2


def test_the_same_saga_can_be_simulated_and_explored_without_calling_anything():
    shop = OrderShop()
    saga = shop.orchestrator()
    assert saga.simulate("ship-order:error").outcome == "compensated"
    found = saga.explore(faults=1)
    assert found.found("double-effect", "process-payment")  # it never asks for its idempotency key
    assert shop.log == []


def test_the_core_raises_nothing_that_the_callables_raise_but_the_recorder_is_heard():
    class FullDisk:
        def append(self, lines):
            raise OSError("disk is full")

    shop = OrderShop()
    with pytest.raises(OSError, match="disk is full"):
        shop.orchestrator(record=FullDisk()).execute({})
    assert shop.log == []  # what is not recorded does not happen


def test_a_recorder_gets_every_line_before_what_follows_from_it(tmp_path):
    recorder = FileRecorder(tmp_path / "runs.jsonl")
    seen = []

    def look(context):
        seen.append([line["kind"] for line in recorder.lines])

    result = SagaOrchestrator(record=recorder).add_step(look).execute({"customer": "Ada"}, run="order-1")
    assert seen == [["SagaStarted", "CommandSent"]]
    assert [(line["seq"], line["kind"]) for line in recorder.lines] == [
        (entry.seq, entry.kind) for entry in result.history
    ]
    assert recorder.lines[0]["data"]["context"] == {"customer": "Ada"}
    assert {line["run"] for line in recorder.lines} == {"order-1"}


def test_a_run_is_taken_up_from_a_file_of_many(tmp_path):
    class Dies(FileRecorder):
        def append(self, lines):
            super().append(lines)
            if any(
                line["kind"] == "StepCommitted" and line["data"]["step"] == "process-payment"
                for line in lines
            ):
                raise KeyboardInterrupt

    path = tmp_path / "runs.jsonl"
    OrderShop().orchestrator(record=FileRecorder(path)).execute({}, run="one")
    with pytest.raises(KeyboardInterrupt):
        OrderShop().orchestrator(record=Dies(path)).execute({"customer": "Ada"}, run="two")
    recorder, shop = FileRecorder(path), OrderShop()
    with pytest.raises(CannotResume, match="say which one"):
        shop.orchestrator().resume(recorder.lines)
    result = shop.orchestrator(record=recorder).resume(recorder.lines, run="two")
    assert shop.log == ["reserve inventory", "ship order"]
    assert result.context == {"customer": "Ada", "order_id": 1, "payment_id": 7, "reserved": True}
    again = OrderShop()
    assert again.orchestrator().resume(recorder.lines, run="two").outcome == "completed"
    assert again.log == []


def test_another_saga_does_not_take_up_these_lines():
    recorder = MemoryRecorder()
    OrderShop().orchestrator(record=recorder).execute({})
    other = SagaOrchestrator().add_step(lambda context: None, name="other")
    with pytest.raises(CannotResume, match="the steps and rules that it was started with"):
        other.resume(recorder.lines)
    with pytest.raises(CannotResume, match="the lines that a recorder has kept"):
        other.resume([])


def test_what_a_line_cannot_hold_is_asked_for_again_when_the_run_is_resumed():
    recorder, shop = MemoryRecorder(), OrderShop()
    shop.orchestrator(record=recorder).execute({"basket": object()})
    with pytest.raises(CannotResume, match=r"resume\(lines, context="):
        shop.orchestrator().resume(recorder.lines[:2])
    result = shop.orchestrator().resume(recorder.lines[:2], context={"basket": "mine"})
    assert result.context["basket"] == "mine"
    assert result["status"] == "success"


def test_a_coordinator_that_was_killed_may_also_compensate():
    recorder = MemoryRecorder()
    Services().orchestrator(record=recorder).execute({})
    sent = [line["seq"] for line in recorder.lines if line["kind"] == "CommandSent"]
    services = Services()
    result = services.orchestrator(on_recover="compensate").resume(recorder.lines[: sent[1]])
    assert result.outcome == "compensated"
    assert "CoordinatorCrashed" in kinds(result)
    assert services.effects["charge"] == 0


def test_actions_see_the_context_variables_of_who_executes():
    from contextvars import ContextVar

    tenant = ContextVar("tenant", default="nobody")
    tenant.set("acme")
    seen = []
    SagaOrchestrator().add_step(lambda context: seen.append(tenant.get()), name="a", timeout_ms=9999).execute(
        {}
    )
    assert seen == ["acme"]


def test_the_functions_of_a_chain_are_called_in_the_thread_of_who_executes():
    """So that connections, transactions and an ORM that refuses event loops work as without us."""
    seen = []

    def look(context):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        seen.append(threading.current_thread())

    assert (
        SagaOrchestrator().add_step(look, look).add_step(lambda context: 1 / 0).execute({})["status"]
        == "failed"
    )
    assert seen == [threading.current_thread()] * 2
