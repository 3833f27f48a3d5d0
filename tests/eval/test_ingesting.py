"""`bench ingest` tells what an import did, and what memory and kills did to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.eval import ingesting
from broadsheet.eval.ingesting import bench_ingest
from broadsheet.eval.memory import MemoryWatch, summary, tree_bytes

linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="memory is read in /proc")


def test_a_snapshot_is_imported_twice_and_killed_once() -> None:
    """One JSON object; nothing is lost, nothing comes twice, and every problem is told."""
    steps: list[tuple[int, int]] = []

    result = bench_ingest(papers=600, kills=1, progress=lambda done, of: steps.append((done, of)))

    assert json.loads(json.dumps(result)) == result
    rows = result["made"]["rows"]
    assert (result["papers"], result["problems"]) == (600, [])
    assert (result["parsing"]["rows"], result["storing"]["rows"]) == (rows, rows)
    assert min(result["parse_per_s"], result["store_per_s"], result["rows_per_s"]) > 0
    assert result["indexing"]["papers"] == 600
    assert (result["again"]["rows"], result["again"]["new"]) == (rows, 0)
    resuming = result["resuming"]
    assert (resuming["kills"], resuming["lost"], resuming["problems"]) == (1, 0, [])
    assert resuming["same_counts"]
    assert resuming["counts"] == result["counts"]
    assert result["disk_mb"]["store"] > 0
    assert steps[-1] == (ingesting.STEPS, ingesting.STEPS)


def test_lines_are_imported_as_they_are(tmp_path: Path) -> None:
    """Only as many as asked for, of all files together; a folder is its corpus."""
    rows = [{"_id": str(n), "title": f"Paper {n} on the bees", "text": "On."} for n in range(9)]
    folder = tmp_path / "bees"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    plain = tmp_path / "wasps.jsonl"
    plain.write_text("\n".join(json.dumps({"title": f"The wasp number {n}"}) for n in range(9)))

    result = bench_ingest(
        papers=12, corpus=[folder, plain], layout="lines", kills=0, is_indexing=False
    )

    assert (result["papers"], result["storing"]["rows"]) == (12, 12)
    assert result["made"]["corpus"] == ["bees", "wasps.jsonl"]
    assert (result["resuming"], result["indexing"]) == (None, None)


def test_flat_memory_has_no_slope() -> None:
    """What a program takes at its start is no growth; what it goes on taking is."""
    start = [(float(second), 10.0 * second) for second in range(11)]
    flat = [(float(second), 100.0) for second in range(11, 60)]
    leak = [(float(second), 90.0 + second) for second in range(11, 60)]

    assert summary(start + flat) == {
        "peak_mb": 100.0,
        "slope_mb_per_min": 0.0,
        "growth_mb": 0.0,
        "samples": 60,
    }
    assert summary(start + leak)["slope_mb_per_min"] == 60.0
    assert summary(start + leak)["growth_mb"] == pytest.approx(36, abs=1)


def test_few_samples_say_nothing_of_growth() -> None:
    """A run of a second has a peak, and no more."""
    assert summary([(0.1, 5.0)]) == {"peak_mb": 5.0, "slope_mb_per_min": None, "growth_mb": None}
    assert summary([])["peak_mb"] is None


CHILD = """
import subprocess, sys
inner = "x = bytearray(60_000_000); print('ready', flush=True); input()"
with subprocess.Popen([sys.executable, "-c", inner], stdin=sys.stdin) as process:
    process.wait()
"""


@linux
def test_memory_is_that_of_all_processes_below() -> None:
    """A reader's memory is part of an import's."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        with MemoryWatch(process.pid):
            assert tree_bytes(process.pid) > 60_000_000
        process.stdin.write(b"\n")
        process.stdin.close()
        process.wait()
    assert tree_bytes(process.pid) == 0
