"""How much memory and CPU does a process take, with all that it started, and does it grow?"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from statistics import linear_regression, median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

EVERY_S = 0.25
FEWEST = 10  # samples of which a slope is told
WARM = 0.2  # of the time: programs and caches fill
_PAGE = 4096  # bytes, on every machine that has /proc and that this is measured on


class MemoryWatch:
    """Samples the resident memory of a process and its descendants until it is closed.

    Pages that two of them share count twice, so the sum is what they take at most. Where there
    is no /proc there are no samples.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._samples: list[tuple[float, float]] = []  # seconds, MB
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        started = time.monotonic()
        while not self._stop.wait(EVERY_S):
            if size := tree_bytes(self._pid):
                self._samples.append((time.monotonic() - started, size / 1e6))

    def told(self) -> dict[str, Any]:
        """Return peak and growth; what memory did in the first fifth of the time is no growth."""
        return summary(self._samples)


def summary(samples: list[tuple[float, float]]) -> dict[str, Any]:
    """Return peak, and how memory moved after the first fifth of the time.

    ``slope_mb_per_min`` is that of the straight line through the samples, ``growth_mb`` the
    median of the last fifth less that of the second one. None where there are too few samples.
    """
    if len(samples) < FEWEST:
        peak = max((size for _, size in samples), default=None)
        return {"peak_mb": peak and round(peak, 1), "slope_mb_per_min": None, "growth_mb": None}
    warm = samples[int(len(samples) * WARM) :]
    times, sizes = zip(*warm, strict=True)
    part = max(1, len(samples) // 5)
    return {
        "peak_mb": round(max(size for _, size in samples), 1),
        "slope_mb_per_min": round(linear_regression(times, sizes).slope * 60, 2),
        "growth_mb": round(median(sizes[-part:]) - median(sizes[:part]), 1),
        "samples": len(samples),
    }


def peak_bytes() -> int:
    """Return the most resident memory this process ever had, mapped files included.

    Linux hands ``ru_maxrss`` down to a program that a larger one starts, so /proc is asked first.
    """
    if peak := _told(Path("/proc/self/status"), "VmHWM:"):
        return peak
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def tree_bytes(pid: int) -> int:
    """Return the resident bytes of a process and all below it; 0 where that cannot be told."""
    return sum(int(fields[21]) * _PAGE for fields in _tree(pid).values())


def tree_private_bytes(pid: int) -> int:
    """Return the bytes that belong to these processes alone: no mapped files, nothing shared."""
    return sum(_private(one) for one in _tree(pid))


def tree_cpu_s(pid: int) -> float:
    """Return the CPU time of a process and all below it that still run, in s."""
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in _tree(pid).values())
    return ticks / os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> dict[int, list[str]]:
    """Return, of a process and all below it, what /proc says behind its name (proc(5), "stat")."""
    told: dict[int, list[str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            told[int(stat.parent.name)] = stat.read_text().rpartition(")")[2].split()
    below: defaultdict[int, list[int]] = defaultdict(list)
    for child, fields in told.items():
        below[int(fields[1])].append(child)
    found: dict[int, list[str]] = {}
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        if one in told:
            found[one] = told[one]
        waiting += below[one]
    return found


def _private(pid: int) -> int:
    return _told(Path(f"/proc/{pid}/smaps_rollup"), "Anonymous:")


def _told(path: Path, name: str) -> int:
    """Return how many bytes a file of /proc says behind a name; 0 where it cannot be read."""
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0
