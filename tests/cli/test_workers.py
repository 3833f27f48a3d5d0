"""Several processes answer at one address as if they were one."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from broadsheet.assemble import open_library
from broadsheet.cli import crew, serving
from broadsheet.config import load
from broadsheet.errors import SettingError
from broadsheet.eval.memory import _tree
from tests.library.fakes import ListSource
from tests.support import record, until

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 120.0
WRITES = 12
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Running:
    """A server and its processes."""

    process: subprocess.Popen[str]
    port: int
    said: Path

    def ask(self, path: str, *, body: str | None = None) -> tuple[int, str]:
        """Send one request over a line of its own, which any process may take."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as line:
            line.request("GET" if body is None else "POST", path, body=body, headers=FORM)
            answer = line.getresponse()
            return answer.status, answer.read().decode()

    @property
    def workers(self) -> set[int]:
        """The further processes that answer."""
        return self._running("broadsheet.cli.crew")

    @property
    def indexers(self) -> set[int]:
        """What keeps the indexes: one process, but for the moment in which it starts again."""
        return self._running("broadsheet.jobs.indexer")

    def _running(self, module: str) -> set[int]:
        return {pid for pid in _tree(self.process.pid) if module in _words(pid)}


def _words(pid: int, what: str = "cmdline") -> list[str]:
    try:
        return Path(f"/proc/{pid}/{what}").read_text().split("\0")
    except OSError:  # it has ended
        return []


_until = partial(until, within_s=PATIENCE_S, pause_s=0.1)


@contextmanager
def _served(data: Path, workers: int, **environ: str) -> Iterator[Running]:
    """Serve a data folder until the block ends, and see to it that nothing is left."""
    said = data.with_suffix(".log")
    words = ["--data", str(data), "serve", "--port", "0", "--workers", str(workers)]
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "broadsheet", *words],
            stderr=log,
            text=True,
            env=os.environ | {"BROADSHEET_SOURCES": ""} | environ,
        )
    try:
        _until(lambda: "http://127.0.0.1:" in said.read_text(), "it never said its address")
        named = re.search(r"http://127\.0\.0\.1:(\d+)", said.read_text())
        assert named
        running = Running(process, int(named[1]), said)
        _until(lambda: _has_socket(process.pid), "it never answered")
        _until(lambda: len(_ready(running)) == workers - 1, "not all workers answer")
        yield running
    finally:
        left = _tree(process.pid)
        process.kill()
        process.wait()
        _until(lambda: not any(_is_alive(pid) for pid in left), "a process was left behind")


def _ready(running: Running) -> set[int]:
    """Return the further processes that have opened the library and count what they answer."""
    return {pid for pid in running.workers if _has_socket(pid)}


def _has_socket(pid: int) -> bool:
    """Tell whether a process watches its socket: its event loop waits for more than itself."""
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            if str(file.readlink()) == "anon_inode:[eventpoll]":
                return Path(f"/proc/{pid}/fdinfo/{file.name}").read_text().count("tfd:") > 1
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The specimen edition, served by three processes."""
    data = tmp_path_factory.mktemp("workers") / "data"
    with _served(data, 3, BROADSHEET_RATE_LIMIT=str(WRITES)) as running:
        yield running


def _answered(running: Running, route: str) -> float:
    lines = running.ask("/metrics")[1].splitlines()
    wanted = f'broadsheet_http_requests_total{{method="GET",route="{route}"'
    return sum(float(line.split()[-1]) for line in lines if line.startswith(wanted))


def test_any_process_tells_what_all_have_answered(three: Running) -> None:
    """A scrape asks one of them, and must not count a third of the truth."""
    before = _answered(three, "/feeds")
    for _ in range(12):
        assert three.ask("/feeds")[0] == 200
    # An answer is counted behind its last byte, when whoever asked may have it already.
    _until(lambda: _answered(three, "/feeds") == before + 12, "the last answer is counted")

    assert {_answered(three, "/feeds") for _ in range(6)} == {before + 12}


def test_what_one_process_writes_all_show_at_once(three: Running) -> None:
    """A reader who votes comes back to the page over another line."""
    page = three.ask("/")[1]
    found = re.search(r'action="(/papers/[^"]+)/save"', page)
    assert found
    place, form = f"{found[1]}/save", urlencode({"shelf": "Everywhere", "on": "1"})

    def is_taken() -> bool:
        status, _ = three.ask(place, body=form)
        assert status in {200, 303, 429}
        return status != 429  # the limit of writes may have been tried just before

    _until(is_taken, "it was never saved")
    shown = [three.ask("/")[1] for _ in range(6)]

    assert all("On the shelf Everywhere" in one for one in shown)


def test_the_limit_of_writes_is_that_of_all_processes(three: Running) -> None:
    """Else every process would let a client write as often as it may."""
    statuses = [three.ask("/papers/nothing/vote", body="on=1")[0] for _ in range(3 * WRITES)]

    assert statuses.count(429) >= WRITES
    assert statuses.count(404) <= 2 * WRITES  # some come back while this goes on


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into Linux's /proc")
def test_each_process_works_its_numbers_out_in_one_thread(three: Running) -> None:
    """Threads that share busy cores wait for each other: a page's sentences took 70 ms, not 2."""
    seen = [Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in three.workers]

    assert seen
    assert all(b"OPENBLAS_NUM_THREADS=1" in one for one in seen)


