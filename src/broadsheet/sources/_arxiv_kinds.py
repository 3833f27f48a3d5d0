"""The three ways to arXiv, as sources that have a name."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from broadsheet.model import REPOSITORY
from broadsheet.sources import _http, _plan, arxiv_atom, arxiv_oai
from broadsheet.sources._plan import Kind
from broadsheet.sources.arxiv_atom import ArxivQuery
from broadsheet.sources.arxiv_gaps import Gaps
from broadsheet.sources.arxiv_oai import ArxivHarvest
from broadsheet.sources.arxiv_rss import GAPS, ArxivFeed
from broadsheet.sources.oai_pmh import OaiPmh, Repository, arxiv_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadsheet.config import Settings
    from broadsheet.ports import Remote
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._turns import Site

PATIENCE = timedelta(hours=6)  # for the repository to tell of a day that was missed
FIRST_DAYS = 3  # how far the first harvest goes back
FIRST_PAPERS = 500  # of an instance that starts at a week-end


def _prepare_newest(means: Means, _name: str) -> Opener:
    return partial(_newest, means)


def _prepare_oai(means: Means, _name: str) -> Opener:
    return partial(_harvest, means)


def _harvest(means: Means, reading: Reading) -> Remote:
    categories = means.settings.category_names
    repository = Repository(
        name=REPOSITORY,
        source="arxiv",
        url=means.settings.arxiv_oai_url,
        prefix="arXivRaw",
        sets=[arxiv_set(one) for one in categories],
        first_days=FIRST_DAYS,
    )
    http = means.http()
    sets = {name: value for name, value in reading.cursor.items() if name != arxiv_oai.NIGHT}
    inner = OaiPmh(
        lambda url, params: http.get(url, params=params),
        repository,
        cursor=sets,
        today=reading.now.date(),
        since=reading.since,
        is_full=reading.is_full,
    )
    return ArxivHarvest(
        inner,
        categories=categories,
        cursor=reading.cursor,
        now=reading.now,
        holdings=reading.holdings,
        ask=partial(arxiv_atom.papers, http, means.settings.arxiv_api_url),
        is_asked=bool(reading.since or reading.is_full),
    )


def _prepare_query(means: Means, name: str) -> Opener:
    return partial(_query, means, _plan.part(name))


def _newest(means: Means, reading: Reading) -> Remote:
    http, categories = means.http(), means.settings.category_names
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
        holdings=reading.holdings,
        gaps=Gaps(
            http,
            means.settings.arxiv_api_url,
            categories=categories,
            noticed=reading.cursor.get(GAPS, {}),
            now=reading.now,
            patience=PATIENCE if REPOSITORY in means.settings.source_names else timedelta(),
        ),
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
        "by OAI-PMH, once after each announcement; what it has and the feed lacks, and the other "
        "way round, is found and filled",
        example="arxiv-oai",
        prepare=_prepare_oai,
    ),
    Kind(
        form="arxiv-api:QUERY",
        reads="what a query in arXiv's language finds, newest change first",
        example="arxiv-api:cat:cs.AI AND ti:agents",
        prepare=_prepare_query,
    ),
)
