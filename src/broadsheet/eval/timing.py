"""How long do searches take? By the clock, and in CPU time of the whole process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadsheet.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from broadsheet.library import Library
    from broadsheet.model import Filters

    Progress = Callable[[int, int], None]

WARM_UP = 30  # searches before, not timed
PAGE = 20  # hits of one search
CASES = {Mode.LEXICAL: str.lower, Mode.DENSE: str.upper, Mode.HYBRID: str.title}


@dataclass(frozen=True, slots=True)
class Times:
    """What searches took after the warm-up, and which retrievers could answer them."""

    wall_ms: list[float]
    cpu_ms: list[float]  # of the whole process: both threads of a hybrid search
    modes: list[str]


def timed_searches(
    library: Library,
    queries: Sequence[str],
    mode: Mode,
    *,
    filters: Filters | None = None,
    warm_up: int,
    progress: Progress | None = None,
) -> Times:
    """Search for each query once; the first ``warm_up`` are not timed.

    The encoder remembers queries, so each mode gets another case of the same letters.
    """
    times = Times([], [], [])
    for number, query in enumerate(queries):
        text = CASES[mode](query)
        wall, cpu = time.perf_counter(), time.process_time()
        found = library.search(text, mode=mode, filters=filters, limit=PAGE)
        if number >= warm_up:
            times.wall_ms.append((time.perf_counter() - wall) * 1000)
            times.cpu_ms.append((time.process_time() - cpu) * 1000)
            times.modes.append(found.mode.value)
        if progress:
            progress(number + 1, len(queries))
    return times
