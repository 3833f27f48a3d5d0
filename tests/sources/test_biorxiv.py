"""bioRxiv and medRxiv: rows become papers, and the walk through the days loses none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.assemble import open_library
from broadsheet.errors import SourceError, UnreachableError
from broadsheet.jobs.sync import sync
from broadsheet.model import Fault, Identifier, Link, Precision, Record, Scheme, Status
from broadsheet.sources._http import Http
from broadsheet.sources._walk import Pace, Page, Stretch, Walk
from broadsheet.sources.biorxiv import Shelf, parse
from broadsheet.sources.network import plans
from tests.servers.biorxiv import Biorxiv, Version, biorxiv, settings
from tests.servers.http import Said
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.sources._plan import Plan
    from tests.support import StillClock

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
TODAY = NOW.date()
ALL = Shelf(server="biorxiv")
WELL = Version(
    doi="10.64898/2026.07.10.741992", title="How deep is a gravity well", posted=date(2026, 7, 13)
)


def answer(*rows: Any, status: str = "ok", total: object = "1") -> bytes:
    """Return an answer of the API."""
    messages = [{"status": status, "cursor": 0, "count": len(rows), "total": total}]
    return json.dumps({"messages": messages, "collection": list(rows)}).encode()


def row(**changes: Any) -> dict[str, Any]:
    """Return a row of /details as the API gives it."""
    return {
        "title": "Sound symbolism in macaques",
        "authors": "Lovelace, A.; du Chatelet, E.; Wells Consortium, ",
        "author_corresponding": "Ada Lovelace",
        "author_corresponding_institution": "University of Wells",
        "doi": "10.64898/2026.07.31.741992",
        "date": "2026-08-01",
        "version": "1",
        "type": "new results",
        "license": "cc_by_nc_nd",
        "category": "Animal Behavior and Cognition",
        "jatsxml": "https://www.biorxiv.org/content/early/2026/08/01/x.source.xml",
        "abstract": "Some words sound round.",
        "funder": "NA",
        "published": "NA",
        "server": "bioRxiv",
    } | changes


def only(page: Page) -> Record:
    """Return the one record that there must be."""
    (found,) = page.items
    assert isinstance(found, Record), found
    return found


# --- what a row says ---


def test_a_row_becomes_a_record() -> None:
    """Every field of the API is somewhere in the record."""
    found = only(parse(answer(row()), ALL))

    assert found.source_id == "10.64898/2026.07.31.741992v1"
    assert found.identifiers == (Identifier(Scheme.DOI, "10.64898/2026.07.31.741992"),)
    assert (found.version, found.published, found.updated) == (
        1,
        date(2026, 8, 1),
        date(2026, 8, 1),
    )
    assert found.authors == ("A. Lovelace", "E. du Chatelet", "Wells Consortium")
    assert found.categories == ("animal behavior and cognition",)
    assert (found.venue, found.license) == ("bioRxiv", "CC BY-NC-ND 4.0")
    page = "https://www.biorxiv.org/content/10.64898/2026.07.31.741992v1"
    assert Link(kind="abstract", url=page) in found.links
    assert Link(kind="pdf", url=f"{page}.full.pdf") in found.links
    assert found.extra == {
        "kind": "new results",
        "institution": "University of Wells",
        "corresponding": "Ada Lovelace",
        "jatsxml": "https://www.biorxiv.org/content/early/2026/08/01/x.source.xml",
    }


@pytest.mark.parametrize("written", ["2026-06-30", "2026-6-30", "2026/6/30"])
def test_a_day_is_a_day_however_it_is_written(written: str) -> None:
    """As strings, "2026-6-30" is after "2026-07-15", and weeks go missing."""
    assert only(parse(answer(row(date=written)), ALL)).published == date(2026, 6, 30)


def test_the_day_of_a_later_version_is_not_that_of_the_first() -> None:
    """Version 3 of an old preprint is no paper of today; its DOI names the year."""
    found = only(parse(answer(row(version="3", doi="10.1101/2024.05.08.593085")), ALL))

    assert (found.published, found.precision) == (date(2024, 1, 1), Precision.YEAR)
    assert (found.updated, found.version) == (date(2026, 8, 1), 3)
    old = only(parse(answer(row(version="2", doi="10.1101/123456")), ALL))
    assert old.published is None


def test_the_journal_s_doi_is_a_name_of_the_paper() -> None:
    """So the preprint and what the journal published are one paper."""
    found = only(parse(answer(row(published="10.1091/MBC.E25-09-0454")), ALL))

    assert Identifier(Scheme.DOI, "10.1091/mbc.e25-09-0454") in found.identifiers
    assert found.source_id == "10.64898/2026.07.31.741992v1"
    assert only(parse(answer(row(published="in press")), ALL)).extra["published"] == "in press"


def test_a_row_of_pubs_names_journal_and_both_dois() -> None:
    """Rows of /details that were read long ago do not learn it otherwise."""
    pub = {
        "preprint_doi": "10.1101/2025.09.17.676679",
        "published_doi": "10.1091/mbc.E25-09-0454",
        "published_journal": "Molecular Biology of the Cell",
        "preprint_platform": "bioRxiv",
        "preprint_title": "A segmentation of yeast",
        "preprint_authors": "Zhao, Y.; Zhu, Z.",
        "preprint_category": "cell biology",
        "preprint_date": "2025-09-20",
        "published_date": "2026-06-01",
        "preprint_abstract": "Cells are segmented.",
    }

    found = only(parse(answer(pub), ALL))

    assert [one.value for one in found.identifiers] == [
        "10.1091/mbc.e25-09-0454",
        "10.1101/2025.09.17.676679",
    ]
    assert found.source_id == "10.1101/2025.09.17.676679 in print"
    assert (found.venue, found.published) == ("Molecular Biology of the Cell", date(2025, 9, 20))
    assert (found.version, found.extra) == (None, {"in_print": "2026-06-01"})
    (fault,) = parse(answer(pub | {"published_doi": "NA"}), ALL).items
    assert isinstance(fault, Fault)
    assert "published_doi" in fault.reason


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        pytest.param("WITHDRAWN: Wells", "We dig.", id="title"),
        pytest.param("Wells", "This manuscript has been withdrawn by bioRxiv.", id="service"),
        pytest.param("Wells", "The authors have withdrawn their manuscript.", id="authors"),
    ],
)
def test_a_withdrawn_preprint_is_marked(title: str, abstract: str) -> None:
    """The API has no field for it: title or abstract say so in its place."""
    found = only(parse(answer(row(title=title, abstract=abstract)), ALL))

    assert found.status is Status.WITHDRAWN
    assert only(parse(answer(row(title="Withdrawnness")), ALL)).status is None


@pytest.mark.parametrize(
    ("flat", "readable"),
    [
        ("O_ST_ABSBackgroundC_ST_ABSCells grow.", "Background: Cells grow."),
        ("We dig. O_LIDeepC_LI O_LIDeeperC_LI", "We dig.\n\nDeep\n\nDeeper"),
        ('O_FIG O_LINKSMALLFIG SRC="x.gif"> View C_FIGWe dig.', "We dig."),
        ("O_SCPLOWPLC_SCPLOWA2 and H_2O", "PLA2 and H_2O"),
    ],
)
def test_what_flattening_left_is_no_text(flat: str, readable: str) -> None:
    """The API takes mark-up out of abstracts and leaves its names behind."""
    assert only(parse(answer(row(abstract=flat)), ALL)).abstract == readable


@pytest.mark.parametrize(
    ("given", "shown"),
    [("cc_by", "CC BY 4.0"), ("cc0", "CC0 1.0"), ("cc_no", "no reuse without permission")],
)
def test_a_licence_is_said_in_words(given: str, shown: str) -> None:
    """Its "cc_no" is the opposite of a Creative Commons licence."""
    assert only(parse(answer(row(license=given)), ALL)).license == shown


def test_a_category_is_chosen_here_too() -> None:
    """An API that ignores the wish must not fill the library with everything."""
    shelf = Shelf(server="biorxiv", category="animal behavior and cognition")

    page = parse(answer(row(), row(category="zoology"), total=2), shelf)

    assert (len(page.items), len(page.rows), page.total) == (1, 2, 2)


def test_one_bad_row_is_a_fault_and_the_next_is_read() -> None:
    """Null, no DOI, no title: each is kept with its reason."""
    page = parse(answer(None, row(doi="NA"), row(title=""), row(), total="4"), ALL, where="x")

    assert len(page.rows) == 4
    assert [one.reason.partition(":")[0] for one in page.items if isinstance(one, Fault)] == [
        "here should be an object in {}",
        "doi",
        "title",
    ]
    assert isinstance(page.items[3], Record)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "is empty", id="nothing, with status 200"),
        pytest.param(b"<html>Sorry", "is not JSON", id="a page"),
        pytest.param(b"[1]", "no object", id="another shape"),
        pytest.param(answer(status="error: bad interval"), "bad interval", id="its own error"),
    ],
)
def test_an_answer_that_is_none_is_a_problem(data: bytes, problem: str) -> None:
    """An empty answer with status 200 is a fault of the service, not a day without papers."""
    page = parse(data, ALL)

    assert problem in page.problem
    assert page.items == ()


def test_no_posts_is_an_answer() -> None:
    """It is how the API says that a day has none."""
    page = parse(json.dumps({"messages": [{"status": "no posts found"}]}).encode(), ALL)

    assert (page.problem, len(page.rows), page.total) == ("", 0, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["doi", "title", "date", "version", "authors", "license", "abstract"])


@given(st.binary() | st.dictionaries(FIELDS, JSON).map(lambda odd: answer(row(**odd))))
def test_no_answer_breaks_the_parser(data: bytes) -> None:
    """Whatever the service sends."""
    parse(data, ALL)


# --- the walk ---

PACE = Pace(began=date(2026, 1, 1), days=7)


@given(
    st.lists(st.integers(0, 40), max_size=60),
    st.integers(1, 9),
    st.integers(0, 200),
)
def test_a_walk_that_breaks_off_anywhere_sees_every_entry(
    days: list[int], size: int, stop: int
) -> None:
    """Whoever is killed after any page goes on with the next one."""
    entries = list(enumerate(sorted(PACE.began + timedelta(days=day) for day in days)))
    today = PACE.began + timedelta(days=40)
    seen: list[tuple[int, date]] = []

    def ask(stretch: Stretch) -> Page:
        listed = [one for one in entries if stretch.first <= one[1] <= stretch.last]
        shown = listed[stretch.offset : stretch.offset + size]
        seen.extend(shown)
        return Page(items=(), rows=shown, total=len(listed))

    walk = Walk({}, PACE, today=today, is_full=True)
    for count, _ in enumerate(walk.pages(ask)):
        if count == stop:
            break
    cursor = json.loads(json.dumps(walk.cursor))
    before = len(seen)
    list(Walk(cursor, PACE, today=today).pages(ask))

    assert sorted(set(seen)) == sorted(set(entries))
    assert len(seen) - before <= len(entries)


def test_a_cursor_s_days_are_days() -> None:
    """One written by hand, or by a program that pads no months, is understood."""
    walk = Walk({"from": "2026-6-30"}, PACE, today=TODAY)

    assert walk.cursor == {"from": "2026-06-30"}


@pytest.mark.parametrize("known", [{}, {"from": "soon"}, {"from": 7}])
def test_a_cursor_that_cannot_be_read_begins_anew(known: dict[str, Any]) -> None:
    """Rather than with an error in every night."""
    assert Walk(known, PACE, today=TODAY).cursor == {"from": "2026-07-12"}


def test_asking_again_for_the_same_goes_on_where_it_broke_off() -> None:
    """``--full`` that is stopped and started again does not begin at 2013."""
    known = {"from": "2026-03-05", "asked": "everything"}

    assert Walk(known, PACE, today=TODAY, is_full=True).cursor == known
    assert Walk(known, PACE, today=TODAY, since=date(2026, 2, 1)).cursor == {
        "from": "2026-02-01",
        "asked": "2026-02-01",
    }


# --- the whole way ---


@pytest.fixture
def service() -> Iterator[Biorxiv]:
    """Run the servers on loopback, with one preprint."""
    with biorxiv() as held:
        held.versions.append(WELL)
        yield held


@pytest.fixture
def library(service: Biorxiv, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads them."""
    assert service.server is not None
    clock.time = NOW
    opened = open_library(tmp_path / "data", environ=settings(service.server), clock=clock)
    yield opened
    opened.close()


