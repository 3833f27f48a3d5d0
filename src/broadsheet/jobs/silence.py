"""Which source went silent, or fails again and again? Said once in the log, not every minute."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from broadsheet.library import upkeep
from broadsheet.sources.schedule import scheduled

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.library import Library

log = structlog.get_logger(__name__)

LOOK = timedelta(minutes=1)  # between two looks


class SilenceJob:
    """Looks at every source that is read by itself, and warns when one begins to need somebody."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._looked: datetime | None = None
        self._told: dict[str, str] = {}  # the word by which a source was reported

    def run_once(self) -> bool:
        """Look, if it is time; report what changed since the last look."""
        now = self._library.clock.now()
        if self._looked is not None and abs(now - self._looked) < LOOK:
            return False
        self._looked = now
        found = scheduled(self._library.settings, self._library.store.syncs(), now=now)
        fares = {one.name: upkeep.fare(one, now) for one in found}
        for name, fare in fares.items():
            if fare.kind == "bad" and self._told.get(name) != fare.word:
                log.warning("source_needs_somebody", source=name, state=fare.word, why=fare.why)
                self._told[name] = fare.word
            elif fare.kind == "ok" and fare.word != "being read" and self._told.pop(name, ""):
                log.info("source_is_well_again", source=name, state=fare.word)
        self._told = {name: word for name, word in self._told.items() if name in fares}
        return False
