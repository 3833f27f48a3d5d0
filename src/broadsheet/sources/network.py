"""Which sources does this instance read over the network, how often, and how?

A source is named in the settings or on the command line by one of these forms:

=====================  =========================================================================
``arxiv``              the newest announcement in the categories of the settings
``arxiv-oai``          everything that changed in these categories, with versions and licence
``arxiv-api:QUERY``    what a query in arXiv's own language finds, newest change first
``daily``              the hosted daily list: what people picked, votes, comments
``https://...``        any feed: RSS, Atom or JSON Feed
``oai:https://...``    any OAI-PMH repository; ``#name`` behind the address is one of its sets
=====================  =========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx2

from broadsheet.errors import SettingError
from broadsheet.sources import _http, _wire
from broadsheet.sources._turns import Site, Timing, Turns
from broadsheet.sources.arxiv_atom import ArxivQuery
from broadsheet.sources.arxiv_rss import ArxivFeed
from broadsheet.sources.daily_list import DailyList
from broadsheet.sources.feed import Feed, source_name
from broadsheet.sources.oai_pmh import OaiPmh, Repository, arxiv_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from broadsheet.config import Settings
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._wire import Door

OAI_INTERVAL = timedelta(hours=12)  # arXiv's repository changes once a night
ARXIV_FIRST_DAYS = 3  # how far the first harvest of arXiv goes back
ARXIV_FIRST_PAPERS = 500  # of an instance that starts at a week-end
DAILY_BEGAN = date(2023, 5, 4)  # the first day of the hosted daily list
FOLDER = "http"  # in the data folder: whose turn it is at each site


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one run is to read, and from where."""

    cursor: Mapping[str, Any]
    now: datetime
    since: date | None = None  # None: from where the cursor says
    is_full: bool = False  # all there is, from the beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One source and how it is read."""

    name: str
    interval: timedelta
    open: Callable[[Reading], Remote]


def plans(
    settings: Settings, names: Iterable[str] | None = None, *, timing: Timing | None = None
) -> dict[str, Plan]:
    """Return a plan for each name, or for each source in the settings, by name.

    Raises:
        SettingError: a name is of none of the known forms.
    """
    wanted = settings.sources.split(",") if names is None else names
    maker = _Maker(settings, timing or Timing())
    found = [maker.plan(name.strip()) for name in wanted if name.strip()]
    return {plan.name: plan for plan in found}


