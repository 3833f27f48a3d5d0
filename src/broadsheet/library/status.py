"""What is here, how far have the indexes come, and does it all agree?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.library import spaces
from broadsheet.model import CheckReport, LibraryStatus

if TYPE_CHECKING:
    from broadsheet.library.facade import Library
    from broadsheet.ports import Engine, Store

RUNS_SHOWN = 20
LOG_BATCH = 10_000  # lines of the log read at once


def status(library: Library, /) -> LibraryStatus:
    """Return everything that ``/status`` and ``/metrics`` show."""
    store, engine = library.store, library.engine
    engine.refresh()
    counts = store.counts()
    return LibraryStatus(
        papers=counts["papers"],
        specimens=counts["specimens"],
        records=counts["records"],
        signals=counts["signals"],
        quarantined=counts["quarantined"],
        change=store.last_change(),
        engine=engine.status(),
        sources=tuple(store.sources()),
        runs=tuple(store.runs(limit=RUNS_SHOWN)),
        encoder=library.encoder.name,
        serving=spaces.serving(library),
        encoded_per_s=engine.pace(library.encoder.name),
    )


def check(store: Store, engine: Engine, /) -> CheckReport:
    """Verify store, change log and indexes against each other.

    Papers that changed after the index's position wait to be indexed; that is no problem. An
    index that knows of changes that the store does not have is one: the store was restored from
    a backup, or another library's index lies in the folder.
    """
    engine.refresh()
    told = engine.status()
    problems = list(store.check())
    if told.position > store.last_change():
        problems.append(
            f"the index has applied change {told.position}, but the store's newest is "
            f"{store.last_change()}: run broadsheet reindex"
        )
    else:
        problems += engine.check(indexed_keys(store, told.position))
    counts = store.counts()
    return CheckReport(
        papers=counts["papers"] + counts["specimens"],
        indexed=told.indexed,
        encoded=told.encoded,
        problems=tuple(problems),
    )


def indexed_keys(store: Store, position: int, /) -> set[int]:
    """Return the papers that an index at this position must hold: all that did not change since.

    Read from the log, which has one line per paper; that it has one for each is for the store's
    own check to say. A paper that changed since may or may not be there.
    """
    keys: set[int] = set()
    after = 0
    while after < position and (changes := store.changes(after=after, limit=LOG_BATCH)):
        keys.update(one.key for one in changes if one.seq <= position and not one.is_gone)
        after = changes[-1].seq
    return keys
