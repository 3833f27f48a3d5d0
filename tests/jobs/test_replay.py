"""Weeks of arXiv's announcements, day by day, with what goes wrong in them.

At every step the library says what it has, and that is true; in the end it has every paper once.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
import zstandard

from broadsheet.assemble import open_library
from broadsheet.jobs.sync import SyncJob
from broadsheet.model import EditionState, Identifier, Scheme
from broadsheet.sources.network import plans
from broadsheet.text import arxiv_calendar
from tests.servers.arxiv import Arxiv, Preprint, arxiv, settings
from tests.support import corpora
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import PartDay
    from tests.support import StillClock

CATEGORIES = ("cs.AI", "cs.CL", "cs.CV")
HOUR = timedelta(hours=1)


@pytest.fixture
def service() -> Iterator[Arxiv]:
    """Run arXiv on loopback."""
    with arxiv() as held:
        held.page = 300
        yield held


@pytest.fixture
def library(service: Arxiv, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads its feeds and its repository."""
    assert service.server is not None
    environ = settings(service.server) | {
        "BROADSHEET_SOURCES": "arxiv,arxiv-oai",
        "BROADSHEET_ARXIV_CATEGORIES": ",".join(CATEGORIES),
    }
    opened = open_library(tmp_path / "data", environ=environ, clock=clock)
    yield opened
    opened.close()


@dataclass
class Replay:
    """ArXiv and the library that reads it, moved on together."""

    service: Arxiv
    library: Library
    clock: StillClock
    listed: dict[date, list[Preprint]] = field(default_factory=dict)
    job: SyncJob = field(init=False)

    def __post_init__(self) -> None:
        """Start the job."""
        timing = FakeTime().timing
        known = plans(self.library.settings, timing=timing)
        self.job = SyncJob(self.library, known, chance=lambda: 1.0)

    def announce(self, day: date) -> None:
        """Let a day's listing go out; it is morning then."""
        self.service.add(*self.listed.get(day, ()))
        self.service.day = day
        self.clock.time = datetime.combine(day, time(12), UTC)
        self.service.now = self.clock.time

    def read(self) -> None:
        """Let the job read what is due, until nothing is."""
        while self.job.run_once():
            pass

    def wait(self, hours: float) -> None:
        """Let time pass, an hour at a time, and the job work."""
        for _ in range(round(hours)):
            self.clock.advance(HOUR)
            self.service.now = self.clock.time
            self.read()

    def days(self, day: date) -> dict[str, PartDay]:
        """Return how a listing stands, by category."""
        found = self.library.standings(listings=30)
        return {part.part: part for one in found if one.day == day for part in one.parts}

    def check(self, day: date) -> None:
        """Hold what is said of a day against what is there: the truth at this moment."""
        found = self.library.edition(day)
        expected = {paper.id for paper in self.listed[day]}
        here = {
            name for name in expected if self.library.store.find([Identifier(Scheme.ARXIV, name)])
        }
        is_whole = here == expected
        says_whole = found.state in {EditionState.COMPLETE, EditionState.OPEN}
        assert says_whole == is_whole, (day, len(here), len(expected), found.state, found.reason)
        assert found.standing

    def check_end(self) -> None:
        """Every paper is here, once, on its day; every listing is complete."""
        papers = [paper for batch in self.listed.values() for paper in batch]
        names = [Identifier(Scheme.ARXIV, paper.id) for paper in papers]
        found = self.library.store.find(names)
        assert len(found) == len(set(names))
        assert self.library.status().papers == len(set(found.values())) == len(set(names))
        assert self.library.check().problems == ()
        for day, batch in self.listed.items():
            edition = self.library.edition(day)
            assert (edition.state, edition.total) == (EditionState.COMPLETE, len(batch)), day


def in_window(day: date, share: float) -> datetime:
    """Return a moment of the submissions that a listing holds."""
    span = arxiv_calendar.window(day)
    return (span.start + (span.end - span.start) * share).replace(microsecond=0)


