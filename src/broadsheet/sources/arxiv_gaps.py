"""Days of arXiv's that were missed are asked for at its query API.

A day is missed when it had a listing and no witness told what was in it: the feed showed another
day, the machine was off, the repository did not answer. The API is asked by the time of
submission. It comes last: where a repository is harvested it is given time to tell by itself.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from broadsheet.library.completeness import missed
from broadsheet.model import QUERIES, Listed, Record
from broadsheet.sources import arxiv_atom
from broadsheet.text import arxiv_calendar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from broadsheet.model import Fault, Holding
    from broadsheet.sources._http import Http

LISTINGS = 10  # days of a category that one run asks for
SETTLED = timedelta(days=2)  # after which the API's "nothing" is believed


class Gaps:
    """What was missed in some categories, since when that is known, and how it is filled."""

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        categories: Sequence[str],
        noticed: Mapping[str, str],
        now: datetime,
        patience: timedelta,
    ) -> None:
        self._http = http
        self._url = url
        self._categories = categories
        self.noticed = dict(noticed)  # "2026-03-04 cs.AI": when it was first seen to be missed
        self._now = now
        self._patience = patience

    def fill(
        self, holdings: Sequence[Holding], newest: Mapping[str, str]
    ) -> Iterator[Record | Fault | Listed]:
        """Yield the papers of days that were missed, a listing before each.

        Args:
            holdings: Of the last weeks.
            newest: The day that a category's feed shows, which is not missed.

        Raises:
            SourceError: the API does not answer.
        """
        wanted = [
            (day, part)
            for day, part in missed(holdings, self._categories, self._now)
            if newest.get(part) != day.isoformat()
        ]
        names = {f"{day} {part}" for day, part in wanted}
        self.noticed = {name: at for name, at in self.noticed.items() if name in names}
        for name in sorted(names - self.noticed.keys()):
            self.noticed[name] = self._now.isoformat()
        ripe = [pair for pair in wanted if self._is_ripe(*pair)]
        for day, part in ripe[:LISTINGS]:
            found = list(self._submitted(day, part))
            if found or self._now.date() - day >= SETTLED:
                yield _listed(day, part, found)
                yield from found
                self.noticed.pop(f"{day} {part}")

    def _is_ripe(self, day: date, part: str) -> bool:
        since = datetime.fromisoformat(self.noticed[f"{day} {part}"])
        return self._now - since >= self._patience

    def _submitted(self, day: date, part: str) -> Iterator[Record | Fault]:
        window = arxiv_calendar.window(day)
        return arxiv_atom.submitted(self._http, self._url, category=part, window=window)


def _listed(day: date, part: str, found: Sequence[Record | Fault]) -> Listed:
    papers = frozenset(
        one for item in found if isinstance(item, Record) for one in item.identifiers[:1]
    )
    return Listed(source=QUERIES, day=day, part=part, papers=papers)
