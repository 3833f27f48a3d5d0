"""A damaged index says so, and how to mend it; clearing mends it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.errors import ConflictError, IndexFaultError, UsageError
from broadsheet.index import open_engine
from broadsheet.model import Filters, Query
from tests.support import ROOT
from tests.support_engine import DIM, indexed, keys, put, vectors, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from broadsheet.ports import Engine

ALL = Filters()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an index of 60 papers with vectors, searched approximately."""
    engine = make(tmp_path)
    papers = [indexed(key, authors=("Ada",), categories=("cs.DL",)) for key in range(1, 61)]
    engine.apply(papers, [], position=60)
    put(engine, *range(1, 61))
    engine.optimize()
    engine.close()
    return tmp_path


def make(folder: Path, *, dim: int = DIM) -> Engine:
    """Open the engine of a folder."""
    return open_engine(folder, dim=dim, exact_limit=10, threads=1)


def largest(folder: Path, pattern: str) -> Path:
    """Return the largest of the files that match."""
    return max(folder.glob(pattern), key=lambda path: path.stat().st_size)


def cut(path: Path) -> None:
    """Lose the second half of a file."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def lose(pattern: str) -> Callable[[Path], object]:
    """Return the damage of losing the largest file that matches."""
    return lambda folder: largest(folder, pattern).unlink()


def cut_short(pattern: str) -> Callable[[Path], object]:
    """Return the damage of losing half of the largest file that matches."""
    return lambda folder: cut(largest(folder, pattern))


def overwrite(pattern: str, text: str) -> Callable[[Path], object]:
    """Return the damage of a file that holds something else."""
    return lambda folder: largest(folder, pattern).write_text(text)


DAMAGES = [
    pytest.param(cut_short("commit.json"), id="commit file cut"),
    pytest.param(overwrite("commit.json", "[]"), id="commit file of another kind"),
    pytest.param(cut_short("papers-*/rows.bin"), id="rows cut"),
    pytest.param(cut_short("papers-*/facets.bin"), id="tags cut"),
    pytest.param(cut_short("papers-*/vectors.bin"), id="vectors cut"),
    pytest.param(cut_short("papers-*/marks.bin"), id="marks cut"),
    pytest.param(lose("papers-*/rows.bin"), id="rows lost"),
    pytest.param(cut_short("papers-*/ivf-*.faiss"), id="lists cut"),
    pytest.param(lose("papers-*/ivf-*.stamps"), id="stamps lost"),
    pytest.param(overwrite("words-*/meta.json", "{"), id="table of words broken"),
    pytest.param(cut_short("words-*/*.idx"), id="words cut"),
    pytest.param(lose("words-*/*.term"), id="terms lost"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_and_mended(folder: Path, damage: Callable[[Path], object]) -> None:
    """Opening works, so that `reindex` can; every answer says what to do; clearing helps."""
    damage(folder)
    engine = make(folder)

    with pytest.raises(IndexFaultError, match="broadsheet reindex"):
        engine.lexical(words("paper"), ALL, k=5, among=None)
    with pytest.raises(IndexFaultError, match="broadsheet reindex"):
        engine.apply([indexed(1)], [], position=61)
    with pytest.raises(IndexFaultError, match="broadsheet reindex"):
        engine.status()
    assert ["broadsheet reindex" in problem for problem in engine.check([1])] == [True]

    engine.clear()
    engine.apply([indexed(1)], [], position=1)

    assert keys(engine.lexical(words("paper"), ALL, k=5, among=None)) == [1]
    assert engine.check([1]) == []
    engine.close()


def test_a_flipped_bit_in_a_vector_is_found(folder: Path) -> None:
    """Every vector has a checksum."""
    path = largest(folder, "papers-*/vectors.bin")
    content = bytearray(path.read_bytes())
    content[7 * DIM] ^= 1  # of the eighth row
    path.write_bytes(content)

    engine = make(folder)
    (problem,) = engine.check(range(1, 61))

    assert "damaged vector: 8;" in problem
    engine.close()


def test_another_format_is_a_fault(folder: Path) -> None:
    """An index of a later program is not misread."""
    path = folder / "commit.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    engine = make(folder)

    with pytest.raises(IndexFaultError, match="format 99"):
        engine.status()
    engine.close()


def test_a_lost_folder_starts_anew(folder: Path) -> None:
    """At position 0 the store's whole change log is applied again: no word to the reader."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    engine = make(folder)

    assert (engine.status().position, engine.status().indexed) == (0, 0)
    engine.close()


