"""``broadsheet serve``: pages and jobs."""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.output import note, opened
from broadsheet.config import MOST_WORKERS
from broadsheet.errors import BroadsheetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.cli.crew import Order
    from broadsheet.library import Library
    from broadsheet.web.shared import Held

SWITCH_S = 0.001
"""How long a job's Python may keep a request waiting; Python's own 5 ms is half a search."""

METRICS = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's own name

POOLS = "2"
"""From so many pools glibc's ``malloc`` may serve the threads of a process. By itself it makes
eight for each core, and each keeps the most that it ever had: 100 MB more of 800 for 104,336
papers, after 250 searches by 50 readers, and no answer comes sooner."""

POOLS_NAME, _M_ARENA_MAX = "MALLOC_ARENA_MAX", -8  # glibc's own names of that; mallopt(3)


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0, max=MOST_WORKERS, help="Processes that answer; 0: two, or one on a single core."
        ),
    ] = None,
) -> None:
    """Open the page and start the jobs; Ctrl-C ends both.

    A process of its own keeps the indexes; the first one does the other jobs and answers,
    further ones answer only.

    Example: broadsheet serve --port 8080
    """
    from broadsheet.cli.crew import processes

    with opened(context) as library:
        settings = library.settings
        host = settings.host if host is None else host
        with _listen(host, settings.port if port is None else port) as listener:
            taken = listener.getsockname()[1]
            library.settings = replace(settings, host=host, port=taken)
            wanted = settings.workers if workers is None else workers
            _run(library, listener, workers=processes(wanted))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: of a socket that names none asyncio does not know that it is TCP, and
    # leaves Nagle's algorithm on: each answer but the first would wait 40 ms for the reader's ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise BroadsheetError(
                f"port {port} on {host} is taken; choose another: broadsheet serve --port 8080"
            ) from error
        raise BroadsheetError(f"cannot listen on {host} port {port}: {error}") from error
    return listener


def _run(library: Library, listener: socket.socket, *, workers: int) -> None:
    """Answer requests and do the jobs until a signal comes, with further processes where wanted.

    Raises:
        BroadsheetError: they died again and again.
    """
    from broadsheet.cli import crew
    from broadsheet.jobs import indexer, logs

    logs.configure(library.settings.log_level)
    _share_pools()
    with ExitStack() as stack:
        if workers > 1:  # before anything imports prometheus-client
            os.environ[METRICS] = stack.enter_context(TemporaryDirectory(prefix="broadsheet-"))
        from broadsheet.web import shared
        from broadsheet.web.app import create_app

        held = shared.Held(library.settings)
        server = crew.server_of(create_app(library, shared=held))
        stack.enter_context(_jobs(library))
        crew.end_quietly()
        data = library.settings.data
        hands = [crew.Hand(command=indexer.COMMAND, order=indexer.order(data))]
        if workers > 1:
            hands += [crew.answerer(_order(library, listener, held))] * (workers - 1)
        give_up = partial(setattr, server, "should_exit", True)
        others = stack.enter_context(crew.Crew(hands, give_up=give_up))
        server.run(sockets=[listener])
        if others.has_failed:
            raise BroadsheetError(
                "the processes beside this one died again and again; the log says why"
            )


def _share_pools() -> None:
    """Keep memory together, here and in the processes that this one starts; glibc alone knows how.

    Who runs the program may have said otherwise.
    """
    import ctypes

    if POOLS_NAME not in os.environ:
        os.environ[POOLS_NAME] = POOLS
        with suppress(AttributeError, OSError, TypeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, int(POOLS))


def _order(library: Library, listener: socket.socket, held: Held) -> Order:
    from broadsheet.cli import crew
    from broadsheet.web import shared

    settings, key = library.settings, crew.new_key()
    return crew.Order(
        data=str(settings.data.absolute()),
        host=settings.host,
        port=settings.port,
        listener=listener.fileno(),
        shared=shared.lend(held, bytes.fromhex(key)),
        key=key,
        threads=settings.encoder_threads or 1,
    )


@contextmanager
def _jobs(library: Library) -> Iterator[None]:
    """Do what happens by itself until the block ends; say what is shown."""
    from broadsheet.jobs.digests import DigestJob
    from broadsheet.jobs.runner import Job, Runner
    from broadsheet.jobs.silence import SilenceJob
    from broadsheet.jobs.sync import SyncJob

    is_showing_specimens = library.load_specimens()
    sync = SyncJob(library)
    readers: dict[str, Job] = {
        f"sync {number + 1}": sync for number in range(library.settings.sync_readers)
    }
    jobs: dict[str, Job] = {
        "digests": DigestJob(library),
        "silence": SilenceJob(library),
    }
    sys.setswitchinterval(SWITCH_S)
    runner = Runner(jobs | readers)
    what = "the specimen edition" if is_showing_specimens else f"{_count(library)} papers"
    note(f"Broadsheet shows {what} at {library.settings.public_url} (Ctrl-C ends it)")
    runner.start()
    try:
        yield
    finally:
        sync.stop()
        runner.stop()


def _count(library: Library) -> str:
    return f"{library.store.counts()['papers']:,}"
