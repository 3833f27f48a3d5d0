"""Where is each paper's vector? Float16 rows on disk, mapped into memory, and a mark for each.

A mark says which encoder made the vector, of which text, and the vector's checksum. It is written
after the vector is on disk, and taken away before a vector is replaced: a process killed at any
moment leaves a vector that counts, whole, or none.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from broadsheet.index.disk import fault, sync_folder
from broadsheet.index.faiss_ import faiss
from broadsheet.index.rows import write_new

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.rows import Slots

MARK = np.dtype(
    [
        ("text", "<u8"),  # digest of the text that was encoded
        ("stamp", "<u8"),  # 0: no vector; else checksum, encoder << 32, is_blank << 40
    ]
)
VECTOR_FILES = ("vectors.bin", "marks.bin")
BLANK = np.uint64(1 << 40)  # a vector of zeros: its text says nothing to the encoder
MAX_ENCODERS = 255
COPIED_ROWS = 16_384  # at once: 12 MB


def encoder_of(stamps: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return the number of each stamp's encoder, from 1; 0 where there is no vector."""
    return (stamps >> np.uint64(32)).astype(np.uint8)


class Vectors:
    """The vectors and marks of all rows, in a folder."""

    def __init__(self, folder: Path, dim: int) -> None:
        """Open the files with no rows seen yet: ``absorb`` shows them."""
        self._dim = dim
        self._vector_path = folder / "vectors.bin"
        self._mark_path = folder / "marks.bin"
        self.rows: npt.NDArray[np.float16] = np.empty((0, dim), dtype=np.float16)
        self.marks: npt.NDArray[Any] = np.empty(0, dtype=MARK)
        self._halves = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16)

    @staticmethod
    def create(folder: Path) -> None:
        """Make the files of no vectors."""
        for name in VECTOR_FILES:
            (folder / name).touch()
        sync_folder(folder)

    def extend(self, start: int, count: int, *, carried: Iterable[tuple[int, int]]) -> None:
        """Make room for rows from ``start`` up to ``count``, without vectors.

        Args:
            start: The rows that count now.
            count: The rows that will.
            carried: (old row, new row) of papers that changed: the new row takes the vector
                along, so that the paper can be found until it is encoded again.
        """
        pairs = [pair for pair in carried if self.marks["stamp"][pair[0]]]
        marks = np.zeros(count - start, dtype=MARK)
        with _opened(self._vector_path) as vectors:
            if os.fstat(vectors).st_size < count * self._dim * 2:
                os.ftruncate(vectors, count * self._dim * 2)
            for old, new in pairs:
                self._put(vectors, new, self.rows[old].tobytes())
                marks[new - start] = self.marks[old]
            os.fdatasync(vectors)
        with _opened(self._mark_path) as file:
            _write(file, marks.tobytes(), start * MARK.itemsize)
            os.fdatasync(file)

    def absorb(self, count: int) -> None:
        """See the rows up to ``count``.

        Raises:
            IndexFaultError: a file ends before that.
        """
        if count == len(self.marks):
            return
        try:
            rows = np.memmap(
                self._vector_path, dtype=np.float16, mode="r", shape=(count, self._dim)
            )
            marks = np.memmap(self._mark_path, dtype=MARK, mode="r", shape=(count,))
        except (OSError, ValueError) as error:
            raise fault(f"of vectors ends too early ({error})") from error
        self.rows, self.marks = rows.view(np.ndarray), marks.view(np.ndarray)  # as quick as others

    def write(
        self,
        slots: Slots,
        vectors: npt.NDArray[np.float32],
        *,
        texts: npt.NDArray[np.uint64],
        encoder: int,
    ) -> None:
        """Store vectors, (n, dim), durably; what is not a number becomes zero."""
        halves = np.nan_to_num(vectors, nan=0.0, posinf=0.0, neginf=0.0).astype("<f2")
        marks = np.zeros(len(slots), dtype=MARK)
        marks["text"] = texts
        for place, half in enumerate(halves):
            marks[place]["stamp"] = _stamp(half, encoder)
        replaced = slots[self.marks["stamp"][slots] != 0]
        with _opened(self._mark_path) as mark_file, _opened(self._vector_path) as vector_file:
            if len(replaced):
                blank = bytes(MARK.itemsize)
                for slot in replaced.tolist():
                    _write(mark_file, blank, slot * MARK.itemsize)
                os.fdatasync(mark_file)
            for slot, half in zip(slots.tolist(), halves, strict=True):
                self._put(vector_file, slot, half.tobytes())
            os.fdatasync(vector_file)
            for slot, mark in zip(slots.tolist(), marks, strict=True):
                _write(mark_file, mark.tobytes(), slot * MARK.itemsize)
            os.fdatasync(mark_file)

    def copy(self, folder: Path, slots: Slots) -> None:
        """Write the vectors and marks of these rows into an empty folder, durably."""
        with (folder / "vectors.bin").open("wb") as file:
            for start in range(0, len(slots), COPIED_ROWS):
                file.write(self.rows[slots[start : start + COPIED_ROWS]].tobytes())
            file.flush()
            os.fsync(file.fileno())
        write_new(folder / "marks.bin", self.marks[slots].tobytes())

    def read(self, slots: Slots) -> npt.NDArray[np.float32]:
        """Return the vectors of these rows, (n, dim).

        faiss makes floats of halves by an instruction of the processor, three times as fast.
        """
        if not len(slots):
            return np.empty((0, self._dim), dtype=np.float32)
        codes = self.rows[slots].view(np.uint8)
        floats: npt.NDArray[np.float32] = self._halves.sa_decode(codes)
        return floats

    def damaged(self, slots: Slots) -> list[int]:
        """Return those of these rows, all marked, whose vector is not the one that was stored."""
        stamps = self.marks["stamp"]
        return [
            slot
            for slot in slots.tolist()
            if crc32(self.rows[slot].tobytes()) != int(stamps[slot]) & 0xFFFF_FFFF
        ]

    def _put(self, file: int, slot: int, content: bytes) -> None:
        _write(file, content, slot * self._dim * 2)


def _stamp(half: npt.NDArray[np.float16], encoder: int) -> int:
    stamp = crc32(half.tobytes()) | encoder << 32
    return stamp if half.any() else stamp | int(BLANK)


class _opened:  # noqa: N801  # reads as a function
    """A file open for writing in place."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._file = os.open(self._path, os.O_RDWR)
        return self._file

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _write(file: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
