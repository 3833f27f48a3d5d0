"""Who brings the indexes up to date beside a server? A process of its own.

Searches share Python's lock with nobody who indexes, and the machine gives way to them: this
process is nicer by seven. It is told a data folder in one line on its standard input, which stays
open: it ends when that does, however whoever started it ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import closing, suppress
from pathlib import Path

from broadsheet.assemble import open_library
from broadsheet.jobs import logs
from broadsheet.jobs.index import IndexJob, TidyJob
from broadsheet.jobs.refit import RefitJob
from broadsheet.jobs.runner import Runner

NICENESS = 7  # a sixth of a core where searches want it whole
COMMAND = (sys.executable, "-m", __name__)


def order(data: Path, /) -> str:
    """Return the line that says which library is meant."""
    return json.dumps({"data": str(data.absolute())}) + "\n"


def work(data: Path, /) -> None:
    """Index until told to end, or until whoever started this is gone."""
    signal.signal(signal.SIGTERM, _end)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with suppress(KeyboardInterrupt), closing(open_library(data)) as library:
        logs.configure(library.settings.log_level)
        runner = Runner(
            {"index": IndexJob(library), "tidy": TidyJob(library), "refit": RefitJob(library)},
            last=["refit"],  # a minute of work, in which new papers are to be found
        )
        runner.start()
        try:
            sys.stdin.read()  # until the other end is closed, or gone
        finally:
            runner.stop()


def _end(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt  # as Ctrl-C does, once: the step under way is finished


if __name__ == "__main__":
    work(Path(json.loads(sys.stdin.readline())["data"]))
