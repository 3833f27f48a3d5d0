"""Which papers are there, and what can they be filtered by? A table that only grows.

A paper's row is never changed: a paper whose content changed gets a new row, a paper that went
away a row that says so. Rows count as far as the commit file says, so appending is safe at any
moment. The tags of all rows' facets stand one after the other in a file; a filter scans it once
(0.6 ms for 100,000 papers) and remembers what it found. Names have so many tags that the index
of words alone knows them.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.index import tags
from broadsheet.index.disk import fault, sync_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.model import Filters

ROW = np.dtype(
    [
        ("key", "<i8"),
        ("content", "<u8"),  # digest of all that is indexed: the same again is not indexed again
        ("text", "<u8"),  # digest of what the encoder reads
        ("facets", "<u8"),  # where this row's tags end in the file of facets
        ("published", "<i4"),  # proleptic ordinal; 0: unknown
        ("day", "<i4"),  # of its edition, or when it was published
        ("gone", "<u8"),  # 1: the paper went away
    ]
)
MAX_KEY = 1 << 31  # keys are the store's row numbers: they stay small
REMEMBERED_TAGS = 64  # a page offers some ten filters

Slots = Any  # npt.NDArray[np.int32], (n,): numbers of rows
Mask = Any  # npt.NDArray[np.bool_], (rows,)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A row to append, with its tags."""

    key: int
    content: int = 0
    text: int = 0
    published: int = 0
    day: int = 0
    is_gone: bool = False
    facets: Sequence[int] = ()


