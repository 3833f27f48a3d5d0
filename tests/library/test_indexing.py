"""Indexes follow the store, and say how far they came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.config import Settings
from broadsheet.errors import ConflictError
from broadsheet.library import indexing
from broadsheet.model import Change, Identifier, Scheme
from tests.library.fakes import ListSource, MemoryEngine, library_of
from tests.support import StillClock, record

if TYPE_CHECKING:
    from broadsheet.library import Library
    from broadsheet.ports import Store


@pytest.fixture
def engine() -> MemoryEngine:
    """An engine that remembers what it was told."""
    return MemoryEngine()


@pytest.fixture
def filled(store: Store, clock: StillClock, engine: MemoryEngine) -> Library:
    """A library of 40 papers, none of them indexed."""
    library = library_of(store, clock, engine=engine)
    library.ingest(ListSource([record(number) for number in range(1, 41)]))
    return library


def test_catching_up_indexes_and_encodes_all(filled: Library, engine: MemoryEngine) -> None:
    """Afterwards nothing is missing, and the check says so."""
    seen: list[tuple[int, int]] = []
    filled.catch_up(is_encoding=True, progress=lambda done, all_: seen.append((done, all_)))
    report = filled.check()

    assert (report.ok, report.papers, report.indexed, report.encoded) == (True, 40, 40, 40)
    assert engine.position == filled.store.last_change()
    assert seen[0] == (40, 40)
    assert seen[-1] == (40, 40)
    assert set(engine.vectors_of.values()) == {"length"}


def test_words_do_not_wait_for_meaning(filled: Library, engine: MemoryEngine) -> None:
    """Whoever only needs words does not wait for vectors."""
    filled.catch_up(is_encoding=False)

    assert (len(engine.titles), len(engine.vectors_of)) == (40, 0)


def test_a_paper_that_became_another_is_forgotten(filled: Library, engine: MemoryEngine) -> None:
    """A merged paper is not found twice."""
    filled.catch_up(is_encoding=False)
    both = tuple(Identifier(Scheme.ARXIV, f"2603.{number:05d}") for number in (1, 2))
    filled.ingest(ListSource([record(1, source="acl", identifiers=both)]))
    filled.catch_up(is_encoding=False)

    assert len(engine.titles) == 39
    assert filled.check().ok


def test_papers_that_wait_are_no_problem(filled: Library) -> None:
    """An index that is behind is told as behind, not as broken."""
    assert filled.check().problems == ()
    assert filled.check().indexed == 0
    filled.catch_up(is_encoding=False)
    filled.ingest(ListSource([record(41), replace(record(1), version=2, source_id="v2")]))

    assert filled.check().ok


def test_a_paper_that_the_index_lost_is_a_problem(filled: Library, engine: MemoryEngine) -> None:
    """Check compares paper by paper."""
    filled.catch_up(is_encoding=False)
    engine.titles.popitem()

    assert filled.check().problems == ("1 papers are not indexed",)


def test_an_index_ahead_of_the_store_is_a_problem(filled: Library, engine: MemoryEngine) -> None:
    """After a restore from an old backup the index knows too much."""
    engine.position = 10_000
    [problem] = filled.check().problems

    assert "broadsheet reindex" in problem


def test_a_status_tells_what_is_here(filled: Library) -> None:
    """The status page needs one call."""
    told = filled.status()

    assert (told.papers, told.records, told.specimens, told.change) == (40, 40, 0, 40)
    assert [run.report.new for run in told.runs] == [40]
    assert [one.source for one in told.sources] == ["arxiv"]


def test_waiting_for_another_process_ends_when_it_has_caught_up(
    filled: Library, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command beside a running server waits for the server's index."""
    monkeypatch.setattr(indexing, "POLL_S", 0.001)
    engine.is_mine = False
    looks = []

    def progress_elsewhere(seen: MemoryEngine) -> None:
        looks.append(1)
        if len(looks) == 2:
            seen.is_mine = True
            indexing.apply_changes(filled)
            seen.is_mine = False
        if len(looks) == 4:
            seen.vectors_of.update(dict.fromkeys(seen.titles, "length"))

    engine.on_refresh = progress_elsewhere
    filled.catch_up(is_encoding=True)

    assert (len(engine.titles), len(engine.vectors_of)) == (40, 40)


