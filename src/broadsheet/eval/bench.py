"""What benches share: a library of their own, filled and encoded, and what to ask of it."""

from __future__ import annotations

import os
import platform
import random
import time
from collections import defaultdict
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from broadsheet.assemble import open_library
from broadsheet.eval.metrics import percentile
from broadsheet.eval.recombined import RecombinedPapers
from broadsheet.eval.retrieval import temporary_settings
from broadsheet.eval.synthetic import SyntheticPapers
from broadsheet.library.encoding import encode_pending
from broadsheet.model import Record
from broadsheet.sources import open_files
from broadsheet.sources.ahead import few_cycles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from broadsheet.library import Library
    from broadsheet.ports import Source

    Progress = Callable[[int, int], None]

SEED = 5
ENCODE_BATCH = 256
QUERY_WORDS = (2, 6)


class FirstPapers:
    """The first papers of several sources, one source after the other."""

    def __init__(self, sources: Sequence[Source], count: int) -> None:
        self._sources = sources
        self._count = count

    @property
    def name(self) -> str:
        """The first source's name: the run is shown under it."""
        return self._sources[0].name

    def read(self) -> Iterator[Record]:
        """Yield records until there are enough; observations and faults are left out."""
        records = (
            item for source in self._sources for item in source.read() if isinstance(item, Record)
        )
        return islice(records, self._count)


def _folder(keep: Path | None) -> AbstractContextManager[str]:
    return nullcontext(str(keep)) if keep else TemporaryDirectory(prefix="broadsheet-bench-")


@contextmanager
def filled(
    papers: int,
    corpus: Sequence[Path],
    progress: Progress | None,
    *,
    keep: Path | None = None,
    is_of_corpus_alone: bool = False,
) -> Iterator[tuple[Library, dict[str, Any]]]:
    """Make a library, import papers, index them by word; say how fast.

    Args:
        papers: How many records; where the corpora hold fewer, the rest is made from theirs.
        corpus: Files to take them from; none: made-up papers.
        progress: Called with (done, all) while papers are indexed.
        keep: The library's folder, which stays; one that holds papers already is used as it is.
            None: a temporary folder.
        is_of_corpus_alone: Make nothing up; there may be fewer papers then.
    """
    with _folder(keep) as folder:
        library = open_library(Path(folder), environ=temporary_settings())
        with closing(library):
            source = _source(papers, corpus, is_of_corpus_alone=is_of_corpus_alone)
            facts = {} if library.store.last_change() else _fill(library, source)
            facts["corpus"] = [path.name for path in corpus] or ["synthetic"]
            yield (
                library,
                {
                    **facts,
                    **_indexed(library, progress),
                    "at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                    "load": round(os.getloadavg()[0], 1),
                },
            )


def _fill(library: Library, source: Source) -> dict[str, Any]:
    start = time.perf_counter()
    with few_cycles():
        report = library.ingest(source)
    made_up = report.read if isinstance(source, SyntheticPapers) else 0
    return {
        "records": report.read,
        "made_up": source.made_up if isinstance(source, RecombinedPapers) else made_up,
        "ingest_records_per_s": round(report.read / (time.perf_counter() - start), 1),
    }


def _indexed(library: Library, progress: Progress | None) -> dict[str, Any]:
    """Index by word what is not; what an interrupted bench left goes on where it stopped."""
    start, before = time.perf_counter(), library.engine.status().indexed
    library.catch_up(is_encoding=False, progress=progress)
    papers = library.engine.status().indexed
    rate = (papers - before) / (time.perf_counter() - start)
    return {
        "papers": papers,
        "index_papers_per_s": round(rate, 1) if papers > before else None,
    }


def _source(papers: int, corpus: Sequence[Path], *, is_of_corpus_alone: bool) -> Source:
    if not corpus:
        return SyntheticPapers(papers)
    sources = open_files(list(corpus))
    kind = FirstPapers if is_of_corpus_alone else RecombinedPapers
    return kind(sources, papers)


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


def queries_of(library: Library, count: int, *, seed: int = SEED) -> list[str]:
    """Return spans of titles spread over the library, the same for the same papers."""
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
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


def percentiles(taken_ms: Sequence[float]) -> dict[str, float]:
    """Return the 50th, 95th and 99th."""
    return {f"p{share}": round(percentile(taken_ms, share / 100), 2) for share in (50, 95, 99)}


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
