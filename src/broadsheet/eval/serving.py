"""How long does a reader wait? A server of its own, and many readers who ask at once."""

from __future__ import annotations

import itertools
import os
import platform
import random
import re
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from broadsheet.assemble import open_library
from broadsheet.errors import BroadsheetError
from broadsheet.eval.bench import encode_newest, filled, queries_of
from broadsheet.eval.memory import tree_bytes, tree_cpu_s, tree_private_bytes
from broadsheet.eval.readers import Tally, Wanted, ask, ask_one
from broadsheet.eval.retrieval import temporary_environ, temporary_settings
from broadsheet.text.ids import url_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from broadsheet.library import Library

    Progress = Callable[[int, int], None]

SEED = 7
READERS = 50
OVERLOAD = 10  # times as many readers, in the second round
SECONDS = 10.0  # of one round
WARM_UP_S = 2.0  # of one kind, before, not timed
PEAK_PER_S = 500  # searches; so many different ones are made for each second
PAGES = 200  # papers and editions that are asked for
START_S = 60.0
KINDS = ("search", "api", "edition", "front", "unchanged", "paper")
"""Pages of searches, ``/api/v1/search``, editions, the front page alone, editions that the reader
has already, papers."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_ETAG = re.compile(rb"^etag: *(\S+)\r$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a server is measured."""

    readers: int = READERS  # who ask at once, >= 1
    overload: int = OVERLOAD  # then so many times as many; 0: not at all
    seconds: float = SECONDS
    kinds: Sequence[str] = KINDS


