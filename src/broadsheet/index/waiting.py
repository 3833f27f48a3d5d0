"""Which papers wait for a better vector, and who is first? Those that somebody looks at."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.rows import Table

WISHES_FILE = "wishes.bin"
MAX_BYTES = 64_000  # 8,000 wishes: more than the encoder fulfils in two minutes


class Wishes:
    """Papers that somebody saw, in a file that any process may add to and the writer empties.

    Nothing depends on it: a wish that is lost is a paper that is encoded in its turn.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / WISHES_FILE

    def add(self, keys: Iterable[int]) -> None:
        """Append papers, unless too many are wished for already or the folder cannot be written."""
        content = np.fromiter(keys, dtype="<i8").tobytes()
        if not content:
            return
        with suppress(OSError):
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
            try:
                if os.fstat(handle).st_size < MAX_BYTES:
                    os.write(handle, content)  # one call: other processes' wishes stay whole
            finally:
                os.close(handle)

    def read(self) -> list[int]:
        """Return what is wished for, the latest wish first, each paper once."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return []
        keys = np.frombuffer(content[: len(content) // 8 * 8], dtype="<i8").tolist()
        return list(dict.fromkeys(reversed(keys)))

    def forget(self) -> None:
        """Empty the list: all of it was fulfilled."""
        with suppress(OSError):
            os.truncate(self._path, 0)


def in_turn(
    table: Table, is_waiting: npt.NDArray[np.bool_], limit: int, first: Sequence[int]
) -> list[int]:
    """Return the keys of up to ``limit`` waiting rows: those of ``first``, then the newest."""
    slots = table.slots(first)
    early = slots[slots >= 0]
    early = early[is_waiting[early]][:limit]
    chosen: list[int] = table.rows["key"][early].tolist()
    if len(chosen) < limit:
        rest = is_waiting.copy()
        rest[early] = False
        chosen += table.by_newness(np.flatnonzero(rest), limit - len(chosen)).tolist()
    return chosen
