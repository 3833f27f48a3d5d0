"""What a source on the network is called, what it needs, and how one run of it begins.

Each source offers a `Kind`; `network.KINDS` is the table of all of them, and the only list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2

from broadsheet.errors import SettingError

if TYPE_CHECKING:
    from datetime import date, datetime

    from broadsheet.config import Settings
    from broadsheet.model import Holding
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http, Meter
    from broadsheet.sources._turns import Site
    from broadsheet.sources._wire import Door

WEB = "https://..."  # the form of a source that is named by its address alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one run is to read, and from where."""

    cursor: Mapping[str, Any]
    now: datetime
    since: date | None = None  # None: from where the cursor says
    is_full: bool = False  # all there is, from the beginning
    holdings: Callable[[], Sequence[Holding]] = tuple  # of the last weeks: what is listed and here


Opener = Callable[[Reading], "Remote"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One source and how it is read."""

    name: str
    interval: timedelta
    open: Opener
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What sources read with."""

    settings: Settings
    http: Callable[..., Http]  # the client of one run, with a budget of its own
    door: Door  # which addresses may be reached where a user chose the host


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of source."""

    form: str  # "arxiv", "arxiv-api:QUERY", "name[:PART]" where the part may be left out, WEB
    reads: str  # what it delivers, in one line
    example: str  # a whole name
    prepare: Callable[[Means, str], Opener]  # takes a name of this form; raises SettingError
    least: timedelta = timedelta()  # the time between two runs, whatever the settings say
    past: str = ""  # the source to read instead for --since and --full: this has only the newest
    sites: Callable[[Settings], Mapping[str, Site]] = field(default=lambda _settings: {})
    names: Callable[[Mapping[str, Any]], list[str]] = field(default=lambda _cursor: [])
    """Of further sources, which the last reading found in this one."""

    def takes(self, name: str) -> bool:
        """Tell whether a name is of this form."""
        if self.form == WEB:
            return name.startswith(("http://", "https://"))
        word, colon, _ = self.form.replace("[", "").partition(":")
        if name == word:
            return not colon or "[" in self.form
        return bool(colon) and name.startswith(f"{word}:") and bool(part(name))


def part(name: str) -> str:
    """Return what stands behind the first colon of a name: its query, its address."""
    return name.partition(":")[2].strip()


def host(url: str) -> str:
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


def one_site(site: Site, urls: Iterable[str]) -> dict[str, Site]:
    """Return the hosts of these addresses as one site."""
    return {httpx2.URL(url).netloc.decode("ascii"): site for url in urls}
