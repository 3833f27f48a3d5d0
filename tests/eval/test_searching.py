from __future__ import annotations

import json
import time
from contextlib import closing, contextmanager
from shutil import rmtree
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.assemble import open_library
from broadsheet.eval import beside, filtering, searching, stand_in
from broadsheet.eval.bench import filled
from broadsheet.eval.beside import repeated
from broadsheet.eval.recombined import RecombinedPapers
from broadsheet.eval.searching import bench_search
from broadsheet.eval.stand_in import StandIn, give_vectors
from broadsheet.eval.starting import started
from broadsheet.library import indexing
from broadsheet.model import Filters
from tests.support import record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import Record


@pytest.fixture(autouse=True)
def few_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of queries instead of hundreds."""
    monkeypatch.setattr(searching, "QUERIES", 8)
    monkeypatch.setattr(searching, "WARM_UP", 2)
    monkeypatch.setattr(filtering, "TIMED", 4)
    monkeypatch.setattr(filtering, "TRIED", 4)
    monkeypatch.setattr(stand_in, "SAMPLE", 8)
    monkeypatch.setattr(beside, "PROBE_S", 0.2)
    monkeypatch.setattr(beside, "ROUND", 2)
    monkeypatch.setattr(beside, "LONGEST_S", 30.0)


@contextmanager
def quick_indexing(data: Path) -> Iterator[None]:
    """Index by word, and give every paper some vector without reading it."""
    with closing(open_library(data, environ={})) as library, repeated(lambda: _step(library)):
        yield


def _step(library: Library) -> bool:
    engine = library.engine
    assert engine.try_lock()
    done = indexing.apply_changes(library)
    if waiting := list(engine.pending(encoder=None, limit=100)):
        made = np.full((len(waiting), library.encoder.dim), 0.05, dtype=np.float32)
        engine.put_vectors(waiting, made, encoder=f"{library.encoder.space}/quick")
    return bool(done or waiting)


def test_everything_is_measured(tmp_path: Path) -> None:
    """One JSON object; how many papers have which kind of vector is part of it."""
    result = bench_search(papers=100, encode=6, keep=tmp_path, incoming=20, indexing=quick_indexing)

    assert json.loads(json.dumps(result)) == result
    assert (result["papers"], result["queries"], result["made_up"]) == (100, 8, 100)
    assert (result["vectors"].pop("encoded"), *result["vectors"].values()) == (6, 94)
    assert set(result["latency_ms"]) == {"lexical", "dense", "hybrid"}
    for times in result["latency_ms"].values():
        assert 0 < times["p50"] <= times["p95"] <= times["p99"]
    assert set(result["cpu_ms"]) == set(result["latency_ms"])
    assert result["ran_as"] == {mode: {mode: 8} for mode in ("lexical", "dense", "hybrid")}
    assert 0 < result["memory_mb"]["private"] < result["memory_mb"]["peak"]
    assert all(seconds > 0.1 for seconds in result["cold_start_s"].values())
    assert set(result["disk_mb"]) >= {"store", "words", "meaning"}
    assert result["index_bytes_per_paper"]["meaning"] > 384 * 2  # a vector alone
    assert {told["recall"] for told in result["filters"].values()} == {1.0}  # exact
    meanwhile = result["while_importing"]
    assert meanwhile["searches"] > 0
    assert meanwhile["found_by_word_s"]["papers"] >= 1
    assert meanwhile["found_by_meaning_s"]["papers"] >= 1
    assert meanwhile["longest_pause_ms"] > 0


def test_a_library_that_is_kept_is_used_again(tmp_path: Path) -> None:
    """A million papers are made once and measured many times."""
    with filled(100, [], None, keep=tmp_path) as (library, first):
        give_vectors(library, 0, None)
    with filled(500, [], None, keep=tmp_path) as (library, again):
        vectors = library.engine.status().encoded

    assert (first["papers"], first["made_up"]) == (100, 100)
    assert again["papers"] == vectors == 100
    assert "made_up" not in again
    assert first["index_papers_per_s"] > 0
    assert again["index_papers_per_s"] is None


def test_a_bench_that_was_stopped_goes_on_with_what_it_has_stored(tmp_path: Path) -> None:
    """Filling took half an hour, and somebody needed the machine: nothing is imported again."""
    with filled(100, [], None, keep=tmp_path):
        pass
    rmtree(tmp_path / "index")
    with filled(100, [], None, keep=tmp_path) as (_, again):
        pass

    assert again["papers"] == 100
    assert again["index_papers_per_s"] > 0
    assert "records" not in again


def test_filters_keep_what_they_say(tmp_path: Path) -> None:
    """Shares are those of a real library's days and categories, not of made-up numbers."""
    with filled(2_000, [], None, keep=tmp_path) as (library, _):
        found = filtering.narrowings(library.engine)
        shares = [one.papers / 2_000 for one in found]

    days = [one for one in found if one.filters.until]
    assert len(days) == len(filtering.SHARES)
    assert shares[: len(days)] == sorted(shares[: len(days)], reverse=True)
    assert all(one.filters != Filters() and one.papers > 0 for one in found)


