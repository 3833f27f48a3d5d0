"""Does a filter slow a search, or make it miss what it should find?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.eval.bench import percentiles, queries_of
from broadsheet.eval.timing import timed_searches
from broadsheet.model import Filters, Mode, Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from broadsheet.library import Library
    from broadsheet.ports import Engine

SEED = 23
SHARES = (0.1, 0.01, 0.0001)  # of all papers that a range of days keeps
CATEGORY_SHARES = (0.1, 0.01)
TIMED = 100  # searches with each filter
TRIED = 50  # queries whose exact answer is worked out
TOP = 10
CHUNK = 16_384  # vectors compared at once: 25 MB
DAYS = (date(1900, 1, 1).toordinal(), date(2100, 1, 1).toordinal())
NOTHING = Query(text="")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A filter, what it is called, and how many papers pass."""

    name: str
    filters: Filters
    papers: int


def filtered(library: Library) -> dict[str, Any]:
    """Time hybrid searches with several filters, and tell the recall with each and without one.

    ``recall`` is the share of the ten nearest of all vectors, compared one by one, that the
    index of meaning finds; the mean of 50 queries.
    """
    held = library.engine.status().indexed
    queries = queries_of(library, TRIED, seed=SEED)
    vectors = np.stack([library.encoder.encode_query(one) for one in queries])  # (queries, dim)
    told: dict[str, Any] = {"none": {"papers": held, "recall": recall(library.engine, vectors)}}
    for number, one in enumerate(narrowings(library.engine), start=1):
        asked = queries_of(library, TIMED, seed=SEED + number)  # the encoder remembers queries
        times = timed_searches(library, asked, Mode.HYBRID, filters=one.filters, warm_up=0)
        told[one.name] = {
            "papers": one.papers,
            "keeps": round(one.papers / max(held, 1), 6),
            "latency_ms": percentiles(times.wall_ms),
            "cpu_ms": percentiles(times.cpu_ms),
            "recall": recall(library.engine, vectors, one.filters),
        }
    return told


def narrowings(engine: Engine) -> list[Narrowing]:
    """Return filters that keep about a tenth, a hundredth, a ten-thousandth of the papers.

    Days up to one; categories of nearly such a size, where there are any.
    """
    held = engine.status().indexed
    found = []
    for share in SHARES:
        filters = _up_to_a_day(engine, share * held)
        found.append(Narrowing(f"until {filters.until}", filters, _passing(engine, filters)))
    sizes = engine.counts(NOTHING, Filters(), among=None, beside=np.empty(0, np.int64)).categories
    for share in CATEGORY_SHARES[: len(sizes)]:
        name, papers = min(sizes, key=lambda pair: abs(pair[1] - share * held))
        found.append(Narrowing(f"category {name}", Filters(categories=(name,)), papers))
    return found


def _up_to_a_day(engine: Engine, papers: float) -> Filters:
    """Return the filter of all days up to the one by which so many papers were published."""
    low, high = DAYS
    while high - low > 1:
        middle = (low + high) // 2
        if _passing(engine, Filters(until=date.fromordinal(middle))) < papers:
            low = middle
        else:
            high = middle
    return Filters(until=date.fromordinal(high))


def _passing(engine: Engine, filters: Filters) -> int:
    return engine.lexical(NOTHING, filters, k=1, among=None).total


def recall(
    engine: Engine, vectors: npt.NDArray[np.float32], filters: Filters | None = None
) -> float | None:
    """Return the mean share of the true nearest that the engine finds; None: nothing passes.

    Args:
        engine: Whose stored vectors are compared.
        vectors: Of the queries, (queries, dim), unit rows.
        filters: That all found must pass.
    """
    asked = filters or Filters()
    passing = engine.lexical(NOTHING, asked, k=engine.status().indexed, among=None).keys
    truth = exact_best(engine, vectors, passing)
    if not truth.size:
        return None
    shares = []
    for vector, true in zip(vectors, truth, strict=True):
        found = engine.dense(vector, asked, k=TOP, among=None).keys
        shares.append(len(np.intersect1d(found, true)) / len(true))
    return round(float(np.mean(shares)), 3)


def exact_best(
    engine: Engine, vectors: npt.NDArray[np.float32], keys: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the keys of the nearest papers of each query, (queries, at most 10), one by one."""
    best = np.empty((len(vectors), 0), dtype=np.int64)
    scores = np.empty((len(vectors), 0), dtype=np.float32)
    for chunk in _chunks(keys):
        stored = engine.vectors(chunk.tolist())  # (n, dim)
        is_there = ~np.isnan(stored[:, 0])
        scores = np.hstack([scores, vectors @ stored[is_there].T])
        best = np.hstack([best, np.broadcast_to(chunk[is_there], (len(vectors), is_there.sum()))])
        order = np.argsort(-scores, axis=1)[:, :TOP]
        scores, best = np.take_along_axis(scores, order, 1), np.take_along_axis(best, order, 1)
    return best


def _chunks(keys: npt.NDArray[np.int64]) -> Iterable[npt.NDArray[np.int64]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