def test_threads_of_a_process_share_their_memory(three: Running) -> None:
    """A pool for each of them would keep the most that it ever had."""
    for pid in three.workers | three.indexers:
        assert f"{serving.POOLS_NAME}={serving.POOLS}" in _words(pid, "environ")


def test_who_runs_the_program_may_give_them_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said in the environment holds."""
    monkeypatch.setenv(serving.POOLS_NAME, "7")
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("it was changed"))
    serving._share_pools()

    assert os.environ[serving.POOLS_NAME] == "7"


def test_one_that_dies_is_started_again(three: Running) -> None:
    """Readers notice a broken line at most; the log says what happened."""
    before = _ready(three)
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    _until(lambda: len(_ready(three) - {killed}) == len(before), "no other took its place")

    assert f"pid={killed}" in three.said.read_text()
    assert "worker_died" in three.said.read_text()
    assert {three.ask("/feeds")[0] for _ in range(6)} == {200}


def test_what_indexes_is_started_again_and_goes_on(three: Running) -> None:
    """A kill loses nothing: what comes later is found all the same."""
    _until(lambda: len(three.indexers) == 1, "nobody indexes")
    [killed] = three.indexers
    os.kill(killed, signal.SIGKILL)
    _until(lambda: len(three.indexers - {killed}) == 1, "no other took its place")

    assert f"pid={killed}" in three.said.read_text()
    with closing(open_library(three.said.with_suffix(""), environ={})) as library:
        library.ingest(ListSource([record(1)]))

        def is_found() -> bool:
            library.engine.refresh()
            return library.engine.status().position == library.store.last_change()

        _until(is_found, "it does not go on")


def test_all_end_together(tmp_path: Path) -> None:
    """At a signal, in order, and without leaving a process or a broken index behind."""
    with _served(tmp_path / "data", 2) as running:
        beside = running.workers | running.indexers
        running.process.terminate()
        assert running.process.wait(PATIENCE_S) == 0
        assert len(beside) == 2
        assert not any(map(_is_alive, beside))
        assert "worker_died" not in running.said.read_text()


def test_none_outlives_the_first(tmp_path: Path) -> None:
    """A kill takes the first process without a word; the others notice, and free the port."""
    with _served(tmp_path / "data", 2) as running:
        beside = running.workers | running.indexers
        running.process.kill()
        running.process.wait()
        _until(lambda: not any(map(_is_alive, beside)), "they go on without the first")


def test_where_they_keep_dying_all_ends_loudly(tmp_path: Path) -> None:
    """A server that answers every second request is worse than one that is restarted."""
    with _served(tmp_path / "data", 2) as running:
        [worker] = running.workers
        (tmp_path / "data" / "config.toml").write_text("colour = 1\n")  # none can start now
        os.kill(worker, signal.SIGKILL)

        assert running.process.wait(PATIENCE_S) == 1
        said = running.said.read_text()
        assert "unknown settings: colour" in said
        assert "died again and again" in said


def test_one_that_answers_has_one_that_indexes(tmp_path: Path) -> None:
    """Without further ones nothing else is started beside it."""
    with _served(tmp_path / "data", 1) as running:
        assert running.workers == set()
        _until(lambda: len(running.indexers) == 1, "nobody indexes")
        assert running.ask("/healthz")[0] == 200


def test_the_number_follows_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two on any machine that has them: a third costs memory, and the jobs need a core too."""
    found = []
    for cores in (1, 2, 16):
        monkeypatch.setattr(crew, "cores", lambda cores=cores: cores)
        found.append((crew.processes(0), crew.processes(5)))

    assert found == [(1, 5), (2, 5), (2, 5)]


def test_a_request_gets_its_turn_beside_the_jobs_within_a_millisecond(tmp_path: Path) -> None:
    """Five of them, at each of a search's calls into native code, would double its time."""
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        with (
            closing(open_library(tmp_path, environ={"BROADSHEET_SOURCES": ""})) as library,
            serving._jobs(library),
        ):
            assert sys.getswitchinterval() == pytest.approx(serving.SWITCH_S)
    finally:
        sys.setswitchinterval(before)


def test_an_answer_does_not_wait_for_the_reader_to_confirm_its_head() -> None:
    """Nagle's algorithm (RFC 896) is off: with it, every answer but the first takes 40 ms more."""

    async def accepted() -> bool:
        options = asyncio.Queue[bool]()

        def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = writer.get_extra_info("socket")
            options.put_nowait(bool(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
            writer.close()

        with serving._listen("127.0.0.1", 0) as listener:
            async with await asyncio.start_server(note, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                writer.close()
                return await options.get()

    assert asyncio.run(accepted())


@pytest.mark.parametrize("value", ["-1", "33", "many"])
def test_a_number_that_cannot_be_is_refused(tmp_path: Path, value: str) -> None:
    """The error names the setting."""
    with pytest.raises(SettingError, match="workers"):
        load(tmp_path, {"BROADSHEET_WORKERS": value})
