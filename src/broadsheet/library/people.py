"""What happens when a reader votes for a paper or puts it on a shelf?

Both are signals of the origin "readers", one counter per reader that stands at 1 or 0, so that a
vote cast twice counts once and a vote taken back counts no more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from broadsheet.errors import ShelfNotFoundError, UsageError
from broadsheet.model import Signal, SignalKind
from broadsheet.text import normal

if TYPE_CHECKING:
    from broadsheet.model import Paper
    from broadsheet.ports import Store

ORIGIN = "readers"
MAX_SHELF_NAME = 80  # characters
TICK = timedelta(microseconds=1)


def vote(store: Store, paper: Paper, reader: str, /, *, at: datetime, is_on: bool) -> None:
    """Set the reader's vote for a paper."""
    _count(store, paper, reader, SignalKind.VOTE, at=at, is_on=is_on)


def save(store: Store, paper: Paper, shelf: str, reader: str, /, *, at: datetime) -> None:
    """Put a paper on the reader's shelf, made when missing.

    Raises:
        UsageError: the shelf's name is empty or too long.
    """
    store.shelve(reader, shelf_name(shelf), paper.key, at=at)
    _count(store, paper, reader, SignalKind.SAVE, at=at, is_on=True)


def unsave(store: Store, paper: Paper, shelf: str, reader: str, /, *, at: datetime) -> None:
    """Take a paper off the reader's shelf; it is no error when it was not there.

    Raises:
        UsageError: the shelf's name is empty or too long.
    """
    store.unshelve(reader, shelf_name(shelf), paper.key)
    if not store.shelved(reader, [paper.key]).get(paper.key):
        _count(store, paper, reader, SignalKind.SAVE, at=at, is_on=False)


def shelf(store: Store, name: str, reader: str, /) -> list[Paper]:
    """Return the papers on a shelf, last saved first.

    Raises:
        ShelfNotFoundError: the reader has no such shelf.
    """
    keys = store.shelf_keys(reader, normal.clean(name))
    if not keys:
        raise ShelfNotFoundError(f"there is no shelf {normal.clean(name)[:MAX_SHELF_NAME]!r}")
    return store.papers(keys)


def shelf_name(text: str, /) -> str:
    """Return the name as it is kept: without control characters, white space folded.

    Raises:
        UsageError: nothing is left, or more than 80 characters.
    """
    name = normal.clean(text)
    if not 1 <= len(name) <= MAX_SHELF_NAME:
        raise UsageError(
            f"a shelf's name has 1 to {MAX_SHELF_NAME} characters, not {len(name)}", field="shelf"
        )
    return name


def _count(
    store: Store, paper: Paper, reader: str, kind: SignalKind, /, *, at: datetime, is_on: bool
) -> None:
    """Set the reader's counter, when it does not stand there already.

    Of two values at one time the larger counts, so a change always comes after the one before
    it, whatever the clock says.
    """
    mine = [
        signal
        for signal in store.signals([paper.key]).get(paper.key, ())
        if (signal.kind, signal.origin, signal.actor) == (kind, ORIGIN, reader)
    ]
    newest = max(mine, key=lambda signal: (signal.at, signal.value), default=None)
    if bool(newest and newest.value) == is_on:
        return
    moment = max(at, newest.at + TICK) if newest else at
    signal = Signal(kind=kind, value=int(is_on), at=moment, origin=ORIGIN, actor=reader)
    with store.write() as writer:
        writer.append_signals({paper.key: [signal]})
