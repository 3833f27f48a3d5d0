"""Every service that a source reads, on loopback, with five papers each; and more that appear."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.sources import chemrxiv as chemrxiv_source
from broadsheet.sources import crossref as crossref_source
from broadsheet.sources import eutilities
from tests.servers import acl, arxiv, openreview, pubmed
from tests.servers import crossref as crossref_server
from tests.servers import openalex as openalex_server
from tests.servers import semantic_scholar as s2_server
from tests.servers.biorxiv import Version, biorxiv
from tests.servers.chemrxiv import PATH, Item, chemrxiv
from tests.servers.daily import daily
from tests.servers.feeds import feeds
from tests.servers.http import serving
from tests.servers.repository import Article, repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import ModuleType

    from tests.servers.http import Server

DAY = date(2026, 3, 4)
EMILIE = "Émilie du Châtelet"
FIRST = 5  # papers that are there from the beginning
PAGE = 2  # papers of one answer, where a service has pages
_AUTHOR = {"given": "Émilie", "family": "du Châtelet"}


@dataclass
class Service:
    """A service as the tests see it, whatever it speaks."""

    server: Server
    source: str  # by which name it is read
    environ: dict[str, str]
    publish: Callable[[int], None]  # a paper of this number appears


@dataclass(frozen=True)
class Way:
    """A way in which papers come."""

    open: Callable[[], AbstractContextManager[Service]]
    speaks: str = "json"  # or "xml"
    is_one_answer: bool = False  # all papers at once
    rest: timedelta = timedelta()  # until something new can come, where that is longer than usual


def _with(service: Service) -> Service:
    for number in range(1, FIRST + 1):
        service.publish(number)
    return service


@contextmanager
def _arxiv(source: str) -> Iterator[Service]:
    with arxiv.arxiv() as held:
        assert held.server is not None

        def publish(number: int) -> None:
            at = datetime(2026, 3, 4, 1, number % 60, tzinfo=UTC)
            held.add(arxiv.Preprint(f"2603.{number:05d}", f"Well {number}", DAY, versions=(at,)))

        yield _with(Service(held.server, source, arxiv.settings(held.server), publish))


@contextmanager
def _oai() -> Iterator[Service]:
    with repository() as held:
        assert held.server is not None

        def publish(number: int) -> None:
            held.add(Article(number, f"Well {number}", f"{DAY}"))

        yield _with(Service(held.server, f"oai:{held.server.url}/oai", {}, publish))


@contextmanager
def _feed(kind: str) -> Iterator[Service]:
    with feeds() as held:
        assert held.server is not None

        def publish(number: int) -> None:
            held.titles[number] = f"Well {number}"

        yield _with(Service(held.server, f"{held.server.url}/{kind}", {}, publish))


@contextmanager
def _list_of_feeds() -> Iterator[Service]:
    with feeds() as held:
        assert held.server is not None
        source = "opml:" + held.put_list("/list.opml", [f"{held.server.url}/atom"])

        def publish(number: int) -> None:
            held.titles[number] = f"Well {number}"

        yield _with(Service(held.server, source, {}, publish))


@contextmanager
def _daily() -> Iterator[Service]:
    with daily() as held:
        assert held.server is not None
        environ = {"BROADSHEET_DAILY_LIST_URL": held.server.url}
        people = [{"_id": "1", "name": EMILIE, "hidden": False}]

        def publish(number: int) -> None:
            held.pick(f"{DAY}", number, authors=people)

        yield _with(Service(held.server, "daily", environ, publish))


@contextmanager
def _biorxiv(name: str) -> Iterator[Service]:
    with biorxiv() as held:
        assert held.server is not None
        held.page = PAGE
        environ = {"BROADSHEET_BIORXIV_API_URL": held.server.url}

        def publish(number: int) -> None:
            version = Version(
                f"10.1101/wells.{number}",
                f"Well {number}",
                DAY,
                server=name,
                authors="du Châtelet, É.",
            )
            held.versions.append(version)

        yield _with(Service(held.server, name, environ, publish))


@contextmanager
def _chemrxiv() -> Iterator[Service]:
    with chemrxiv() as held, pytest.MonkeyPatch.context() as patch:
        patch.setattr(chemrxiv_source, "LIMIT", PAGE)
        assert held.server is not None
        environ = {"BROADSHEET_CHEMRXIV_API_URL": f"{held.server.url}{PATH}"}

        def publish(number: int) -> None:
            doi = f"10.26434/chemrxiv-2026-wells.{number}"
            held.items.append(Item(f"{number:024x}", doi, f"Well {number}", DAY))

        yield _with(Service(held.server, "chemrxiv", environ, publish))


@contextmanager
def _pubmed() -> Iterator[Service]:
    with pubmed.pubmed() as held, pytest.MonkeyPatch.context() as patch:
        patch.setattr(eutilities, "BATCH", PAGE)
        assert held.server is not None

        def publish(number: int) -> None:
            said = f"Émilie: We dig well {number}."
            doi = f"10.1000/wells.{number}"
            held.citations.append(
                pubmed.Citation(number, f"Well {number}", DAY, doi=doi, abstract=said)
            )

        yield _with(Service(held.server, "pubmed:well", pubmed.settings(held.server), publish))


@contextmanager
def _openreview() -> Iterator[Service]:
    held = openreview.OpenReview(page=PAGE)
    with serving(held.answer) as server:

        def publish(number: int) -> None:
            at = openreview.moment(f"{DAY}T10:{number % 60:02d}")
            held.submit(number, content={"title": {"value": f"Well {number}"}}, tmdate=at)

        source = f"openreview:{openreview.VENUE}"
        yield _with(Service(server, source, openreview.settings(server.url), publish))


@contextmanager
def _acl() -> Iterator[Service]:
    held = acl.Anthology()
    with serving(held.answer) as server:

        def publish(number: int) -> None:
            held.add("2026.wells-long", acl.Talk(number, f"Well {number}"))

        yield _with(Service(server, "acl:2026.wells", acl.settings(server.url), publish))


@contextmanager
def _works(
    server: ModuleType,
    held: openalex_server.OpenAlex | s2_server.SemanticScholar,
    source: str,
    **paper: object,
) -> Iterator[Service]:
    with serving(held.answer) as served:

        def publish(number: int) -> None:
            held.add(number, title=f"Well {number}", **paper)

        yield _with(Service(served, source, server.settings(served.url), publish))


@contextmanager
def _crossref() -> Iterator[Service]:
    held = crossref_server.Crossref()
    with serving(held.answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossref_source, "ROWS", PAGE)

        def publish(number: int) -> None:
            day = DAY if number <= FIRST else DAY + timedelta(days=1)  # it is that of appearing
            indexed = {"date-time": f"{day}T12:00:00Z"}
            held.add(number, title=[f"Well {number}"], author=[_AUTHOR], indexed=indexed)

        source = "crossref:type:journal-article"
        yield _with(Service(server, source, crossref_server.settings(server.url), publish))


def _openalex() -> AbstractContextManager[Service]:
    authors = [{"author": {"display_name": EMILIE}}]
    held = openalex_server.OpenAlex(page=PAGE)
    return _works(openalex_server, held, "openalex:type:article", authorships=authors)


def _s2() -> AbstractContextManager[Service]:
    held = s2_server.SemanticScholar(page=PAGE)
    return _works(s2_server, held, "s2:well", authors=[{"authorId": "1", "name": EMILIE}])


WAYS: dict[str, Way] = {
    "arxiv": Way(lambda: _arxiv("arxiv"), "xml", is_one_answer=True),
    "arxiv-oai": Way(lambda: _arxiv("arxiv-oai"), "xml", rest=timedelta(hours=26)),
    "arxiv-api": Way(lambda: _arxiv("arxiv-api:cat:cs.AI"), "xml", is_one_answer=True),
    "oai": Way(_oai, "xml"),
    "rss": Way(lambda: _feed("rss"), "xml", is_one_answer=True),
    "atom": Way(lambda: _feed("atom"), "xml", is_one_answer=True),
    "json": Way(lambda: _feed("json"), is_one_answer=True),
    "opml": Way(_list_of_feeds, "xml"),
    "daily": Way(_daily),
    "biorxiv": Way(lambda: _biorxiv("biorxiv")),
    "medrxiv": Way(lambda: _biorxiv("medrxiv")),
    "chemrxiv": Way(_chemrxiv),
    "pubmed": Way(_pubmed, "xml"),
    "openreview": Way(_openreview),
    "acl": Way(_acl, "xml", is_one_answer=True),
    "openalex": Way(_openalex),
    "crossref": Way(_crossref),
    "s2": Way(_s2),
}
