"""The vectors of one space: on disk, searched in memory, kept in step with the rows of papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadsheet.errors import IndexFaultError, UsageError
from broadsheet.index.approximate import Snapshot
from broadsheet.index.disk import fault
from broadsheet.index.nearest import Nearest
from broadsheet.index.vectors import MARK, Vectors, encoder_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.index.disk import Space
    from broadsheet.index.rows import Mask, Slots, Table


class Meaning:
    """One space of an opened index."""

    def __init__(self, papers: Path, space: Space) -> None:
        """Open it, with no rows seen yet: ``absorb`` shows them."""
        self.folder = papers / space.folder
        self.space = space
        self.vectors = Vectors(self.folder, space.dim)
        name = space.meaning
        self.nearest = Nearest(space.dim, Snapshot.load(self.folder / name) if name else None)

    def absorb(self, count: int, is_alive: Mask, touched: Slots | None) -> None:
        """Bring what is in memory in step with the rows up to ``count``.

        Args:
            count: So many rows count.
            is_alive: Which of them are what a paper is now.
            touched: Those that may have changed; None: it is not known which.
        """
        self.vectors.absorb(count)
        self.nearest.absorb(self.vectors, is_alive, touched)

    def prepared(self, space: Space, is_alive: Mask) -> Nearest:
        """Return the search that a later state of this space wants, of the rows seen here."""
        if space.meaning == self.space.meaning:
            return self.nearest
        name = space.meaning
        return self.with_snapshot(Snapshot.load(self.folder / name) if name else None, is_alive)

    def with_snapshot(self, snapshot: Snapshot | None, is_alive: Mask) -> Nearest:
        """Return a search that knows all that is here, and uses this approximate index."""
        nearest = Nearest(self.space.dim, snapshot)
        nearest.absorb(self.vectors, is_alive)
        return nearest

    def counts(self) -> dict[str, int]:
        """Return how many vectors each encoder made."""
        counts = self.nearest.count_by_encoder()
        numbered = enumerate(self.space.encoders, start=1)
        return {name: counts[number] for number, name in numbered if counts[number]}

    def is_waiting(
        self, table: Table, slots: Slots, encoder: str | None, instead_of: Collection[str] | None
    ) -> npt.NDArray[np.bool_]:
        """Tell which of these rows wait for a vector, (n,).

        Args:
            table: The rows.
            slots: Some of them; ``slice(None)``: all.
            encoder: Whose vector they should have; None: anyone's.
            instead_of: Only rows that have a vector by one of these; None: any row.
        """
        marks = self.vectors.marks[slots]
        makers, names = encoder_of(marks["stamp"]), self.space.encoders
        if encoder is None:
            is_done = makers != 0
        else:
            is_done = makers == (names.index(encoder) + 1 if encoder in names else -1)
        is_done &= marks["text"] == table.rows["text"][slots]
        is_waiting: npt.NDArray[np.bool_] = table.is_alive[slots] & ~is_done
        if instead_of is not None:
            numbers = [names.index(name) + 1 for name in instead_of if name in names]
            is_waiting &= np.isin(makers, numbers)
        return is_waiting

    def made_by(self, table: Table, encoder: str) -> npt.NDArray[np.int64]:
        """Return the keys of the papers whose vector is this encoder's, of their present text."""
        rows, marks = table.rows, self.vectors.marks
        if encoder not in self.space.encoders:
            return np.empty(0, dtype=np.int64)
        is_its = encoder_of(marks["stamp"]) == self.space.encoders.index(encoder) + 1
        keys: npt.NDArray[np.int64] = rows["key"][
            table.is_alive & is_its & (marks["text"] == rows["text"])
        ].astype(np.int64)
        return keys

    def vectors_of(self, table: Table, keys: Collection[int]) -> npt.NDArray[np.float32]:
        """Return the vectors of these papers, (n, dim); NaN rows where there is none."""
        found = np.full((len(keys), self.space.dim), np.nan, dtype=np.float32)
        slots = table.slots(list(keys))
        is_there = slots >= 0
        is_there[is_there] = self.vectors.marks["stamp"][slots[is_there]] != 0
        found[is_there] = self.vectors.read(slots[is_there])
        return found

    def checked(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a query's vector as float32, what is not a number as zero.

        Raises:
            UsageError: it has another length.
        """
        if vector.shape != (self.space.dim,):
            raise UsageError(
                f"a vector must have length {self.space.dim}, not shape {vector.shape}"
            )
        return np.nan_to_num(np.ascontiguousarray(vector, dtype=np.float32), nan=0.0)

    @staticmethod
    def create(papers: Path, space: Space, rows: int) -> None:
        """Make the files of a space in which no row has a vector."""
        folder = papers / space.folder
        folder.mkdir(exist_ok=True)
        Vectors.create(folder)
        for name, width in (("vectors.bin", space.dim), ("marks.bin", MARK.itemsize)):
            with (folder / name).open("r+b") as file:
                file.truncate(rows * width)  # a hole: takes no room until it is written to


def load(papers: Path, space: Space) -> Meaning:
    """Open a space.

    Raises:
        IndexFaultError: a file of it is missing or damaged.
    """
    if not (papers / space.folder).is_dir():
        raise fault("has lost a folder")
    try:
        return Meaning(papers, space)
    except OSError as error:
        raise IndexFaultError(str(error)) from error
