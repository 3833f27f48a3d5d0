"""kill -9 in the middle of a harvest, again and again: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from tests.servers.arxiv import Preprint, arxiv, settings
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAPERS = 1_500
PAGE = 25
KILLS = 6
HARVEST = """
import sys
from datetime import UTC, datetime, timedelta
from broadsheet.assemble import open_library
from broadsheet.jobs.sync import sync
from broadsheet.sources._turns import Timing
from broadsheet.sources.network import plans

class Later:  # the claims of those that were killed have run out
    def now(self):
        return datetime.now(UTC) + timedelta(minutes=5) * int(sys.argv[2])

library = open_library(sys.argv[1], clock=Later())
timing = Timing(sleep=lambda seconds: None)
sync(library, plans(library.settings, ["arxiv-oai"], timing=timing)["arxiv-oai"], is_full=True)
library.catch_up(is_encoding=False)
library.close()
"""


@pytest.mark.slow
def test_a_harvest_survives_kill_9(tmp_path: Path) -> None:
    """Each run goes on where the last one was killed, and the last one ends with everything."""
    chance = random.Random(7)  # noqa: S311  # the same moments each time
    with arxiv() as held:
        held.page = PAGE
        held.now = datetime.now(UTC)
        held.add(
            *(
                Preprint(id=f"2603.{n:05d}", title=f"Well number {n}", listed=date(2026, 3, 4))
                for n in range(1, PAPERS + 1)
            )
        )
        assert held.server is not None
        environ = settings(held.server)
        for attempt in range(KILLS):
            process = start(tmp_path, attempt, environ)
            before = len(held.server.asked)
            while len(held.server.asked) == before and process.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.5))
            process.kill()
            process.wait()
        process = start(tmp_path, KILLS, environ)
        assert process.wait(300) == 0
        asked = len(held.server.asked)

    library = open_library(tmp_path, environ={})
    checked = library.check()
    assert (library.status().papers, checked.problems) == (PAPERS, ())
    assert library.store.syncs()[0].cursor == {"cs:cs:AI": {"from": f"{held.now:%Y-%m-%d}"}}
    library.close()
    # A kill repeats what was not committed: at most one batch of pages, read ahead.
    assert PAPERS // PAGE <= asked <= PAPERS // PAGE + KILLS * (500 // PAGE + 2)


def start(data: Path, attempt: int, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a harvest of everything."""
    return subprocess.Popen(
        [sys.executable, "-c", HARVEST, str(data), str(attempt)],
        env=os.environ | environ | {"PYTHONPATH": str(ROOT / "src")},
    )
