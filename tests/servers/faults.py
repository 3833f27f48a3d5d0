"""What services do wrong, each as what becomes of a true answer."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from tests.servers.http import Said

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from tests.support_time import FakeTime

    Write = Callable[[BaseHTTPRequestHandler], None]

GB = 1024**3
SORRY = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Sign in.</body></html>"
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (n + 1, b"&%c;" % n * 10) for n in range(97, 106))
    + b"]>"
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault, and what must become of it.

    ``says`` is what the error must match where the fault stays. Where it is there once only
    `passes` tells whether the same run gets over it.
    """

    name: str
    spoil: Callable[[Said], Said]
    says: str
    passes: bool = False
    rest_s: float = 0.0  # what the schedule must wait at least, where it stays


def status(code: int, **headers: str) -> Callable[[Said], Said]:
    """Answer with a status, and nothing else."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _said: Said(status=code, headers=named, body=b"")


def body(change: Callable[[bytes], bytes], **headers: str) -> Callable[[Said], Said]:
    """Answer with what becomes of the true body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda said: replace(said, body=change(said.body), headers=said.headers | named)


def written(write: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Callable[[Said], Said]:
    """Answer with a function that sends the body as it likes."""
    return lambda said: replace(said, write=lambda handler: write(handler, said.body))


def cut(handler: BaseHTTPRequestHandler, whole: bytes) -> None:
    """Promise more than is sent."""
    handler.send_header("Content-Length", str(len(whole)))
    handler.end_headers()
    handler.wfile.write(whole[: len(whole) // 2])


def chunks_cut(handler: BaseHTTPRequestHandler, whole: bytes) -> None:
    """Hang up within a chunk."""
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"%x\r\n" % len(whole) + whole[: len(whole) // 2])


def gzip_cut(handler: BaseHTTPRequestHandler, whole: bytes) -> None:
    """Send the first half of something packed, and call it whole."""
    packed = gzip.compress(whole)
    half = packed[: len(packed) // 2]
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(half)))
    handler.end_headers()
    handler.wfile.write(half)


def reset(handler: BaseHTTPRequestHandler, whole: bytes) -> None:
    """Break the connection in the middle, without a farewell."""
    handler.send_header("Content-Length", str(len(whole)))
    handler.end_headers()
    handler.wfile.write(whole[: len(whole) // 2])
    handler.wfile.flush()
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def silent(handler: BaseHTTPRequestHandler, _whole: bytes) -> None:
    """Hang up after the status."""
    handler.wfile.flush()


def noise(handler: BaseHTTPRequestHandler, _whole: bytes) -> None:
    """Speak another language than HTTP."""
    handler._headers_buffer = [b"SSH-2.0-OpenSSH_9.6\r\n"]  # type: ignore[attr-defined]  # its own
    handler.flush_headers()


def two_gb(handler: BaseHTTPRequestHandler, _whole: bytes) -> None:
    """Send 2 GB, or as much as anyone takes."""
    handler.send_header("Content-Length", str(2 * GB))
    handler.end_headers()
    piece = b" " * 2**20
    for _ in range(2 * GB // len(piece)):
        handler.wfile.write(piece)


BOMB = gzip.compress(bytes(GB // 32))


def gzip_bomb(handler: BaseHTTPRequestHandler, _whole: bytes) -> None:
    """Send 2 MB that unpack to 2 GB."""
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(64 * len(BOMB)))
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(BOMB)


def latin(whole: bytes) -> bytes:
    """Write it in Windows-1252 and say nothing about it."""
    return whole.decode().encode("cp1252")


def declared_latin(whole: bytes) -> bytes:
    """Leave it in UTF-8 and say that it is Latin-1."""
    plain = re.sub(rb"^<\?xml[^>]*\?>", b"", whole)
    return b'<?xml version="1.0" encoding="iso-8859-1"?>' + plain


def within(inside: bytes) -> Callable[[bytes], bytes]:
    """Put a document type before the root, and use its entity."""

    def change(whole: bytes) -> bytes:
        plain = re.sub(rb"^<\?xml[^>]*\?>\s*(?:<!DOCTYPE[^>]*>)?", b"", whole)
        return inside + plain.replace(b"We dig", b"&j; We dig")

    return change


def drip(fake: FakeTime) -> Fault:
    """Send a byte a minute: on the fake clock, so that nobody waits for it."""

    def write(handler: BaseHTTPRequestHandler, whole: bytes) -> None:
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        for at in range(min(len(whole), 8)):
            handler.wfile.write(whole[at : at + 1])
            handler.wfile.flush()
            fake.now += 60.0

    return Fault(name="slow drip", spoil=written(write), says="in time", passes=True)


def later(now: float, seconds: float) -> str:
    """Return a moment as HTTP writes it."""
    moment = datetime.fromtimestamp(now, UTC) + timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True)


def of_http(fake: FakeTime) -> list[Fault]:
    """Return what any service does wrong, whatever it speaks."""
    day = later(fake.now, 7_200)
    broken = [
        Fault(name=name, spoil=written(write), says=".", passes=True)
        for name, write in {
            "body cut off": cut,
            "chunk cut off": chunks_cut,
            "gzip cut off": gzip_cut,
            "reset in the middle": reset,
            "silence": silent,
            "noise": noise,
        }.items()
    ]
    passing = [
        Fault(name=str(code), spoil=status(code), says=f"answered {code}", passes=True)
        for code in (429, 500, 502, 503, 504)
    ]
    refusals = [
        Fault(name=str(code), spoil=status(code), says=f"answered {code}") for code in (401, 403)
    ]
    return [
        *passing,
        *refusals,
        *broken,
        Fault(
            name="429 for 20 s",
            spoil=status(429, Retry_After="20"),
            says="asks to come back in 20 s",
            passes=True,
            rest_s=20,
        ),
        Fault(
            name="503 for an hour",
            spoil=status(503, Retry_After="3600"),
            says="answered 503.*asks to come back in 3,600 s",
            rest_s=3600,
        ),
        Fault(
            name="429 until a date",
            spoil=status(429, Retry_After=day),
            says="asks to come back in 7,",
            rest_s=7200,
        ),
        Fault(
            name="429 with a counter",
            spoil=status(429, X_RateLimit_Remaining="0", X_RateLimit_Reset="900"),
            says="asks to come back in 900 s",
            rest_s=900,
        ),
        Fault(name="404", spoil=status(404), says="404 Not Found: nothing is there"),
        Fault(name="204", spoil=status(204), says="answered 204"),
        Fault(name="a circle", spoil=status(302, Location="?"), says="without an end"),
        Fault(
            name="to a private address",
            spoil=status(302, Location="http://127.0.0.2/"),
            says="no redirect is followed there",
        ),
        Fault(name="to a file", spoil=status(302, Location="file:///etc/passwd"), says="no http"),
        Fault(
            name="to TLS that is none",
            spoil=lambda said: Said(status=302, headers={"Location": said.headers["x-tls"]}),
            says="SSL",
        ),
        Fault(
            name="packed otherwise",
            spoil=body(bytes, Content_Encoding="br"),
            says="packed as 'br'",
        ),
        Fault(name="2 GB", spoil=written(two_gb), says="more than 67,108,864 bytes"),
        Fault(name="gzip bomb", spoil=written(gzip_bomb), says="more than 67,108,864 bytes"),
        Fault(name="empty", spoil=body(lambda _: b""), says="."),
        Fault(name="a page for people", spoil=body(lambda _: SORRY), says="."),
        Fault(name="half of it", spoil=body(lambda whole: whole[: len(whole) // 2]), says="."),
        drip(fake),
    ]


@dataclass(frozen=True, kw_only=True)
class Blemish:
    """Something wrong in an answer that must cost no more than itself."""

    name: str
    change: Callable[[bytes], bytes]
    quarantined: str = ""  # the reason of what is set apart; "" for nothing
    adds: str = ""  # in the id of a paper that is only there because of it


_RECORD = re.compile(rb"<(record|entry|item|PubmedArticle|paper)(?: [^<>]*)?>.*?</\1>", re.DOTALL)
_NUMBERED = re.compile(  # what stands before the number of a paper where it is its name
    rb"(2603\.000|wells\.|wells-long\.|example:|<PMID Version=\"1\">|\"pubmed\">|forum00|0{38}"
    rb"|orpusId\": 90|W100)\d+"
)
_MOMENT = re.compile(rb"\b17\d{11}\b")  # in milliseconds
_LISTS = ("items", "collection", "itemHits", "notes", "results", "data")


def _with_first(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Put what becomes of a copy of the first record before it."""

    def doubled(whole: bytes) -> bytes:
        if whole.lstrip()[:1] in {b"{", b"["}:
            read = json.loads(whole)
            if items := _items(read):
                raw = change(json.dumps(items[0], ensure_ascii=False).encode())
                items.insert(0, json.loads(raw))
            return json.dumps(read, ensure_ascii=False).encode()
        found = _RECORD.search(whole)
        if found is None:
            return whole
        return whole[: found.start()] + change(found[0]) + whole[found.start() :]

    return doubled


def _items(read: Any) -> list[Any]:
    """Return the list of papers in an answer."""
    if isinstance(read, list):
        return read
    found = next((read[name] for name in _LISTS if name in read), None)
    return found if found is not None else _items(read.get("message", []))


def _retitled(title: bytes) -> Callable[[bytes], bytes]:
    return lambda record: re.sub(rb"Well \d+", title, record)


def _dated(year: bytes) -> Callable[[bytes], bytes]:
    """Return the change that makes a record another paper of that year."""

    def change(record: bytes) -> bytes:
        other = re.sub(rb"Well \d+", b"Well 77", _NUMBERED.sub(rb"\g<1>77", record))
        moment = int(datetime(int(year), 6, 1, tzinfo=UTC).timestamp() * 1000)
        return _MOMENT.sub(b"%d" % moment, other).replace(b"2026", year)

    return change


def blemishes(kind: str) -> list[Blemish]:
    """Return what may be wrong within an answer of XML or JSON."""
    of_all = [
        Blemish(name="Windows-1252, not said", change=latin),
        Blemish(name="with a mark", change=lambda whole: b"\xef\xbb\xbf" + whole),
        Blemish(
            name="control characters",
            change=lambda whole: re.sub(rb"Well (\d)", b"Well \x0b\\1", whole),
        ),
        Blemish(name="each record twice", change=_with_first(lambda record: record)),
        Blemish(
            name="a record without a title",
            change=_with_first(_retitled(b"")),
            quarantined="title",
        ),
        Blemish(
            name="a title of 9 MB",
            change=_with_first(_retitled(b"x" * 9_000_000)),
            quarantined="title|goes on for more than 8 MiB",
        ),
        Blemish(name="a date to come", change=_with_first(_dated(b"2099")), adds="77"),
        Blemish(name="a date of 1970", change=_with_first(_dated(b"1970")), adds="77"),
    ]
    of_xml = [
        Blemish(name="UTF-8, said to be Latin-1", change=declared_latin),
        Blemish(
            name="wrong markup in a record",
            change=_with_first(_retitled(b"<b>Well")),
            quarantined="the XML is wrong|",
        ),
        Blemish(
            name="HTML's entities", change=lambda whole: whole.replace(b"We dig", b"We&#32;dig")
        ),
    ]
    return [*of_all, *of_xml] if kind == "xml" else of_all


def bombs() -> list[Fault]:
    """Return documents that mean harm."""
    return [
        Fault(name="billion laughs", spoil=body(within(LAUGHS)), says="."),
        Fault(name="a file of this machine", spoil=body(within(OUTSIDE)), says="."),
    ]
