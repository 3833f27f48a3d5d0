"""An index that an older program wrote is brought to today's format: nothing is encoded again."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pytest

from broadsheet.errors import IndexFaultError
from broadsheet.index import older, open_engine
from broadsheet.index.rows import ROW
from broadsheet.index.vectors import BLANK, encoder_of, unpacked
from broadsheet.model import Filters
from tests.support_engine import DIM, indexed, keys, put, vectors, words

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.ports import Engine

ALL = Filters()
COUNT = 60
PAPERS = [
    indexed(key, authors=("Ada Lovelace" if key % 2 else "Emmy Noether",), categories=("cs.DL",))
    for key in range(1, COUNT + 1)
]


def make(folder: Path) -> Engine:
    """Open the engine of a folder."""
    return open_engine(folder, dim=DIM, exact_limit=10, threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of format 1: 60 papers, one changed, one gone, 58 searched approximately."""
    engine = make(tmp_path)
    engine.apply(PAPERS, [], position=60)
    put(engine, *range(1, COUNT + 1))
    engine.put_vectors([50], np.zeros((1, DIM), dtype=np.float32), encoder="space/one")
    engine.optimize()
    engine.apply([indexed(7, "changed")], [3], position=62)
    put(engine, 9, encoder="space/two")
    engine.close()
    aged(tmp_path)
    return tmp_path


def aged(folder: Path) -> None:
    """Write the rows and vectors as format 1 has them, and say so."""
    path = folder / "commit.json"
    commit = json.loads(path.read_text())
    papers = folder / commit["papers"]
    rows = np.fromfile(papers / "rows.bin", dtype=ROW)
    before = np.zeros(len(rows), dtype=older.ROW_BEFORE)
    for name in ROW.names or ():
        before[name] = rows[name]
    before.tofile(papers / "rows.bin")
    (papers / "names.bin").touch()
    halves = unpacked(np.fromfile(papers / "vectors.bin", dtype=np.int8).reshape(-1, DIM))
    marks = marks_of(papers)
    stamps = {}
    for half, mark in zip(halves.astype("<f2"), marks, strict=True):
        if mark["stamp"]:
            made = crc32(half.tobytes()) | int(encoder_of(mark["stamp"])) << 32
            stamps[int(mark["stamp"])] = made if half.any() else made | int(BLANK)
            mark["stamp"] = stamps[int(mark["stamp"])]
    halves.astype("<f2").tofile(papers / "vectors.bin")
    marks.tofile(papers / "marks.bin")
    (held,) = papers.glob("ivf-*.stamps")
    known = np.fromfile(held, dtype="<u8")
    np.array([stamps.get(int(one), int(one)) for one in known], dtype="<u8").tofile(held)
    path.write_text(json.dumps({**commit, "format": 1}))


def marks_of(papers: Path) -> npt.NDArray[Any]:
    """Return the marks of a folder of papers."""
    return np.fromfile(papers / "marks.bin", dtype=[("text", "<u8"), ("stamp", "<u8")])


def damage(folder: Path, slot: int) -> None:
    """Change one number of a vector of format 1."""
    (path,) = folder.glob("papers-*/vectors.bin")
    content = bytearray(path.read_bytes())
    content[slot * DIM * 2] ^= 1
    path.write_bytes(content)


def test_what_was_there_is_found_as_before(folder: Path) -> None:
    """Words, vectors of each encoder, the approximate index, filters, the place in the log."""
    engine = make(folder)
    status = engine.status()

    assert (status.position, status.indexed, status.kind) == (62, 59, "ivf-pq")
    assert status.encoders == {"space/one": 58, "space/two": 1}
    assert engine.pending(encoder=None, limit=9) == [7]  # its text changed
    assert keys(engine.lexical(words("changed"), ALL, k=5, among=None)) == [7]
    for key in (1, 9, 60):
        found = engine.dense(vectors(key)[0], ALL, k=1, among=None)
        assert (keys(found), found.scores.tolist()) == ([key], [pytest.approx(1, abs=1e-3)])
    hers = Filters(authors=("Noether",), categories=("cs.DL",))
    assert all(key % 2 == 0 for key in keys(engine.dense(vectors(9)[0], hers, k=99, among=None)))
    assert engine.check({*range(1, COUNT + 1)} - {3}) == []
    assert not list(folder.glob("papers-*/names.bin"))
    assert len(list(folder.glob("papers-*"))) == 1
    engine.close()


def test_what_it_becomes_stays(folder: Path) -> None:
    """Another process opens it as it is; papers and vectors are added to it."""
    make(folder).close()
    made = sorted(path.name for path in folder.glob("papers-*"))
    engine = make(folder)
    engine.apply([indexed(61, "news")], [], position=63)
    put(engine, 7, 61)

    assert sorted(path.name for path in folder.glob("papers-*")) == made
    assert keys(engine.dense(vectors(61)[0], ALL, k=1, among=None)) == [61]
    assert engine.pending(encoder=None, limit=9) == []
    assert engine.check({*range(1, COUNT + 2)} - {3}) == []
    engine.close()


def test_a_damaged_vector_is_left_out(folder: Path) -> None:
    """Its paper waits for another, and nothing damaged is signed anew."""
    damage(folder, slot=19)
    engine = make(folder)

    assert set(engine.pending(encoder=None, limit=9)) == {7, 20}
    assert keys(engine.lexical(words("20"), ALL, k=1, among=None)) == [20]
    assert 20 not in keys(engine.dense(vectors(20)[0], ALL, k=99, among=None))
    assert engine.check({*range(1, COUNT + 1)} - {3}) == []
    engine.close()


def test_without_room_it_stays_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told, half a copy goes away, and the next start tries again."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(path.name for path in folder.rglob("*"))
    with monkeypatch.context() as crowded:
        crowded.setattr(older, "_copy", full)
        engine = make(folder)
        with pytest.raises(IndexFaultError, match="older program"):
            engine.status()
        engine.close()
    assert sorted(path.name for path in folder.rglob("*")) == before

    engine = make(folder)
    assert engine.status().indexed == 59
    engine.close()


def test_a_file_that_ends_too_early_is_a_fault(folder: Path) -> None:
    """What cannot be read is not guessed; rebuilding helps."""
    (path,) = folder.glob("papers-*/marks.bin")
    path.write_bytes(path.read_bytes()[:40])
    engine = make(folder)

    with pytest.raises(IndexFaultError, match="broadsheet reindex"):
        engine.status()
    engine.clear()
    assert engine.status().indexed == 0
    engine.close()
