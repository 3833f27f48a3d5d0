"""What does a bulk import do to the searches beside it, and how soon are new papers found?"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import BroadsheetError
from broadsheet.eval.bench import percentiles
from broadsheet.eval.metrics import percentile
from broadsheet.eval.retrieval import temporary_environ
from broadsheet.eval.synthetic import SyntheticPapers
from broadsheet.eval.timing import timed_searches
from broadsheet.model import Filters, Identifier, Mode, Record, Scheme
from broadsheet.text.query import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from broadsheet.library import Library

    Indexing = Callable[[Path], AbstractContextManager[object]]

PROBE_S = 5.0  # between two papers whose way into the indexes is watched
LOOK_S = 0.02  # between two looks for them
LONGEST_S = 600.0  # then the import is not waited for
ROUND = 50  # searches between two looks at the import
ASK_S = 0.005  # between two questions for the index's state


def while_importing(
    library: Library,
    queries: Sequence[str],
    incoming: int,
    indexing: Indexing,
) -> dict[str, Any]:
    """Search while one process imports papers and another one indexes them, as with a server.

    Args:
        library: A filled one, whose index this process does not write.
        queries: What is asked, again and again, in another case than before.
        incoming: How many made-up papers come in, >= 1.
        indexing: Keeps the indexes of a data folder up to date while its block goes on.

    Returns:
        Times of hybrid searches before and meanwhile, the ratio of their 95th percentiles, how
        long papers took from their arrival to being found by word and by meaning, and the
        longest that anybody waited to be told the index's state: its pause on a commit.
    """
    asked = [f"{one}?" for one in queries]
    before = timed_searches(library, asked, Mode.HYBRID, warm_up=0).wall_ms
    during: list[float] = []
    file = library.settings.data / "incoming.jsonl"
    _write_papers(file, incoming, series=library.store.last_change())
    with indexing(library.settings.data):
        _wait_for_start(library)
        probe, watch = _Probe(library), _Watch(library)
        start = time.perf_counter()
        with repeated(probe.step), repeated(watch.step):
            command = [sys.executable, "-m", "broadsheet.eval.ingest_child", "store"]
            command += [str(library.settings.data), str(file)]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:  # noqa: S603  # our own
                number = 0
                while (child.poll() is None or probe.is_waiting) and (
                    time.perf_counter() - start < LONGEST_S
                ):
                    number += 1
                    asked = [f"{one} {number}." for one in queries[:ROUND]]
                    during += timed_searches(library, asked, Mode.HYBRID, warm_up=0).wall_ms
                child.kill()
    return {
        "papers": incoming,
        "import_s": round(time.perf_counter() - start, 1),
        "searches": len(during),
        "latency_ms_before": percentiles(before),
        "latency_ms": percentiles(during),
        "p95_ratio": round(percentile(during, 0.95) / percentile(before, 0.95), 2),
        "found_by_word_s": probe.told(probe.by_word),
        "found_by_meaning_s": probe.told(probe.by_meaning),
        "longest_pause_ms": round(watch.longest * 1000, 1),
    }


@contextmanager
def running(command: Sequence[str], order: Callable[[Path], str], data: Path, /) -> Iterator[None]:
    """Run a process beside this one until the block ends.

    Args:
        command: Starts it.
        order: Says what it is told of a data folder, one line; its standard input stays open.
        data: The folder.
    """
    with subprocess.Popen(  # noqa: S603  # our own
        command, stdin=subprocess.PIPE, text=True, env=temporary_environ()
    ) as process:
        assert process.stdin is not None  # noqa: S101  # a pipe
        process.stdin.write(order(data))
        process.stdin.flush()
        yield  # then the pipe is closed, and its end waited for


def _wait_for_start(library: Library) -> None:
    """Put in a paper, and return when everything that is here has been indexed by word."""
    library.ingest(_Probe(library))
    until = time.perf_counter() + LONGEST_S
    while library.engine.status().position < library.store.last_change():
        if time.perf_counter() > until:
            raise BroadsheetError(f"nothing was indexed within {LONGEST_S:.0f} s")
        time.sleep(LOOK_S)
        library.engine.refresh()


def _write_papers(file: Path, count: int, *, series: int) -> None:
    """Write made-up papers, of other names and titles than those of any other series."""
    with file.open("w", encoding="utf-8") as lines:
        for record in SyntheticPapers(count).read():
            told = {
                "id": f"incoming-{series}-{record.source_id}",
                "title": f"{record.title}, part {series}",
                "abstract": record.abstract,
                "authors": record.authors,
                "published": str(record.published),
                "categories": record.categories,
            }
            lines.write(json.dumps(told) + "\n")


@contextmanager
def repeated(step: Callable[[], object]) -> Iterator[None]:
    """Do something again and again in a thread, until the body ends."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.is_set():
            if step() is False:
                is_over.wait(LOOK_S)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


