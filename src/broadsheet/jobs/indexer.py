"""Who brings the indexes up to date beside a server? A process of its own.

Searches share Python's lock with nobody who indexes, and the machine gives way to them: this
process is nicer by ten. It is told a data folder in one line on its standard input, which stays
open: it ends when that does, however whoever started it ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.assemble import open_library
from broadsheet.jobs import logs
from broadsheet.jobs.index import IndexJob, TidyJob
from broadsheet.jobs.refit import RefitJob
from broadsheet.jobs.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NICENESS = 10  # a tenth of a core where searches want it whole
COMMAND = (sys.executable, "-m", __name__)


def order(data: Path, /) -> str:
    """Return the line that says which library is meant."""
    return json.dumps({"data": str(data.absolute())}) + "\n"


@contextmanager
def running(data: Path, /, *, environ: Mapping[str, str]) -> Iterator[None]:
    """Keep the indexes of a library up to date until the block ends."""
    with subprocess.Popen(  # noqa: S603  # this interpreter, this module
        COMMAND, stdin=subprocess.PIPE, text=True, env=dict(environ)
    ) as process:
        assert process.stdin is not None  # noqa: S101  # a pipe
        process.stdin.write(order(data))
        process.stdin.flush()
        yield
        process.stdin.close()


def work(data: Path, /) -> None:
    """Index until told to end, or until whoever started this is gone."""
    signal.signal(signal.SIGTERM, _end)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    with closing(open_library(data)) as library:
        logs.configure(library.settings.log_level)
        runner = Runner(
            {"index": IndexJob(library), "tidy": TidyJob(library), "refit": RefitJob(library)}
        )
        runner.start()
        with suppress(KeyboardInterrupt):
            sys.stdin.read()  # until the other end is closed, or gone
        runner.stop()


def _end(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt  # as Ctrl-C does, once: the step under way is finished


if __name__ == "__main__":
    work(Path(json.loads(sys.stdin.readline())["data"]))