def plan(library: Library, name: str = "biorxiv") -> Plan:
    """Return how a source is read, with a clock that nobody waits for."""
    return plans(library.settings, [name], timing=FakeTime().timing)[name]


def test_versions_and_the_journal_s_are_one_paper(
    service: Biorxiv, library: Library, clock: StillClock
) -> None:
    """Version 1, version 2, and months later the journal: one paper that knows all three."""
    assert sync(library, plan(library)).new == 1
    clock.advance(timedelta(days=20))
    service.versions.append(
        replace(WELL, number=2, title="How deep a gravity well is", posted=date(2026, 8, 3))
    )
    assert sync(library, plan(library)).merged == 1
    clock.advance(timedelta(days=100))
    service.versions[0] = replace(
        WELL,
        journal="Journal of Wells",
        journal_doi="10.5555/wells.7",
        in_print=clock.now().date(),
    )
    sync(library, plan(library))

    paper = library.paper("doi:10.5555/wells.7")
    assert library.status().papers == 1
    assert paper == library.paper(WELL.doi)
    assert (paper.title, paper.version) == ("How deep a gravity well is", 2)
    assert (paper.published, paper.venue) == (WELL.posted, "Journal of Wells")
    assert len(library.records(paper)) == 3


@pytest.mark.parametrize("padding", ["2026-06-30", "2026-6-30"])
def test_months_of_either_length_are_read_in_one_go(
    service: Biorxiv, library: Library, padding: str
) -> None:
    """From "2026-6-30" to "2026-07-15" nothing is missing."""
    service.is_padded = "-0" in padding
    first = date(2026, 6, 20)
    service.versions = [
        replace(
            WELL, doi=f"10.64898/2026.06.{n:06d}", posted=first + timedelta(days=n), title=f"{n}"
        )
        for n in range(26)
    ]
    service.page = 3

    report = sync(library, plan(library), since=first)

    assert (report.new, report.quarantined) == (26, 0)


