"""A kill at any moment loses nothing acknowledged and leaves nothing half done."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.index import open_engine
from broadsheet.model import Filters
from tests.index.crash_child import BATCH, PAPERS
from tests.support import ROOT
from tests.support_engine import DIM, indexed, keys, put, vectors, words

if TYPE_CHECKING:
    from pathlib import Path

ALL = Filters()
ROUNDS = [
    pytest.param(10, id="10 kills"),
    pytest.param(100, id="100 kills", marks=pytest.mark.slow),
]


def run_and_kill(what: str, folder: Path, *, chance: random.Random) -> list[str]:
    """Start a process that writes, kill it a moment after its first words; return its lines."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.index.crash_child", what, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    assert first, "the process died by itself"
    time.sleep(chance.uniform(0, 0.12))
    child.kill()
    rest = child.stdout.read()
    child.stdout.close()
    child.wait()
    return [line for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kills_while_words_are_written(tmp_path: Path, rounds: int) -> None:
    """Every acknowledged batch is there, `check` is clean, and the next process goes on."""
    chance = random.Random(rounds)  # noqa: S311  # moments, not secrets
    for _ in range(rounds):
        lines = run_and_kill("apply", tmp_path, chance=chance)
        engine = open_engine(tmp_path, dim=DIM, exact_limit=10, threads=1)
        position = engine.status().position

        assert position >= int(lines[-1])
        assert engine.check([]) == []
        assert engine.status().indexed == len(
            {key for start in range(0, position, BATCH) for key in _batch(start)}
        )
        last = position - BATCH
        assert set(keys(engine.lexical(words(f"round{last}"), ALL, k=500, among=None))) == set(
            _batch(last)
        )
        engine.close()


def _batch(position: int) -> range:
    first = position % PAPERS + 1
    return range(first, first + BATCH)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kills_while_vectors_are_replaced(tmp_path: Path, rounds: int) -> None:
    """A vector that counts is whole and its encoder's own; one that was being replaced is due."""
    chance = random.Random(rounds)  # noqa: S311  # moments, not secrets
    for _ in range(rounds):
        lines = run_and_kill("put", tmp_path, chance=chance)
        engine = open_engine(tmp_path, dim=DIM, exact_limit=10, threads=1)

        assert engine.check(range(1, PAPERS + 1)) == []
        stored = engine.vectors(range(1, PAPERS + 1))
        for seed in range(1, 6):
            due = set(engine.pending(encoder=f"space/{seed}", limit=PAPERS))
            for number in set(range(1, PAPERS + 1)) - due:
                made = vectors(seed * 1_000 + number)[0]
                np.testing.assert_array_equal(stored[number - 1], made)
        seed, first = map(int, lines[-1].split())
        due = set(engine.pending(encoder=f"space/{seed}", limit=PAPERS))
        assert not due & set(range(first, first + BATCH))  # acknowledged
        engine.close()


class FullDisk:
    """`os.pwrite` on a disk that takes so many writes and half of the next."""

    def __init__(self, writes: int) -> None:
        self._left = writes
        self._write = os.pwrite

    def __call__(self, file: int, content: bytes, offset: int) -> int:
        """Write, or fail half-way."""
        self._left -= 1
        if self._left < 0:
            self._write(file, memoryview(content)[: len(content) // 2], offset)
            raise OSError(errno.ENOSPC, "no space left on device")
        return self._write(file, content, offset)


def test_a_disk_that_fills_at_any_write_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a kill between any two writes: the same files lie there when it is opened again."""
    engine = open_engine(tmp_path, dim=DIM, exact_limit=10, threads=1)
    engine.apply([indexed(key) for key in range(1, 7)], [], position=1)
    put(engine, *range(1, 7), encoder="space/old")
    writes = done = 0
    while not done:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", FullDisk(writes))
            try:
                engine.apply([indexed(2, f"try{writes}"), indexed(9)], [6], position=2)
                made = vectors(writes * 10, writes * 10 + 1, writes * 10 + 2)
                engine.put_vectors([1, 2, 9], made, encoder=f"space/{writes % 2}")
                done = writes
            except OSError:
                writes += 1
        engine.close()
        engine = open_engine(tmp_path, dim=DIM, exact_limit=10, threads=1)
        assert engine.check([1, 2, 3, 4, 5]) == []
        assert not np.isnan(engine.vectors([3, 4, 5])).any()

    assert done > 8  # rows, tags, vectors, marks taken away and marks made
    assert engine.check([1, 2, 3, 4, 5, 9]) == []  # nothing is there twice, neither
    np.testing.assert_array_equal(engine.vectors([1, 2, 9]), made)
    assert set(keys(engine.lexical(words(f"try{done}"), ALL, k=9, among=None))) == {2}
    engine.close()
