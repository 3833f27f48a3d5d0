from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NEEDLESS = (
    *("httpx2", "bibtexparser", "pylatexenc", "jinja2", "rich", "structlog", "itsdangerous"),
    *("alembic", "broadsheet.sources.detect", "broadsheet.sources._http"),
)
"""What only reading files, syncing and mailing need: half of a new process's time once."""


def test_a_search_loads_no_parser_template_or_client(tmp_path: Path) -> None:
    """A new process answers soon because it loads what the answer needs, and nothing else."""
    program = (
        "import sys\n"
        "from broadsheet import open_library\n"
        "with_library = open_library(sys.argv[1])\n"
        "with_library.search('soil moisture')\n"
        "print('LOADED', sorted(set(sys.argv[2:]) & set(sys.modules)))\n"
        "with_library.close()\n"
    )
    made = "from broadsheet import open_library; import sys; open_library(sys.argv[1]).close()"
    for each in (made, program):  # migrations are loaded where a store is made, once
        done = subprocess.run(
            [sys.executable, "-c", each, str(tmp_path), *NEEDLESS],
            capture_output=True,
            text=True,
            check=True,
        )

    assert "LOADED []" in done.stdout
