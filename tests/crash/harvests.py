"""A process that syncs one source, as `broadsheet sync` does, but that waits for nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TAKEN, NO_ROOM = 3, 4  # exit codes: another process reads the source; nothing can be saved
PROGRAM = """
import resource, sys
from datetime import UTC, datetime, timedelta
from broadsheet.assemble import open_library
from broadsheet.errors import ConflictError, StoreDownError
from broadsheet.jobs.sync import sync
from broadsheet.sources._turns import Timing
from broadsheet.sources.network import plans

data, source, hours, limit = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])

class Later:  # the claims of those that were killed have run out
    def now(self):
        return datetime.now(UTC) + timedelta(hours=hours)

try:
    library = open_library(data, clock=Later())
    timing = Timing(sleep=lambda seconds: None)
    plan = plans(library.settings, [source], timing=timing)[source]
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sync(library, plan, is_full="oai" in source)
    library.catch_up(is_encoding=False)
    library.close()
except ConflictError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
except StoreDownError as error:
    print(error, file=sys.stderr)
    sys.exit(4)
"""


def start(
    data: Path, source: str, environ: Mapping[str, str], *, hours: float = 0.0, limit: int = 0
) -> subprocess.Popen[str]:
    """Start syncing.

    Args:
        data: The folder of the instance.
        source: By its name.
        environ: The settings, beside the process's own.
        hours: How far the process's clock is ahead.
        limit: The bytes that a file may have from when the store is open; 0: as many as it likes.
    """
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data), source, str(hours), str(limit)],
        env=os.environ | dict(environ) | {"PYTHONPATH": str(ROOT / "src")},
        stderr=subprocess.PIPE,
        text=True,
    )
