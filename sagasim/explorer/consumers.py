"""Tells a browser how an exploration is getting on, and an editor what the draft is worth. JSON text.

/ws/explorations/<id>/
    Browser gets    {"progress": {"state", "lane", "ahead", "doing", "states", "waiting", "level", "findings",
                     "seconds", "coordinations": {...}, "told": {"faults", "findings", "fixed", ...} | null}}
                    at most 5 a second; `told` changes when the page can show more than before
                    {"ended": {"state", "sentence", "findings", "states", "seconds", "exhaustive", "url"}}
                    then the socket is closed

/ws/verdict/
    Browser sends   {"explore": {"text": "sagasim: 1 ...", "n": 7}}    a new one ends the one before
    Browser gets    {"n": 7, "hash", "faults": 1 | 2, "done": true, "exhaustive": true, "scope", "states",
                     "coordinations": {"orchestration": {"findings": 1, "states": 480}, ...},
                     "findings": [{"harm", "step", "coordination", "sentence", "faults", "order"}]}
                    first for any 1 fault, then for any 2; while one takes long, not `done` in between
                    {"n": 7, "error": "one sentence"}    the text is no saga, and what would be right

    4400, 4401, 4404, 4413, 4429, 4503 mean what they mean for runs (sagasim/runs/consumers.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from time import monotonic
from typing import Any
from uuid import UUID

from sagasim.core.document import MOST_BYTES
from sagasim.explorer import metrics
from sagasim.explorer.jobs import jobs
from sagasim.explorer.verdicts import KEPT_ANSWERS, LEVELS, MOST_SECONDS, Answer, look
from sagasim.explorer.watching import standing_of
from sagasim.explorer.workers import WorkerDied
from sagasim.runs.consumers import served, until_one_ends
from sagasim.runs.hub import read
from sagasim.runs.sockets import Gone, Receive, Refused, Scope, Send, Socket

log = logging.getLogger(__name__)

PERIOD_S = 0.2
SLICE_S = 0.2
"""So long a draft is worked on before others have their turn."""
LONGEST_DRAFT = 2 * MOST_BYTES
"""Of a message, in characters: a text is longer as JSON. What is a saga file says the codec."""
WISH = (
    'Send {"explore": {"text": "...", "n": 1}}: the text of a saga file, and a number that the answers bear.'
)
UNANSWERED = "The verdict could not be found out this time; the next edit asks again."


async def exploration_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One browser that watches one exploration."""
    await receive()  # websocket.connect

    async def serve(socket: Socket) -> None:
        await until_one_ends(
            _tell(socket, scope["url_route"]["kwargs"]["exploration"]),
            _only_listen(socket),
            socket.check_for_ever(),
        )
        await send({"type": "websocket.close", "code": 1000})

    await served(scope, receive, send, serve)


async def verdict_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One browser that edits a saga."""
    await receive()  # websocket.connect
    await asyncio.to_thread(jobs.warm)

    async def serve(socket: Socket) -> None:
        editor = _Editor(socket)
        try:
            await until_one_ends(editor.listen(), socket.check_for_ever())
        finally:
            editor.leave()

    await served(scope, receive, send, serve)


# ---------------------------------------------------------------- an exploration


async def _tell(socket: Socket, exploration: UUID) -> None:
    told: dict[str, Any] = {}
    while "ended" not in told:
        standing = await read(standing_of, exploration)
        if standing is None:
            raise Refused(4404, "There is no such exploration; it may have been deleted.")
        if standing != told:
            told = standing
            await socket.send_object(standing)
        if "ended" not in standing:
            await asyncio.sleep(PERIOD_S)


async def _only_listen(socket: Socket) -> None:
    await socket.next()
    raise Refused(4400, "Nothing is expected here; only listen.")


# ---------------------------------------------------------------- a draft


class _Editor:
    """Answers for the newest text that came, and for no other."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self._answering: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        while True:
            text, number = _wish(await self.socket.next(LONGEST_DRAFT))
            self.leave()
            self._answering = asyncio.create_task(self._answer(text, number))

    def leave(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    async def _answer(self, text: str, number: int) -> None:
        began = monotonic()
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            answer = _answers.get(key)
            if answer is None:
                answer = await self._worked_out(text, number)
                _remember(key, answer)
            await self.socket.send_object({"n": number, **answer})
            metrics.verdicts.observe(monotonic() - began)
        except WorkerDied:
            await self.socket.send_object({"n": number, "error": UNANSWERED})
        except Gone:
            pass
        except Exception:
            log.exception("a draft could not be explored")
            await self.socket.send_object({"n": number, "error": UNANSWERED})

    async def _worked_out(self, text: str, number: int) -> Answer:
        """Slice by slice; what is said last is not yet sent."""
        slice_s, begun = SLICE_S, 0
        while True:
            answer = await asyncio.wrap_future(jobs.engine.live.submit(look, text, slice_s))
            begun += answer.pop("begun", False)
            if begun > 1:  # the worker has too many drafts to keep this one: work longer at once
                slice_s = min(2 * slice_s, MOST_SECONDS)
            if "error" in answer or (answer["done"] and answer["faults"] == LEVELS[-1]):
                return answer
            if answer["done"] and not answer["exhaustive"]:
                return answer  # a limit at the first level: the second has no chance
            await self.socket.send_object({"n": number, **answer})


def _wish(message: dict[str, Any]) -> tuple[str, int]:
    match message:
        case {"explore": {"text": str(text), "n": int(number), **others}} if (
            not others and not isinstance(number, bool) and 0 <= number < 2**53
        ):
            return text, number
    raise Refused(4400, WISH)


def _remember(key: str, answer: Answer) -> None:
    """By the very text: undo gives the verdict at once."""
    _answers[key] = answer
    while len(_answers) > KEPT_ANSWERS:
        _answers.popitem(last=False)


_answers: OrderedDict[str, Answer] = OrderedDict()
