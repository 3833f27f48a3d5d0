"""What do the pages show of the sources that are read by themselves?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadsheet.library import upkeep
from broadsheet.sources.network import spoken
from broadsheet.sources.schedule import scheduled

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.library import Library
    from broadsheet.library.upkeep import Fare
    from broadsheet.model import Scheduled, Sync

WORDS = ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One source, as a row of a table."""

    name: str
    sync: Sync
    fare: Fare
    every: str  # "12h", as it is typed
    is_chosen: bool  # the interval, by the administrator
    is_in_settings: bool
    is_read: bool  # now
    next: str  # "" when the moment says it


def lines(library: Library) -> list[Line]:
    """Return every source that is read by itself: one read of the store."""
    now = library.clock.now()
    found = scheduled(library.settings, library.store.syncs(), now=now)
    return [_line(one, now) for one in found]


def headline(found: list[Line]) -> str:
    """Return how many sources are well: ``Four of seven sources are up to date``; "" for none."""
    well = sum(line.fare.kind == "ok" for line in found)
    if not found:
        return ""
    if all(line.fare.kind == "rest" for line in found):
        return (
            f"{_word(len(found))} sources wait to be read" if len(found) > 1 else "The source waits"
        )
    if well == len(found):
        return "Every source is up to date" if well > 1 else "The source is up to date"
    if len(found) == 1:
        return f"The source is {found[0].fare.word}"
    verb = "is" if well == 1 else "are"
    return f"{_word(well)} of {_word(len(found)).lower()} sources {verb} up to date"


def _line(one: Scheduled, now: datetime) -> Line:
    sync = one.sync
    is_read = upkeep.is_read(sync, now)
    following = ""
    if is_read:
        following = "now"
    elif sync.is_paused:
        following = "when resumed"
    elif sync.due <= now:
        following = "as soon as there is time"
    return Line(
        name=one.name,
        sync=sync,
        fare=upkeep.fare(one, now),
        every=spoken(one.interval),
        is_chosen=sync.interval is not None,
        is_in_settings=one.is_in_settings,
        is_read=is_read,
        next=following,
    )


def _word(number: int) -> str:
    return WORDS[number] if number < len(WORDS) else f"{number:,}"
