"""One opened index: what a commit file says, and everything that it makes count."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np

from broadsheet.index import meaning, older
from broadsheet.index.disk import (
    COMMIT_FILE,
    FORMAT,
    LEXICON,
    Commit,
    Space,
    fault,
    load_commit,
    save_commit,
    stamp,
    sync_folder,
)
from broadsheet.index.meaning import Meaning
from broadsheet.index.rows import Table
from broadsheet.index.vectors import VECTOR_FILES
from broadsheet.index.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from broadsheet.index.nearest import Nearest
    from broadsheet.index.rows import Slots

MIN_DEAD = 10_000  # rows that no longer count; fewer are not worth a copy


class State:
    """The parts of an index as of one commit; ``follow`` brings them to a later one."""

    def __init__(self, folder: Path, commit: Commit) -> None:
        self.folder = folder
        self.commit = commit
        self.stamp = (0, 0, 0)
        papers = folder / commit.papers
        if commit.lexicon != LEXICON or commit.format != FORMAT:
            raise fault(
                "was made by an older program, and cannot be renewed while another process holds "
                "it or the disk is full"
            )
        if not (folder / commit.words).is_dir() or not papers.is_dir():
            raise fault("has lost a folder")
        self.words = Words(folder / commit.words)
        self.table = Table(papers)
        self.meanings = [meaning.load(papers, space) for space in commit.spaces]
        self.absorb()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what is in the folder.

        Raises:
            FileNotFoundError: no index was ever made here.
            IndexFaultError: it is damaged, or of another format.
        """
        read_at = stamp(folder)
        state = cls(folder, load_commit(folder))
        state.stamp = read_at
        return state

    @property
    def papers(self) -> Path:
        """The folder of rows and vectors."""
        return self.folder / self.commit.papers

    def meaning(self, space: str) -> Meaning | None:
        """Return the vectors of a space; None where there are none of it."""
        return next((one for one in self.meanings if one.space.name in {space, ""}), None)

    def meaning_for(self, encoder: str) -> Meaning | None:
        """Return where the vectors of an encoder of this name belong."""
        return next((one for one in self.meanings if one.space.holds(encoder)), None)

    def save(self, **changes: object) -> None:
        """Make changes count: on disk, then here."""
        self.commit = self.commit.next(**changes)
        save_commit(self.folder, self.commit)
        self.stamp = stamp(self.folder)

    def save_space(self, changed: Meaning, **changes: object) -> None:
        """Make changes of one space count."""
        space = replace(changed.space, **changes)  # type: ignore[arg-type]  # checked there
        self.save(spaces=tuple(space if one is changed else one.space for one in self.meanings))
        changed.space = space

    def absorb(self, encoded: Iterable[tuple[Meaning, Slots]] | None = None) -> None:
        """Bring what is in memory in step with what counts on disk.

        Args:
            encoded: The rows whose vectors changed, by space; None: nobody knows which.
        """
        touched = self.table.absorb(self.commit.rows)
        known = None if encoded is None else list(encoded)
        for one in self.meanings:
            rows = None
            if known is not None:
                rows = np.concatenate([touched, *(slots for made, slots in known if made is one)])
            one.absorb(self.commit.rows, self.table.is_alive, rows)

    def can_follow(self, commit: Commit) -> bool:
        """Tell whether ``follow`` can bring this to the commit, without opening anew."""
        return commit.rows >= self.commit.rows and _folders(commit) == _folders(self.commit)

    def prepared(self, commit: Commit) -> list[Nearest]:
        """Return the searches by meaning of a later commit, as far as its rows are seen here.

        Loading an approximate index takes long, so it is done while searches go on.
        """
        return [
            one.prepared(space, self.table.is_alive)
            for one, space in zip(self.meanings, commit.spaces, strict=True)
        ]

    def follow(
        self, commit: Commit, read_at: tuple[int, int, int], nearest: Sequence[Nearest]
    ) -> None:
        """Come to a later commit, with what was ``prepared`` for it."""
        for one, space, search in zip(self.meanings, commit.spaces, nearest, strict=True):
            one.space, one.nearest = space, search
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

        The approximate indexes name rows by their place, so they have to be made again.
        """
        name = f"papers-{_next_number(self.folder)}"
        (self.folder / name).mkdir()
        self.table.copy_alive(self.folder / name)
        alive = np.flatnonzero(self.table.is_alive)
        for one in self.meanings:
            there = self.folder / name / one.space.folder
            there.mkdir(exist_ok=True)
            one.vectors.copy(there, alive)
            sync_folder(there)
        sync_folder(self.folder / name)
        spaces = tuple(replace(one.space, meaning="") for one in self.meanings)
        self.save(papers=name, rows=self.table.alive_count, spaces=spaces)
        sweep(self.folder, self.commit)

    def close(self) -> None:
        """Let go of files."""
        self.words.close()


def create(folder: Path, *, space: Space, generation: int) -> None:
    """Make an empty index, in place of whatever is there; others see it when they refresh."""
    number = _next_number(folder)
    commit = Commit(
        spaces=(space,),
        generation=generation,
        words=f"words-{number}",
        papers=f"papers-{number}",
        lexicon=LEXICON,
    )
    papers = folder / commit.papers
    papers.mkdir()
    Table.create(papers)
    Meaning.create(papers, space, 0)
    Words(folder / commit.words)
    save_commit(folder, commit)
    sweep(folder, commit)


def is_old(folder: Path, space: Space) -> bool:
    """Tell whether ``renew`` has anything to do."""
    commit = load_commit(folder)
    is_older = commit.lexicon < LEXICON or commit.format < FORMAT
    return is_older or not _is_of(commit.spaces[0], space)


def renew(folder: Path, space: Space) -> None:
    """Bring what an older program or another encoder made up to date; what serves is not lost.

    Rows and vectors of an older format are written anew in this program's. Words are begun anew
    where they are of an older form: the position goes back to the beginning, so the change log is
    applied again and fills them. Where the encoder is of another space, that space begins without
    vectors, and the one before stays beside it.
    """
    commit = load_commit(folder)
    if commit.format < FORMAT:
        name = f"papers-{_next_number(folder)}"
        older.convert(folder / commit.papers, folder / name, commit)
        commit = commit.next(papers=name, format=FORMAT)
    if commit.lexicon < LEXICON:
        name = f"words-{_next_number(folder)}"
        Words(folder / name)
        commit = commit.next(words=name, position=0, lexicon=LEXICON)
    if not _is_of(commit.spaces[0], space):
        commit = commit.next(spaces=_turned(folder / commit.papers, commit, space))
    save_commit(folder, commit)
    sweep(folder, commit)


def _is_of(one: Space, space: Space) -> bool:
    return one.dim == space.dim and (not space.name or one.name == space.name)


def _turned(papers: Path, commit: Commit, space: Space) -> tuple[Space, ...]:
    """Return the spaces where ``space`` is today's: the same again, or a new one."""
    before, *others = commit.spaces
    back = [one for one in others if _is_of(one, space)]
    if back:
        return (back[0], before)
    kept = [before] if before.encoders else others  # without a vector it serves nobody
    number = 1 + max(int(one.folder.rpartition("-")[2] or 0) for one in commit.spaces)
    made = replace(space, folder=f"meaning-{number}", encoders=(), meaning="")
    Meaning.create(papers, made, commit.rows)
    sync_folder(papers)
    return (made, *kept)


def sweep(folder: Path, commit: Commit) -> None:
    """Remove folders and files that no longer count."""
    for path in _own_folders(folder):
        if path.name not in {commit.words, commit.papers}:
            shutil.rmtree(path, ignore_errors=True)
    papers = folder / commit.papers
    counting = {space.folder: space.meaning.partition(".")[0] for space in commit.spaces}
    for path in papers.glob("meaning-*"):
        if path.name not in counting:
            shutil.rmtree(path, ignore_errors=True)
    if "" not in counting:
        for name in VECTOR_FILES:
            (papers / name).unlink(missing_ok=True)
    for place in ("", *counting):
        for path in (papers / place).glob("ivf-*"):
            if path.stem != counting.get(place):
                path.unlink(missing_ok=True)


def _folders(commit: Commit) -> tuple[object, ...]:
    spaces = tuple((space.name, space.folder) for space in commit.spaces)
    return commit.words, commit.papers, spaces


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
