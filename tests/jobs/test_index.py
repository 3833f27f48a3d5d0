"""The index job does one small step at a time, the most urgent first."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.jobs import index
from broadsheet.jobs.index import IndexJob, TidyJob
from broadsheet.library.encoding import TOGETHER
from broadsheet.store import open_store, sqlite_url
from tests.library.fakes import ListSource, MemoryEngine, library_of
from tests.support import StillClock, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.library import Library


@pytest.fixture
def engine() -> MemoryEngine:
    """An engine that remembers what it was told."""
    return MemoryEngine()


@pytest.fixture
def library(tmp_path: Path, clock: StillClock, engine: MemoryEngine) -> Iterator[Library]:
    """A library of 70 papers, none of them indexed."""
    opened = library_of(open_store(sqlite_url(tmp_path / "x.db")), clock, engine=engine)
    opened.ingest(ListSource([record(number) for number in range(1, 71)]))
    yield opened
    opened.close()


def test_words_come_first_then_meaning_in_small_steps(
    library: Library, engine: MemoryEngine
) -> None:
    """Encoding never holds up words, and a stop waits for 32 papers at most."""
    job = IndexJob(library)
    seen = []
    while job.run_once():
        seen.append((len(engine.titles), len(engine.vectors_of)))

    assert seen == [(70, 0), (70, 32), (70, 64), (70, 70)]


def test_the_newest_are_encoded_first(library: Library, engine: MemoryEngine) -> None:
    """Today's papers are what people look for."""
    job = IndexJob(library)
    job.run_once()
    job.run_once()

    assert sorted(engine.vectors_of) == list(range(39, 71))


def test_what_arrives_during_a_backlog_is_found_in_the_next_step(
    library: Library, engine: MemoryEngine
) -> None:
    """Words are searchable within seconds, whatever waits."""
    job = IndexJob(library, words_batch=10)
    job.run_once()
    library.ingest(ListSource([record(99)]))
    job.run_once()

    assert 71 in engine.titles
    assert len(engine.titles) < 40


def test_one_paper_does_not_wait_for_the_bulk_around_it(
    library: Library, engine: MemoryEngine, clock: StillClock
) -> None:
    """While thousands come in, what somebody adds by hand is found in the next step."""
    job = IndexJob(library, words_batch=10)
    for first in (100, 200, 300):
        clock.advance(timedelta(seconds=1))
        numbers = [99] if first == 200 else range(first, first + 60)
        library.ingest(ListSource([record(number) for number in numbers]))
    job.run_once()

    assert 131 in engine.titles  # 70 and 60 came before it, 60 after it
    assert engine.position == 10


def with_drafts(folder: Path, clock: StillClock, engine: MemoryEngine) -> Library:
    """Return a library of seventy papers, not indexed yet, that makes drafts."""
    library = library_of(
        open_store(sqlite_url(folder / "drafts.db")), clock, engine=engine, draft=DraftOfLength()
    )
    library.ingest(ListSource([record(number) for number in range(1, 71)]))
    return library


def test_drafts_do_not_wait_for_the_end_of_a_backlog(
    tmp_path: Path, clock: StillClock, engine: MemoryEngine
) -> None:
    """A million papers take half an hour by word; what is new is found by meaning meanwhile."""
    library = with_drafts(tmp_path, clock, engine)
    job = IndexJob(library, words_batch=10)
    job.run_once()
    job.run_once()
    library.close()

    assert set(engine.vectors_of) == {*range(1, 11), *range(61, 71)}
    assert set(engine.titles) == set(engine.vectors_of)


def test_what_arrives_during_encoding_is_found_in_the_next_step(
    library: Library, engine: MemoryEngine
) -> None:
    """Words do not wait for vectors of other papers."""
    job = IndexJob(library)
    job.run_once()
    job.run_once()
    library.ingest(ListSource([record(99)]))
    job.run_once()

    assert 71 in engine.titles
    assert len(engine.vectors_of) < 70


@pytest.fixture
def impatient(library: Library, monkeypatch: pytest.MonkeyPatch) -> IndexJob:
    """A job that does not wait for a moment in which nobody waits for an answer."""
    monkeypatch.setattr(index, "QUIET_WAIT_S", 0.0)
    return IndexJob(library)


def test_nothing_is_encoded_while_somebody_waits_for_an_answer(
    impatient: IndexJob, engine: MemoryEngine
) -> None:
    """Words and drafts go on; the encoder has the machine when the answer is out."""
    job = impatient
    with engine.answering():
        assert (job.run_once(), job.run_once()) == (True, False)
    assert (len(engine.titles), len(engine.vectors_of)) == (70, 0)

    assert job.run_once()
    assert len(engine.vectors_of) == 32


def test_what_is_encoded_when_a_reader_comes_is_kept(
    impatient: IndexJob, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step ends after the few that are under way, and the next one goes on behind them."""
    job = impatient
    job.run_once()
    asked = iter([False, True])  # nobody waits, then somebody
    monkeypatch.setattr(engine, "is_answering", lambda: next(asked))
    assert job.run_once()
    assert sorted(engine.vectors_of) == list(range(71 - TOGETHER, 71))


def test_readers_without_end_do_not_keep_papers_from_the_encoder(
    impatient: IndexJob, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few are encoded every few seconds."""
    job = impatient
    with engine.answering():
        job.run_once()
        assert not job.run_once()
        monkeypatch.setattr(job, "_encoded_s", time.monotonic() - index.LONGEST_REST_S)
        assert job.run_once()
        assert not job.run_once()
    assert len(engine.vectors_of) == TOGETHER


def test_another_processs_lock_is_left_alone(library: Library, engine: MemoryEngine) -> None:
    """One process writes; the others look."""
    looks: list[int] = []
    engine.is_mine = False
    engine.on_refresh = lambda _: looks.append(1)

    assert not IndexJob(library).run_once()
    assert (engine.applied, looks) == ([], [1])


def test_housekeeping_waits_for_no_backlog(library: Library, engine: MemoryEngine) -> None:
    """Of millions of papers the last vector comes after days; until then all must be quick."""
    index, tidy = IndexJob(library), TidyJob(library)
    index.run_once()
    assert not tidy.run_once()

    assert engine.tidied == 1
    assert len(engine.vectors_of) < 70


def test_housekeeping_is_left_to_the_process_that_writes(
    library: Library, engine: MemoryEngine
) -> None:
    """Two that tidy up would undo each other's work."""
    engine.is_mine = False

    assert not TidyJob(library).run_once()
    assert engine.tidied == 0


class DraftOfLength:
    """Drafts of the same space as ``LengthEncoder``."""

    name = "draft"
    space = "length"
    dim = 4
    joint = ". "

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return any rows."""
        return np.ones((len(texts), self.dim), dtype=np.float32)


def test_drafts_of_all_come_before_the_first_vector(
    tmp_path: Path, clock: StillClock, engine: MemoryEngine
) -> None:
    """Every paper is found by meaning before any is found better."""
    library = with_drafts(tmp_path, clock, engine)
    job = IndexJob(library)
    seen = []
    while job.run_once():
        seen.append(Counter(engine.vectors_of.values()))
    library.close()

    assert seen == [
        {},
        {"draft": 70},
        {"draft": 38, "length": 32},
        {"draft": 6, "length": 64},
        {"length": 70},
    ]
