"""How fast is a search, how much does it need, and does size, a filter or an import slow it?"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from broadsheet.assemble import open_library
from broadsheet.eval.bench import disk_mb, filled, percentiles, queries_of
from broadsheet.eval.beside import while_importing
from broadsheet.eval.filtering import filtered
from broadsheet.eval.memory import peak_bytes
from broadsheet.eval.retrieval import temporary_settings
from broadsheet.eval.stand_in import give_vectors
from broadsheet.eval.starting import started
from broadsheet.eval.timing import PAGE, WARM_UP, timed_searches
from broadsheet.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from broadsheet.eval.beside import Indexing
    from broadsheet.library import Library

    Progress = Callable[[int, int], None]

QUERIES = 300  # timed, each another one


def bench_search(  # each is an option of the command
    *,
    papers: int,
    corpus: Sequence[Path] = (),
    encode: int | None = None,
    keep: Path | None = None,
    incoming: int = 0,
    indexing: Indexing | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fill a library and time searches: a page of 20 hits, query encoding included, warm.

    Queries are spans of two to six words of titles in the library, another one each time.

    Args:
        papers: How many records; where the corpora hold fewer, the rest is made from theirs.
        corpus: Files to take them from; none: made-up papers.
        encode: How many papers to encode, the newest; None: all. The others get drafts or
            made-up vectors, and the result says how many.
        keep: A folder in which the library stays, and is used again; None: a temporary one.
        incoming: How many papers another process imports while searches go on.
        indexing: Indexes them meanwhile, as ``while_importing`` says; None: no import.
        progress: Called with (done, all) while papers get vectors, then while searching.
    """
    with filled(papers, corpus, progress, keep=keep) as (library, facts):
        vectors = give_vectors(library, encode, progress)
        queries = queries_of(library, QUERIES + WARM_UP)
        cold = started(library.settings.data, queries[:WARM_UP])
        timed = {
            mode.value: timed_searches(library, queries, mode, warm_up=WARM_UP, progress=progress)
            for mode in Mode
        }
        result = {
            **facts,
            **vectors,
            "queries": QUERIES,
            "latency_ms": {mode: percentiles(times.wall_ms) for mode, times in timed.items()},
            "cpu_ms": {mode: percentiles(times.cpu_ms) for mode, times in timed.items()},
            "with_counts_cpu_ms": percentiles(_timed_counts(library, queries)),
            "ran_as": {mode: dict(Counter(times.modes)) for mode, times in timed.items()},
            "filters": filtered(library),
            **cold,
            **_size(library),
        }
        if indexing and incoming:
            library.close()  # another process writes the index from now on
            data = library.settings.data
            with closing(open_library(data, environ=temporary_settings())) as reader:
                result["while_importing"] = while_importing(reader, queries, incoming, indexing)
        return result


def _timed_counts(library: Library, queries: Sequence[str]) -> list[float]:
    """Return what hybrid searches take, in ms of CPU, that also count over all their hits."""
    taken = []
    for query in queries[WARM_UP:]:
        start = time.process_time()
        library.search(query, limit=PAGE, is_counting=True)
        taken.append((time.process_time() - start) * 1000)
    return taken


def _size(library: Library) -> dict[str, Any]:
    """Return the peak of memory and what lies on disk, in MB (10**6 bytes)."""
    disk = disk_mb(library.settings.data)
    papers = max(library.engine.status().indexed, 1)
    indexes = {part: disk.get(part, 0.0) * 1e6 / papers for part in ("words", "meaning")}
    return {
        "rss_peak_mb": round(peak_bytes() / 1e6, 1),  # of all this, import and all
        "disk_mb": disk,
        "index_bytes_per_paper": {part: round(size) for part, size in indexes.items()},
    }
