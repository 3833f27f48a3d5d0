"""Which sources does this instance read over the network, how often, and how?

A source is named in the settings or on the command line by one of these forms:

=====================  =========================================================================
``arxiv``              the newest announcement in the categories of the settings
``arxiv-oai``          everything that changed in these categories, with versions and licence
=====================  =========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx2

from broadsheet.errors import SettingError
from broadsheet.sources import _http
from broadsheet.sources._turns import Site, Timing, Turns
from broadsheet.sources.arxiv_rss import ArxivFeed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime
    from typing import Any

    from broadsheet.config import Settings
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http

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

    def plan(self, name: str) -> Plan:
        if name == "arxiv":
            return Plan(name=name, interval=self._interval, open=self._arxiv)
        raise SettingError(f"sources: {name[:80]!r} is no source", field="sources")

    def _arxiv(self, reading: Reading) -> Remote:
        return ArxivFeed(
            self._http(),
            self._settings.arxiv_feed_url,
            categories=self._categories,
            cursor=reading.cursor,
            now=reading.now,
        )


def _agent(settings: Settings) -> str:
    """Return the User-Agent: program, version, the instance's name and address."""
    title = "".join(
        letter for letter in settings.title if letter.isascii() and letter.isprintable()
    )
    where = settings.base_url or "no public address"
    return f"Broadsheet/{version('broadsheet')} ({title.strip()}; {where})"


def _sites(settings: Settings) -> dict[str, Site]:
    """Return arXiv's hosts as one site, wherever the settings say that they are."""
    urls = (settings.arxiv_feed_url, settings.arxiv_api_url, settings.arxiv_oai_url)
    return {httpx2.URL(url).netloc.decode("ascii"): _http.ARXIV for url in urls}