def test_missing_neighbours_lower_the_recall(tmp_path: Path) -> None:
    """Expected: the ten best of all vectors, one by one; half of them gone, half the recall."""
    with filled(200, [], None, keep=tmp_path) as (library, _):
        give_vectors(library, 0, None)
        keys = np.arange(1, 201)
        vector = library.engine.vectors([7])
        (best,) = filtering.exact_best(library.engine, vector, keys)

        assert best[0] == 7
        assert filtering.recall(library.engine, vector) == 1.0

        library.engine.apply([], best[:5].tolist(), position=10_000)
        (left,) = filtering.exact_best(library.engine, vector, keys)

        assert not set(best[:5].tolist()) & set(left.tolist())
        assert len(left) == 10


def test_made_up_vectors_are_near_their_topic(tmp_path: Path) -> None:
    """They are of unit length, always the same, and nearer to their own category's papers."""
    with filled(100, [], None, keep=tmp_path) as (library, _):
        sample = library.store.papers(list(range(1, 61)))
        maker = StandIn(library.encoder, sample)
        papers = library.store.papers(list(range(61, 101)))

        made = maker.vectors_of(papers)

        assert made.shape == (40, library.encoder.dim)
        assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
        assert np.array_equal(made, maker.vectors_of(papers))
        assert len(np.unique(made[:, 0])) == 40


def test_a_new_process_tells_its_time_and_memory(tmp_path: Path) -> None:
    """The store's locks are not let go of while its files are dropped from memory."""
    with filled(100, [], None, keep=tmp_path) as (library, _):
        with library.store.write():  # held while the other process starts
            told = started(tmp_path, ["convex bound", "lattice"])

        assert library.store.check() == []

    assert told["cold_start_s"]["files_in_memory"] > 0
    assert told["memory_mb"]["private"] > 10


class _Held:
    """An engine that makes who asks for its state wait, once."""

    def __init__(self) -> None:
        self.pauses = [0.2, 0.0]
        self.engine = self

    def status(self) -> None:
        """Wait."""
        time.sleep(self.pauses.pop(0))


def test_the_longest_wait_is_told() -> None:
    """A pause of the index is what a reader waits at worst, not what the last one waited."""
    watch = beside._Watch(_Held())  # type: ignore[arg-type]
    watch.step()
    watch.step()

    assert watch.longest >= 0.2


class Corpus:
    """Thirty papers of two categories, and one that stands alone."""

    name = "corpus"

    def read(self) -> Iterator[Record]:
        """Yield them."""
        for number in range(1, 62):
            topic = ("bees", "stars", "alone")[number // 30 if number < 61 else 2]
            yield record(
                number,
                title=f"How {topic} sleep in spring {number}",
                abstract=f"First, {topic} {number} rest. Then we measure {topic}. All is well.",
                categories=(topic,),
                authors=(f"Ada {topic.title()}",),
            )


def test_papers_are_put_together_from_those_of_one_category() -> None:
    """Sentences and words of one topic stay together; a topic of too few makes nothing."""
    source = RecombinedPapers([Corpus()], 100)
    records = list(source.read())
    made = records[61:]

    assert records[:61] == list(Corpus().read())
    assert (len(made), source.made_up) == (39, 39)
    assert {one.categories[0] for one in made} == {"bees", "stars"}
    for one in made:
        (topic,) = one.categories
        (other,) = {"bees", "stars"} - {topic}
        assert other not in f"{one.title} {one.abstract} {one.authors}".lower()
        assert one.abstract.endswith(".")
    assert len({one.identifiers for one in made}) == 39


def test_few_papers_are_the_corpus_itself() -> None:
    """Nothing is made up where there is enough, and the first ones are always the same."""
    source = RecombinedPapers([Corpus()], 20)

    assert list(source.read()) == list(Corpus().read())[:20]
    assert source.made_up == 0
    assert (
        list(RecombinedPapers([Corpus()], 100).read())
        == list(RecombinedPapers([Corpus()], 150).read())[:100]
    )
