"""Drafts get better by night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from broadsheet.library import refitting

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.library import Library

log = structlog.get_logger(__name__)

NIGHT = range(2, 6)  # hours of the instance's timezone: few readers, and none of the day's papers


class RefitJob:
    """Fits the draft table to the library's own vectors, once a night at most.

    Only in the process that writes the index: it makes the drafts.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._done: date | None = None  # the night that had its turn

    def run_once(self) -> bool:
        """Fit when it is night and enough papers have been read; return whether that was so."""
        library = self._library
        now = library.clock.now().astimezone(library.zone)
        if now.hour not in NIGHT or self._done == now.date() or not library.engine.try_lock():
            return False
        self._done = now.date()
        fitted = refitting.refit(library)
        if fitted is None:
            return False
        log.info(
            "drafts_refitted",
            cosine_before=round(fitted.before, 4),
            cosine_after=round(fitted.after, 4),
            is_kept=fitted.is_kept,
        )
        return True