def bench_serve(
    *,
    papers: int,
    corpus: Sequence[Path] = (),
    encode: int | None = None,
    plan: Plan | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fill a library, serve it as ``broadsheet serve`` does, and let readers ask for pages.

    The server is a process of its own on loopback; the readers share this one, each with a
    connection that stays open, each asking again as soon as it has its answer, also where it is
    told to come back later. So both share the machine's cores: ``client_cpu_s`` and
    ``server_cpu_s`` say who had how much of them.

    Args:
        papers: How many records to read.
        corpus: Files to take them from; none: made-up papers.
        encode: How many papers to encode before, the newest; None: all. Of the rest the server
            goes on encoding while it is measured.
        plan: How many ask, and for how long.
        progress: Called with (done, all) while papers are encoded, then after each round.
    """
    plan = plan or Plan()
    with filled(papers, corpus, progress) as (library, facts):
        encoded = encode_newest(library, encode, progress)
        targets = _targets(library, plan)
        data = library.settings.data
        library.close()  # the server takes over
        return {**facts, **encoded, **_measured(data, targets, plan, progress)}


def bench_served(
    data: Path, *, plan: Plan | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Measure a server of the library in a folder, as it is; see ``bench_serve``."""
    plan = plan or Plan()
    with closing(open_library(data, environ=temporary_settings())) as library:
        targets = _targets(library, plan)
        state = library.engine.status()
    facts = {
        "papers": state.indexed,
        "encoded": state.encoded,
        "dense_index": state.kind,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
    }
    return {**facts, **_measured(data, targets, plan, progress)}


def _measured(
    data: Path,
    targets: Mapping[str, Sequence[Wanted]],
    plan: Plan,
    progress: Progress | None,
) -> dict[str, Any]:
    """Start a server, let crowds ask it for every kind, and say what they got."""
    crowds = [plan.readers] + [plan.readers * plan.overload] * (plan.overload > 0)
    rounds = list(itertools.product(plan.kinds, crowds))
    told: dict[str, dict[str, Any]] = {kind: {} for kind in plan.kinds}
    with _served(data) as (server, port):
        wanted = {
            kind: _known(port, targets["edition"]) if kind == "unchanged" else targets[kind]
            for kind in plan.kinds
        }
        queues = {kind: _queue(kind, wanted[kind]) for kind in plan.kinds}
        for kind in plan.kinds:
            ask(port, queues[kind], readers=1, seconds=min(WARM_UP_S, plan.seconds))
        for number, (kind, readers) in enumerate(rounds, start=1):
            before = tree_cpu_s(server.pid)
            tally = ask(port, queues[kind], readers=readers, seconds=plan.seconds)
            cpu_s = tree_cpu_s(server.pid) - before
            told[kind][str(readers)] = {**tally.told(), **_server(tally, cpu_s)}
            if progress:
                progress(number, len(rounds))
        memory = {
            "resident_mb": round(tree_bytes(server.pid) / 1e6, 1),
            "private_mb": round(tree_private_bytes(server.pid) / 1e6, 1),
        }
    return {"readers": plan.readers, "kinds": told, "server_memory": memory}


def _server(tally: Tally, cpu_s: float) -> dict[str, float]:
    """Return what the server's processes needed for a round, in all and for one answer."""
    answers = max(1, tally.statuses.total())
    return {
        "server_cpu_s": round(cpu_s, 2),
        "server_cpu_ms_per_answer": round(cpu_s * 1000 / answers, 2),
    }


def _queue(kind: str, wanted: Sequence[Wanted]) -> Iterable[Wanted]:
    """Return requests without end, except of searches, of which each is another one."""
    return iter(wanted) if kind in {"search", "api"} else itertools.cycle(wanted)


def _targets(library: Library, plan: Plan) -> dict[str, list[Wanted]]:
    """Return what is asked of each kind, the same for the same papers."""
    chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    last = library.store.last_change()
    shown = [
        paper
        for _ in range(PAGES)
        for paper in library.store.all_papers(after=chance.randrange(last), limit=1)
    ]
    rounds = 1 + (plan.overload > 0)
    count = int(PEAK_PER_S * (rounds * plan.seconds + WARM_UP_S))
    words = iter(_distinct(queries_of(library, 2 * count)))
    days = sorted({paper.day for paper in shown if paper.day})
    editions = ["/", *(f"/papers/date/{day}" for day in days)]
    editions += sorted({f"/papers/month/{day:%Y-%m}" for day in days})
    return {
        "search": [_search("/papers", one) for one in itertools.islice(words, count)],
        "api": [_search("/api/v1/search", one) for one in words],
        "edition": [Wanted(path) for path in editions],
        "front": [Wanted("/")],
        "paper": [Wanted(f"/papers/{quote(url_part(paper.id), safe='/:')}") for paper in shown],
    }


def _distinct(queries: Iterable[str]) -> list[str]:
    """Return every query once, apart from the others also where titles are alike."""
    seen: dict[str, None] = {}
    for number, query in enumerate(queries):
        seen.setdefault(query if query not in seen else f"{query} {number}")
    return list(seen)


def _search(path: str, words: str) -> Wanted:
    return Wanted(f"{path}?{urlencode({'q': words})}")


def _known(port: int, wanted: Iterable[Wanted]) -> list[Wanted]:
    """Return the same requests as one who has the pages already sends them."""
    found = []
    for one in wanted:
        status, head, _ = ask_one(port, one)
        tag = _ETAG.search(head)
        if status == HTTPStatus.OK and tag:
            found.append(Wanted(one.path, {"If-None-Match": tag[1].decode("ascii")}))
    return found


@contextmanager
def _served(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the program's server on a data folder until the block ends; yield it and its port.

    Raises:
        BroadsheetError: it did not start.
    """
    command = [sys.executable, "-m", "broadsheet", "--data", str(data), "serve", "--port", "0"]
    environ = temporary_environ() | {"BROADSHEET_SOURCES": "", "BROADSHEET_HOST": "127.0.0.1"}
    with subprocess.Popen(  # noqa: S603  # our own program
        command, stderr=subprocess.PIPE, text=True, env=environ
    ) as server:
        give_up = threading.Timer(START_S, server.kill)
        give_up.start()
        try:
            port = _port_of(server)
            _wait_for(port)
            give_up.cancel()
            yield server, port
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
    while time.monotonic() < until:
        try:
            if ask_one(port, Wanted("/healthz"))[0] == HTTPStatus.OK:
                return
        except (OSError, EOFError):
            pass
        time.sleep(0.05)
    raise BroadsheetError("the server did not answer")
