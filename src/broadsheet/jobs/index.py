"""New papers become searchable by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.library import encoding, indexing

if TYPE_CHECKING:
    from broadsheet.library import Library

GROWTH = 1.2  # housekeeping is due when the index has grown by a fifth
MIN_GROWTH = 1_000  # papers; below, there is nothing to tidy up


class IndexJob:
    """Drains the change log into the engine, words first, then meaning, then housekeeping.

    One step is small, so that words never wait long for anything: the newest changes are applied
    before a backlog, one batch of the backlog follows, and only when none is left do papers get
    vectors, newest first: drafts of all of them, where a draft encoder is set, then those of the
    encoder, a few at a time.
    """

    def __init__(self, library: Library, *, words_batch: int = indexing.WORDS_BATCH) -> None:
        self._library = library
        self._words_batch = words_batch
        self._seen = 0  # the newest change that had its turn
        self._tidied = 0  # papers, at the last housekeeping

    def run_once(self) -> bool:
        """Do one step; return False when there is nothing to do or another process does it."""
        library = self._library
        if not library.engine.try_lock():
            library.engine.refresh()
            return False
        self._seen = indexing.apply_newest(library, after=self._seen, limit=self._words_batch)
        if indexing.apply_changes(library, limit=self._words_batch):
            return True
        if encoding.draft_pending(library, indexing.DRAFT_BATCH):
            return True
        if encoding.encode_pending(library, indexing.MEANING_BATCH):
            return True
        return self._tidy()

    def _tidy(self) -> bool:
        indexed = self._library.engine.status().indexed
        if indexed < max(self._tidied * GROWTH, self._tidied + MIN_GROWTH):
            return False
        self._library.engine.optimize()
        self._tidied = indexed
        return True
