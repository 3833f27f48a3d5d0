"""A server on loopback that answers as it is told, faults included."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    Handler = Callable[["Asked"], "Said"]


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]  # names in lower case
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class Said:
    """One answer; ``write`` sends a body that no bytes can express: too slow, too long, cut."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[BaseHTTPRequestHandler], None] | None = None


def json_said(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Said:
    """Return an answer in JSON, in UTF-8 as most services write it."""
    body = json.dumps(value, ensure_ascii=False).encode()
    named = {"Content-Type": "application/json; charset=utf-8"} | dict(headers or {})
    return Said(status, body, named)


class Server:
    """What it was asked, and what it answers: first the faults, one each, then its content."""

    def __init__(self, handler: Handler) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Said] = []
        self.spoil: Callable[[Asked, Said], Said] | None = None  # what becomes of true answers
        self.port = 0
        self.scheme = "http"
        self._handler = handler

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def answer(self, asked: Asked) -> Said:
        """Return the next answer."""
        self.asked.append(asked)
        if self.faults:
            return self.faults.pop(0)
        said = self._handler(asked)
        return self.spoil(asked, said) if self.spoil else said


@contextmanager
def serving(handler: Handler, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server on a free port of loopback, over TLS where there is a context."""
    told = Server(handler)

    class Handling(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # http.server's name
            """Answer."""
            self.close_connection = True
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            said = told.answer(
                Asked(
                    path=parts.path,
                    params=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    method=self.command,
                    body=self.rfile.read(length),
                )
            )
            with suppress(ConnectionError):  # the client has heard enough
                self.say(said)

        do_POST = do_HEAD = do_GET  # noqa: N815  # http.server's names

        def say(self, said: Said) -> None:
            """Send one answer."""
            self.send_response(said.status)
            self.send_header("Connection", "close")  # or clients would ask again over it
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.write is None:
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else said.body)
            else:
                said.write(self)

        def log_message(self, *_args: object) -> None:
            """Be quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handling)
    told.port = http.server_address[1]
    if tls is not None:
        told.scheme = "https"
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
