"""``broadsheet serve``: page and jobs in one process."""

from __future__ import annotations

import errno
import signal
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.output import note, opened
from broadsheet.errors import BroadsheetError

if TYPE_CHECKING:
    from broadsheet.library import Library


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")
    ] = None,
) -> None:
    """Open the page and start the jobs; Ctrl-C ends both.

    Example: broadsheet serve --port 8080
    """
    with opened(context) as library:
        settings = library.settings
        host = settings.host if host is None else host
        with _listen(host, settings.port if port is None else port) as listener:
            taken = listener.getsockname()[1]
            library.settings = replace(settings, host=host, port=taken)
            _run(library, listener)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
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


def _run(library: Library, listener: socket.socket) -> None:
    import uvicorn

    from broadsheet.jobs import logs
    from broadsheet.jobs.digests import DigestJob
    from broadsheet.jobs.index import IndexJob, TidyJob
    from broadsheet.jobs.refit import RefitJob
    from broadsheet.jobs.runner import Job, Runner
    from broadsheet.jobs.silence import SilenceJob
    from broadsheet.jobs.sync import SyncJob
    from broadsheet.web.app import create_app

    logs.configure(library.settings.log_level)
    is_showing_specimens = library.load_specimens()
    sync = SyncJob(library)
    readers: dict[str, Job] = {
        f"sync {number + 1}": sync for number in range(library.settings.sync_readers)
    }
    jobs: dict[str, Job] = {
        "index": IndexJob(library),
        "tidy": TidyJob(library),
        "digests": DigestJob(library),
        "silence": SilenceJob(library),
        "refit": RefitJob(library),
    }
    runner = Runner(jobs | readers)
    app = create_app(library)
    app.state.runner = runner
    what = "the specimen edition" if is_showing_specimens else f"{_count(library)} papers"
    note(f"Broadsheet shows {what} at {library.settings.public_url} (Ctrl-C ends it)")
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    runner.start()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn stops, then raises them again
            signal.signal(number, lambda _number, _frame: None)
        server.run(sockets=[listener])
    finally:
        sync.stop()
        runner.stop()


def _count(library: Library) -> str:
    return f"{library.store.counts()['papers']:,}"
