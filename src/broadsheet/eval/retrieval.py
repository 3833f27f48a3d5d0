"""How well does search find? A test collection goes through the product's own code path."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.assemble import data_folder, open_library
from broadsheet.eval.collection import Topic, read_collection
from broadsheet.eval.metrics import average_precision, ndcg, percentile, recall
from broadsheet.index.layout import model_folder
from broadsheet.library.search import plain, ranked, search
from broadsheet.model import Identifier, Mode, Scheme
from broadsheet.sources.beir import Beir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.eval.collection import Collection
    from broadsheet.library import Library

    Progress = Callable[[int, int], None]

DEPTH = 1000  # of the rankings that are scored, as BEIR's
PAGE = 20  # hits of the searches that are timed: a page's
SETTINGS_KEPT = (
    "ENCODER",
    "ENCODER_DIM",
    "ENCODER_TOKENS",
    "ENCODER_THREADS",
    "DENSE_EXACT_LIMIT",
    "DRAFT",
)
ENCODER = "BROADSHEET_ENCODER"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indexed:
    """A collection in a library of its own."""

    library: Library
    collection: Collection
    documents: Mapping[int, tuple[str, ...]]  # ids of the collection, by paper key
    count: int
    words_s: float  # import and index by word
    meaning_s: float  # encode

    def keys(self, documents: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the keys of these documents, sorted."""
        wanted = set(documents)
        return np.array(
            sorted(key for key, ids in self.documents.items() if wanted.intersection(ids)),
            dtype=np.int64,
        )


def evaluate(
    folder: Path,
    /,
    *,
    modes: Sequence[Mode],
    split: str = "test",
    progress: Progress | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Import, index and encode a collection in a temporary library, search it, score the answers.

    Queries are taken as plain words: a minus or a quotation mark in them is no operator.

    Args:
        folder: In BEIR's layout; see ``collection`` for when queries are judged on pools.
        modes: One result each, from one and the same index.
        split: Of the judgements: "test", or "train" for tuning.
        progress: Called with (done, all): papers indexed, then queries answered.
        environ: Settings; None: of the process's environment those of encoder and engine.

    Returns:
        Of each mode, ready for JSON: quality, latency of a page of 20 hits (query encoding
        included), and how fast documents were made searchable in this mode.

    Raises:
        FormatError: the folder is of another layout.
    """
    collection = read_collection(folder, split=split)
    with tempfile.TemporaryDirectory(prefix="broadsheet-eval-") as scratch:
        library = open_library(
            scratch, environ=temporary_settings() if environ is None else environ
        )
        try:
            is_encoding = any(mode is not Mode.LEXICAL for mode in modes)
            indexed = _index(library, folder, collection, progress, is_encoding=is_encoding)
            return [_measure(indexed, mode, progress) for mode in modes]
        finally:
            library.close()


def temporary_settings() -> dict[str, str]:
    """Return the environment without what would lead to another library than the temporary one.

    A model that was fetched is named by its folder: it lies in the reader's own data.
    """
    names = [f"BROADSHEET_{name}" for name in SETTINGS_KEPT]
    kept = {name: os.environ[name] for name in names if name in os.environ}
    if ENCODER in kept:
        kept[ENCODER] = str(model_folder(kept[ENCODER], data_folder()))
    return kept


def temporary_environ() -> dict[str, str]:
    """Return what another process that opens the temporary library is started with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BROADSHEET_")}
    return kept | temporary_settings()


def _index(
    library: Library,
    folder: Path,
    collection: Collection,
    progress: Progress | None,
    *,
    is_encoding: bool,
) -> _Indexed:
    source = Beir(folder)
    start = time.perf_counter()
    library.ingest(source)
    library.catch_up(is_encoding=False, progress=progress)
    middle = time.perf_counter()
    if is_encoding:
        library.catch_up(is_encoding=True, progress=progress)
    end = time.perf_counter()
    documents = documents_of(library, f"{source.name}/")
    return _Indexed(
        library=library,
        collection=collection,
        documents=documents,
        count=len(documents),
        words_s=middle - start,
        meaning_s=end - middle,
    )


def documents_of(library: Library, prefix: str) -> dict[int, tuple[str, ...]]:
    """Return the documents that each paper came from: several where they are one work."""
    documents: dict[int, tuple[str, ...]] = {}
    after = 0
    while papers := library.store.all_papers(after=after):
        for paper in papers:
            documents[paper.key] = tuple(
                name.value.removeprefix(prefix) for name in paper.identifiers if _is_local(name)
            )
        after = papers[-1].key
    return documents


def _is_local(name: Identifier) -> bool:
    return name.scheme is Scheme.LOCAL


def _measure(indexed: _Indexed, mode: Mode, progress: Progress | None) -> dict[str, Any]:
    topics = indexed.collection.topics
    latencies: list[float] = []
    scores: dict[str, list[float]] = {"ndcg@10": [], "recall@10": [], "recall@100": [], "map": []}
    for number, topic in enumerate(topics, start=1):
        latencies.append(_time(indexed, topic, mode))
        ranking = _ranking(indexed, topic, mode)
        scores["ndcg@10"].append(ndcg(ranking, topic.grades, k=10))
        scores["recall@10"].append(recall(ranking, topic.grades, k=10))
        scores["recall@100"].append(recall(ranking, topic.grades, k=100))
        scores["map"].append(average_precision(ranking, topic.grades))
        if progress:
            progress(number, len(topics))
    seconds = indexed.words_s + (0.0 if mode is Mode.LEXICAL else indexed.meaning_s)
    return {
        "dataset": indexed.collection.name,
        "mode": mode.value,
        "queries": len(topics),
        **{name: round(fmean(values), 4) for name, values in scores.items()},
        "latency_ms": {
            "p50": round(percentile(latencies, 0.5), 2),
            "p95": round(percentile(latencies, 0.95), 2),
        },
        "docs_per_s": round(indexed.count / seconds, 1),
        "documents": indexed.count,
        "pool": indexed.collection.is_pooled,
        "encoder": indexed.library.encoder.name,
    }


def _time(indexed: _Indexed, topic: Topic, mode: Mode) -> float:
    """Return how long a page of hits takes, in milliseconds."""
    among = indexed.keys(topic.pool) if topic.pool else None
    start = time.perf_counter()
    search(indexed.library, plain(topic.text), mode=mode, limit=PAGE, among=among)
    return (time.perf_counter() - start) * 1000


def _ranking(indexed: _Indexed, topic: Topic, mode: Mode) -> list[str]:
    among = indexed.keys(topic.pool) if topic.pool else None
    keys = ranked(indexed.library, plain(topic.text), mode=mode, count=DEPTH, among=among)
    return [document for key in keys for document in indexed.documents.get(key, ())]
