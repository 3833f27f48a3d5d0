"""What did an index look like before? Its rows and vectors, written anew in today's format.

Format 1 had vectors of float16, and the tags of authors' names beside those of facets.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.index.disk import fault, sync_folder
from broadsheet.index.rows import ROW, write_new
from broadsheet.index.vectors import MARK, encoder_of, is_whole, packed, stamp

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.disk import Commit, Space

ROW_BEFORE = np.dtype(
    [
        *((name, "<i8" if name == "key" else "<u8") for name in ("key", "content", "text")),
        *((name, "<u8") for name in ("facets", "names")),
        ("published", "<i4"),
        ("day", "<i4"),
        ("gone", "<u8"),
    ]
)
AT_ONCE = 16_384  # vectors: 25 MB as float32


def convert(before: Path, after: Path, commit: Commit) -> None:
    """Write the rows and vectors of a folder of format 1 into a new one, durably.

    Rows keep their places, so that an approximate index stays good. A vector that is damaged is
    left out: its paper waits for another.

    Args:
        before: The folder of papers.
        after: Is made.
        commit: How far the old files count, and which spaces there are.

    Raises:
        IndexFaultError: a file is missing or too short, or there is no room for new ones.
    """
    try:
        after.mkdir()
        _rows(before, after, commit.rows)
        for space in commit.spaces:
            (after / space.folder).mkdir(exist_ok=True)
            _space(before / space.folder, after / space.folder, space, commit.rows)
        sync_folder(after)
    except (OSError, ValueError) as error:
        shutil.rmtree(after, ignore_errors=True)
        raise fault(f"cannot be brought to this program's format ({error})") from error


def _rows(before: Path, after: Path, count: int) -> None:
    rows = _mapped(before / "rows.bin", ROW_BEFORE, (count,))
    kept = np.empty(count, dtype=ROW)
    for name in ROW.fields or ():
        kept[name] = rows[name]
    write_new(after / "rows.bin", kept.tobytes())
    _copy(before / "facets.bin", after / "facets.bin")


def _space(before: Path, after: Path, space: Space, count: int) -> None:
    halves = _mapped(before / "vectors.bin", np.dtype("<f2"), (count, space.dim))
    marks = np.array(_mapped(before / "marks.bin", MARK, (count,)))
    stamps = marks["stamp"].copy()
    with (after / "vectors.bin").open("wb") as file:
        for start in range(0, count, AT_ONCE):
            part = halves[start : start + AT_ONCE]
            rows = packed(part.astype(np.float32))
            makers = encoder_of(stamps[start : start + AT_ONCE]).tolist()
            for place, maker in enumerate(makers):
                slot = start + place
                is_kept = maker and is_whole(part[place], int(stamps[slot]))
                marks[slot]["stamp"] = stamp(rows[place], maker) if is_kept else 0
            file.write(rows.tobytes())
        file.flush()
        os.fsync(file.fileno())
    write_new(after / "marks.bin", marks.tobytes())
    if space.meaning:
        _copy(before / space.meaning, after / space.meaning)
        name = space.meaning.replace(".faiss", ".stamps")
        held = np.fromfile(before / name, dtype="<u8")
        is_held = held == stamps[: len(held)]
        held[is_held] = marks["stamp"][: len(held)][is_held]
        write_new(after / name, held.tobytes())
    sync_folder(after)


def _copy(path: Path, copy: Path) -> None:
    shutil.copyfile(path, copy)
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _mapped(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if not shape[0]:
        return np.empty(shape, dtype=kind)
    return np.memmap(path, dtype=kind, mode="r", shape=shape)
