from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.eval import serving
from broadsheet.eval.readers import Wanted, ask
from broadsheet.eval.serving import KINDS, Plan, bench_serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_every_kind_of_page_is_asked_of_a_real_server() -> None:
    """One JSON object; every kind is served, none fails, and what it cost is told."""
    moves: list[tuple[int, int]] = []

    result = bench_serve(
        papers=100,
        encode=0,
        plan=Plan(readers=2, overload=2, seconds=0.3),
        progress=lambda done, of: moves.append((done, of)),
    )

    assert json.loads(json.dumps(result)) == result
    assert (result["papers"], result["readers"]) == (100, 2)
    assert set(result["kinds"]) == set(KINDS)
    for kind, rounds in result["kinds"].items():
        assert set(rounds) == {"2", "4"}
        for told in rounds.values():
            assert told["errors"] == 0, told
            assert set(told["statuses"]) <= {"304" if kind == "unchanged" else "200", "503"}
            assert told["served_per_s"] > 0
            assert 0 < told["served_ms"]["p50"] <= told["served_ms"]["p95"]
    assert result["server_memory"]["private_mb"] < result["server_memory"]["resident_mb"]
    assert (2 * len(KINDS), 2 * len(KINDS)) in moves


def test_no_search_is_asked_twice() -> None:
    """A server that remembers answers would be measured for its memory."""
    assert serving._distinct(["a b", "a b", "a b", "c"]) == ["a b", "a b 1", "a b 2", "c"]


@contextmanager
def _answering(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Serve these bytes in turn, one per request, whatever is asked; yield port and requests."""
    heard: list[bytes] = []
    waiting = iter(answers)
    ready, done = threading.Event(), threading.Event()
    ports: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(1 << 16):
            heard.append(request)
            if (answer := next(waiting, b"")) == b"":
                break
            writer.write(answer)
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await asyncio.to_thread(done.wait)
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0], heard
    finally:
        done.set()
        thread.join()


def _answer(status: int, body: bytes = b"x", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Word", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_each_answer_counts_as_what_it_is() -> None:
    """A 503 that says when to come back is a refusal; without that, and all else, an error."""
    answers = [
        _answer(200, b"page"),
        b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n",
        _answer(503, b"later", retry_after="2"),
        _answer(503, b"no time"),
        _answer(404, b"gone"),
    ]
    with _answering(*answers) as (port, heard):
        wanted = [Wanted("/a", {"If-None-Match": "x"}), *[Wanted("/b")] * 4]
        told = ask(port, wanted, readers=1, seconds=60).told()

    assert told["statuses"] == {"200": 1, "304": 1, "503": 2, "404": 1}
    assert told["problems"] == {"503": 1, "404": 1}
    assert told["errors"] == 2
    assert told["refused_ms"]["p50"] > 0
    assert b"GET /a HTTP/1.1\r\n" in heard[0]
    assert b"If-None-Match: x\r\n" in heard[0]


def test_a_broken_line_is_an_error_and_opened_anew() -> None:
    """A server that hangs up in the middle is told of, and the readers go on."""
    broken = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nall of it"
    endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    with _answering(endless, broken, _answer(200)) as (port, _):
        told = ask(port, [Wanted("/")] * 4, readers=1, seconds=60).told()

    assert told["problems"] == {"ValueError": 1, "IncompleteReadError": 1}
    assert told["statuses"] == {"200": 2}


def test_a_crowd_goes_home_when_the_time_is_over() -> None:
    """Requests without end do not make a round without end."""
    with _answering(*[_answer(200)] * 3) as (port, heard):
        told = ask(port, [Wanted("/")] * 3, readers=3, seconds=0).told()

    assert (told["statuses"], heard) == ({}, [])


def test_a_server_that_cannot_start_is_no_riddle(tmp_path: Path) -> None:
    """Its own words are in the error."""
    (tmp_path / "config.toml").write_text("colour = 1\n")

    with (
        pytest.raises(BroadsheetError, match=r"did not start.*colour"),
        serving._served(tmp_path),
    ):
        pytest.fail("it started")
