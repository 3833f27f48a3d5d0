"""Whoever waits for an answer is known to all processes of an index, for just so long."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from threading import Thread
from typing import TYPE_CHECKING

from broadsheet.index.readers import READERS_FILE, Readers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CHILD = """
import sys
from pathlib import Path
from broadsheet.index.readers import Readers
with Readers(Path(sys.argv[1])).waiting():
    print("waits", flush=True)
    sys.stdin.read()
"""


def lowest_free() -> int:
    """Return the number that the next file would have."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


def test_another_process_is_seen_until_it_ends(tmp_path: Path) -> None:
    """Also where it was killed while it waited."""
    readers = Readers(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"waits\n"
        seen = readers.are_waiting()
        child.kill()
    assert (seen, readers.are_waiting()) == (True, False)


def test_as_long_as_the_last_one_waits(tmp_path: Path) -> None:
    """Threads of one process come and go in any order."""
    readers, others = Readers(tmp_path), Readers(tmp_path)
    seen = [others.are_waiting()]
    with readers.waiting():
        with readers.waiting():
            seen.append(others.are_waiting())
        seen.append(others.are_waiting())
        assert readers.are_waiting()
    seen.append(others.are_waiting())

    assert seen == [False, True, True, False]


def test_many_threads_leave_nobody_waiting(tmp_path: Path) -> None:
    """No beginning or end is lost between them."""
    readers, others = Readers(tmp_path), Readers(tmp_path)

    def come_and_go() -> None:
        for _ in range(200):
            with readers.waiting():
                pass

    threads = [Thread(target=come_and_go) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert not others.are_waiting()


def test_no_answer_waits_for_one_who_asks(tmp_path: Path) -> None:
    """A process may be stopped at any moment, also while it looks."""
    readers = Readers(tmp_path)
    with (tmp_path / READERS_FILE).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with readers.waiting():
            assert readers.are_waiting()
    with readers.waiting():
        assert Readers(tmp_path).are_waiting()


def test_where_the_file_cannot_be_there_nobody_waits(tmp_path: Path) -> None:
    """Answers do not depend on it."""
    (tmp_path / READERS_FILE).mkdir()
    readers = Readers(tmp_path)
    with readers.waiting():
        assert not Readers(tmp_path).are_waiting()
    with Readers(tmp_path / "gone").waiting():
        pass


def test_on_a_disk_without_locks_nobody_waits_and_no_file_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked hundreds of times a second."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    readers, before = Readers(tmp_path), lowest_free()
    with readers.waiting():
        assert not Readers(tmp_path).are_waiting()

    assert lowest_free() == before
