"""The index job is killed while it takes changes out of turn: nothing may be lost by it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from broadsheet import open_library
from broadsheet.assemble import SystemClock
from broadsheet.library.ingest import ingest
from tests.library.fakes import ListSource
from tests.support import record

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.library import Library

KILLS = 6
STEPS = 4  # at most, that are waited for before a kill
BULK = 60  # papers that come in at once, between two kills
WORK = """
import sys
from broadsheet.assemble import open_library
from broadsheet.jobs.index import IndexJob
library = open_library(sys.argv[1])
library.draft.encode(["warm"])
job = IndexJob(library, words_batch=20)
while True:
    job.run_once()
    print("step", flush=True)
"""


def arrive(library: Library, number: int) -> None:
    """Bring in a bulk, one paper alone, and a change of an older paper."""
    clock = SystemClock()
    papers = [record(1_000 * number + each) for each in range(1, BULK + 1)]
    ingest(ListSource(papers), library.store, clock)
    ingest(ListSource([record(1_000 * number + 999)]), library.store, clock)
    again = record(1_000 * number + 1, title=f"Another title of bulk {number}", version=2)
    ingest(ListSource([again]), library.store, clock)


def test_an_index_job_killed_out_of_turn_loses_nothing(tmp_path: Path) -> None:
    """The position counts only what was taken in order, so what a kill cut off is still ahead."""
    chance = random.Random(7)  # noqa: S311  # when to kill is no secret
    library = open_library(tmp_path)
    positions = [0]
    for number in range(1, KILLS + 1):
        arrive(library, number)
        command = [sys.executable, "-c", WORK, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(chance.randint(1, STEPS)):
                assert child.stdout.readline() == b"step\n"
            time.sleep(chance.uniform(0.0, 0.1))
            child.kill()
        library.engine.refresh()
        positions.append(library.engine.status().position)
        assert positions[-1] <= library.store.last_change()

    library.catch_up(is_encoding=False)
    report = library.check()
    papers = KILLS * (BULK + 1)
    titles = [library.search(f'title:"bulk {number}"').total for number in range(1, KILLS + 1)]
    library.close()

    assert positions == sorted(positions)
    assert (report.problems, report.papers, report.indexed) == ((), papers, papers)
    assert titles == [1] * KILLS
