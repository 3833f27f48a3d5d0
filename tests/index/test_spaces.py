"""Vectors of two encoders side by side: the old ones serve until the new ones are complete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.index import open_engine
from broadsheet.model import Filters
from tests.support_engine import DIM, indexed, keys, vectors

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.ports import Engine

ALL = Filters()
OLD, NEW = "old/int8/128", "new/fp32/64"
NEW_DIM = 4


def old(folder: Path) -> Engine:
    """Return the index as the old encoder's program opens it."""
    return open_engine(folder, dim=DIM, exact_limit=10, threads=1, space="old", origin="models/old")


def new(folder: Path, *, exact_limit: int = 10) -> Engine:
    """Return the index as the new encoder's program opens it."""
    return open_engine(folder, dim=NEW_DIM, exact_limit=exact_limit, threads=1, space="new")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an index of 60 papers, all read by the old encoder."""
    engine = old(tmp_path)
    engine.apply([indexed(key) for key in range(1, 61)], [], position=60)
    engine.put_vectors(list(range(1, 61)), vectors(*range(1, 61)), encoder=OLD)
    engine.optimize()
    engine.close()
    return tmp_path


def test_the_old_vectors_serve_beside_the_new_ones(folder: Path) -> None:
    """A change of model costs no search its meaning, not for a moment."""
    engine = new(folder)

    told = engine.status()
    assert (told.encoded, told.former, told.former_origin) == (0, {OLD: 60}, "models/old")
    assert keys(engine.dense(vectors(7)[0], ALL, k=1, among=None, space="old")) == [7]
    assert keys(engine.dense(vectors(7, dim=NEW_DIM)[0], ALL, k=1, among=None)) == []
    assert list(engine.pending(encoder=NEW, limit=99)) == list(range(60, 0, -1))

    engine.put_vectors([7, 8], vectors(7, 8, dim=NEW_DIM), encoder=NEW)

    assert keys(engine.dense(vectors(8, dim=NEW_DIM)[0], ALL, k=1, among=None)) == [8]
    assert engine.vectors([7, 9])[0] == pytest.approx(vectors(7, dim=NEW_DIM)[0], abs=1e-3)
    assert np.isnan(engine.vectors([7, 9])[1]).all()
    assert engine.similarities(vectors(9)[0], [9], space="old")[0] == pytest.approx(1, abs=1e-3)
    assert engine.status().encoders == {NEW: 2}
    assert engine.check(range(1, 61)) == []
    engine.close()


def test_both_are_there_after_a_restart_and_for_a_reader(folder: Path) -> None:
    """Whoever opens the folder next sees the same."""
    engine = new(folder)
    reader = new(folder)
    engine.put_vectors([7], vectors(7, dim=NEW_DIM), encoder=NEW)

    reader.refresh()
    for one in (reader, new(folder)):
        assert one.status().encoders == {NEW: 1}
        assert one.status().former == {OLD: 60}
        assert keys(one.dense(vectors(7)[0], ALL, k=1, among=None, space="old")) == [7]
        one.close()
    engine.close()


def test_papers_that_come_change_and_go_meanwhile(folder: Path) -> None:
    """Rows are shared by both: what changes keeps its old vector, what goes has neither."""
    engine = new(folder)
    engine.put_vectors([7], vectors(7, dim=NEW_DIM), encoder=NEW)

    engine.apply([indexed(7, "A new title"), indexed(61)], [8], position=70)

    assert keys(engine.dense(vectors(7)[0], ALL, k=1, among=None, space="old")) == [7]
    assert keys(engine.dense(vectors(7, dim=NEW_DIM)[0], ALL, k=9, among=None)) == [7]
    assert 8 not in keys(engine.dense(vectors(8)[0], ALL, k=60, among=None, space="old"))
    assert {7, 61} <= set(engine.pending(encoder=NEW, limit=99))
    assert engine.check({*range(1, 62)} - {8}) == []
    engine.close()


def test_the_old_ones_go_when_they_are_no_longer_needed(folder: Path) -> None:
    """Disk for both only while needed, and nothing of the new ones is lost by it."""
    engine = new(folder)
    engine.put_vectors(list(range(1, 61)), vectors(*range(1, 61), dim=NEW_DIM), encoder=NEW)
    reader = new(folder)

    engine.retire()
    engine.retire()

    reader.refresh()
    for one in (engine, reader):
        assert one.status().former == {}
        assert keys(one.dense(vectors(7)[0], ALL, k=1, among=None, space="old")) == []
        assert keys(one.dense(vectors(7, dim=NEW_DIM)[0], ALL, k=1, among=None)) == [7]
    assert [path.parent.name for path in folder.rglob("vectors.bin")] == ["meaning-1"]
    assert len(list(folder.rglob("ivf-*"))) == 0
    engine.optimize()
    assert {path.parent.name for path in folder.rglob("ivf-*")} == {"meaning-1"}
    engine.close()
    reader.close()


def test_a_change_of_mind_brings_the_old_ones_back(folder: Path) -> None:
    """Back at the old encoder all is there at once; the new one's start is kept for later."""
    engine = new(folder)
    engine.put_vectors([7], vectors(7, dim=NEW_DIM), encoder=NEW)
    engine.close()

    engine = old(folder)

    assert engine.status().encoders == {OLD: 60}
    assert engine.status().former == {NEW: 1}
    assert list(engine.pending(encoder=OLD, limit=9)) == []
    engine.close()


def test_a_third_encoder_takes_the_place_of_one_that_never_began(folder: Path) -> None:
    """Two settings in a row, the first a mistake: the old vectors still serve."""
    new(folder).close()

    engine = open_engine(folder, dim=3, exact_limit=10, threads=1, space="third")

    assert engine.status().former == {OLD: 60}
    engine.close()


def test_a_process_with_another_encoder_beside_a_writer_finds_by_word(folder: Path) -> None:
    """It may not turn the index under the one that writes it: it has no vectors, and no fault."""
    writer = old(folder)
    assert writer.try_lock()

    reader = new(folder)

    assert reader.status().encoded == 0
    assert keys(reader.dense(vectors(7, dim=NEW_DIM)[0], ALL, k=1, among=None)) == []
    assert np.isnan(reader.vectors([7])).all()
    assert writer.status().encoders == {OLD: 60}

    writer.close()
    assert reader.try_lock()

    assert reader.status().former == {OLD: 60}
    reader.close()


def test_both_move_when_rows_are_tidied_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most rows are of papers that changed: the living ones are copied, with either vector."""
    monkeypatch.setattr("broadsheet.index.state.MIN_DEAD", 5)
    engine = new(folder)
    engine.put_vectors([7], vectors(7, dim=NEW_DIM), encoder=NEW)
    engine.apply([], range(10, 61), position=90)

    engine.optimize()

    assert keys(engine.dense(vectors(7)[0], ALL, k=1, among=None, space="old")) == [7]
    assert keys(engine.dense(vectors(7, dim=NEW_DIM)[0], ALL, k=1, among=None)) == [7]
    assert engine.check(range(1, 10)) == []
    engine.close()


def test_an_index_of_an_older_program_is_read(folder: Path) -> None:
    """It knew of one space, whose name its encoders tell."""
    path = folder / "commit.json"
    commit = json.loads(path.read_text())
    (space,) = commit.pop("spaces")
    older = {name: space[name] for name in ("dim", "meaning", "encoders")}
    path.write_text(json.dumps(commit | older))

    engine = old(folder)

    assert engine.status().encoders == {OLD: 60}
    assert engine.status().kind == "ivf-pq"
    engine.close()
