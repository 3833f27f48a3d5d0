"""Which sources does this instance read over the network, how often, and how?

A source is named in the settings or on the command line by one of the forms in `KINDS`. A new
kind is a file that offers a `Kind`, and its line in this table; the help of `broadsheet sync`,
the errors and the table in docs/how-to/sync.md are made from it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from broadsheet.errors import SettingError
from broadsheet.sources import (
    _arxiv_kinds,
    _http,
    _wire,
    biorxiv,
    chemrxiv,
    daily_list,
    eutilities,
    feed,
    oai_pmh,
)
from broadsheet.sources._plan import Kind, Means, Plan, Reading
from broadsheet.sources._turns import Timing, Turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.config import Settings

__all__ = ["KINDS", "Kind", "Plan", "Reading", "kind_of", "plans"]

KINDS: tuple[Kind, ...] = (
    *_arxiv_kinds.KINDS,
    *biorxiv.KINDS,
    chemrxiv.KIND,
    eutilities.KIND,
    daily_list.KIND,
    feed.KIND,
    oai_pmh.KIND,
)
"""Every kind of source, in the order of the documentation."""

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


def plans(
    settings: Settings, names: Iterable[str] | None = None, *, timing: Timing | None = None
) -> dict[str, Plan]:
    """Return a plan for each name, or for each source in the settings, by name.

    Raises:
        SettingError: a name is of none of the known forms.
    """
    wanted = settings.sources.split(",") if names is None else names
    means = _means(settings, timing or Timing())
    found = [_plan(name.strip(), means) for name in wanted if name.strip()]
    return {plan.name: plan for plan in found}


def _plan(name: str, means: Means) -> Plan:
    kind = kind_of(name)
    interval = timedelta(minutes=means.settings.sync_interval)
    return Plan(name=name, interval=max(interval, kind.least), open=kind.prepare(means, name))


def _means(settings: Settings, timing: Timing) -> Means:
    """Return what all plans share: one client, and the turns at each site."""
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
