"""Many readers who ask at once, in one thread: so that their client is not what is measured.

Each has a connection that stays open and asks again as soon as it has its answer. This is no
general client: it sends GET, and reads answers that name their length, as our server's do.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from broadsheet.eval.metrics import percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TIMEOUT_S = 30.0  # of one request
MAX_HEAD = 1 << 16  # bytes
_LENGTH = re.compile(rb"^content-length: *([0-9]+)\r$", re.IGNORECASE | re.MULTILINE)
_RETRY = re.compile(rb"^retry-after: *([0-9]+)\r$", re.IGNORECASE | re.MULTILINE)
_SERVED = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def bytes(self, port: int) -> bytes:
        """Return it as it is sent, as by a browser that takes gzip."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept-Encoding: gzip"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii")


@dataclass(slots=True)
class Tally:
    """What a crowd got."""

    served_ms: list[float] = field(default_factory=list)  # 200 and 304
    refused_ms: list[float] = field(default_factory=list)  # 503 that say when to come back
    statuses: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)  # all other answers, broken lines
    bytes: int = 0  # of bodies
    wall_s: float = 0.0
    cpu_s: float = 0.0  # of this client

    def told(self) -> dict[str, Any]:
        """Return rates and times."""
        seconds = self.wall_s or 1.0
        return {
            "seconds": round(self.wall_s, 1),
            "served_per_s": round(len(self.served_ms) / seconds, 1),
            "served_ms": _percentiles(self.served_ms),
            "refused_per_s": round(len(self.refused_ms) / seconds, 1),
            "refused_ms": _percentiles(self.refused_ms),
            "statuses": dict(self.statuses),
            "errors": self.problems.total(),
            "problems": dict(self.problems),
            "kb_per_answer": round(self.bytes / 1e3 / max(1, self.statuses.total()), 1),
            "client_cpu_s": round(self.cpu_s, 2),
        }


def _percentiles(taken_ms: list[float]) -> dict[str, float]:
    return {f"p{share}": round(percentile(taken_ms, share / 100), 2) for share in (50, 95, 99)}


def ask(port: int, wanted: Iterable[Wanted], *, readers: int, seconds: float) -> Tally:
    """Let so many readers share the requests out until none is left or the time is over."""
    tally = Tally()
    start, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_crowd(port, iter(wanted), tally, readers=readers, until=start + seconds))
    tally.wall_s = time.perf_counter() - start
    tally.cpu_s = time.process_time() - cpu
    return tally


def ask_one(port: int, wanted: Wanted) -> tuple[int, bytes, bytes]:
    """Return status, head and body of one answer.

    Raises:
        OSError: there was none.
    """

    async def one() -> tuple[int, bytes, bytes]:
        line = await asyncio.open_connection("127.0.0.1", port, limit=MAX_HEAD)
        try:
            return await asyncio.wait_for(_exchange(line, wanted.bytes(port)), TIMEOUT_S)
        finally:
            line[1].close()

    return asyncio.run(one())


async def _crowd(
    port: int, wanted: Iterator[Wanted], tally: Tally, *, readers: int, until: float
) -> None:
    async with asyncio.TaskGroup() as crowd:
        for _ in range(readers):
            crowd.create_task(_read(port, wanted, tally, until))


async def _read(port: int, wanted: Iterator[Wanted], tally: Tally, until: float) -> None:
    """Ask until the time is over; a line that broke is opened anew."""
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for one in itertools.takewhile(lambda _: time.perf_counter() < until, wanted):
        start = time.perf_counter()
        try:
            if line is None:
                line = await asyncio.open_connection("127.0.0.1", port, limit=MAX_HEAD)
            status, head, body = await asyncio.wait_for(_exchange(line, one.bytes(port)), TIMEOUT_S)
        except (OSError, EOFError, ValueError) as error:  # TimeoutError is an OSError
            tally.problems[type(error).__name__] += 1
            _hang_up(line)
            line = None
            continue
        _note(tally, status, head, body, taken_ms=(time.perf_counter() - start) * 1000)
        if b"\r\nconnection: close" in head.lower():
            _hang_up(line)
            line = None
    _hang_up(line)


def _hang_up(line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    if line is not None:
        line[1].close()


async def _exchange(
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
) -> tuple[int, bytes, bytes]:
    """Send a request; return status, head and body.

    Raises:
        ValueError: the answer is no HTTP, or does not say how long it is.
    """
    reader, writer = line
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    if status == HTTPStatus.NOT_MODIFIED:
        return status, head, b""
    length = _LENGTH.search(head)
    if length is None:
        raise ValueError("an answer without a length")
    return status, head, await reader.readexactly(int(length[1]))


def _note(tally: Tally, status: int, head: bytes, body: bytes, *, taken_ms: float) -> None:
    tally.statuses[str(status)] += 1
    tally.bytes += len(body)
    if status in _SERVED:
        tally.served_ms.append(taken_ms)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE and _RETRY.search(head) and body:
        tally.refused_ms.append(taken_ms)
    else:
        tally.problems[str(status)] += 1