def written(days: Sequence[date], *, each: int = 6) -> dict[date, list[Preprint]]:
    """Return listings of papers made up for the purpose, a third of them cross-listed."""
    found = {}
    for order, day in enumerate(days):
        found[day] = [
            Preprint(
                id=f"2603.{order * 100 + n:05d}",
                title=f"Well {order}.{n} and how deep it is",
                listed=day,
                categories=(CATEGORIES[n % 3], *(CATEGORIES[:1] if n % 3 == 1 else ())),
                versions=(in_window(day, n / each),),
                stamp=day,
            )
            for n in range(each)
        ]
    return found


DAYS = arxiv_calendar.listing_days(date(2026, 3, 2), date(2026, 3, 13))


@pytest.fixture
def replay(service: Arxiv, library: Library, clock: StillClock) -> Replay:
    """Two weeks, over the change of clocks."""
    return Replay(service, library, clock, listed=written(DAYS))


def test_two_weeks_with_everything_that_goes_wrong(replay: Replay) -> None:
    """A stale category, a week-end, two days off, a night without a repository."""
    service = replay.service
    monday, tuesday, wednesday, thursday, friday, second, third, fourth, fifth, last = DAYS
    for day in (monday, tuesday):
        replay.announce(day)
        replay.read()
        replay.check(day)

    service.stale = {"cs.AI": tuesday}  # dated today, and yesterday's batch
    service.is_harvested = False
    replay.announce(wednesday)
    replay.read()
    replay.check(wednesday)
    assert replay.days(wednesday)["cs.AI"].state is EditionState.LATE
    assert "listing of cs.AI for 4 March has not come" in replay.library.edition(wednesday).reason
    service.is_harvested = True
    replay.wait(8)
    replay.check(wednesday)
    assert replay.days(wednesday)["cs.AI"].note == "the feed did not have it"
    assert "of which its feed lacked" in replay.library.edition(wednesday).standing

    service.stale = {}
    replay.announce(thursday)
    replay.read()
    replay.check(thursday)
    for day in (friday, second):  # the machine is off
        service.add(*replay.listed[day])
    replay.announce(third)
    replay.read()
    for day in (friday, second, third):
        replay.check(day)
        assert replay.days(day)["cs.CV"].held == 2

    service.is_harvested = False
    for day in (fourth, fifth):
        replay.announce(day)
        replay.read()
        replay.check(day)
    service.is_harvested = True
    replay.announce(last)
    replay.wait(13)

    replay.clock.advance(timedelta(days=1))
    replay.check_end()
    found = replay.library.standings(listings=len(DAYS))
    assert {part.state for one in found for part in one.parts} == {EditionState.COMPLETE}


def test_days_missed_while_the_repository_is_down_come_from_the_query_api(replay: Replay) -> None:
    """The last resort, after the repository had its time."""
    replay.announce(DAYS[0])
    replay.read()
    for day in DAYS[1:4]:
        replay.service.add(*replay.listed[day])
    replay.service.is_harvested = False
    replay.announce(DAYS[4])
    replay.read()
    assert {one.state for one in replay.days(DAYS[2]).values()} == {EditionState.LATE}
    replay.check(DAYS[2])

    replay.wait(9)

    for day in DAYS[:5]:
        replay.check(day)
    assert replay.days(DAYS[2])["cs.AI"].harvested == 4
    assert replay.library.edition(DAYS[2]).total == 6


