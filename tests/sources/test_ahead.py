"""Reading ahead changes nothing but the time it takes, and leaves no process behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from broadsheet.errors import SourceError
from broadsheet.library import arrival
from broadsheet.library.arrival import Arrival
from broadsheet.model import Fault, Record
from broadsheet.sources import _by_line, ahead, open_files
from broadsheet.sources.jsonlines import JsonLines
from tests.support import ROOT, record
from tests.support_papers import records, vote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library.arrival import Incoming


class Breaking:
    """A source that breaks off."""

    name = "breaking"
    path = Path("nowhere")

    def read(self) -> Iterator[Record]:
        """Yield one record, then fail."""
        yield record(1)
        raise SourceError("the disk is gone")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of 60 lines: papers, faults, empty lines and a cut end."""
    lines = []
    for number in range(1, 61):
        line = json.dumps({"id": f"arxiv:2401.{number:05d}", "title": f"Paper {number}"})
        lines.append({7: "", 8: " ", 9: "{", 50: '{"title": ""}'}.get(number, line))
    path = tmp_path / "papers.jsonl"
    path.write_text("\n".join([*lines, "[1, 2"]))
    return path


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """A file whose readers cannot have ended: pipes do not hold what they read of it."""
    path = tmp_path / "long.jsonl"
    lines = ({"id": f"arxiv:2402.{number:05d}", "title": "Paper"} for number in range(1, 9_001))
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def told(batches: Iterator[list[Incoming]]) -> list[tuple[object, ...]]:
    """Return what came, comparable, whatever the batches."""
    return [
        (each.record, each.identifiers, each.title_key, each.content)
        if isinstance(each, Arrival)
        else (each,)
        for batch in batches
        for each in batch
    ]


@pytest.mark.parametrize("readers", [1, 2, 3])
def test_a_file_read_ahead_is_the_same(file: Path, readers: int) -> None:
    """Same records and faults, in the same order, however many read."""
    (source,) = open_files([file])
    here = told(arrival.batches(source, 4))

    assert told(ahead.ahead(source, 4, readers=readers)) == here
    assert len(here) == 59
    assert sum(isinstance(each[0], Fault) for each in here) == 3


def test_shares_of_a_file_are_the_file(file: Path) -> None:
    """Each block is in one share, and no share ends before its last block."""
    source = JsonLines(file)
    shares = [list(source.read_share(place, 3, 2)) for place in range(3)]

    blocks = [shares[number % 3][number // 3] for number in range(31)]
    assert [item for block in blocks for item in block] == list(source.read())
    assert blocks[3] == []  # lines 7 and 8 are empty
    assert isinstance(source, _by_line.ByLine)


@given(records)
def test_an_arrival_travels_whole(one: Record) -> None:
    """What the other process sends is what came in, signals, NUL and half pairs included."""
    import pickle

    sent = Arrival(one)
    back: Arrival = pickle.loads(pickle.dumps(sent))  # noqa: S301  # our own

    assert (back.record, back.content, back.name) == (one, sent.content, sent.name)
    assert (back.identifiers, back.title_key) == (sent.identifiers, sent.title_key)
    assert back.signals == one.signals


def test_votes_travel_with_their_record() -> None:
    """They are no part of the content, but of the record."""
    import pickle

    one = record(1, signals=(vote(3),))

    assert pickle.loads(pickle.dumps(Arrival(one))).record == one  # noqa: S301  # our own


def test_what_came_before_a_break_comes(file: Path) -> None:
    """The batch first, then the error that the source gave."""
    found = ahead.ahead(Breaking(), 10, readers=1)

    (arrived,) = next(found)
    assert isinstance(arrived, Arrival)
    assert arrived.record == record(1)
    with pytest.raises(SourceError, match="the disk is gone"):
        next(found)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """Deleted between the look at it and the reading."""
    with pytest.raises(SourceError, match="cannot be read"):
        next(ahead.ahead(JsonLines(tmp_path / "gone.jsonl"), 4, readers=2))


def children() -> set[int]:
    """Return the processes that this one started and that live."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(os.getpid()) and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")


@linux
def test_a_killed_reader_is_an_error(long_file: Path) -> None:
    """Never a short file that looks whole."""
    before = children()
    found = ahead.ahead(JsonLines(long_file), 1, readers=1)
    next(found)
    (reader,) = children() - before
    os.kill(reader, signal.SIGKILL)

    with pytest.raises(SourceError, match="ended early"):
        list(found)


@linux
def test_no_reader_stays(long_file: Path) -> None:
    """Whoever stops early stops the readers too."""
    before = children()
    found = ahead.ahead(JsonLines(long_file), 1, readers=2)
    next(found)
    assert len(children() - before) == 2

    found.close()  # type: ignore[attr-defined]

    assert children() <= before


WATCHED = """
import sys
from pathlib import Path
from broadsheet.sources import ahead
from broadsheet.sources.jsonlines import JsonLines
found = ahead.ahead(JsonLines(Path(sys.argv[1])), 1, readers=1)
next(found)
print("reading", flush=True)
sys.stdin.read()
"""


@linux
def test_readers_die_with_their_process(tmp_path: Path) -> None:
    """An import that is killed leaves nothing that reads on."""
    path = tmp_path / "papers.jsonl"
    line = json.dumps({"title": "A paper", "abstract": "long " * 2_000})
    path.write_text((line + "\n") * 500)
    with subprocess.Popen(
        [sys.executable, "-c", WATCHED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        readers = [
            int(stat.parent.name)
            for stat in Path("/proc").glob("[0-9]*/stat")
            if f") S {process.pid} " in stat.read_text()
            or f") R {process.pid} " in stat.read_text()
        ]
        process.kill()
    deadline = time.monotonic() + 20

    assert readers
    while any(Path(f"/proc/{reader}").exists() for reader in readers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_large_files_are_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start costs a second: not for a small file, a folder, or what is no file at all."""
    path = tmp_path / "papers.jsonl"
    path.write_bytes(b"x" * 100)
    packed = tmp_path / "papers.jsonl.zst"
    packed.write_bytes(b"x" * 25)
    monkeypatch.setattr(ahead, "LARGE", 100)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    assert ahead.is_large(JsonLines(path))
    assert ahead.is_large(JsonLines(packed))
    assert not ahead.is_large(Breaking())
    monkeypatch.setattr(ahead, "LARGE", 101)
    assert not ahead.is_large(JsonLines(path))
    monkeypatch.setattr(ahead, "LARGE", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert not ahead.is_large(JsonLines(path))  # nothing would be won
