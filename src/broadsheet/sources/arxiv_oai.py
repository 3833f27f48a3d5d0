"""arXiv's repository, harvested once after each announcement, and held against the feeds.

The feed is quick, the repository is right, and each may be wrong for a night: the feed repeats
yesterday's batch, the repository is late. So each says what it lists, by day and category, and:

* what the repository has and the feed lacked comes with the harvest;
* what the feed had and the repository lacks is asked for by name at the query API, like a paper
  that one of them lists but whose record could not be read: some at a time, a few times each;
* a repository that has nothing of a day that the feed has is late: it is said, and asked again.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from broadsheet.errors import StaleSourceError
from broadsheet.model import FEED, REPOSITORY, Fault, Identifier, Listed, Record, Scheme
from broadsheet.sources import _arxiv
from broadsheet.sources.oai_pmh import DELETED
from broadsheet.text import arxiv_calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from broadsheet.model import Holding, Observation
    from broadsheet.sources.oai_pmh import OaiPmh

    Ask = Callable[[Sequence[str]], Iterator[Record | Fault]]

NIGHT = "night"  # in the cursor, beside the sets
COUNTED = timedelta(days=30)  # days before today whose papers are counted
NAMES = 200  # asked for by name in one run
TIMES = 3  # that a paper is asked for by name


class ArxivHarvest:
    """One night's harvest, and what it says about the days that it covers."""

    def __init__(
        self,
        inner: OaiPmh,
        *,
        categories: Sequence[str],
        cursor: Mapping[str, Any],
        now: datetime,
        holdings: Callable[[], Sequence[Holding]],
        ask: Ask,
        is_asked: bool = False,
    ) -> None:
        self._inner = inner
        self._categories = categories
        self._now = now
        self._holdings = holdings
        self._ask = ask
        self._is_asked = is_asked
        self._due = arxiv_calendar.newest_due(now)
        kept = cursor.get(NIGHT, {})
        self._checked = str(kept.get("checked", ""))
        self._asked: dict[str, int] = dict(kept.get("asked", {}))
        self._first = str(kept.get("first", ""))  # "" between two harvests
        self._listed = {
            (day, part): set(names)
            for day, parts in kept.get("listed", {}).items()
            for part, names in parts.items()
        }
        self._wanted = set(kept.get("wanted", ()))

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._inner.name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """By set, where the harvest is; and of this night, what it has counted so far."""
        night: dict[str, Any] = {"checked": self._checked, "asked": self._asked}
        if self._first:
            listed: dict[str, dict[str, list[str]]] = {}
            for (day, part), names in self._listed.items():
                listed.setdefault(day, {})[part] = sorted(names)
            night |= {"first": self._first, "listed": listed, "wanted": sorted(self._wanted)}
        kept = {name: value for name, value in night.items() if value}
        return {**self._inner.cursor, **({NIGHT: kept} if kept else {})}

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield what changed, what the days list, and what one of the witnesses lacked.

        Raises:
            StaleSourceError: the repository does not have the listing that the feed has.
            SourceError: the repository or the API does not answer.
        """
        if self._is_idle():
            return
        if not self._first:
            self._begin()
        for item in self._inner.read():
            self._note(item)
            yield item
        is_late = self._is_late()
        yield from self._said(is_late=is_late)
        self._first, self._listed = "", {}
        if is_late:
            raise StaleSourceError(
                f"arXiv's repository has nothing of the listing of {self._due} yet: it is asked "
                "again soon"
            )
        self._checked = self._due.isoformat()
        yield from self._fill()

    def _is_idle(self) -> bool:
        """Tell whether nothing can be new: it changes once a night, before the feeds."""
        is_over = self._checked >= self._due.isoformat() and not self._first
        return is_over and not self._is_asked

    def _begin(self) -> None:
        oldest = self._now.date() - COUNTED
        self._first = max(self._inner.start() or oldest.isoformat(), oldest.isoformat())
        for one in self._holdings():
            is_covered = one.listed.source == FEED and one.listed.day.isoformat() >= self._first
            self._wanted |= {name.value for name in one.missing}
            self._wanted |= {name.value for name in one.listed.papers if is_covered}

    def _note(self, item: Record | Observation | Fault) -> None:
        """Count a paper where it was first listed; it is not wanted any more."""
        if isinstance(item, Fault):
            name = _arxiv.named(item.where.rpartition(" ")[2].rpartition(":")[2])
            if name is not None:
                (self._wanted.discard if item.reason == DELETED else self._wanted.add)(name.value)
            return
        if not isinstance(item, Record):
            return
        names = [one.value for one in item.identifiers if one.scheme is Scheme.ARXIV]
        self._wanted.difference_update(names)
        day = _arxiv.in_time_for(item)
        if day is None or day.isoformat() < self._first:
            return
        for part in self._categories:
            if _arxiv.is_in(part, item.categories):
                self._listed.setdefault((day.isoformat(), part), set()).update(names[:1])

    def _said(self, *, is_late: bool) -> Iterator[Listed]:
        """Yield what each day lists in each category; of days that are due also that it is none."""
        last = self._due - timedelta(days=is_late)
        days = arxiv_calendar.listing_days(date.fromisoformat(self._first), last)
        places = {(day.isoformat(), part) for day in days for part in self._categories}
        for day, part in sorted(places | self._listed.keys()):
            names = self._listed.get((day, part), ())
            yield Listed(
                source=REPOSITORY,
                day=date.fromisoformat(day),
                part=part,
                papers=frozenset(Identifier(Scheme.ARXIV, name) for name in names),
            )

    def _is_late(self) -> bool:
        """Tell whether the newest listing is not in the repository yet.

        It is not when nothing of what the feed announced was harvested; nor when nothing came and
        the feed, which tells of other days, has not told of this one.
        """
        day = self._due.isoformat()
        if day < self._first:
            return False
        feeds = [one.listed for one in self._holdings() if one.listed.source == FEED]
        told = [one for one in feeds if one.day == self._due]
        if told:
            announced = {name.value for one in told for name in one.papers}
            return bool(announced) and announced <= self._wanted
        has_any = any(self._listed.get((day, part)) for part in self._categories)
        return bool(feeds) and not has_any

    def _fill(self) -> Iterator[Record | Fault]:
        """Yield what is wanted by name."""
        self._asked = {name: n for name, n in self._asked.items() if name in self._wanted}
        names = [one for one in sorted(self._wanted) if self._asked.get(one, 0) < TIMES][:NAMES]
        self._wanted = set()
        yield from self._ask(names)
        for name in names:
            self._asked[name] = self._asked.get(name, 0) + 1
