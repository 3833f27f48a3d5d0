"""What is read by itself: the sources of the settings, and those that the administrator added.

The settings are the base. What was added on the page comes to them, and the feeds that a list
among all these named when it was read last; a time between two runs
that was chosen there wins over that of the settings; a source of the settings can be paused
there, but only the settings can take it away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from broadsheet.errors import SettingError
from broadsheet.model import Scheduled, Sync
from broadsheet.sources.network import listed, names_in, plans, split_interval

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from broadsheet.config import Settings
    from broadsheet.sources._turns import Timing
    from broadsheet.sources.network import Plan

log = structlog.get_logger(__name__)


class Schedule:
    """The plans of all sources that are read by themselves; made anew only when that changes."""

    def __init__(self, settings: Settings, timing: Timing | None = None) -> None:
        self._settings = settings
        self._timing = timing
        self._base = plans(settings, timing=timing)
        self._added: dict[str, Plan] = {}

    def plans(self, rows: Sequence[Sync]) -> dict[str, Plan]:
        """Return a plan for each source, given what the store knows of them.

        What was added and cannot be read any more is left out and logged: it stops no other.
        """
        chosen_names = self._base.keys() | {row.source for row in rows if row.is_added}
        wanted = (chosen_names | set(listed(chosen_names, rows))) - self._base.keys()
        for name in wanted - self._added.keys():
            try:
                self._added |= plans(self._settings, [name], timing=self._timing)
            except SettingError as error:
                log.warning("source_not_known", source=name, reason=str(error))
        known = self._base | {name: self._added[name] for name in wanted & self._added.keys()}
        chosen = {row.source: row.interval for row in rows if row.interval is not None}
        return {
            name: replace(plan, interval=chosen[name]) if name in chosen else plan
            for name, plan in known.items()
        }


def scheduled(settings: Settings, rows: Sequence[Sync], *, now: datetime) -> list[Scheduled]:
    """Return every source that is read by itself, those of the settings first, in their order.

    Args:
        settings: Where the base stands.
        rows: What the store knows.
        now: When a source is due that has not come into the schedule yet.
    """
    known = {row.source: row for row in rows}
    base = [split_interval(text)[0] for text in names_in(settings.sources)]
    added = {row.source for row in rows if row.is_added}
    found = Schedule(settings).plans(rows)
    return [
        Scheduled(
            sync=known.get(name) or Sync(source=name, due=now),
            interval=plan.interval,
            is_in_settings=name in base or name not in added,
        )
        for name, plan in found.items()
    ]
