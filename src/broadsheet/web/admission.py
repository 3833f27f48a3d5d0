"""Whose turn is it? So many requests are worked on at once, some wait, and others come back later.

One interpreter makes one page at a time; forty threads that make forty pages at once make each
of them late, and a crowd that is let in without end is served by nobody. So a few are worked on,
a bounded number waits in the order of arrival, and everybody else hears, for next to nothing, when
to come back. They hear it after a moment: a crowd of programs that all ask again at once would
otherwise keep the machine busy with refusals. What costs nothing is let through: files, health,
metrics; and what is kept (``kept``) never comes here.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from broadsheet.web import errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp, Receive, Scope, Send

AT_WORK = 4
"""Requests worked on at once by one process: enough that one waits for the disk while another
computes, few enough that they do not take the interpreter from each other all the time."""

WAITING = 64
"""Requests that wait: beyond fifty readers who all ask at once, under half a second's work."""

PATIENCE_S = 5.0  # then a request has waited long enough, on a slow machine
PAUSE_S = 0.5  # before a refusal
MOST_PAUSING = 1_000  # requests; further ones are refused at once, to bound memory
RETRY_AFTER_S = 2  # a queue is worked off by then
FREE = ("/static/", "/healthz", "/metrics")  # no work, or what an operator needs just then


class Admission:
    """Middleware that lets a few requests in, makes some wait, and sends the rest away with 503.

    While any is worked on, ``answering`` says so to whoever can put off what they do.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        at_work: int = AT_WORK,
        waiting: int = WAITING,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
        answering: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.app = app
        self._answering = answering
        self.pause_s = pause_s
        self.pausing = 0
        self.most_waiting = waiting
        self.patience_s = patience_s
        self.waiting = 0
        self._places = asyncio.Semaphore(at_work)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it is its turn, or answer 503."""
        if scope["type"] != "http" or scope["path"].startswith(FREE):
            await self.app(scope, receive, send)
        elif await self._enter():
            try:
                with self._answering():
                    await self.app(scope, receive, send)
            finally:
                self._places.release()
        else:
            await self._pause()
            await refusal(Request(scope))(scope, receive, send)

    async def _enter(self) -> bool:
        """Wait for a place; tell whether there was one."""
        if not self._places.locked():
            return await self._places.acquire()
        if self.waiting >= self.most_waiting:
            return False
        self.waiting += 1
        try:
            async with asyncio.timeout(self.patience_s):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1

    async def _pause(self) -> None:
        """Let a moment pass, unless too many do that."""
        if self.pausing >= MOST_PAUSING:
            return
        self.pausing += 1
        try:
            await asyncio.sleep(self.pause_s)
        finally:
            self.pausing -= 1


def refusal(request: Request) -> Response:
    """Return the answer to one who comes when too many are here: 503, small, made beforehand."""
    problem = errors.too_busy()
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    if errors.is_program(request):
        return errors.answer(request, problem, headers=headers)
    from broadsheet.web.context import library_of

    body = _page(library_of(request).settings.title)
    headers |= {"Cache-Control": "no-store"}
    return Response(body, status_code=problem.status, headers=headers, media_type="text/html")


@cache
def _page(name: str) -> bytes:
    """Return the page that says so: no list, no form, and nothing that asks for more."""
    from broadsheet.web.render import environment

    template = environment().get_template("busy.html")
    return template.render(name=name, problem=errors.too_busy()).encode()
