"""How fast does a large file come in, how much memory does that take, and what survives a kill?

Everything is done by processes of their own (``ingest_child``), as a command would be: so memory
is that of an import alone, and a kill is one.
"""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import ConflictError
from broadsheet.eval.bench import disk_mb
from broadsheet.eval.memory import MemoryWatch
from broadsheet.eval.snapshot import write_snapshot
from broadsheet.sources import _lines
from broadsheet.store import open_store, sqlite_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Progress = Callable[[int, int], None]

SEED = 11
SNAPSHOT = "arxiv-snapshot"
KILL_PAPERS = 100_000  # at most so many are imported again and again for the kills
ASK_S = 0.5  # between two turns that another writer asks for
STEPS = 5


def bench_ingest(
    *,
    papers: int,
    corpus: Sequence[Path] = (),
    layout: str = SNAPSHOT,
    kills: int = 2,
    is_indexing: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Time reading, storing and indexing so many papers; import them again; kill imports.

    Args:
        papers: How many, >= 1; of a corpus's own lines fewer where it has fewer.
        corpus: Files. With the layout ``arxiv-snapshot`` their sentences are mixed; with
            ``lines`` their first lines are imported as they are.
        layout: ``arxiv-snapshot`` (made up, in the real format) or ``lines``.
        kills: How many imports to kill at random moments, >= 0.
        is_indexing: Whether to index by word too.
        progress: Called with (steps done, all).
    """
    move = progress or (lambda _done, _all: None)
    with tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as scratch:
        folder = Path(scratch)
        made, files = _files(folder, papers, corpus, layout)
        move(1, STEPS)
        parsing = _parsed(files)
        move(2, STEPS)
        data = folder / "data"
        storing = _stored(data, files)
        move(3, STEPS)
        indexing = _indexed(data) if is_indexing else None
        again = _again(data, files)
        move(4, STEPS)
        with closing(open_store(_url(data))) as store:
            counts, problems = dict(store.counts()), store.check()
        few = min(papers, KILL_PAPERS)
        resuming = _killed(folder, _files(folder, few, corpus, layout)[1], kills) if kills else None
        move(STEPS, STEPS)
        return {
            "papers": counts["papers"],
            "counts": counts,
            "problems": problems,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load": round(os.getloadavg()[0], 1),
            "made": made,
            "parse_per_s": parsing["per_s"],
            "store_per_s": storing["store_per_s"],
            "rows_per_s": storing["rows_per_s"],
            "peak_mb": storing["memory"]["peak_mb"],
            "parsing": parsing,
            "storing": storing,
            "indexing": indexing,
            "again": again,
            "resuming": resuming,
            "disk_mb": disk_mb(data),
        }


def _files(
    folder: Path, papers: int, corpus: Sequence[Path], layout: str
) -> tuple[dict[str, Any], list[Path]]:
    """Make what is imported; return what it is, and its files."""
    if layout == SNAPSHOT:
        path = folder / f"arxiv-metadata-oai-snapshot-{papers}.json"
        facts = write_snapshot(path, papers, corpus=corpus)
        made = {name: getattr(facts, name) for name in facts.__slots__}
        return {"layout": layout, "corpus": [each.name for each in corpus], **made}, [path]
    files, left = [], papers
    for source in corpus:
        lines = source / "corpus.jsonl" if source.is_dir() else source
        copy = folder / f"{source.name.partition('.')[0]}-{papers}.jsonl"
        with copy.open("wb") as file:
            for _, line in islice(_lines.read_lines(lines), left):
                if isinstance(line, bytes):
                    file.write(line + b"\n")
                    left -= 1
        files.append(copy)
    size = sum(path.stat().st_size for path in files)
    return {"layout": layout, "corpus": [each.name for each in corpus], "bytes": size}, files


def _parsed(files: Sequence[Path]) -> dict[str, Any]:
    """Read the files with as many processes as there are cores."""
    cores = os.cpu_count() or 1
    items, wall, cpu = 0, 0.0, 0.0
    for file in files:
        running = [_start("parse", str(file), str(place), str(cores)) for place in range(cores)]
        done = [json.loads(_end(one)[-1]) for one in running]
        items += sum(one["items"] for one in done)
        wall += max(one["wall_s"] for one in done)
        cpu += sum(one["cpu_s"] for one in done)
    return {
        "rows": items,
        "processes": cores,
        "per_s": round(items / wall, 1),
        "per_cpu_s": round(items / cpu, 1),
    }


def _stored(data: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Import the files into a new data folder while another process asks for its turn."""
    with closing(open_store(_url(data))) as store:
        waits: list[float] = []
        process = _start("store", str(data), *map(str, files))
        with MemoryWatch(process.pid) as memory, _turns(store, waits):
            done = json.loads(_end(process)[-1])
    storing = done["wall_s"] - done["waiting_s"]
    waits_ms = sorted(waits)
    return {
        "rows": done["read"],
        "new": done["new"],
        "rows_per_s": round(done["read"] / done["wall_s"], 1),
        "store_per_s": round(done["read"] / storing, 1),
        "store_per_cpu_s": round(done["read"] / done["writer_cpu_s"], 1),
        "waited_for_reader_s": round(done["waiting_s"], 1),
        "writer_cpu_s": round(done["writer_cpu_s"], 1),
        "reader_cpu_s": round(done["reader_cpu_s"], 1),
        "memory": memory.told(),
        "other_writer_ms": {
            "turns": len(waits_ms),
            "p50": round(waits_ms[len(waits_ms) // 2], 1) if waits_ms else None,
            "max": round(waits_ms[-1], 1) if waits_ms else None,
        },
    }


@contextmanager
def _turns(store: Any, waits: list[float]) -> Iterator[None]:
    """Meanwhile write something small every now and then, and note how long that takes, in ms."""
    import threading

    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(ASK_S):
            started = time.perf_counter()
            try:
                store.use_token(f"bench-{started}", at=datetime.now(UTC))
            except ConflictError:
                waits.append(float("inf"))
            else:
                waits.append((time.perf_counter() - started) * 1000)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _indexed(data: Path) -> dict[str, Any]:
    """Index the papers by word."""
    process = _start("words", str(data))
    with MemoryWatch(process.pid) as memory:
        done = json.loads(_end(process)[-1])
    return {
        "papers": done["papers"],
        "per_s": round(done["papers"] / done["wall_s"], 1),
        "per_cpu_s": round(done["papers"] / done["cpu_s"], 1),
        "memory": memory.told(),
    }


def _again(data: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Import the same files once more: what a resumed import does with what it has."""
    process = _start("store", str(data), *map(str, files))
    with MemoryWatch(process.pid) as memory:
        done = json.loads(_end(process)[-1])
    cpu = done["writer_cpu_s"] + done["reader_cpu_s"]
    return {
        "rows": done["read"],
        "unchanged": done["unchanged"],
        "new": done["new"],
        "per_s": round(done["read"] / done["wall_s"], 1),
        "per_cpu_s": round(done["read"] / cpu, 1),
        "memory": memory.told(),
    }


def _killed(folder: Path, files: Sequence[Path], kills: int) -> dict[str, Any]:
    """Kill an import at random moments until it was killed so often; then let it end.

    The outcome is compared with that of an import of the same files that nobody disturbed.
    """
    chance = random.Random(SEED)  # noqa: S311  # when to kill is no secret
    words = list(map(str, files))
    calm, hit = folder / "calm", folder / "hit"
    undisturbed = json.loads(_end(_start("store", str(calm), *words))[-1])
    lost = done = 0
    while done < kills:
        before = _counts(hit)["papers"] if hit.exists() else 0
        new, was_killed = _kill_one(["store", str(hit), *words], chance, undisturbed["wall_s"])
        lost += max(0, before + new - _counts(hit)["papers"])
        done += was_killed
        if not was_killed:  # nothing is left to be disturbed
            shutil.rmtree(hit)
    last = json.loads(_end(_start("store", str(hit), *words))[-1])
    with closing(open_store(_url(hit))) as store:
        problems = store.check()
    return {
        "kills": done,
        "lost": lost,
        "same_counts": _counts(hit) == _counts(calm),
        "counts": _counts(hit),
        "problems": problems,
        "undisturbed_s": round(undisturbed["wall_s"], 1),
        "last_run": {name: last[name] for name in ("read", "new", "merged", "unchanged")},
        "last_run_s": round(last["wall_s"], 1),
    }


def _kill_one(words: Sequence[str], chance: random.Random, usual_s: float) -> tuple[int, bool]:
    """Kill an import after its first commit; return the new papers it told of, and if in time."""
    process = _start(*words)
    assert process.stdout is not None  # noqa: S101  # a pipe
    first = process.stdout.readline()
    time.sleep(chance.uniform(0, 0.6) * usual_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    lines = [first, *_end(process)]
    told = [json.loads(line) for line in lines if line.strip().endswith("}")]
    return max((one.get("new", 0) for one in told), default=0), process.returncode != 0


def _counts(data: Path) -> dict[str, int]:
    with closing(open_store(_url(data))) as store:
        return dict(store.counts())


def _url(data: Path) -> str:
    data.mkdir(exist_ok=True)
    return sqlite_url(data / "broadsheet.db")


def _start(*words: str) -> subprocess.Popen[str]:
    """Start a task in a process group of its own, so that a kill takes its readers too."""
    return subprocess.Popen(  # noqa: S603  # this interpreter, this module
        [sys.executable, "-m", "broadsheet.eval.ingest_child", *words],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> list[str]:
    """Return the lines that a task printed, when it ended; one that failed has said why."""
    printed, _ = process.communicate()
    if process.returncode not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"a measured process failed with {process.returncode}")
    return printed.splitlines()
