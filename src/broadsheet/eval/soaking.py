"""Does it stay well for an hour? Readers, a writer and the jobs all at once, memory watched."""

from __future__ import annotations

import os
import random
import time
from array import array
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Protocol

from broadsheet.eval.bench import filled, percentiles, queries_of
from broadsheet.eval.beside import repeated
from broadsheet.eval.memory import summary, tree_private_bytes
from broadsheet.eval.stand_in import give_vectors
from broadsheet.eval.synthetic import CATEGORIES, FIRST_DAY, SyntheticPapers
from broadsheet.model import Filters, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from broadsheet.library import Library
    from broadsheet.model import Record

    Progress = Callable[[int, int], None]

SEED = 31
READERS = 2
REVISED = 25  # papers that come again with another text, in one import
BREATH_S = 0.2  # of the writer between two deeds: it must not be all that happens
SAMPLE_S = 1.0
QUERIES = 400
TOLD = 5  # errors that are told in full


class Indexer(Protocol):
    """What brings the indexes up to date, step by step."""

    def run_once(self) -> bool:
        """Do one step; return False when there is nothing to do."""
        ...


@dataclass
class _Tally:
    """What was done, how long searches took, and what went wrong."""

    done: Counter[str] = field(default_factory=Counter)
    search_ms: array[float] = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds, MB

    def attempt(self, name: str, deed: Callable[[], object]) -> None:
        """Do something and count it; whatever goes wrong is counted and told, never raised."""
        start = time.perf_counter()
        try:
            deed()
        except Exception as error:  # noqa: BLE001  # the point is to learn of every one
            self.errors[f"{name}: {type(error).__name__}: {error}"[:200]] += 1
        else:
            self.done[name] += 1
            if name == "search":
                self.search_ms.append((time.perf_counter() - start) * 1000)


def soak(
    *,
    minutes: float,
    papers: int,
    indexers: Sequence[Callable[[Library], Indexer]],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Read and write a library at once for so long; tell errors, and whether memory stays flat.

    Two readers search in every mode, with and without filters, and open papers and editions.
    A writer imports papers again with other texts and merges papers. Beside them the given jobs
    index words, replace made-up vectors by the encoder's and keep house. The number of papers
    stays nearly the same, so memory should, too.

    Args:
        minutes: > 0.
        papers: How many, made up.
        indexers: Make the jobs.
        progress: Called with (seconds done, all).
    """
    tally = _Tally()
    with filled(papers, [], None) as (library, facts):
        vectors = give_vectors(library, 0, None)
        deeds = [_reader(library, tally, number) for number in range(READERS)]
        deeds += [_writer(library, tally, papers), _sampler(tally)]
        with ExitStack() as running:
            for step in [*deeds, *(_job(make(library), tally) for make in indexers)]:
                running.enter_context(repeated(step))
            _wait(minutes * 60, progress)
        library.catch_up(is_encoding=False)
        report = library.check()
        return {
            **facts,
            "minutes": minutes,
            "papers_at_the_end": report.papers,
            "vectors": vectors["vectors"],
            "vectors_at_the_end": dict(library.engine.status().encoders),
            "done": dict(tally.done),
            "search_ms": percentiles(tally.search_ms) if tally.search_ms else None,
            "errors": sum(tally.errors.values()),
            "told": dict(tally.errors.most_common(TOLD)),
            "problems": list(report.problems),
            "private_memory": summary(tally.memory),
        }


def _wait(seconds: float, progress: Progress | None) -> None:
    start = time.monotonic()
    while (gone := time.monotonic() - start) < seconds:
        time.sleep(min(SAMPLE_S, seconds - gone))
        if progress:
            progress(int(gone), int(seconds))


def _job(job: Indexer, tally: _Tally) -> Callable[[], bool]:
    has_worked = False

    def work() -> None:
        nonlocal has_worked
        has_worked = job.run_once()

    def step() -> bool:
        nonlocal has_worked
        has_worked = False  # a job that fails or has nothing to do rests
        tally.attempt("job steps", work)
        return has_worked

    return step


def _sampler(tally: _Tally) -> Callable[[], None]:
    start = time.monotonic()

    def step() -> None:
        size = tree_private_bytes(os.getpid())
        if size:
            tally.memory.append((time.monotonic() - start, size / 1e6))
        time.sleep(SAMPLE_S)

    return step


def _reader(library: Library, tally: _Tally, number: int) -> Callable[[], None]:
    chance = random.Random(SEED + number)  # noqa: S311  # repeatable, not secret
    queries = cycle(queries_of(library, QUERIES, seed=SEED + number))

    def step() -> None:
        query, mode = next(queries), chance.choice(list(Mode))
        filters = _some_filters(chance)
        tally.attempt("search", lambda: library.search(query, mode=mode, filters=filters))
        if chance.random() < 0.1:  # noqa: PLR2004  # a page in ten is no search
            tally.attempt("edition", library.latest_edition)
            tally.attempt("counts", lambda: library.search(query, is_counting=True))

    return step


def _some_filters(chance: random.Random) -> Filters:
    day = FIRST_DAY + timedelta(days=chance.randrange(60))
    choices = [Filters(), Filters(since=day), Filters(categories=(chance.choice(CATEGORIES),))]
    return chance.choice(choices)


class _Revised:
    """Papers that come again: the same records, each time with another end of their abstract."""

    name = "synthetic"

    def __init__(self, papers: int) -> None:
        self._records = _again_and_again(papers)
        self._round = 0

    def read(self) -> Iterator[Record]:
        """Yield the next few."""
        self._round += 1
        for record in islice(self._records, REVISED):
            yield replace(record, abstract=f"{record.abstract} This is revision {self._round}.")


def _again_and_again(papers: int) -> Iterator[Record]:
    while True:  # made anew each time: kept, they would be the growth that is looked for
        yield from SyntheticPapers(papers).read()


def _writer(library: Library, tally: _Tally, papers: int) -> Callable[[], None]:
    chance = random.Random(SEED - 1)  # noqa: S311  # repeatable, not secret
    revised = _Revised(papers)

    def step() -> None:
        tally.attempt("import", lambda: library.ingest(revised))
        if chance.random() < 0.2:  # noqa: PLR2004  # one in five imports
            tally.attempt("merge and part", lambda: _merge_and_part(library, chance))
        time.sleep(BREATH_S)

    return step


def _merge_and_part(library: Library, chance: random.Random) -> None:
    """Make one paper of two that stand side by side, and, every other time, two again."""
    after = chance.randrange(max(1, library.engine.status().newest))
    found = list(library.store.all_papers(after=after, limit=2))
    if len(found) == 2:  # noqa: PLR2004  # else the end of the library
        paper = library.unite(found[0].id, found[1].id)
        if chance.random() < 0.5:  # noqa: PLR2004
            library.part(library.merges(paper, limit=1)[0].key)
