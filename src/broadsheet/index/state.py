"""One opened index: what a commit file says, and everything that it makes count."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Self

import numpy as np

from broadsheet.index.approximate import Snapshot
from broadsheet.index.disk import (
    COMMIT_FILE,
    LEXICON,
    Commit,
    fault,
    load_commit,
    save_commit,
    stamp,
    sync_folder,
)
from broadsheet.index.nearest import Nearest
from broadsheet.index.rows import Table
from broadsheet.index.vectors import Vectors
from broadsheet.index.words import Words

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.index.rows import Slots

MIN_DEAD = 10_000  # rows that no longer count; fewer are not worth a copy


class State:
    """The parts of an index as of one commit; ``follow`` brings them to a later one."""

    def __init__(self, folder: Path, commit: Commit) -> None:
        self.folder = folder
        self.commit = commit
        self.stamp = (0, 0, 0)
        papers = folder / commit.papers
        if commit.lexicon != LEXICON:
            raise fault("of words was made by an older program, and another process holds it")
        if not (folder / commit.words).is_dir() or not papers.is_dir():
            raise fault("has lost a folder")
        self.words = Words(folder / commit.words)
        self.table = Table(papers)
        self.vectors = Vectors(papers, commit.dim)
        snapshot = Snapshot.load(papers / commit.meaning) if commit.meaning else None
        self.nearest = Nearest(commit.dim, snapshot)
        self.absorb()

    @classmethod
    def open(cls, folder: Path, *, dim: int) -> Self:
        """Open what is in the folder.

        Raises:
            FileNotFoundError: no index was ever made here.
            IndexFaultError: it is damaged, or of another format or dimension.
        """
        read_at = stamp(folder)
        state = cls(folder, load_commit(folder, dim=dim))
        state.stamp = read_at
        return state

    @property
    def papers(self) -> Path:
        """The folder of rows and vectors."""
        return self.folder / self.commit.papers

    def save(self, **changes: object) -> None:
        """Make changes count: on disk, then here."""
        self.commit = self.commit.next(**changes)
        save_commit(self.folder, self.commit)
        self.stamp = stamp(self.folder)

    def absorb(self, encoded: Slots | None = None) -> None:
        """Bring what is in memory in step with what counts on disk.

        Args:
            encoded: The rows whose vectors changed; None: nobody knows which.
        """
        touched = self.table.absorb(self.commit.rows)
        self.vectors.absorb(self.commit.rows)
        if encoded is not None:
            encoded = np.concatenate([touched, encoded])
        self.nearest.absorb(self.vectors, self.table.is_alive, encoded)

    def can_follow(self, commit: Commit) -> bool:
        """Tell whether ``follow`` can bring this to the commit, without opening anew."""
        folders = (self.commit.words, self.commit.papers)
        return (commit.words, commit.papers) == folders and commit.rows >= self.commit.rows

    def prepared(self, commit: Commit) -> Nearest:
        """Return the search by meaning of a later commit, as far as its rows are seen here.

        Loading an approximate index takes long, so it is done while searches go on.
        """
        if commit.meaning == self.commit.meaning:
            return self.nearest
        snapshot = Snapshot.load(self.papers / commit.meaning) if commit.meaning else None
        return self.with_snapshot(snapshot)

    def with_snapshot(self, snapshot: Snapshot | None) -> Nearest:
        """Return a search by meaning that knows all that is here, and uses this snapshot."""
        nearest = Nearest(self.commit.dim, snapshot)
        nearest.absorb(self.vectors, self.table.is_alive)
        return nearest

    def follow(self, commit: Commit, read_at: tuple[int, int, int], nearest: Nearest) -> None:
        """Come to a later commit, with what was ``prepared`` for it."""
        self.nearest = nearest
        self.commit = commit
        self.stamp = read_at
        self.words.refresh()
        self.absorb()

    @property
    def is_bloated(self) -> bool:
        """Tell whether most rows are of papers that changed or went away since."""
        dead = len(self.table.rows) - self.table.alive_count
        return dead > max(MIN_DEAD, self.table.alive_count)

    def save_compacted(self) -> None:
        """Write the living rows to a folder of their own and make that count, to be opened anew.

        The approximate index names rows by their place, so it has to be made again.
        """
        name = f"papers-{_next_number(self.folder)}"
        (self.folder / name).mkdir()
        self.table.copy_alive(self.folder / name)
        self.vectors.copy(self.folder / name, np.flatnonzero(self.table.is_alive))
        sync_folder(self.folder / name)
        self.save(papers=name, rows=self.table.alive_count, meaning="")
        sweep(self.folder, self.commit)

    def close(self) -> None:
        """Let go of files."""
        self.words.close()


def create(folder: Path, *, dim: int, generation: int) -> None:
    """Make an empty index, in place of whatever is there; others see it when they refresh."""
    number = _next_number(folder)
    commit = Commit(
        dim=dim,
        generation=generation,
        words=f"words-{number}",
        papers=f"papers-{number}",
        lexicon=LEXICON,
    )
    (folder / commit.papers).mkdir()
    Table.create(folder / commit.papers)
    Vectors.create(folder / commit.papers)
    Words(folder / commit.words)
    save_commit(folder, commit)
    sweep(folder, commit)


def renew_words(folder: Path, *, dim: int) -> None:
    """Begin the words anew where an older program made them; papers keep their vectors.

    The position goes back to the beginning: the change log is applied again, and fills them.
    """
    commit = load_commit(folder, dim=dim)
    if commit.lexicon < LEXICON:
        name = f"words-{_next_number(folder)}"
        Words(folder / name)
        commit = commit.next(words=name, position=0, lexicon=LEXICON)
        save_commit(folder, commit)
        sweep(folder, commit)


def sweep(folder: Path, commit: Commit) -> None:
    """Remove folders and files that no longer count."""
    for path in _own_folders(folder):
        if path.name not in {commit.words, commit.papers}:
            shutil.rmtree(path, ignore_errors=True)
    for path in (folder / commit.papers).glob("ivf-*"):
        if path.stem != commit.meaning.partition(".")[0]:
            path.unlink(missing_ok=True)


def exists(folder: Path) -> bool:
    """Tell whether an index was ever made here."""
    return (folder / COMMIT_FILE).exists()


def _next_number(folder: Path) -> int:
    numbers = (int(path.name.rpartition("-")[2]) for path in _own_folders(folder))
    return 1 + max(numbers, default=0)


def _own_folders(folder: Path) -> list[Path]:
    return [
        path
        for path in [*folder.glob("words-*"), *folder.glob("papers-*")]
        if path.name.rpartition("-")[2].isdecimal()
    ]


def unit(vector: np.ndarray) -> np.ndarray:
    """Return the vector as float32, what is not a number as zero."""
    return np.nan_to_num(np.ascontiguousarray(vector, dtype=np.float32), nan=0.0)
