"""Many threads search while one applies, one stores vectors and one keeps house."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import IndexFaultError
from broadsheet.index import open_engine
from broadsheet.index.turns import Turns
from broadsheet.model import Filters, Query
from tests.support_engine import DIM, indexed, keys, put, vectors, words

if TYPE_CHECKING:
    from pathlib import Path

ALL = Filters()
CS = Filters(categories=("cs",))
STABLE = range(1, 101)  # papers that nobody touches


def test_searches_go_on_while_everything_changes(tmp_path: Path) -> None:
    """Papers that nobody touches are found by every search, and nothing fails."""
    engine = open_engine(tmp_path, dim=DIM, exact_limit=50, threads=1)
    engine.apply(
        [indexed(key, f"stable{key} word", categories=("cs.LG",)) for key in STABLE], [], position=1
    )
    put(engine, *STABLE)
    stop = threading.Event()

    def search() -> int:
        rounds = 0
        while not stop.is_set():
            key = rounds % 100 + 1
            assert keys(engine.lexical(words(f"stable{key}"), ALL, k=5, among=None)) == [key]
            assert engine.lexical(Query(text=""), CS, k=5, among=None).total == 100
            assert engine.dense(vectors(key)[0], CS, k=100, among=None).total == 100
            assert key in keys(engine.dense(vectors(key)[0], ALL, k=50, among=None))
            engine.refresh()
            rounds += 1
        return rounds

    def write() -> None:
        for number in range(12):
            batch = list(range(200, 260))
            engine.apply([indexed(key, f"turn{number}") for key in batch], [], position=2 + number)
            put(engine, *batch, encoder=f"space/{number % 2}")
            engine.optimize()
            engine.apply([], batch[:30], position=2 + number)
        stop.set()

    with ThreadPoolExecutor(4) as pool:
        searchers = [pool.submit(search) for _ in range(3)]
        writer = pool.submit(write)
        writer.result(timeout=120)
        assert all(searcher.result(timeout=30) > 0 for searcher in searchers)

    assert engine.check([*STABLE, *range(230, 260)]) == []
    engine.close()


def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    """A search that comes after the end is an error, not a crash."""
    engine = open_engine(tmp_path, dim=DIM, exact_limit=50, threads=1)
    engine.close()
    engine.refresh()

    with pytest.raises(IndexFaultError, match="closed"):
        engine.lexical(words("word"), ALL, k=5, among=None)


def test_a_writer_is_alone_and_goes_before_new_readers() -> None:
    """Searches share the lock; whoever changes what they read has it alone."""
    turns, order = Turns(), []
    is_reading, may_end = threading.Event(), threading.Event()

    def read_long() -> None:
        with turns.reading():
            is_reading.set()
            may_end.wait(10)
            order.append("first reader")

    def write() -> None:
        with turns.writing():
            order.append("writer")

    def read_late() -> None:
        with turns.reading():
            order.append("late reader")

    threads = [threading.Thread(target=read_long)]
    threads[0].start()
    assert is_reading.wait(10)
    threads.append(threading.Thread(target=write))
    threads[1].start()
    while not turns._waiting_writers:
        pass
    threads.append(threading.Thread(target=read_late))
    threads[2].start()
    may_end.set()
    for thread in threads:
        thread.join(10)

    assert order == ["first reader", "writer", "late reader"]
