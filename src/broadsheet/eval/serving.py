"""How long does a reader wait? A server of its own, and many readers who ask at once."""

from __future__ import annotations

import http.client
import os
import random
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from broadsheet.errors import BroadsheetError
from broadsheet.eval.bench import encode_newest, filled, percentiles, queries_of
from broadsheet.text.ids import url_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from broadsheet.library import Library

    Progress = Callable[[int, int], None]

SEED = 7
READERS = 50
REQUESTS = 2_000  # of all readers together
MAX_SECONDS = 120.0  # then readers stop, however many requests are left
WARM_UP = 40  # requests before, not timed
START_S = 60.0
TIMEOUT_S = 30.0  # of one request
KINDS = ("edition", "paper", "search", "api")

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one request took."""

    kind: str
    wall_ms: float
    problem: str = ""  # a status that is not 200, or what went wrong with the connection


def bench_serve(
    *,
    papers: int,
    corpus: Sequence[Path] = (),
    encode: int | None = None,
    readers: int = READERS,
    requests: int = REQUESTS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fill a library, serve it as ``broadsheet serve`` does, and let readers ask for pages.

    The server is a process of its own on loopback; the readers are threads of this one, each
    with a connection that stays open, each asking again as soon as it has its answer. So both
    share the machine's cores, and what a page waits for is mostly its turn.

    Args:
        papers: How many records to read.
        corpus: Files to take them from; none: made-up papers.
        encode: How many papers to encode before, the newest; None: all. Of the rest the server
            goes on encoding while it is measured.
        readers: How many ask at once, >= 1.
        requests: How many in all: a quarter each for editions, papers, searches by page and by
            API, every search with other words.
        progress: Called with (done, all) while papers are encoded, then while readers ask.
    """
    with filled(papers, corpus, progress) as (library, facts):
        encoded = encode_newest(library, encode, progress)
        targets = _targets(library, requests + WARM_UP)
        data = library.settings.data
        library.close()  # the server takes over
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with _served(data) as port:
            _asked(port, targets[:WARM_UP], readers=1)
            start = time.perf_counter()
            answers = _asked(port, targets[WARM_UP:], readers=readers, progress=progress)
            seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            **facts,
            **encoded,
            "readers": readers,
            "requests": len(answers),
            "seconds": round(seconds, 1),
            "requests_per_s": round(len(answers) / seconds, 1),
            **_summary(answers),
            "server_cpu_s": round(cpu_s, 1),  # with its start
        }


def _summary(answers: Sequence[_Answer]) -> dict[str, Any]:
    """Return times by kind and of all, and how often what went wrong."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for answer in answers:
        if not answer.problem:
            taken[answer.kind].append(answer.wall_ms)
            taken["all"].append(answer.wall_ms)
    problems = Counter(f"{answer.kind}: {answer.problem}" for answer in answers if answer.problem)
    return {
        "latency_ms": {kind: percentiles(times) for kind, times in sorted(taken.items())},
        "errors": problems.total(),
        "problems": dict(problems),
    }


def _targets(library: Library, count: int) -> list[tuple[str, str]]:
    """Return (kind, path) of so many requests, mixed, the same for the same papers."""
    chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    last = library.store.last_change()
    queries = queries_of(library, count)
    shown = [
        paper
        for _ in range(200)
        for paper in library.store.all_papers(after=chance.randrange(last), limit=1)
    ]
    days = sorted({paper.day for paper in shown if paper.day})
    found = []
    for number in range(count):
        kind, words = KINDS[number % len(KINDS)], queries[number]
        if kind == "edition":
            path = f"/papers/date/{chance.choice(days)}" if days else "/"
        elif kind == "paper":
            path = f"/papers/{quote(url_part(chance.choice(shown).id), safe='/:')}"
        elif kind == "search":
            path = f"/papers?{urlencode({'q': words})}"
        else:
            path = f"/api/papers/search?{urlencode({'q': words})}"
        found.append((kind, path))
    return found


@contextmanager
def _served(data: Path) -> Iterator[int]:
    """Run the program's server on a data folder until the block ends; yield its port.

    Raises:
        BroadsheetError: it did not start.
    """
    command = [sys.executable, "-m", "broadsheet", "--data", str(data), "serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603  # our own program
        command, stderr=subprocess.PIPE, text=True, env=_environ()
    ) as server:
        give_up = threading.Timer(START_S, server.kill)
        give_up.start()
        try:
            port = _port_of(server)
            _wait_for(port)
            yield port
        finally:
            give_up.cancel()
            server.terminate()
            server.communicate()


def _port_of(server: subprocess.Popen[str]) -> int:
    """Read what the server says until it names its address; then let the rest go unread."""
    assert server.stderr is not None  # noqa: S101  # it was asked for
    said = ""
    for line in server.stderr:
        said += line
        if named := _ADDRESS.search(line):
            threading.Thread(target=server.stderr.read, daemon=True).start()
            return int(named[1])
    raise BroadsheetError(f"the server did not start: {said.strip() or 'it said nothing'}")


def _wait_for(port: int) -> None:
    """Return as soon as the server answers: it names its address before it does."""
    until = time.monotonic() + START_S
    while _asked(port, [("health", "/healthz")], readers=1)[0].problem:
        if time.monotonic() > until:
            raise BroadsheetError("the server did not answer")
        time.sleep(0.05)


def _environ() -> Mapping[str, str]:
    """Return the environment without settings of another library, and without sources to read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BROADSHEET_")}
    return kept | {"BROADSHEET_SOURCES": "", "BROADSHEET_HOST": "127.0.0.1"}


def _asked(
    port: int,
    targets: Sequence[tuple[str, str]],
    *,
    readers: int,
    progress: Progress | None = None,
) -> list[_Answer]:
    """Share the requests out among readers; return what came back, in any order."""
    waiting = iter(list(targets))  # a list's iterator is one step of the interpreter: no lock
    until = time.monotonic() + MAX_SECONDS
    answers: list[_Answer] = []

    def read() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        with closing(line):
            for kind, path in waiting:
                if time.monotonic() > until:
                    return
                answers.append(_ask(line, kind, path))
                if progress:
                    progress(len(answers), len(targets))

    with ThreadPoolExecutor(readers) as crowd:
        for reader in [crowd.submit(read) for _ in range(readers)]:
            reader.result()
    return answers


def _ask(line: http.client.HTTPConnection, kind: str, path: str) -> _Answer:
    """Send one request as a browser would, compressed; a broken line is opened anew."""
    start, problem = time.perf_counter(), ""
    try:
        line.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = line.getresponse()
        answer.read()
        if answer.status != HTTPStatus.OK:
            problem = str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        line.close()
        problem = type(error).__name__
    return _Answer(kind, (time.perf_counter() - start) * 1000, problem)
