"""How long until a new process answers, and how much memory does it take to answer?

This is also the process that is measured: it opens a library, searches, and tells what it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from broadsheet.errors import BroadsheetError
from broadsheet.eval.memory import peak_bytes, tree_private_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def started(data: Path, queries: Sequence[str]) -> dict[str, Any]:
    """Time two new processes up to their first answer, and tell the memory of the second.

    The program is compiled before, as installing it does: a process that is told not to keep
    what it compiled (``PYTHONDONTWRITEBYTECODE``) compiles five hundred files at each start.

    The first one finds the files of the library where the operating system was asked to forget
    them (which it does where nobody else has them open), the second where the first left them:
    in memory. Memory is told after all queries were answered.

    Args:
        data: The library's folder.
        queries: At least one.
    """
    with TemporaryDirectory(prefix="broadsheet-compiled-") as folder:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        _run(data, queries[:1], environ)  # compiles
        first, _ = _run(data, queries[:1], environ, is_forgetting=True)
        again, told = _run(data, queries, environ)
    return {
        "cold_start_s": {"files_on_disk": first, "files_in_memory": again},
        "memory_mb": told,
    }


def _run(
    data: Path,
    queries: Sequence[str],
    environ: Mapping[str, str],
    *,
    is_forgetting: bool = False,
) -> tuple[float, dict[str, Any]]:
    asked = json.dumps(list(queries))
    command = [sys.executable, "-m", "broadsheet.eval.starting", str(data), asked]
    if is_forgetting:
        subprocess.run([*command, "forget"], check=True)  # noqa: S603  # ourselves
    start = time.perf_counter()
    nothing = BytesIO()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as child:  # noqa: S603
        lines = (child.stdout or nothing).readline
        is_answered = bool(lines())
        answered = round(time.perf_counter() - start, 2)
        told = lines()
    if not (is_answered and told):
        raise BroadsheetError(f"a new process could not answer a search of {data}")
    return answered, json.loads(told)


def _forget(data: Path) -> None:
    """Ask the operating system to drop what it keeps of these files in memory.

    Never in a process that has the store open: closing a file lets go of all locks that the
    process has on it, and SQLite's would be among them.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    for path in data.rglob("*"):
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def _answer(data: Path, queries: Sequence[str]) -> None:
    from broadsheet.assemble import open_library
    from broadsheet.eval.retrieval import temporary_settings

    library = open_library(data, environ=temporary_settings())
    library.search(queries[0])
    print(flush=True)  # noqa: T201  # the parent waits for it
    for query in queries[1:]:
        library.search(query)
    private = tree_private_bytes(os.getpid())  # 0: the platform does not tell
    told = {
        "private": round(private / 1e6, 1) or None,
        "peak": round(peak_bytes() / 1e6, 1),
    }
    print(json.dumps(told), flush=True)  # noqa: T201  # the answer
    library.close()


if __name__ == "__main__":
    if sys.argv[3:]:
        _forget(Path(sys.argv[1]))
    else:
        _answer(Path(sys.argv[1]), json.loads(sys.argv[2]))