def test_a_query_vector_of_another_length_is_refused(folder: Path) -> None:
    """A mistake in the program, told before faiss reads beyond the end."""
    engine = make(folder)

    with pytest.raises(UsageError, match="length 8"):
        engine.dense(np.zeros(9, dtype=np.float32), ALL, k=5, among=None)
    engine.close()


# --- two processes ---


@pytest.fixture
def other(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the write lock, does what it is told, and says when it did."""
    script = """
import sys
from pathlib import Path
from broadsheet.index import open_engine
from tests.support_engine import DIM, indexed, put
def make(folder): return open_engine(folder, dim=DIM, exact_limit=10, threads=1)
engine = make(Path(sys.argv[1]))
assert engine.try_lock()
print("ready", flush=True)
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "ready\n"
    yield child
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


def tell(child: subprocess.Popen[str], line: str) -> None:
    """Let the other process do something, and wait until it has."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(line + "\n")
    child.stdin.flush()
    assert child.stdout.readline() == "done\n"


def test_one_process_writes_and_the_others_see_it(
    folder: Path, other: subprocess.Popen[str]
) -> None:
    """Papers, vectors, an approximate index, a cleared index: all of it after a refresh."""
    engine = make(folder)
    with pytest.raises(ConflictError, match="another process"):
        engine.apply([indexed(61)], [], position=61)
    assert not engine.try_lock()

    tell(other, "engine.apply([indexed(61, 'news')], [1], position=62)")
    tell(other, "put(engine, 61)")
    engine.refresh()

    assert keys(engine.lexical(words("news"), ALL, k=5, among=None)) == [61]
    assert keys(engine.dense(vectors(61)[0], ALL, k=1, among=None)) == [61]
    assert engine.status().position == 62

    tell(other, "engine.apply([indexed(k) for k in range(70, 190)], [], position=190)")
    tell(other, "put(engine, *range(70, 190)); engine.optimize()")
    engine.refresh()

    assert keys(engine.dense(vectors(100)[0], ALL, k=1, among=None)) == [100]
    assert keys(engine.dense(vectors(5)[0], ALL, k=1, among=None)) == [5]

    tell(other, "engine.clear()")
    engine.refresh()

    assert keys(engine.lexical(Query(text=""), ALL, k=5, among=None)) == []
    engine.close()


def test_the_lock_is_free_when_its_holder_is_killed(
    folder: Path, other: subprocess.Popen[str]
) -> None:
    """No lock file has to be removed by hand; what the dead one wrote is seen."""
    engine = make(folder)
    tell(other, "engine.apply([indexed(61, 'last words')], [], position=61)")
    other.kill()
    other.wait()

    assert engine.try_lock()
    engine.apply([indexed(62, "go on")], [], position=62)

    assert set(keys(engine.lexical(words("last", "go"), ALL, k=5, among=None))) == {61, 62}
    assert engine.check(range(1, 63)) == []
    engine.close()


def test_words_of_an_older_program_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade asks nobody to rebuild: words are indexed again, vectors stay as they are."""
    papers = [indexed(key, authors=("Ada",)) for key in range(1, 61)]
    with monkeypatch.context() as older:
        for place in ("disk", "state"):
            older.setattr(f"broadsheet.index.{place}.LEXICON", 1)
        engine = make(tmp_path)
        engine.apply(papers, [], position=60)
        put(engine, *range(1, 61))
        engine.close()

    engine = make(tmp_path)
    before = engine.status()
    engine.apply(papers, [], position=60)

    assert (before.position, before.encoded) == (0, 60)
    assert engine.status().encoded == 60
    assert len(keys(engine.lexical(words("paper"), ALL, k=99, among=None))) == 60
    assert keys(engine.dense(vectors(7)[0], ALL, k=1, among=None)) == [7]
    assert engine.pending(encoder="space/one", limit=9) == []
    assert engine.check(range(1, 61)) == []
    engine.close()


def test_words_of_a_newer_program_are_left_alone(folder: Path) -> None:
    """Who goes back a version is told, and loses nothing."""
    path = folder / "commit.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"lexicon": 1_000}))
    engine = make(folder)

    with pytest.raises(IndexFaultError, match="form 1000"):
        engine.status()
    assert json.loads(path.read_text())["lexicon"] == 1_000
    engine.close()
