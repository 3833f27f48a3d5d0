"""How do the indexes follow the store?

The store is the truth; its change log says what changed. Whoever holds the engine's write lock
applies the log in order and remembers how far it came; everybody else waits for that position.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from broadsheet.errors import ConflictError
from broadsheet.library import encoding, spaces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from broadsheet.library.facade import Library
    from broadsheet.model import Change, Paper

    Progress = Callable[[int, int], None]

WORDS_BATCH = 500  # changes made searchable at once
BESIDE_BATCH = 100  # of a backlog while more arrives: a step of some tenths of a second
NEWEST_BATCH = 250  # changes that go before a backlog at once
BULK_SHARE = 25  # the newest of a transaction that is larger than that
LOOK_BACK = 5_000  # changes among which the small transactions are found: 20 ms
BACKLOG_BATCH = 4_000  # while somebody waits for all of them: 1,650 papers/s against 1,150
MEANING_BATCH = 32  # papers encoded at once: about a second, so that a stop is quick
DRAFT_BATCH = 1_000  # papers that get a draft at once: some tenths of a second
DRAFTS_BESIDE = 125  # the newest of those found by word alone, while a backlog waits for words
POLL_S = 0.2  # between two looks at another process's progress


def apply_changes(library: Library, /, *, limit: int = WORDS_BATCH) -> int:
    """Make the next changes of the log findable by word; return how many there were.

    Only for the holder of the write lock. A paper is taken as it is now, not as it was at its
    change, so a paper that changes while this runs is at worst applied twice.
    """
    changes = library.store.changes(after=library.engine.status().position, limit=limit)
    if changes:
        papers, gone = _what_is_now(library, changes)
        library.engine.apply(papers, gone, position=changes[-1].seq)
    return len(changes)


def apply_newest(library: Library, /, *, after: int, limit: int = NEWEST_BATCH) -> int:
    """Make the newest changes findable before the rest of a backlog; return the newest's seq.

    The position stays where it is, so these are applied again in their turn: whatever a kill
    leaves undone is still ahead of it.

    Args:
        library: Of which this process holds the engine's write lock.
        after: Changes up to this one have had their turn.
        limit: So many at most; a shorter backlog needs no shortcut.
    """
    newest = library.store.last_change()
    position = library.engine.status().position
    if newest > after and newest - position > limit:
        start = max(after, position, newest - LOOK_BACK)
        arrived = library.store.changes(after=start, limit=LOOK_BACK)
        papers, gone = _what_is_now(library, soonest(arrived, limit))
        library.engine.apply(papers, gone, position=position)
    return newest


def soonest(changes: Sequence[Change], limit: int, /) -> list[Change]:
    """Return those that go first: of the smallest transactions, of equals the newest.

    What somebody adds by hand, or a feed brings, is a small transaction; a bulk import is many
    large ones. So one paper waits for itself alone and not for the thousands around it. Of the
    smallest transaction, where it is larger than ``limit``, the newest few are returned.

    Args:
        changes: By seq; those of one transaction have the same ``at``.
        limit: At most so many are returned, >= 1.
    """
    together: defaultdict[datetime, list[Change]] = defaultdict(list)
    for change in changes:
        together[change.at].append(change)
    chosen: list[Change] = []
    for group in sorted(together.values(), key=lambda one: (len(one), -one[-1].seq)):
        if len(chosen) + len(group) > limit:
            return chosen or group[-min(limit, BULK_SHARE) :]
        chosen += group
    return chosen


def _what_is_now(library: Library, changes: Sequence[Change]) -> tuple[Sequence[Paper], set[int]]:
    keys = [change.key for change in changes]
    papers = library.store.papers(keys)
    return papers, set(keys) - {paper.key for paper in papers}


def catch_up(library: Library, /, *, is_encoding: bool, progress: Progress | None = None) -> None:
    """Bring the indexes up to the newest change of this moment, or wait until another did.

    Args:
        library: Whose engine and store are meant.
        is_encoding: Go on until every paper has its vector.
        progress: Called with (done, all): changes first, then papers.
    """
    goal = library.store.last_change()
    start = library.engine.status().position
    while library.engine.status().position < goal:
        if not _step(library, lambda one: apply_changes(one, limit=BACKLOG_BATCH)):
            break
        _tell(progress, min(library.engine.status().position, goal) - start, goal - start)
    if is_encoding:
        _encode_all(library, progress)


def _encode_all(library: Library, progress: Progress | None) -> None:
    while library.draft is not None and library.engine.pending(encoder=None, limit=1):
        if not _step(library, lambda one: encoding.draft_pending(one, DRAFT_BATCH)):
            break
    while library.engine.pending(encoder=library.encoder.name, limit=1):
        if not _step(library, lambda one: encoding.encode_pending(one, MEANING_BATCH)):
            break
        told = library.engine.status()
        _tell(progress, told.encoders.get(library.encoder.name, 0), told.indexed)
    if library.engine.try_lock():
        spaces.retire(library)


def _step(library: Library, work: Callable[[Library], int]) -> bool:
    """Do some work when the lock is ours, else see how far its holder came; False: nothing left."""
    if library.engine.try_lock():
        return bool(work(library))
    time.sleep(POLL_S)
    library.engine.refresh()
    return True


def reindex(library: Library, /, *, progress: Progress | None = None) -> None:
    """Rebuild the indexes from the store; vectors are encoded again.

    Raises:
        ConflictError: another process holds the indexes.
    """
    forget(library)
    catch_up(library, is_encoding=True, progress=progress)
    library.engine.optimize()


def forget(library: Library, /) -> None:
    """Empty the indexes, as after a restore: what they hold may be of another store.

    Raises:
        ConflictError: another process holds the indexes.
    """
    if not library.engine.try_lock():
        raise ConflictError("another process is indexing this library: stop it and try again")
    library.engine.clear()


def _tell(progress: Progress | None, done: int, everything: int) -> None:
    if progress is not None:
        progress(done, everything)
