"""How do several processes answer at one address?

The first process listens, runs the jobs, and answers too. Others get its socket and take from it
whatever they have a hand free for; one keeps the indexes (``jobs.indexer``). Each is a fresh
interpreter, not forked, so that threads and databases of the first stay there. A pipe is its
lifeline: it ends when the first process does, however that ends. One that dies is started again;
where they die again and again everything ends, and says so, rather than serve half.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog
import uvicorn

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp

log = structlog.get_logger(__name__)

GRACE_S = 5  # for answers on their way when the program ends
LOOK_S = 0.2  # between two looks at whether all live
MOST_DEATHS, WITHIN_S = 5, 60.0  # then something is wrong that a new start does not mend
BACKLOG = 2048  # connections that the machine holds until a process takes them
ACCEPTED = 1  # connections taken at once: what one process cannot answer soon another may


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a further process must know."""

    data: str  # the data folder
    host: str  # as the first process has it
    port: int
    listener: int  # file descriptor
    shared: str  # where ``web.shared`` is lent
    key: str  # hexadecimal
    threads: int  # for encoding a query


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A further process: what is started, and what it is told."""

    command: Sequence[str]
    order: str  # one line for its standard input, which stays open
    listener: int | None = None  # a file descriptor that it gets
    environ: Mapping[str, str] = field(default_factory=dict)


def answerer(order: Order, /) -> Hand:
    """Return a process that answers requests."""
    return Hand(
        command=(sys.executable, "-m", __name__),
        order=json.dumps(asdict(order)) + "\n",
        listener=order.listener,
        environ={"BROADSHEET_ENCODER_THREADS": str(order.threads)},
    )


class Server(uvicorn.Server):
    """A server that leaves connections to other processes while it is busy."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; the queue is longer than what is taken from it at once."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(BACKLOG)


def server_of(app: ASGIApp) -> Server:
    """Return the server of an application."""
    return Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=ACCEPTED,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processes(wanted: int) -> int:
    """Return how many processes answer: as many as wanted, for 0 two where there are two cores.

    Where a socket cannot be handed on (Windows) there is one.
    """
    if sys.platform == "win32":
        return 1
    return wanted or min(2, cores())


def end_quietly() -> None:
    """Let uvicorn stop at a signal and no more: it raises the signal again afterwards."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)


class Crew:
    """Further processes beside this one; started at ``with``, ended with it."""

    def __init__(self, hands: Sequence[Hand], *, give_up: Callable[[], None]) -> None:
        self._hands = hands
        self._environ = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._give_up = give_up
        self._processes: list[subprocess.Popen[str] | None] = [None] * len(hands)
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._run, name="crew", daemon=True)
        self.has_failed = False

    def __enter__(self) -> Self:
        """Start them."""
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End them, kindly first."""
        self._is_over.set()
        self._watch.join()
        running = [one for one in self._processes if one is not None]
        for one in running:
            one.terminate()
        for one in running:
            try:
                one.communicate(timeout=GRACE_S + 3)
            except subprocess.TimeoutExpired:
                one.kill()
                one.communicate()

    def _run(self) -> None:
        while not self._is_over.is_set():
            for place, one in enumerate(self._processes):
                if one is not None and one.poll() is not None:
                    self._note_death(one)
                if self.has_failed:
                    return
                if one is None or one.returncode is not None:
                    self._processes[place] = self._start(self._hands[place])
            self._is_over.wait(LOOK_S)

    def _note_death(self, one: subprocess.Popen[str]) -> None:
        one.communicate()  # closes the pipe
        log.error("worker_died", pid=one.pid, status=one.returncode)
        self._deaths.append(time.monotonic())
        is_full = len(self._deaths) == MOST_DEATHS
        if is_full and self._deaths[-1] - self._deaths[0] < WITHIN_S:
            log.error("workers_keep_dying", deaths=MOST_DEATHS, within_s=WITHIN_S)
            self.has_failed = True
            self._give_up()

    def _start(self, hand: Hand) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603  # this interpreter, our modules
            hand.command,
            stdin=subprocess.PIPE,
            text=True,
            pass_fds=[] if hand.listener is None else [hand.listener],
            start_new_session=True,  # Ctrl-C is the first process's affair
            env={**os.environ, **self._environ, **hand.environ},
        )
        assert process.stdin is not None  # noqa: S101  # a pipe
        try:
            process.stdin.write(hand.order)
            process.stdin.flush()  # and stays open: it is the lifeline
        except BrokenPipeError:
            pass  # it died at once: the next look finds that out
        return process


def new_key() -> str:
    """Return a key for ``Order``."""
    return secrets.token_hex(32)


def work(order: Order) -> None:
    """Answer requests until told to end, or until the first process is gone."""
    import socket

    from broadsheet.assemble import open_library
    from broadsheet.jobs import logs
    from broadsheet.web import shared
    from broadsheet.web.app import create_app

    library = open_library(Path(order.data))
    try:
        library.settings = replace(library.settings, host=order.host, port=order.port)
        logs.configure(library.settings.log_level)
        app = create_app(library, shared=shared.reach(order.shared, bytes.fromhex(order.key)))
        server = server_of(app)

        def hold_on() -> None:
            sys.stdin.read()  # until the first process closes its end, or is gone
            server.should_exit = True

        threading.Thread(target=hold_on, daemon=True).start()
        end_quietly()
        with socket.socket(fileno=order.listener) as listener:
            server.run(sockets=[listener])
    finally:
        library.close()


if __name__ == "__main__":
    work(Order(**json.loads(sys.stdin.readline())))