def test_a_long_reading_goes_on_in_the_next_run(
    service: Biorxiv, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The requests of a run are counted; nothing is read twice but one page."""
    service.page = 2
    service.versions = [
        replace(WELL, doi=f"10.64898/2026.07.{n:06d}", title=f"Well {n}") for n in range(9)
    ]
    monkeypatch.setattr(Http.__init__, "__kwdefaults__", {"budget": 3})
    counts = []
    for _ in range(3):
        sync(library, plan(library))
        counts.append(library.status().papers)

    assert counts == [6, 9, 9]


def test_a_category_is_asked_for(service: Biorxiv, library: Library) -> None:
    """Capitals and underscores, as in addresses, are its name too."""
    service.versions.append(replace(WELL, doi="10.64898/2026.07.10.1", category="zoology"))

    report = sync(library, plan(library, "biorxiv:Neuroscience"))

    assert service.server is not None
    assert report.new == 1
    assert service.server.asked[0].params == {"category": "neuroscience"}


def test_medrxiv_is_another_shelf_of_the_same_service(service: Biorxiv, library: Library) -> None:
    """Same API, other server in the path."""
    service.versions.append(
        replace(WELL, doi="10.64898/2026.07.10.2", server="medrxiv", title="Fevers")
    )

    sync(library, plan(library, "medrxiv"))

    paper = library.paper("10.64898/2026.07.10.2")
    assert (paper.venue, paper.sources) == ("medRxiv", ("medrxiv",))
    assert library.status().papers == 1


def test_entries_that_are_counted_but_not_shown_end_the_list(
    service: Biorxiv, library: Library
) -> None:
    """The API counts up to some thirty more than it has."""
    service.overcount = 31

    assert sync(library, plan(library)).new == 1


def test_a_list_that_ends_far_too_early_is_a_fault(service: Biorxiv, library: Library) -> None:
    """And the next run asks for it again."""
    service.overcount = 5_000

    with pytest.raises(UnreachableError, match="ends 5,000 entries before its end"):
        sync(library, plan(library))

    service.overcount = 0
    sync(library, plan(library))
    assert library.status().papers == 1


def test_a_list_that_shows_one_page_at_every_place_is_a_fault(
    service: Biorxiv, library: Library
) -> None:
    """The rest is hidden, however often it is counted; the next run begins the days again."""
    assert service.server is not None
    service.page = 2
    service.versions = [
        replace(WELL, doi=f"10.64898/2026.07.{n:06d}", title=f"Well {n}") for n in range(5)
    ]
    service.server._handler = lambda asked: service.answer(
        replace(asked, path=asked.path.replace("/2/json", "/0/json"))
    )

    for _ in range(2):  # the second must not go on behind what the first was shown
        with pytest.raises(UnreachableError, match="another place shows a page that was read"):
            sync(library, plan(library))
    assert library.status().papers == 2

    service.server._handler = service.answer
    sync(library, plan(library))
    assert library.status().papers == 5


def test_an_empty_answer_is_no_empty_day(service: Biorxiv, library: Library) -> None:
    """The day is read again by the next run."""
    assert service.server is not None
    service.server.faults = [Said(body=b"")]

    with pytest.raises(SourceError, match="is empty"):
        sync(library, plan(library))
    sync(library, plan(library))

    assert library.status().papers == 1
