"""What is new of what a reader keeps searching for? Watches: searches under a name.

New are the papers that arrived since the reader last looked and that the search finds by its
words, as its list by date does: by meaning every paper is found, however far it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from broadsheet.errors import UsageError, WatchNotFoundError
from broadsheet.library.search import asked_by_words
from broadsheet.library.sorting import demands
from broadsheet.model import Watch
from broadsheet.rank.fusion import CANDIDATES
from broadsheet.text import normal
from broadsheet.text.query import parse

if TYPE_CHECKING:
    from broadsheet.library.facade import Library
    from broadsheet.model import Wish

MAX_NAME = 80  # characters
MAX_WATCHES = 200  # of one reader: their list counts what is new of each


def watches(library: Library, reader: str, /) -> list[tuple[Watch, int]]:
    """Return the reader's watches, by name, each with how many papers are new."""
    return [(watch, new(library, watch)) for watch in library.store.watches(reader)]


def watch(library: Library, name: str, reader: str, /) -> Watch:
    """Return one watch.

    Raises:
        WatchNotFoundError: the reader has none of this name.
    """
    found = library.store.watch(reader, normal.clean(name))
    if found is None:
        raise _missing(name)
    return found


def keep(library: Library, name: str, wish: Wish, reader: str, /) -> Watch:
    """Keep a search under a name, in the place of the one that has it; all of it is looked at.

    Raises:
        UsageError: the name is empty or too long, the search is empty, or there are too many.
    """
    if not (wish.text.strip() or wish.filters):
        raise UsageError("an empty search finds everything: type words or set a filter", field="q")
    kept = Watch(
        reader=reader,
        name=_checked(name or wish.text[:MAX_NAME]),
        wish=replace(wish, filters=replace(wish.filters, last_key=None)),
        seen=_newest(library),
        looked=library.clock.now(),
    )
    if not library.store.keep_watch(kept, limit=MAX_WATCHES):
        raise UsageError(f"{MAX_WATCHES} searches are kept: drop one first", field="name")
    return kept


def rename(library: Library, name: str, other: str, reader: str, /) -> Watch:
    """Give a watch another name.

    Raises:
        WatchNotFoundError: the reader has none of this name.
        UsageError: the other name is empty, too long, or another watch's.
    """
    old, to = watch(library, name, reader), _checked(other)
    if not library.store.rename_watch(reader, old.name, to):
        raise UsageError(f"another search is kept as {to!r}: choose another name", field="to")
    return watch(library, to, reader)


def look(library: Library, name: str, reader: str, /) -> Watch:
    """Note that the reader has looked: what is here now is new no more.

    Raises:
        WatchNotFoundError: the reader has none of this name.
    """
    old = watch(library, name, reader)
    library.store.look_at_watch(reader, old.name, seen=_newest(library), at=library.clock.now())
    return watch(library, old.name, reader)


def drop(library: Library, name: str, reader: str, /) -> None:
    """Forget a watch.

    Raises:
        WatchNotFoundError: the reader has none of this name.
    """
    if not library.store.drop_watch(reader, normal.clean(name)):
        raise _missing(name)


def new(library: Library, watch: Watch, /) -> int:
    """Return how many papers that the search finds by its words arrived since it was looked at."""
    query = parse(watch.wish.text)
    if query.examples and not query.clauses:  # by meaning alone: of the nearest
        nearest = library.search(query, filters=watch.wish.filters, limit=CANDIDATES).hits
        return sum(hit.paper.key > watch.seen for hit in nearest)
    asked = asked_by_words(library, query, watch.wish.filters)
    for clauses in demands(asked.query.clauses):
        wanted = replace(asked.query, clauses=clauses)
        now, before = (
            library.engine.lexical(
                wanted, replace(asked.filters, last_key=last), k=1, among=asked.among
            ).total
            for last in (None, watch.seen)
        )
        if now:
            return now - before
    return 0


def _newest(library: Library) -> int:
    library.engine.refresh()
    return library.engine.status().newest


def _checked(text: str) -> str:
    name = normal.clean(text)
    if not 1 <= len(name) <= MAX_NAME:
        raise UsageError(
            f"a search's name has 1 to {MAX_NAME} characters, not {len(name)}", field="name"
        )
    return name


def _missing(name: str) -> WatchNotFoundError:
    return WatchNotFoundError(f"no search is kept as {normal.clean(name)[:MAX_NAME]!r}")