def grown(array: npt.NDArray[Any], size: int, *, fill: int = 0) -> npt.NDArray[Any]:
    """Return the array with room for ``size`` items: itself, or a copy twice as large."""
    if size <= len(array):
        return array
    larger = np.full(max(size, 2 * len(array), 1024), fill, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


class Tags:
    """The file of facets' tags: which rows have a tag?"""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: OrderedDict[int, tuple[int, Slots]] = OrderedDict()
        self._lock = threading.Lock()
        self._tags = np.empty(0, dtype="<u8")

    def map(self, end: int) -> None:
        """See the file as far as ``end``."""
        if end > len(self._tags):
            self._tags = np.memmap(self._path, dtype="<u8", mode="r", shape=(end,))

    def append(self, start: int, numbers: Sequence[int]) -> None:
        """Write tags from ``start`` on, durably, over what a killed process left there."""
        _write_at(self._path, start * 8, np.array(numbers, dtype="<u8").tobytes())

    def copy(self, path: Path, is_kept: Mask, ends: npt.NDArray[np.uint64]) -> Any:
        """Write the tags of the rows kept to a file, durably; return where each row's end there."""
        counts = np.diff(ends, prepend=np.uint64(0)).astype(np.int64)
        write_new(path, self._tags[: int(counts.sum())][np.repeat(is_kept, counts)].tobytes())
        return np.cumsum(counts[is_kept])

    def rows_with(self, tag: int, rows: npt.NDArray[Any]) -> Slots:
        """Return the numbers of the rows that have a tag, ascending."""
        with self._lock:
            done, found = self._found.pop(tag, (0, np.empty(0, dtype=np.int32)))
        if done < len(rows):
            ends = rows["facets"]
            start = int(ends[done - 1]) if done else 0
            places = np.flatnonzero(self._tags[start : int(ends[-1])] == np.uint64(tag)) + start
            new = np.searchsorted(ends, places.astype(np.uint64), side="right")
            found = np.concatenate([found, new.astype(np.int32)])
        with self._lock:
            self._found[tag] = (len(rows), found)
            while len(self._found) > REMEMBERED_TAGS:
                self._found.popitem(last=False)
        return found


class Table:
    """The rows and their tags, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the table with no rows seen yet: ``absorb`` shows them."""
        self._folder = folder
        self._path = folder / "rows.bin"
        self._facets = Tags(folder / "facets.bin")
        self._slot_of_key: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)  # -1: none
        self._is_alive: npt.NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        # Columns that are looked through whole stand apart: a row is 48 bytes.
        self._keys: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._published: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._days: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self.rows: npt.NDArray[Any] = np.empty(0, dtype=ROW)
        self.alive_count = 0
        self.newest_key = 0  # of all papers that were ever here

    @staticmethod
    def create(folder: Path) -> None:
        """Make the files of an empty table."""
        for name in ("rows.bin", "facets.bin"):
            (folder / name).touch()
        sync_folder(folder)

    @property
    def is_alive(self) -> Mask:
        """Which rows are what a paper is now, (rows,)."""
        return self._is_alive[: len(self.rows)]

    def append(self, new: Sequence[NewRow]) -> int:
        """Write rows after those seen, durably; return how many there are then, unseen yet."""
        end = self._end()
        made = np.zeros(len(new), dtype=ROW)
        self._facets.append(end, [tag for row in new for tag in row.facets])
        for place, row in enumerate(new):
            end += len(row.facets)
            made[place] = (
                row.key, row.content, row.text, end, row.published, row.day, row.is_gone
            )  # fmt: skip
        _write_at(self._path, len(self.rows) * ROW.itemsize, made.tobytes())
        return len(self.rows) + len(new)

    def copy_alive(self, folder: Path) -> None:
        """Write a table of the living rows alone into an empty folder, durably."""
        is_alive = self.is_alive
        kept = np.array(self.rows[is_alive])
        kept["facets"] = self._facets.copy(folder / "facets.bin", is_alive, self.rows["facets"])
        write_new(folder / "rows.bin", kept.tobytes())

    def absorb(self, count: int) -> Slots:
        """See the rows up to ``count``: later rows of a key take the place of earlier ones.

        Returns:
            The new rows, and those that count no longer.

        Raises:
            IndexFaultError: a file ends before that.
        """
        seen = len(self.rows)
        if count == seen:
            return np.empty(0, dtype=np.int32)
        try:
            rows = np.memmap(self._path, dtype=ROW, mode="r", shape=(count,))
            self.rows = rows.view(np.ndarray)  # whose parts are as quick to take as of others
            self._facets.map(self._end())
        except (OSError, ValueError) as error:
            raise fault(f"of papers ends too early ({error})") from error
        return self._count_in(np.arange(seen, count, dtype=np.int32))

    def slots(self, keys: Sequence[int] | npt.NDArray[np.int64]) -> Slots:
        """Return the row of each paper, -1 where there is none, (n,)."""
        wanted = np.asarray(keys, dtype=np.int64)
        found = np.full(len(wanted), -1, dtype=np.int32)
        is_possible = (wanted >= 0) & (wanted < len(self._slot_of_key))
        found[is_possible] = self._slot_of_key[wanted[is_possible]]
        return found

    def allowed(self, filters: Filters, among: npt.NDArray[np.int64] | None) -> Mask | None:
        """Return which rows pass the filters, (rows,); None when nothing is asked.

        Rows that are no longer alive may be among them. Authors are not looked at: ``among`` says
        whose papers count.
        """
        masks = [*self._in_range(filters), *self._tagged(filters)]
        if among is not None:
            slots = self.slots(among)
            masks.append(self._mask(slots[slots >= 0]))
        return reduce(np.logical_and, masks) if masks else None

    def newest(self, allowed: Mask | None, k: int) -> tuple[npt.NDArray[np.int64], int]:
        """Return the keys of the ``k`` newest of the allowed papers, and how many are allowed.

        By day, then by arrival, newest first; papers without a day come last.
        """
        chosen = np.flatnonzero(self.is_alive if allowed is None else self.is_alive & allowed)
        return self.by_newness(chosen, k), len(chosen)

    def by_newness(self, slots: Slots, k: int) -> npt.NDArray[np.int64]:
        """Return the keys of the ``k`` newest of these rows, newest first."""
        newness = self._days[slots].astype(np.int64) << 32 | self._keys[slots]
        if 0 < k < len(newness):
            newness = np.partition(newness, len(newness) - k)[-k:]
        keys: npt.NDArray[np.int64] = np.sort(newness)[::-1][: max(k, 0)] & 0xFFFF_FFFF
        return keys

    def _in_range(self, filters: Filters) -> list[Mask]:
        keys = self._keys[: len(self.rows)]
        arrived = [] if filters.last_key is None else [keys <= filters.last_key]
        return [*arrived, *self._between(filters)]

    def _between(self, filters: Filters) -> list[Mask]:
        if not (filters.since or filters.until):
            return []
        published = self._published[: len(self.rows)]
        first = filters.since.toordinal() if filters.since else 1
        masks = [published >= first]
        if filters.until:
            masks.append(published <= filters.until.toordinal())
        return masks

    def _tagged(self, filters: Filters) -> list[Mask]:
        masks = []
        for group in tags.facet_conditions(filters):
            found = [self._facets.rows_with(tag, self.rows) for tag in group]
            masks.append(self._mask(np.concatenate(found)))
        return masks

    def _mask(self, slots: Slots) -> Mask:
        mask = np.zeros(len(self.rows), dtype=np.bool_)
        mask[slots] = True
        return mask

    def _end(self) -> int:
        """Return where the tags of the rows seen end."""
        return int(self.rows[-1]["facets"]) if len(self.rows) else 0

    def _count_in(self, slots: Slots) -> Slots:
        keys = self.rows["key"][slots]
        if len(keys) and not 0 <= keys.min() <= keys.max() < MAX_KEY:
            raise fault("of papers holds a key that no paper has")
        self._slot_of_key = grown(self._slot_of_key, int(keys.max()) + 1, fill=-1)
        self._is_alive = grown(self._is_alive, len(self.rows))
        self._note_columns(slots)
        self.newest_key = max(self.newest_key, int(keys.max()))
        before = self._slot_of_key[keys]
        before = before[before >= 0]
        self._is_alive[before] = False
        self._slot_of_key[keys] = slots  # of several rows of one key the last stays
        is_last = self._slot_of_key[keys] == slots
        is_gone = self.rows["gone"][slots] != 0
        self._is_alive[slots] = is_last & ~is_gone
        self._slot_of_key[keys[is_last & is_gone]] = -1
        self.alive_count = int(np.count_nonzero(self._is_alive))
        return np.concatenate([before, slots])

    def _note_columns(self, slots: Slots) -> None:
        new = self.rows[slots]
        self._keys = grown(self._keys, len(self.rows))
        self._published = grown(self._published, len(self.rows))
        self._days = grown(self._days, len(self.rows))
        self._keys[slots], self._published[slots] = new["key"], new["published"]
        self._days[slots] = new["day"]


def write_new(path: Path, content: bytes) -> None:
    """Write a file that nobody reads yet, durably."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_at(path: Path, offset: int, content: bytes) -> None:
    if not content:
        return
    handle = os.open(path, os.O_WRONLY)
    try:
        view = memoryview(content)
        while view:
            written = os.pwrite(handle, view, offset)
            view, offset = view[written:], offset + written
        os.fdatasync(handle)
    finally:
        os.close(handle)
