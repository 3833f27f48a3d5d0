"""How fast and how large? A library of its own is filled, indexed and searched in process."""

from __future__ import annotations

import os
import platform
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from broadsheet.assemble import open_library
from broadsheet.eval.metrics import percentile
from broadsheet.eval.retrieval import temporary_settings
from broadsheet.eval.synthetic import SyntheticPapers
from broadsheet.library.encoding import encode_pending
from broadsheet.model import Mode, Record
from broadsheet.sources import open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import Fault, Observation
    from broadsheet.ports import Source

    Progress = Callable[[int, int], None]

SEED = 5
QUERIES = 300  # timed, each another one
WARM_UP = 30  # before, not timed
PAGE = 20  # hits of one search
ENCODE_BATCH = 256
QUERY_WORDS = (2, 6)
CASES = {Mode.LEXICAL: str.lower, Mode.DENSE: str.upper, Mode.HYBRID: str.title}


class FirstPapers:
    """The first papers of several sources, one source after the other."""

    def __init__(self, sources: Sequence[Source], count: int) -> None:
        self._sources = sources
        self._count = count

    @property
    def name(self) -> str:
        """The first source's name: the run is shown under it."""
        return self._sources[0].name

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield records until there are enough; observations and faults are left out."""
        records = (
            item for source in self._sources for item in source.read() if isinstance(item, Record)
        )
        return islice(records, self._count)


def bench_search(
    *,
    papers: int,
    corpus: Sequence[Path] = (),
    encode: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fill a library and time searches: a page of 20 hits, query encoding included, warm.

    Queries are spans of two to six words of titles in the library, another one each time.

    Args:
        papers: How many records to read; fewer papers when the corpora hold fewer.
        corpus: Files to take them from; none: made-up papers.
        encode: How many papers to encode, the newest; None: all. Search by meaning looks at
            these only, and the result says how many they are.
        progress: Called with (done, all) while papers are encoded, then while searching.
    """
    with filled(papers, corpus, progress) as (library, facts):
        encoded = encode_newest(library, encode, progress)
        queries = queries_of(library, QUERIES + WARM_UP)
        timed = {mode.value: _timed(library, queries, mode, progress) for mode in Mode}
        counted = _timed_counts(library, queries)
        return {
            **facts,
            **encoded,
            "queries": QUERIES,
            "latency_ms": {mode: percentiles(times.wall_ms) for mode, times in timed.items()},
            "cpu_ms": {mode: percentiles(times.cpu_ms) for mode, times in timed.items()},
            "with_counts_cpu_ms": percentiles(counted),
            "ran_as": {mode: dict(Counter(times.modes)) for mode, times in timed.items()},
            **_size(library),
        }


@contextmanager
def filled(
    papers: int, corpus: Sequence[Path], progress: Progress | None
) -> Iterator[tuple[Library, dict[str, Any]]]:
    """Make a library in a temporary folder, import papers, index them by word; say how fast."""
    with tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as scratch:
        library = open_library(scratch, environ=temporary_settings())
        try:
            start = time.perf_counter()
            report = library.ingest(_source(papers, corpus))
            stored = time.perf_counter()
            library.catch_up(is_encoding=False, progress=progress)
            indexed = time.perf_counter()
            held = library.engine.status().indexed
            yield (
                library,
                {
                    "papers": held,
                    "records": report.read,
                    "corpus": [path.name for path in corpus] or ["synthetic"],
                    "at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                    "load": round(os.getloadavg()[0], 1),
                    "ingest_records_per_s": round(report.read / (stored - start), 1),
                    "index_papers_per_s": round(held / (indexed - stored), 1),
                },
            )
        finally:
            library.close()


def _source(papers: int, corpus: Sequence[Path]) -> Source:
    return FirstPapers(open_files(list(corpus)) if corpus else [SyntheticPapers(papers)], papers)


def encode_newest(
    library: Library, wanted: int | None, progress: Progress | None
) -> dict[str, Any]:
    """Encode so many papers, newest first (None: all); say how fast, and what is searched then."""
    indexed = library.engine.status().indexed
    goal = indexed if wanted is None else min(wanted, indexed)
    done = 0
    library.engine.try_lock()
    start = time.perf_counter()
    while done < goal:
        done += encode_pending(library, min(ENCODE_BATCH, goal - done))
        if progress:
            progress(done, goal)
    encoded = time.perf_counter()
    library.engine.optimize()
    return {
        "encoded": done,
        "encoder": library.encoder.name,
        "encode_papers_per_s": round(done / (encoded - start), 1) if done else None,
        "optimize_s": round(time.perf_counter() - encoded, 1),
        "dense_index": library.engine.status().kind,
    }


def queries_of(library: Library, count: int) -> list[str]:
    """Return spans of titles spread over the library, the same for the same papers."""
    chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
    newest = library.store.last_change()
    found: list[str] = []
    while len(found) < count:
        after = chance.randrange(newest + 1)
        for paper in library.store.all_papers(after=after, limit=1):
            words = paper.title.split()
            length = min(chance.randint(*QUERY_WORDS), len(words))
            first = chance.randint(0, len(words) - length)
            found.append(" ".join(words[first : first + length]))
    return found


@dataclass(frozen=True, slots=True)
class _Times:
    """What searches took after the warm-up, and which retrievers could answer them."""

    wall_ms: list[float]
    cpu_ms: list[float]  # of the whole process: both threads of a hybrid search
    modes: list[str]


def _timed(
    library: Library, queries: Sequence[str], mode: Mode, progress: Progress | None
) -> _Times:
    """Search for each query once.

    The encoder remembers queries, so each mode gets another case of the same letters.
    """
    times = _Times([], [], [])
    for number, query in enumerate(queries):
        text = CASES[mode](query)
        wall, cpu = time.perf_counter(), time.process_time()
        found = library.search(text, mode=mode, limit=PAGE)
        if number >= WARM_UP:
            times.wall_ms.append((time.perf_counter() - wall) * 1000)
            times.cpu_ms.append((time.process_time() - cpu) * 1000)
            times.modes.append(found.mode.value)
        if progress:
            progress(number + 1, len(queries))
    return times


def _timed_counts(library: Library, queries: Sequence[str]) -> list[float]:
    """Return what hybrid searches take, in ms of CPU, that also count over all their hits."""
    taken = []
    for query in queries[WARM_UP:]:
        start = time.process_time()
        library.search(query, limit=PAGE, is_counting=True)
        taken.append((time.process_time() - start) * 1000)
    return taken


def percentiles(taken_ms: Sequence[float]) -> dict[str, float]:
    """Return the 50th, 95th and 99th."""
    return {f"p{share}": round(percentile(taken_ms, share / 100), 2) for share in (50, 95, 99)}


def _size(library: Library) -> dict[str, Any]:
    """Return the peak of memory and what lies on disk, in MB (10**6 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, kilobytes elsewhere
    return {
        "rss_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1),
        "disk_mb": disk_mb(library.settings.data),
    }


def disk_mb(data: Path) -> dict[str, float]:
    """Return what lies in a data folder, in MB (10**6 bytes), by what it belongs to."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for path in data.rglob("*"):
        if path.is_file():
            sizes[_part(path.relative_to(data))] += path.stat().st_size
    return {part: round(size / 1e6, 1) for part, size in sorted(sizes.items())}


def _part(path: Path) -> str:
    """Return what a file of the data folder belongs to."""
    if path.name.startswith("broadsheet.db"):
        return "store"
    if any(name.startswith("words") for name in path.parts):
        return "words"
    return "meaning" if path.parts[0] == "index" else "other"
