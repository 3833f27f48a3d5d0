"""ChemRxiv: items become papers; all versions, and the journal's article, are one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.assemble import open_library
from broadsheet.errors import SourceError
from broadsheet.jobs.sync import sync
from broadsheet.model import Fault, Link, Record, Status
from broadsheet.sources._http import Http
from broadsheet.sources.chemrxiv import parse
from broadsheet.sources.network import plans
from tests.servers.chemrxiv import PATH, Chemrxiv, Item, chemrxiv, settings
from tests.servers.http import Asked, Said
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.sources._plan import Plan
    from broadsheet.sources._walk import Page
    from tests.support import StillClock

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
WELL = Item(
    id="67a4ffb6fa469535b94a3ad9",
    doi="10.26434/chemrxiv-2026-abcde",
    title="Wells of carbon dioxide",
    published=date(2026, 7, 13),
)


def said(*items: Item | dict[str, Any], **changes: Any) -> bytes:
    """Return an answer as the service gives it, with some of its values changed."""
    held = Chemrxiv(items=[one for one in items if isinstance(one, Item)])
    answer = json.loads(held.answer(Asked(path=f"{PATH}/items", params={}, headers={})).body)
    answer["itemHits"] += [one for one in items if isinstance(one, dict)]
    return json.dumps(answer | changes).encode()


def only(page: Page) -> Record:
    """Return the one record that there must be."""
    (found,) = page.items
    assert isinstance(found, Record), found
    return found


# --- what an item says ---


def test_an_item_becomes_a_record() -> None:
    """Every field that says something about the paper is in the record."""
    found = only(parse(said(WELL)))

    assert (found.source, found.source_id) == ("chemrxiv", WELL.doi)
    assert [str(one) for one in found.identifiers] == [f"doi:{WELL.doi}"]
    assert found.abstract == "We dig wells of CO₂."
    assert found.authors == ("Ada Lovelace", "Émilie du Châtelet")
    assert (found.version, found.published) == (1, WELL.published)
    assert (found.categories, found.topics) == (("physical chemistry",), ("wells", "digging"))
    assert (found.venue, found.license) == ("ChemRxiv", "CC BY NC 4.0")
    page = f"https://chemrxiv.org/engage/chemrxiv/article-details/{WELL.id}"
    assert Link(kind="abstract", url=page) in found.links
    assert found.extra["kind"] == "Working Paper"


@pytest.mark.parametrize(
    ("first", "third", "published"),
    [
        ("10.26434/chemrxiv-2025-abcde", "10.26434/chemrxiv-2025-abcde-v3", date(2025, 1, 1)),
        ("10.26434/chemrxiv.15006416", "10.26434/chemrxiv.15006416/v3", None),
        ("10.26434/chemrxiv.12345678", "10.26434/chemrxiv.12345678.v3", None),
    ],
    ids=["since 2021", "since 2026", "until 2021"],
)
def test_a_version_shares_the_first_one_s_doi(
    first: str, third: str, published: date | None
) -> None:
    """Three forms in ten years; without the shared name each version would be a paper."""
    found = only(parse(said(replace(WELL, doi=third, version="3"))))

    assert [str(one) for one in found.identifiers] == [f"doi:{first}", f"doi:{third}"]
    assert (found.source_id, found.version) == (third, 3)
    assert (found.updated, found.published) == (WELL.published, published)


def test_the_journal_s_doi_is_a_name_of_the_paper() -> None:
    """Open Engage calls it the version of record."""
    found = only(parse(said(replace(WELL, journal_doi="10.1039/D6SC00001A"))))

    assert "doi:10.1039/d6sc00001a" in [str(one) for one in found.identifiers]


def test_a_withdrawn_preprint_is_marked() -> None:
    """By its status, or by its title, which is all that older ones have."""
    assert only(parse(said(replace(WELL, status="WITHDRAWN")))).status is Status.WITHDRAWN
    assert only(parse(said(replace(WELL, title="WITHDRAWN: Wells")))).status is Status.WITHDRAWN
    assert only(parse(said(WELL))).status is None


def test_other_communities_are_left_out() -> None:
    """The shared service lists sociology, too."""
    page = parse(said(WELL, replace(WELL, doi="10.33774/apsa-1", origin="APSA")))

    assert (len(page.items), len(page.rows), page.total) == (1, 2, 2)


def test_one_bad_item_is_a_fault_and_the_next_is_read() -> None:
    """No item, no DOI, no title."""
    bad: list[dict[str, Any]] = [
        {"item": None},
        {"item": {"title": "Wells"}},
        {"item": {"doi": WELL.doi}},
    ]

    page = parse(said(*bad, WELL), where="x")

    reasons = [one.reason.partition(":")[0] for one in page.items if isinstance(one, Fault)]
    assert reasons == ["item", "doi", "title"]
    assert (len(page.rows), len(page.items)) == (4, 4)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b"<html>Just a moment...", "is not JSON", id="a gate"),
        pytest.param(b'{"message":"Bad Request"}', "Bad Request", id="its own error"),
        pytest.param(b"[]", "no object", id="another shape"),
    ],
)
def test_an_answer_that_is_none_is_a_problem(data: bytes, problem: str) -> None:
    """With status 200 as well."""
    assert problem in parse(data).problem


FIELDS = ["doi", "title", "authors", "version", "vor", "license", "asset", "publishedDate", "id"]
ODD = st.recursive(
    st.none() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.binary() | st.dictionaries(st.sampled_from(FIELDS), ODD).map(lambda odd: said(item(odd))))
def test_no_answer_breaks_the_parser(data: bytes) -> None:
    """Whatever the service sends."""
    parse(data)


def item(odd: dict[str, Any]) -> dict[str, Any]:
    """Return a hit with odd fields."""
    return {"item": {"doi": WELL.doi, "title": "Wells"} | odd}


# --- the whole way ---


@pytest.fixture
def service() -> Iterator[Chemrxiv]:
    """Run ChemRxiv on loopback, with one preprint."""
    with chemrxiv() as held:
        held.items.append(WELL)
        yield held


@pytest.fixture
def library(service: Chemrxiv, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads it."""
    assert service.server is not None
    clock.time = NOW
    opened = open_library(tmp_path / "data", environ=settings(service.server), clock=clock)
    yield opened
    opened.close()


