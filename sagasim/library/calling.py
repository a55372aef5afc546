"""Calls what users wrote: here, in a thread of its own, or on an event loop. Nothing else in the library does.

Whatever a callable raises becomes a value. The context variables of the caller are those of the callable.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from functools import lru_cache, partial
from threading import Thread
from typing import TypeVar

from sagasim.library.answers import Outcome, Raised, Returned
from sagasim.library.callables import Callee

_T = TypeVar("_T")
Extras = Mapping[str, object]
Loop = asyncio.AbstractEventLoop | None
Answer = Callable[[Outcome], None]


def call_here(callee: Callee, subject: object, extras: Extras, loop: Loop) -> Outcome:
    """Calls it and waits. KeyboardInterrupt and the like come out: they are not for the saga."""
    try:
        value = callee.call(subject, extras)
        if inspect.isawaitable(
            value
        ):  # a plain function that gives an awaitable, such as a lambda around one
            value = asyncio.run_coroutine_threadsafe(_awaited(value), loop or our_loop()).result()
        return Returned(value)
    except Exception as error:  # noqa: BLE001 - it becomes an answer
        return Raised(error)


def call_in_thread(callee: Callee, subject: object, extras: Extras, loop: Loop, answer: Answer) -> None:
    """Calls it in a thread that does not keep the interpreter alive, and passes on what comes of it."""
    here = contextvars.copy_context()

    def work() -> None:
        try:
            outcome: Outcome = here.run(call_here, callee, subject, extras, loop)
        except BaseException as error:  # noqa: BLE001 - nobody else would ever hear of it
            outcome = Raised(error)
        answer(outcome)

    Thread(target=work, name="sagasim call", daemon=True).start()


def call_on_loop(callee: Callee, subject: object, extras: Extras, loop: Loop, answer: Answer) -> None:
    """Calls it on the loop, and passes on what comes of it."""

    async def call() -> object:
        value = callee.call(subject, extras)
        return await value if inspect.isawaitable(value) else value

    def came_back(future: Future[object]) -> None:
        try:
            answer(Returned(future.result()))
        except BaseException as error:  # noqa: BLE001 - also when its loop was closed over it
            answer(Raised(error))

    asyncio.run_coroutine_threadsafe(call(), loop or our_loop()).add_done_callback(came_back)


async def _awaited(value: Awaitable[_T]) -> _T:
    return await value


@lru_cache(maxsize=1)
def our_loop() -> asyncio.AbstractEventLoop:
    """The event loop for coroutines of a synchronous caller; it lasts, and so does what is bound to it."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="sagasim loop", daemon=True).start()
    return loop


def is_in_a_loop() -> bool:
    """Whether an event loop is running in this thread, which must not be blocked."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def in_thread(work: Callable[[], _T], stop: Callable[[], None]) -> _T:
    """Waits for work in a thread of its own. When the task is cancelled, the work is told to stop and waited for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()
    here = contextvars.copy_context()

    def tell(act: Callable[[], None]) -> None:
        if not done.done():
            act()

    def thread() -> None:
        try:
            result = here.run(work)
        except BaseException as error:  # noqa: BLE001 - it comes out where it is awaited
            loop.call_soon_threadsafe(tell, partial(done.set_exception, error))
        else:
            loop.call_soon_threadsafe(tell, partial(done.set_result, result))

    Thread(target=thread, name="sagasim run", daemon=True).start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        stop()
        await done
        raise
