"""The process whose work ``bench ingest`` measures, and kills: a fresh one for each task.

It prints one JSON object a line on standard output: what it has acknowledged so far, and at
its end what it did.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.sources import open_files
from broadsheet.sources._by_line import ByLine
from broadsheet.sources.ahead import batches, few_cycles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from broadsheet.library.arrival import Incoming
    from broadsheet.model import IngestReport
    from broadsheet.ports import Source

BLOCK = 500  # lines; what `ingest` reads at once


def parse(file: str, place: str, of: str) -> dict[str, Any]:
    """Read every ``of``-th block of a file and forget it."""
    (source,) = open_files([Path(file)])
    started, cpu = time.perf_counter(), time.process_time()
    if isinstance(source, ByLine):
        items = sum(len(block) for block in source.read_share(int(place), int(of), BLOCK))
    else:
        items = sum(1 for _ in source.read()) if place == "0" else 0
    wall = time.perf_counter() - started
    return {"items": items, "wall_s": wall, "cpu_s": time.process_time() - cpu}


def store(data: str, *files: str) -> dict[str, Any]:
    """Import files into a data folder as ``broadsheet import`` does, without its indexing."""
    from broadsheet.assemble import open_library
    from broadsheet.eval.retrieval import temporary_settings
    from broadsheet.library.ingest import ingest

    library = open_library(data, environ=temporary_settings())
    waiting = 0.0

    def timed(source: Source, size: int, /) -> Iterator[list[Incoming]]:
        nonlocal waiting
        found = batches(source, size)
        while True:
            started = time.perf_counter()
            batch = next(found, None)
            waiting += time.perf_counter() - started
            if batch is None:
                return
            yield batch

    started, cpu = time.perf_counter(), os.times()
    reports = [
        ingest(source, library.store, library.clock, progress=_tell, read=timed)
        for source in open_files([Path(file) for file in files])
    ]
    wall, after = time.perf_counter() - started, os.times()
    library.close()
    names = ("read", "new", "merged", "unchanged", "quarantined")
    return {name: sum(getattr(one, name) for one in reports) for name in names} | {
        "wall_s": wall,
        "waiting_s": waiting,
        "writer_cpu_s": after.user + after.system - cpu.user - cpu.system,
        "reader_cpu_s": after.children_user + after.children_system,
    }


def words(data: str) -> dict[str, Any]:
    """Make all papers of a data folder searchable by word."""
    from broadsheet.assemble import open_library
    from broadsheet.eval.retrieval import temporary_settings

    library = open_library(data, environ=temporary_settings())
    started, cpu = time.perf_counter(), time.process_time()
    library.catch_up(is_encoding=False)
    wall = time.perf_counter() - started
    indexed = library.engine.status().indexed
    library.close()
    return {"papers": indexed, "wall_s": wall, "cpu_s": time.process_time() - cpu}


def _tell(report: IngestReport) -> None:
    print(json.dumps({"acknowledged": report.read, "new": report.new}), flush=True)  # noqa: T201


if __name__ == "__main__":
    tasks: dict[str, Callable[..., dict[str, Any]]]
    tasks = {"parse": parse, "store": store, "words": words}
    with few_cycles():
        print(json.dumps(tasks[sys.argv[1]](*sys.argv[2:])), flush=True)  # noqa: T201  # the answer
