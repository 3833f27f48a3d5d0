"""What keeps the indexes beside a server is a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from broadsheet.assemble import open_library
from broadsheet.eval.beside import running
from broadsheet.jobs import indexer
from tests.library.fakes import ListSource
from tests.support import record, until

PATIENCE_S = 60.0
_until = partial(until, within_s=PATIENCE_S, pause_s=0.05)


def test_what_arrives_is_found_by_word_and_by_meaning(tmp_path: Path) -> None:
    """By a process that may only read: the other one has the lock until it ends."""
    with closing(open_library(tmp_path, environ={})) as library:
        with running(indexer.COMMAND, indexer.order, tmp_path):
            library.ingest(ListSource([record(number) for number in range(1, 6)]))

            def is_found() -> bool:
                library.engine.refresh()
                told = library.engine.status()
                return told.encoders.get(library.encoder.name) == told.indexed == 5

            _until(is_found, "nothing was indexed")
            assert not library.engine.try_lock()
        assert library.engine.try_lock()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into Linux's /proc")
def test_it_gives_way_and_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Searches have the machine first; a kill of the server leaves nothing behind."""
    process = subprocess.Popen(
        indexer.COMMAND, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin
    process.stdin.write(indexer.order(tmp_path))
    process.stdin.flush()
    _until((tmp_path / "index").exists, "it did not start")
    nice = int(Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[16])
    said = process.communicate(timeout=PATIENCE_S)[1]  # closes its input

    assert nice == min(19, os.nice(0) + indexer.NICENESS)
    assert (process.returncode, said) == (0, "")
    assert sys.executable == indexer.COMMAND[0]