class _Watch:
    """How long does it take to be told the index's state, at worst?"""

    def __init__(self, library: Library) -> None:
        self._engine = library.engine
        self.longest = 0.0  # seconds

    def step(self) -> None:
        start = time.perf_counter()
        self._engine.status()
        self.longest = max(self.longest, time.perf_counter() - start)
        time.sleep(ASK_S)


class _Probe:
    """Puts in one paper after the other, each with a word of its own, and waits for it."""

    name = "probe"

    def __init__(self, library: Library) -> None:
        self._library = library
        self._series = library.store.last_change()  # other words than at an earlier measurement
        self._number = 0
        self._arrived = 0.0
        self._key: int | None = None  # of a paper found by word that lacks its vector
        self._next = 0.0
        self.by_word: list[float] = []  # seconds
        self.by_meaning: list[float] = []

    def read(self) -> Iterator[Record]:
        """Yield the next paper, as a source does."""
        yield Record(
            source="probe",
            source_id=self._name,
            identifiers=(Identifier(Scheme.LOCAL, f"probe/{self._name}"),),
            title=f"On {self._word} and what became of it",
            abstract=f"We ask how soon a paper about {self._word} is found.",
            authors=("Ada Lovelace",),
            published=self._library.today(),
            announced=self._library.today(),
        )

    @property
    def _name(self) -> str:
        return f"{self._series}-{self._number}"

    @property
    def _word(self) -> str:
        return "zyzzq" + self._name.translate(str.maketrans("0123456789-", "bcdfghjklmn"))

    @property
    def is_waiting(self) -> bool:
        """Tell whether a paper is on its way, or none was put in yet."""
        return not (self._number and len(self.by_word) == self._number == len(self.by_meaning))

    def step(self) -> bool:
        """Put in a paper when it is time, or look for the one that is on its way."""
        now = time.perf_counter()
        if not (self._number and self.is_waiting):
            self._put_in_when_due(now)
        elif len(self.by_word) < self._number:
            self._look_by_word(now)
        else:
            self._look_by_meaning(now)
        return False

    def _put_in_when_due(self, now: float) -> None:
        if now >= self._next:
            self._number += 1
            self._library.ingest(self)
            self._arrived = time.perf_counter()
            self._next = self._arrived + PROBE_S

    def _look_by_word(self, now: float) -> None:
        self._library.engine.refresh()
        found = self._library.engine.lexical(parse(self._word), Filters(), k=1, among=None).keys
        if len(found):
            self._key = int(found[0])
            self.by_word.append(now - self._arrived)

    def _look_by_meaning(self, now: float) -> None:
        self._library.engine.refresh()
        if not np.isnan(self._library.engine.vectors([self._key or 0])[0, 0]):
            self.by_meaning.append(now - self._arrived)

    def told(self, seconds: Sequence[float]) -> dict[str, Any]:
        """Return how many were found, and the median and the longest time."""
        waiting = self._number - len(seconds)
        if not seconds:
            return {"papers": 0, "waiting": waiting}
        return {
            "papers": len(seconds),
            "waiting": waiting,
            "p50": round(percentile(seconds, 0.5), 2),
            "longest": round(max(seconds), 2),
        }
