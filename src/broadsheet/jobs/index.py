"""New papers become searchable by themselves."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from broadsheet.library import encoding, indexing, spaces

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.library import Library

MOST_READ = 1_000  # papers that are encoded before the rest of a backlog
MOST_READ_FOR = timedelta(minutes=10)  # so long a list of them holds
LOOK_S = 0.005  # between two looks at whether somebody waits for an answer
QUIET_WAIT_S = 0.2  # for the moment in which nobody does; then new papers have their turn
LONGEST_REST_S = 5.0  # without encoding anything


class IndexJob:
    """Drains the change log into the engine, words first, then meaning.

    One step is small, so that words never wait long for anything: the newest changes are applied
    before a backlog, and one batch of the backlog, or of drafts for the newest, follows in turn.
    Only when no backlog is left do papers get vectors: drafts of all of them, where a draft
    encoder is set, then those of the encoder, a few at a time: papers that somebody just saw,
    those with most votes, the newest; and hardly while somebody waits for an answer: what encodes
    takes memory's bandwidth and the cores' caches from searches, whatever its priority.
    """

    def __init__(self, library: Library, *, words_batch: int = indexing.WORDS_BATCH) -> None:
        self._library = library
        self._words_batch = words_batch
        self._seen = 0  # the newest change that had its turn
        self._is_drafts_turn = False
        self._most_read: list[int] = []
        self._listed: datetime | None = None  # when they were looked up
        self._encoded_s = time.monotonic()  # when a few were last allowed to

    def run_once(self) -> bool:
        """Do one step; return False when there is nothing to do or another process does it."""
        library = self._library
        if not library.engine.try_lock():
            library.engine.refresh()
            return False
        is_arriving = self._take_newest()
        is_drafts_turn, self._is_drafts_turn = self._is_drafts_turn, False
        if is_drafts_turn and encoding.draft_pending(library, indexing.DRAFTS_BESIDE):
            return True
        limit = indexing.BESIDE_BATCH if is_arriving else self._words_batch
        if indexing.apply_changes(library, limit=min(limit, self._words_batch)):
            self._is_drafts_turn = True
            return True
        if encoding.draft_pending(library, indexing.DRAFT_BATCH):
            return True
        first = self._first()
        if encoding.encode_pending(
            library, indexing.MEANING_BATCH, first=first, may_go_on=self._may_encode
        ):
            return True
        return spaces.retire(library)

    def _take_newest(self) -> bool:
        """Apply the newest changes before a backlog; tell whether any came since the last time."""
        limit = min(indexing.NEWEST_BATCH, self._words_batch)
        newest = indexing.apply_newest(self._library, after=self._seen, limit=limit)
        before, self._seen = self._seen, newest
        return newest > before

    def _may_encode(self) -> bool:
        """Wait a moment for one in which nobody waits for an answer; tell whether it came.

        Where readers come without end a few papers are encoded now and then all the same.
        """
        until = time.monotonic() + QUIET_WAIT_S
        while self._library.engine.is_answering():
            now = time.monotonic()
            if now - self._encoded_s >= LONGEST_REST_S:
                break
            if now >= until:
                return False
            time.sleep(LOOK_S)
        self._encoded_s = time.monotonic()
        return True

    def _first(self) -> list[int]:
        """Return the papers with most votes, as of the last few minutes."""
        now = self._library.clock.now()
        if self._listed is None or now - self._listed >= MOST_READ_FOR:
            self._most_read = encoding.most_read(self._library, MOST_READ)
            self._listed = now
        return self._most_read


class TidyJob:
    """Keeps the engine's house, beside the indexing: neither waits until the other has no work.

    A library of millions waits days for its last vector, and must not be searched one by one
    until then; learning to search it takes minutes, in which new papers must be found.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def run_once(self) -> bool:
        """Do what is due; asking whether anything is costs nothing."""
        if self._library.engine.try_lock():
            self._library.engine.optimize()
        return False