def plan(library: Library) -> Plan:
    """Return how it is read, with a clock that nobody waits for."""
    return plans(library.settings, timing=FakeTime().timing)["chemrxiv"]


def test_a_preprint_is_revised_and_published(
    service: Chemrxiv, library: Library, clock: StillClock
) -> None:
    """One paper throughout."""
    assert sync(library, plan(library)).new == 1
    clock.advance(timedelta(days=30))
    service.items[0] = replace(
        WELL,
        doi=f"{WELL.doi}-v2",
        version="2",
        title="Deep wells of carbon dioxide",
        published=clock.now().date(),
        journal_doi="10.1039/d6sc00001a",
    )

    assert sync(library, plan(library)).merged == 1

    paper = library.paper("10.1039/d6sc00001a")
    assert paper == library.paper(WELL.doi)
    assert (paper.title, paper.version) == ("Deep wells of carbon dioxide", 2)
    assert paper.published == WELL.published
    assert library.status().papers == 1


def test_a_year_is_read_in_weeks_and_over_several_runs(
    service: Chemrxiv, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No list grows so long that the service fails in it."""
    days = [date(2025, 8, 1) + timedelta(days=n) for n in range(340)]
    service.items = [
        replace(WELL, id=f"{n:x}", doi=f"10.26434/chemrxiv-{n}", title=f"Well {n}", published=day)
        for n, day in enumerate(days)
    ]
    monkeypatch.setattr(Http.__init__, "__kwdefaults__", {"budget": 30})
    counts = []
    for _ in range(2):
        sync(library, plan(library), since=days[0])
        counts.append(library.status().papers)

    assert counts == [30 * 7, 340]
    assert service.server is not None
    assert {one.params["limit"] for one in service.server.asked} == {"50"}


def test_more_than_fifty_a_week_are_paged(service: Chemrxiv, library: Library) -> None:
    """The API gives 50 of them at a time."""
    service.items = [
        replace(WELL, id=f"{n:x}", doi=f"10.26434/chemrxiv-{n}", title=f"Well {n}")
        for n in range(120)
    ]

    assert sync(library, plan(library)).new == 120
    assert service.server is not None
    assert [one.params["skip"] for one in service.server.asked] == ["0", "50", "100"]


def test_a_gate_for_browsers_is_said(service: Chemrxiv, library: Library) -> None:
    """The service in front of ChemRxiv refuses some networks altogether."""
    assert service.server is not None
    service.server.faults = [Said(status=403, body=b"<html>Just a moment...")]

    with pytest.raises(SourceError, match="403"):
        sync(library, plan(library))