class _Maker:
    """Makes plans; all of them share one client."""

    def __init__(self, settings: Settings, timing: Timing) -> None:
        self._settings = settings
        self._interval = timedelta(minutes=settings.sync_interval)
        self._categories = [
            one.strip() for one in settings.arxiv_categories.split(",") if one.strip()
        ]
        client = _http.Client(agent=_agent(settings), sites=_sites(settings), timing=timing)
        turns = Turns(settings.data / FOLDER, timing)
        self._http: Callable[[], Http] = partial(_http.Http, client, turns)

        private = settings.allow_private_sources
        self._door: Door = _wire.any_address if private else _wire.public_address

    def plan(self, name: str) -> Plan:
        """Return how the source of this name is read.

        Raises:
            SettingError: the name is of none of the known forms.
        """
        kind, colon, rest = name.partition(":")
        rare = max(self._interval, OAI_INTERVAL)
        if name == "arxiv":
            return Plan(name=name, interval=self._interval, open=self._arxiv)
        if name == "arxiv-oai":
            return Plan(name=name, interval=rare, open=self._arxiv_oai)
        if name == "daily":
            return Plan(name=name, interval=self._interval, open=self._daily)
        if kind == "arxiv-api" and rest.strip():
            opener = partial(self._arxiv_api, rest.strip())
            return Plan(name=name, interval=self._interval, open=opener)
        if kind in {"http", "https"}:
            opener = partial(self._feed, name, source_name(_host(name)))
            return Plan(name=name, interval=self._interval, open=opener)
        if kind == "oai" and colon:
            return Plan(name=name, interval=rare, open=partial(self._oai, _repository(rest)))
        raise SettingError(
            f"sources must name arxiv, arxiv-oai, arxiv-api:QUERY, daily, a feed's address or "
            f"oai:ADDRESS, not {name[:80]!r}",
            field="sources",
        )

    def _arxiv_oai(self, reading: Reading) -> Remote:
        sets = [arxiv_set(one) for one in self._categories]
        repository = Repository(
            name="arxiv-oai",
            source="arxiv",
            url=self._settings.arxiv_oai_url,
            prefix="arXivRaw",
            sets=sets,
            first_days=ARXIV_FIRST_DAYS,
        )
        return self._harvest(repository, reading, door=_wire.any_address)

    def _oai(self, repository: Repository, reading: Reading) -> Remote:
        return self._harvest(repository, reading, door=self._door)

    def _harvest(self, repository: Repository, reading: Reading, *, door: Door) -> Remote:
        http = self._http()
        return OaiPmh(
            lambda url, params: http.get(url, params=params, door=door),
            repository,
            cursor=reading.cursor,
            today=reading.now.date(),
            since=reading.since,
            is_full=reading.is_full,
        )

    def _arxiv_api(self, query: str, reading: Reading) -> Remote:
        return ArxivQuery(
            self._http(),
            self._settings.arxiv_api_url,
            query=query,
            cursor=reading.cursor,
            since=reading.since,
            is_full=reading.is_full,
        )

    def _daily(self, reading: Reading) -> Remote:
        return DailyList(
            self._http(),
            self._settings.daily_list_url,
            cursor=reading.cursor,
            now=reading.now,
            since=reading.since or (DAILY_BEGAN if reading.is_full else None),
        )

    def _feed(self, url: str, source: str, reading: Reading) -> Remote:
        http = self._http()
        return Feed(
            lambda address, headers: http.get(address, headers=headers, door=self._door),
            url,
            source=source,
            cursor={} if reading.is_full else reading.cursor,
        )

    def _arxiv(self, reading: Reading) -> Remote:
        http = self._http()
        newest = ArxivQuery(
            http,
            self._settings.arxiv_api_url,
            query=" OR ".join(f"cat:{one}" for one in self._categories),
            cursor={},
            first_time=ARXIV_FIRST_PAPERS,
        )
        return ArxivFeed(
            http,
            self._settings.arxiv_feed_url,
            categories=self._categories,
            cursor=reading.cursor,
            now=reading.now,
            newest=newest.read,
        )


def _repository(address: str) -> Repository:
    url, _, part = address.partition("#")
    source = source_name(_host(url)).replace("feed-", "oai-", 1)
    return Repository(name=f"oai:{address}", source=source, url=url, sets=[part])


def _host(url: str) -> str:
    """Return the host of an address on the web.

    Raises:
        SettingError: it is none.
    """
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise SettingError(f"sources: {url[:80]!r} is no address", field="sources") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise SettingError(f"sources: {url[:80]!r} is no http or https address", field="sources")
    return parsed.host


def _agent(settings: Settings) -> str:
    """Return the User-Agent: program, version, the instance's name and address."""
    title, where = map(_plain, (settings.title, settings.base_url or "no public address"))
    return f"Broadsheet/{version('broadsheet')} ({title}; {where})"


def _plain(text: str) -> str:
    """Return what of a text may stand in a header's comment."""
    return "".join(one for one in text if one.isascii() and one.isprintable() and one not in "()")


def _sites(settings: Settings) -> dict[str, Site]:
    """Return arXiv's hosts as one site, wherever the settings say that they are."""
    urls = (settings.arxiv_feed_url, settings.arxiv_api_url, settings.arxiv_oai_url)
    return {httpx2.URL(url).netloc.decode("ascii"): _http.ARXIV for url in urls}
