"""The three ways to arXiv, as sources that have a name."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from broadsheet.sources import _http, _plan, _wire, oai_pmh
from broadsheet.sources._plan import Kind
from broadsheet.sources.arxiv_atom import ArxivQuery
from broadsheet.sources.arxiv_rss import ArxivFeed
from broadsheet.sources.oai_pmh import Repository, arxiv_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadsheet.config import Settings
    from broadsheet.ports import Remote
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._turns import Site

OAI_INTERVAL = timedelta(hours=12)  # arXiv's repository changes once a night
FIRST_DAYS = 3  # how far the first harvest goes back
FIRST_PAPERS = 500  # of an instance that starts at a week-end


def _prepare_newest(means: Means, _name: str) -> Opener:
    return partial(_newest, means)


def _prepare_oai(means: Means, _name: str) -> Opener:
    repository = Repository(
        name="arxiv-oai",
        source="arxiv",
        url=means.settings.arxiv_oai_url,
        prefix="arXivRaw",
        sets=[arxiv_set(one) for one in _categories(means.settings)],
        first_days=FIRST_DAYS,
    )
    return partial(oai_pmh.harvest, means, repository, _wire.any_address)


def _prepare_query(means: Means, name: str) -> Opener:
    return partial(_query, means, _plan.part(name))


def _newest(means: Means, reading: Reading) -> Remote:
    http, categories = means.http(), _categories(means.settings)
    newest = ArxivQuery(
        http,
        means.settings.arxiv_api_url,
        query=" OR ".join(f"cat:{one}" for one in categories),
        cursor={},
        now=reading.now,
        first_time=FIRST_PAPERS,
    )
    return ArxivFeed(
        http,
        means.settings.arxiv_feed_url,
        categories=categories,
        cursor=reading.cursor,
        now=reading.now,
        newest=newest.read,
    )


def _query(means: Means, query: str, reading: Reading) -> Remote:
    return ArxivQuery(
        means.http(),
        means.settings.arxiv_api_url,
        query=query,
        cursor=reading.cursor,
        now=reading.now,
        since=reading.since,
        is_full=reading.is_full,
    )


def _categories(settings: Settings) -> list[str]:
    return [one.strip() for one in settings.arxiv_categories.split(",") if one.strip()]


def _sites(settings: Settings) -> Mapping[str, Site]:
    """Return arXiv's hosts as one site, wherever the settings say that they are."""
    urls = (settings.arxiv_feed_url, settings.arxiv_api_url, settings.arxiv_oai_url)
    return _plan.one_site(_http.ARXIV, urls)


KINDS = (
    Kind(
        form="arxiv",
        reads="the newest announcement of `arxiv_categories`: new papers, cross-lists and "
        "replacements; only what changed is sent",
        example="arxiv",
        prepare=_prepare_newest,
        past="arxiv-oai",
        sites=_sites,
    ),
    Kind(
        form="arxiv-oai",
        reads="what changed in these categories, with the dates of all versions and the licence, "
        "by OAI-PMH",
        example="arxiv-oai",
        prepare=_prepare_oai,
        least=OAI_INTERVAL,
    ),
    Kind(
        form="arxiv-api:QUERY",
        reads="what a query in arXiv's language finds, newest change first",
        example="arxiv-api:cat:cs.AI AND ti:agents",
        prepare=_prepare_query,
    ),
)
