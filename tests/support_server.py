"""A real server on loopback for tests that must see bytes as they travel."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from broadsheet.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from broadsheet.library import Library

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Reply:
    """What came back, headers as they were sent: repeated ones too."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class Served:
    """A library behind a real server."""

    port: int

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Reply:
        """Send one request whose target is not tidied up on its way, and follow nothing."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)) as line:
            line.request(method, target, body=body, headers=dict(headers or {}))
            answer = line.getresponse()
            return Reply(answer.status, tuple(answer.getheaders()), answer.read())


@contextmanager
def serving(library: Library) -> Iterator[Served]:
    """Serve a library until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(library), log_level="critical", server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + TIMEOUT_S
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        yield Served(listener.getsockname()[1])
        server.should_exit = True
        thread.join(timeout=TIMEOUT_S)