def test_an_index_that_cannot_go_on_is_not_waited_for(
    filled: Library, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is left to do, a command ends, even when the numbers do not meet."""
    filled.catch_up(is_encoding=False)
    monkeypatch.setattr(filled.store, "papers", lambda _: [])
    filled.catch_up(is_encoding=True)
    monkeypatch.setattr(filled.store, "changes", lambda **_: [])
    engine.position = 0
    filled.catch_up(is_encoding=False)

    assert engine.vectors_of == {}


def test_reindexing_starts_from_nothing(filled: Library, engine: MemoryEngine) -> None:
    """What was damaged is not carried over."""
    filled.catch_up(is_encoding=True)
    engine.titles[999] = "a ghost"
    filled.reindex()

    assert set(engine.titles) == set(engine.vectors_of)
    assert (len(engine.titles), engine.tidied) == (40, 1)


def test_reindexing_beside_a_running_server_is_refused(
    filled: Library, engine: MemoryEngine
) -> None:
    """Two writers would damage the index; the error says what to do."""
    engine.is_mine = False

    with pytest.raises(ConflictError, match="stop it and try again"):
        filled.reindex()


def test_the_newest_are_found_before_a_backlog(filled: Library, engine: MemoryEngine) -> None:
    """A paper that arrives now is searchable now, however much waits."""
    seen = indexing.apply_newest(filled, after=0, limit=5)

    assert sorted(engine.titles) == [36, 37, 38, 39, 40]
    assert (seen, engine.position) == (40, 0)
    assert indexing.apply_newest(filled, after=seen, limit=5) == 40
    assert len(engine.applied) == 1


def change(seq: int, *, second: int) -> Change:
    """Return a change of a transaction at that second."""
    at = datetime(2026, 11, 26, 12, 0, second, tzinfo=UTC)
    return Change(seq=seq, key=seq, is_gone=False, at=at)


def test_small_transactions_go_first_and_of_equals_the_newest() -> None:
    """A bulk import is many large transactions; one paper must not wait for them."""
    log = [
        *(change(seq, second=1) for seq in range(1, 6)),
        change(6, second=2),
        *(change(seq, second=3) for seq in range(7, 12)),
        change(12, second=4),
        *(change(seq, second=5) for seq in range(13, 16)),
    ]

    assert [one.seq for one in indexing.soonest(log, 5)] == [12, 6, 13, 14, 15]
    assert [one.seq for one in indexing.soonest(log, 10)] == [12, 6, 13, 14, 15, 7, 8, 9, 10, 11]
    assert [one.seq for one in indexing.soonest(log[:5], 3)] == [3, 4, 5]
    assert indexing.soonest([], 3) == []


def test_of_a_bulk_alone_only_a_share_goes_before_its_turn() -> None:
    """What is applied before its turn is read again in its turn: that must stay a small part."""
    log = [change(seq, second=1) for seq in range(1, 501)]

    assert [one.seq for one in indexing.soonest(log, indexing.NEWEST_BATCH)] == [
        *range(501 - indexing.BULK_SHARE, 501)
    ]


@given(
    seconds=st.lists(st.integers(0, 5), max_size=30).map(sorted),
    limit=st.integers(1, 40),
)
def test_what_goes_first_is_of_the_log_and_within_the_limit(seconds: list[int], limit: int) -> None:
    """Whatever came in, something goes first, nothing twice, and never more than a step holds."""
    log = [change(seq, second=second) for seq, second in enumerate(seconds, start=1)]
    chosen = indexing.soonest(log, limit)

    assert set(chosen) <= set(log)
    assert len(chosen) == len(set(chosen)) <= limit
    assert bool(chosen) == bool(log)


def test_a_short_log_needs_no_shortcut(filled: Library, engine: MemoryEngine) -> None:
    """Without a backlog everything is applied once, in order."""
    assert indexing.apply_newest(filled, after=0) == 40
    assert engine.applied == []


def test_a_paper_that_is_gone_at_its_turn_is_gone(filled: Library, engine: MemoryEngine) -> None:
    """Papers are indexed as they are, not as they were."""
    with filled.store.write() as writer:
        writer.remove([7], at=filled.clock.now())
    filled.catch_up(is_encoding=True)

    assert 7 not in engine.titles
    assert filled.check().papers == 39


def test_specimens_can_be_switched_off(store: Store, clock: StillClock) -> None:
    """The setting decides, not the caller."""
    source = ListSource([record(1, source="specimen")], name="specimen")
    off = library_of(store, clock, settings=Settings(specimens=False), specimens=lambda _: source)
    on = library_of(store, clock, specimens=lambda _: source)

    assert not off.load_specimens()
    assert not library_of(store, clock).load_specimens()
    assert on.load_specimens()
    assert store.counts()["specimens"] == 1