def test_what_the_repository_lacks_is_asked_for_by_name(replay: Replay) -> None:
    """And what it lacks altogether is late, and said."""
    day = DAYS[0]
    lost = replay.listed[day][0].id
    replay.service.hidden = frozenset({lost})
    replay.announce(day)
    replay.read()

    assert replay.service.server is not None
    asked = [one.params for one in replay.service.server.asked if "id_list" in one.params]
    assert [one["id_list"] for one in asked] == [lost]
    assert len(replay.library.records(replay.library.paper(lost))) == 2

    replay.service.hidden = frozenset(paper.id for paper in replay.listed[DAYS[1]])
    replay.announce(DAYS[1])
    replay.read()
    errors = {one.source: one.error for one in replay.library.store.syncs()}
    assert errors == {
        "arxiv": "",
        "arxiv-oai": "arXiv's repository has nothing of the listing of 2026-03-03 yet: it is "
        "asked again soon",
    }
    assert replay.days(DAYS[1])["cs.AI"].harvested is None
    replay.check(DAYS[1])

    replay.service.hidden = frozenset()
    replay.wait(1)
    assert replay.days(DAYS[1])["cs.AI"].harvested == 4


def test_a_paper_that_neither_gives_readably_is_asked_for_and_given_up(replay: Replay) -> None:
    """Three times; meanwhile the day is partial, for it lacks something that is listed."""
    day = DAYS[0]
    replay.listed[day][0] = replace(replay.listed[day][0], title="")
    replay.announce(day)
    replay.read()

    found = replay.library.edition(day)
    assert found.state is EditionState.PARTIAL
    assert found.reason == (
        "5 of the 6 papers that arXiv lists are here; the other is asked for by name."
    )
    for later in DAYS[1:6]:
        replay.announce(later)
        replay.read()
    assert replay.service.server is not None
    asked = [one.params for one in replay.service.server.asked if "id_list" in one.params]
    assert len(asked) == 3


def test_a_harvest_asks_once_a_night(replay: Replay) -> None:
    """ArXiv's repository changes once; an hour later there is nothing to ask."""
    replay.announce(DAYS[0])
    replay.read()
    assert replay.service.server is not None
    first = [one.path for one in replay.service.server.asked].count("/oai")

    replay.wait(5)

    assert [one.path for one in replay.service.server.asked].count("/oai") == first


@pytest.mark.data
def test_the_real_stream_with_faults(service: Arxiv, library: Library, clock: StillClock) -> None:
    """Real announcements of spring 2025: a stale category, a missed day, an outage."""
    replay = Replay(service, library, clock, listed=real(int(os.environ.get("REPLAY_DAYS", "10"))))
    days = list(replay.listed)
    for order, day in enumerate(days):
        service.stale = {"cs.CL": days[order - 1]} if order % 10 == 3 else {}
        service.is_harvested = order % 10 not in {3, 7}
        replay.announce(day)
        if order % 10 == 5:
            continue  # the machine is off
        replay.read()
        replay.check(day)
    service.is_harvested = True
    replay.wait(13)

    clock.advance(timedelta(days=1))
    replay.check_end()


def real(count: int) -> dict[date, list[Preprint]]:
    """Return the first listings of the corpus, each paper on the first day that it was on."""
    found: defaultdict[date, list[Preprint]] = defaultdict(list)
    path = corpora() / "papers" / "arxiv-daily.jsonl.zst"
    with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as lines:
        import io

        for line in io.TextIOWrapper(lines, encoding="utf-8"):
            row = json.loads(line)
            day = date.fromisoformat(min(row["listed_on"]))
            if set(row["categories"]) & set(CATEGORIES) and not arxiv_calendar.why_none(day):
                found[day].append(_real(row, day, len(found[day])))
    return {day: found[day] for day in sorted(found)[:count]}


def _real(row: dict[str, object], day: date, order: int) -> Preprint:
    categories = tuple(map(str, row["categories"]))  # type: ignore[call-overload]  # a list
    authors = tuple(map(str, row["authors"]))  # type: ignore[call-overload]  # a list
    return Preprint(
        id=str(row["id"]).removeprefix("arxiv:"),
        title=str(row["title"]),
        listed=day,
        abstract=str(row["abstract"]),
        authors=authors,
        categories=categories,
        versions=(in_window(day, order % 1000 / 1000),),
        stamp=day,
    )
