"""Which sources does this instance read over the network, how often, and how?

A source is named in the settings or on the command line by one of the forms in `KINDS`. A new
kind is a file that offers a `Kind`, and its line in this table; the help of `broadsheet sync`,
the errors and the table in docs/how-to/sync.md are made from it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from broadsheet.errors import SettingError
from broadsheet.sources import (
    _arxiv_kinds,
    _http,
    _wire,
    acl,
    biorxiv,
    chemrxiv,
    crossref,
    daily_list,
    eutilities,
    feed,
    oai_pmh,
    openalex,
    openreview,
    opml,
    semantic_scholar,
)
from broadsheet.sources._plan import Kind, Means, Plan, Reading
from broadsheet.sources._turns import Timing, Turns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from broadsheet.config import Settings
    from broadsheet.model import Sync

__all__ = [
    "KINDS",
    "Kind",
    "Plan",
    "Reading",
    "check_interval",
    "kind_of",
    "listed",
    "means",
    "names_in",
    "plans",
    "split_interval",
    "spoken",
]

KINDS: tuple[Kind, ...] = (
    *_arxiv_kinds.KINDS,
    *biorxiv.KINDS,
    chemrxiv.KIND,
    eutilities.KIND,
    daily_list.KIND,
    openreview.KIND,
    acl.KIND,
    openalex.KIND,
    crossref.KIND,
    semantic_scholar.KIND,
    feed.KIND,
    oai_pmh.KIND,
    opml.KIND,
)
"""Every kind of source, in the order of the documentation."""

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=7)
_INTERVAL = re.compile(r"(?P<name>.*)@(?P<count>\d{1,6})(?P<unit>[mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
FOLDER = "http"  # in the data folder: whose turn it is at each site


def kind_of(name: str) -> Kind:
    """Return the kind of source that a name is of.

    Raises:
        SettingError: it is of none.
    """
    for kind in KINDS:
        if kind.takes(name):
            return kind
    forms = ", ".join(kind.form for kind in KINDS)
    raise SettingError(f"sources must name one of: {forms}; not {name[:80]!r}", field="sources")


def names_in(text: str) -> list[str]:
    """Return the names in the setting `sources`.

    They are separated by commas, and so are the parts of a filter in a name: what is the name of
    no source belongs to the one before it, where that one has a part that can go on.
    """
    found: list[str] = []
    for piece in filter(None, map(str.strip, text.split(","))):
        timed = _INTERVAL.fullmatch(piece)
        is_name = any(kind.takes(timed["name"] if timed else piece) for kind in KINDS)
        if is_name or not found or ":" not in found[-1]:
            found.append(piece)
        else:
            found[-1] += f",{piece}"
    return found


def plans(
    settings: Settings, names: Iterable[str] | None = None, *, timing: Timing | None = None
) -> dict[str, Plan]:
    """Return a plan for each name, or for each source in the settings, by name.

    Raises:
        SettingError: a name is of none of the known forms.
    """
    wanted = names_in(settings.sources) if names is None else names
    shared = means(settings, timing)
    found = [_plan(name.strip(), shared) for name in wanted if name.strip()]
    return {plan.name: plan for plan in found}


def listed(names: Collection[str], rows: Iterable[Sync]) -> list[str]:
    """Return the names of the sources that lists among these name, each once.

    Args:
        names: Of sources; those of no known kind name none.
        rows: What the store knows; a list's cursor holds what it named when it was read last.
    """
    lists = [row for row in rows if row.source in names]
    kinds = [(row, kind) for row in lists for kind in KINDS if kind.takes(row.source)]
    return list(dict.fromkeys(one for row, kind in kinds for one in kind.names(row.cursor)))


def split_interval(text: str) -> tuple[str, timedelta | None]:
    """Return the name of a source and the time between two runs that stands behind it.

    ``arxiv-oai@24h`` is read once a day; m, h and d are minutes, hours and days.

    Raises:
        SettingError: the time is too short for this kind of source, or longer than a week.
    """
    found = _INTERVAL.fullmatch(text.strip())
    if found is None:
        return text.strip(), None
    name = found["name"].strip()
    interval = int(found["count"]) * _UNITS[found["unit"]]
    check_interval(name, interval)
    return name, interval


def check_interval(name: str, interval: timedelta) -> None:
    """Refuse a time between two runs that a source must not have.

    Raises:
        SettingError: it is shorter than its kind allows, or longer than a week.
    """
    least = max(kind_of(name).least, SHORTEST)
    if not least <= interval <= LONGEST:
        raise SettingError(
            f"sources: {name[:80]} may be read every {spoken(least)} to {spoken(LONGEST)}, "
            f"not every {spoken(interval)}",
            field="sources",
        )


def spoken(interval: timedelta) -> str:
    """Return a time between two runs as it is typed: 90m, 12h, 7d."""
    for unit in ("d", "h"):
        if interval and not interval % _UNITS[unit]:
            return f"{interval // _UNITS[unit]}{unit}"
    return f"{interval // _UNITS['m']}m"


def _plan(text: str, means: Means) -> Plan:
    name, chosen = split_interval(text)
    kind = kind_of(name)
    usual = max(timedelta(minutes=means.settings.sync_interval), kind.least)
    meter = _http.Meter()
    metered = replace(means, http=partial(means.http, meter=meter))
    opener = kind.prepare(metered, name)
    return Plan(name=name, interval=chosen or usual, open=opener, meter=meter)


def means(settings: Settings, timing: Timing | None = None) -> Means:
    """Return what all that is read over the network shares: one client, turns at each site."""
    timing = timing or Timing()
    sites = {host: site for kind in KINDS for host, site in kind.sites(settings).items()}
    client = _http.Client(agent=_agent(settings), sites=sites, timing=timing)
    turns = Turns(settings.data / FOLDER, timing)
    private = settings.allow_private_sources
    return Means(
        settings=settings,
        http=partial(_http.Http, client, turns),
        door=_wire.any_address if private else _wire.public_address,
    )


def _agent(settings: Settings) -> str:
    """Return the User-Agent: program, version, the instance's name and address."""
    title, where = map(_plain, (settings.title, settings.base_url or "no public address"))
    return f"Broadsheet/{version('broadsheet')} ({title}; {where})"


def _plain(text: str) -> str:
    """Return what of a text may stand in a header's comment."""
    return "".join(one for one in text if one.isascii() and one.isprintable() and one not in "()")
