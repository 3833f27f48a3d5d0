"""Records come in and become papers: once, whole, and whatever else is in the batch."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import ConflictError, SourceError, StoreDownError, StoreError
from broadsheet.library import ingest as ingest_room
from broadsheet.library import resolve
from broadsheet.library.ingest import ingest, load_specimens
from broadsheet.model import (
    Fault,
    Identifier,
    IngestReport,
    Observation,
    Paper,
    Record,
    Scheme,
    Signal,
    SignalKind,
)
from broadsheet.store import open_store, sqlite_url
from broadsheet.text import likeness
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from broadsheet.ports import Store, Writer

CLOCK = StillClock()
TODAY = NOON.date()
TITLE = "A title of more than four words"


def bring(store: Store, *items: Record | Observation | Fault) -> IngestReport:
    """Import these items."""
    return ingest(ListSource(items), store, CLOCK)


def captured(number: int = 1, /, **changes: Any) -> Record:
    """Return a record that is known by its title alone, as a captured page gives it."""
    values: dict[str, Any] = {
        "source": "capture",
        "source_id": f"page {number}",
        "identifiers": (),
        "version": None,
        "authors": (),
        "title": TITLE,
        "announced": None,
    }
    return record(number, **(values | changes))


def votes(value: int, *, origin: str = "hosted") -> Signal:
    """Return one observation of a counter of votes."""
    return Signal(kind=SignalKind.VOTE, value=value, at=NOON, origin=origin)


def papers(store: Store) -> list[Paper]:
    """Return all papers."""
    return store.all_papers()


def arxiv(number: int) -> Identifier:
    """Return the identifier of ``record(number)``."""
    return Identifier(Scheme.ARXIV, f"2603.{number:05d}")


# --- counting ------------------------------------------------------------------------------


def test_a_report_accounts_for_all_that_was_read(store: Store) -> None:
    """What is not counted cannot be missed."""
    report = bring(
        store,
        record(1),
        record(2),
        record(1),
        record(1, source_id="2603.00001v2", version=2),
        Observation(source="daily", identifier=arxiv(2), signals=(votes(3),)),
        Observation(source="daily", identifier=arxiv(9), signals=(votes(3),)),
        Fault(source="arxiv", where="line 7", reason="title is missing"),
        record(3, title=" \u200b "),
    )

    assert report == IngestReport(
        read=8,
        new=2,
        merged=2,
        unchanged=1,
        waiting=1,
        quarantined=2,
        reasons={"title is missing": 1, "title is empty": 1},
        papers=2,
    )


def test_a_second_import_changes_nothing(store: Store) -> None:
    """Importing is safe to repeat."""
    items: list[Record | Observation | Fault] = [
        replace(record(1), signals=(votes(5),)),
        captured(2),
        Observation(source="daily", identifier=arxiv(1), signals=(votes(9, origin="other"),)),
        Fault(source="arxiv", where="line 7", reason="title is missing"),
    ]
    bring(store, *items)
    change, before = store.last_change(), papers(store)
    again = bring(store, *items)

    assert (again.new, again.merged, again.unchanged, again.quarantined) == (0, 0, 3, 1)
    assert (store.last_change(), papers(store)) == (change, before)
    assert store.counts()["quarantined"] == 1


def test_an_empty_source_is_no_fault(store: Store) -> None:
    """A quiet day is reported as one."""
    assert bring(store) == IngestReport()


def test_kinds_of_fault_are_bounded(store: Store) -> None:
    """A source that gives each fault its own reason does not fill the report."""
    faults = [Fault(source="x", where=str(n), reason=f"reason {n}") for n in range(70)]
    first, second = faults[:40], faults[40:]
    tally = ingest_room.Tally()
    for some in (first, second):
        part = ingest_room.Tally()
        part.reasons.update(fault.reason for fault in some)
        tally.add(part)
    report = tally.report(seconds=1.0)

    assert len(report.reasons) == ingest_room.MAX_REASONS + 1
    assert report.reasons["other reasons"] == 20
    assert report.quarantined == 70


# --- which paper ---------------------------------------------------------------------------


def test_versions_are_one_paper(store: Store) -> None:
    """Version 2 is news about a paper, not a new paper."""
    bring(store, record(1))
    bring(store, record(1, source_id="2603.00001v2", version=2, title="A new title"))
    [paper] = papers(store)

    assert (paper.version, paper.title, len(store.records(paper.key))) == (2, "A new title", 2)


@pytest.mark.parametrize("is_one_batch", [True, False], ids=["one batch", "two imports"])
@pytest.mark.parametrize("is_title_first", [True, False], ids=["title first", "id first"])
def test_a_title_and_its_real_id_meet(
    store: Store,
    is_one_batch: bool,  # noqa: FBT001
    is_title_first: bool,  # noqa: FBT001
) -> None:
    """A captured page and arXiv speak of one paper; the old address still leads to it."""
    items = [captured(1), record(1, title=TITLE.upper() + "!")]
    items = items if is_title_first else items[::-1]
    if is_one_batch:
        bring(store, *items)
    else:
        bring(store, items[0])
        bring(store, items[1])
    [paper] = papers(store)

    assert paper.id == "arxiv:2603.00001"
    assert paper.sources == ("arxiv", "capture")
    assert {one.scheme for one in paper.identifiers} == {Scheme.ARXIV, Scheme.TITLE}
    assert set(store.find(paper.identifiers).values()) == {paper.key}


@pytest.mark.parametrize("is_one_batch", [True, False], ids=["one batch", "two imports"])
def test_two_arxiv_ids_of_one_title_are_two_papers(
    store: Store,
    is_one_batch: bool,  # noqa: FBT001
) -> None:
    """A title never overrules two identifiers of one kind."""
    items = [record(1, title=TITLE), record(2, title=TITLE)]
    for batch in [items] if is_one_batch else [[one] for one in items]:
        bring(store, *batch)

    assert [paper.id for paper in papers(store)] == ["arxiv:2603.00001", "arxiv:2603.00002"]


@pytest.mark.parametrize("is_one_batch", [True, False], ids=["one batch", "three imports"])
def test_a_record_that_names_two_papers_makes_them_one(
    store: Store,
    is_one_batch: bool,  # noqa: FBT001
) -> None:
    """The proceedings know that the preprint and the DOI are one work."""
    doi = Identifier(Scheme.DOI, "10.1000/x")
    items = [
        record(1, signals=(votes(5),)),
        record(2, source="crossref", identifiers=(doi,), title="Quite another title", signals=()),
        record(3, source="acl", identifiers=(arxiv(1), doi), title="A third title", version=None),
    ]
    for batch in [items] if is_one_batch else [[one] for one in items]:
        report = bring(store, *batch)
    [paper] = papers(store)

    assert report.merged == 1
    assert set(paper.identifiers) == {arxiv(1), doi}
    assert (paper.votes, len(store.records(paper.key))) == (5, 3)
    assert store.check() == []


THEN, SOON, LATE = date(2020, 5, 1), date(2021, 2, 1), date(2022, 2, 1)
SHORT = {"title": "Mamba", "author_count": 2}
NOBODYS = {"title": "Editorial", "published": None}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param({}, {}, 1, id="the same title"),
        pytest.param({"published": THEN}, {"published": SOON}, 1, id="a year apart"),
        pytest.param({"published": THEN}, {"published": LATE}, 2, id="two years apart"),
        pytest.param({"published": None}, {}, 1, id="one without a year"),
        pytest.param(
            {"author_count": 3, "abstract": "Of wells."},
            {"author_count": 4, "abstract": "Of ropes."},
            2,
            id="other numbers of authors",
        ),
        pytest.param(
            {"author_count": 3, "abstract": "Of wells."},
            {"authors": ("Ada L", "Bo C"), "abstract": "of  Wells"},
            1,
            id="two of three authors, and the abstract is the same",
        ),
        pytest.param(
            {"author_count": 3, "abstract": ""},
            {"author_count": 4, "abstract": ""},
            2,
            id="other numbers of authors, and no abstract",
        ),
        pytest.param({"author_count": 2}, {"authors": ("Ada L", "Bo C")}, 1, id="as many as names"),
        pytest.param({"authors": ("Ada L", "Bo C")}, {"authors": ("Cy D",)}, 2, id="other authors"),
        pytest.param({"authors": ("Ada L", "Bo C")}, {"authors": ("Ada L",)}, 1, id="a stump"),
        pytest.param(
            {"authors": ("Ada L", "Bo C", "Cy D"), "published": None},
            {"authors": ("Ada L", "Di E", "Ed F")},
            2,
            id="the first author has another team",
        ),
        pytest.param({"title": "Introduction"}, {"title": "Introduction"}, 2, id="names no work"),
        pytest.param(SHORT, SHORT, 1, id="short, but year and number of authors agree"),
        pytest.param(
            NOBODYS | {"authors": ("Ada L",)},
            NOBODYS | {"authors": ("Ada L",)},
            1,
            id="short, but the author agrees",
        ),
        pytest.param(
            NOBODYS | {"authors": ("Ada L",)},
            NOBODYS | {"authors": ("Bo C",)},
            2,
            id="short, and the authors differ",
        ),
    ],
)
def test_titles_meet_when_the_rest_agrees(
    store: Store, first: dict[str, Any], second: dict[str, Any], expected: int
) -> None:
    """One work is shown once, and two works are never shown as one."""
    bring(store, captured(1, **first))
    bring(store, captured(2, **second))

    assert len(papers(store)) == expected


def test_a_preprint_meets_its_proceedings_version(store: Store) -> None:
    """Kinds of identifier that differ do not speak against one work when all else agrees."""
    acl = Identifier(Scheme.ACL, "2026.acl-long.1")
    bring(store, record(1, title=TITLE))
    bring(store, record(2, source="acl", identifiers=(acl,), title=TITLE, venue="ACL"))
    bring(store, record(3, source="acl", identifiers=(), title=TITLE, authors=("Someone Else",)))

    assert [paper.sources for paper in papers(store)] == [("acl", "arxiv"), ("acl",)]


def test_documents_of_one_folder_stay_apart(store: Store) -> None:
    """A test collection may hold one title twice."""
    for number in (1, 2):
        local = Identifier(Scheme.LOCAL, f"scifact/{number}")
        bring(store, record(number, source="scifact", identifiers=(local,), title=TITLE))

    assert len(papers(store)) == 2


def test_a_new_title_finds_the_page_that_had_it_before(store: Store) -> None:
    """A revision takes the title under which the paper was captured."""
    bring(store, captured(1, author_count=2))
    bring(store, record(1))
    bring(store, record(1, source_id="2603.00001v2", version=2, title=TITLE))
    [paper] = papers(store)

    assert paper.sources == ("arxiv", "capture")


def test_of_two_papers_of_a_title_the_better_match_wins(store: Store) -> None:
    """The number of authors tells them apart."""
    bring(store, record(1, title=TITLE), record(2, title=TITLE, authors=("Cy D", "Di E", "Ed F")))
    bring(store, captured(3, author_count=3))

    assert [paper.sources for paper in papers(store)] == [("arxiv",), ("arxiv", "capture")]


def test_a_better_match_wins_over_a_newer_identifier(store: Store) -> None:
    """The year agrees with one of two papers; of the other it is unknown."""
    bring(store, record(1, title=TITLE), record(2, title=TITLE, published=None))
    bring(store, captured(3))

    assert [paper.sources for paper in papers(store)] == [("arxiv", "capture"), ("arxiv",)]


@pytest.mark.parametrize("is_one_batch", [True, False], ids=["one batch", "two imports"])
def test_an_old_address_leads_to_the_paper_for_ever(
    store: Store,
    is_one_batch: bool,  # noqa: FBT001
) -> None:
    """A record that is revised had an address before."""
    items = [captured(1), captured(1, authors=("Ada L",))]
    for batch in [items] if is_one_batch else [[one] for one in items]:
        bring(store, *batch)
    [paper] = papers(store)

    assert len(paper.identifiers) == 2
    assert set(store.find(paper.identifiers).values()) == {paper.key}


def test_a_revised_record_replaces_the_old_one(store: Store) -> None:
    """What a source said last is what it says."""
    bring(store, captured(1, abstract="Old."))
    report = bring(store, captured(1, abstract="New.", title="The words of it are all new now"))
    [paper] = papers(store)

    assert report.merged == 1
    assert (paper.abstract, len(store.records(paper.key))) == ("New.", 1)


def test_a_name_that_changes_its_paper_is_a_fault(store: Store) -> None:
    """A source that gives one name to two works is told so, and the first work stays whole."""
    bring(store, record(1))
    report = bring(store, record(2, source_id="2603.00001v1"), record(3))

    assert report.reasons == {"2603.00001v1 was arxiv:2603.00001 before": 1}
    assert [paper.id for paper in papers(store)] == ["arxiv:2603.00001", "arxiv:2603.00003"]


records = st.lists(
    st.builds(
        record,
        st.integers(1, 4),
        source=st.sampled_from(["arxiv", "daily"]),
        source_id=st.sampled_from("abcd"),
        title=st.sampled_from([TITLE, "Another title of five words", "Short"]),
        abstract=st.sampled_from(["", "x", "y"]),
        identifiers=st.sampled_from(
            [(), (arxiv(1),), (arxiv(2),), (arxiv(1), Identifier(Scheme.DOI, "10.1/a"))]
        ),
        authors=st.sampled_from([(), ("Ada L",), ("Bo C", "Cy D")]),
        signals=st.sampled_from([(), (votes(1),), (votes(7, origin="x"),)]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(records, st.integers(1, 5))
def test_how_records_fall_into_batches_does_not_matter(found: list[Record], size: int) -> None:
    """Several records of one paper meet within a batch as they do between two."""
    results = []
    for step in (size, len(found) + 1):
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(sqlite_url(Path(folder) / "x.db"))
            reports = [
                bring(store, *found[start : start + step]) for start in range(0, len(found), step)
            ]
            assert store.check() == []
            results.append(
                (
                    sorted((replace(one, key=0) for one in papers(store)), key=lambda one: one.id),
                    sum(one.new for one in reports),
                    sum(one.unchanged for one in reports),
                    sum(one.quarantined for one in reports),
                )
            )
            store.close()

    assert results[0] == results[1]


# --- signals -------------------------------------------------------------------------------


def test_signals_of_an_unknown_paper_wait_for_it(store: Store) -> None:
    """Votes that arrive before their paper are not lost."""
    bring(store, Observation(source="daily", identifier=arxiv(1), signals=(votes(8),)))
    bring(store, record(1))

    assert papers(store)[0].votes == 8


def test_signals_join_a_paper_of_the_same_batch(store: Store) -> None:
    """The order within a file does not matter."""
    report = bring(
        store,
        Observation(source="daily", identifier=arxiv(1), signals=(votes(8),)),
        record(1),
        Observation(source="daily", identifier=arxiv(1), signals=(votes(3, origin="other"),)),
    )

    assert (report.new, report.merged) == (1, 2)
    assert papers(store)[0].votes == 11


def test_new_signals_of_an_unchanged_record_count(store: Store) -> None:
    """A listing that says nothing new about a paper still says how many voted."""
    bring(store, replace(record(1), signals=(votes(1),)))
    later = replace(votes(6), at=NOON + timedelta(days=1))
    report = bring(store, replace(record(1), signals=(votes(1), later)))

    assert report.unchanged == 1
    assert papers(store)[0].votes == 6


# --- faults --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param({"title": "\x00 \u202e"}, "title is empty", id="no title"),
        pytest.param(
            {"title": "x" * 10_000_000}, "title has more than 2,000 characters", id="10 MB title"
        ),
        pytest.param(
            {"abstract": "x" * 1_000_001},
            "abstract has more than 1,000,000 characters",
            id="long abstract",
        ),
        pytest.param(
            {"authors": ("A",) * 10_001}, "authors has more than 10,000 names", id="authors"
        ),
        pytest.param({"source_id": ""}, "source or source_id is empty", id="no name"),
        pytest.param(
            {"extra": {"x": object()}},
            "it cannot be saved: TypeError: Object of type object is not JSON serializable",
            id="breaks the store",
        ),
    ],
)
def test_a_bad_record_is_quarantined_alone(store: Store, bad: dict[str, Any], reason: str) -> None:
    """One record never takes a batch with it."""
    report = bring(store, *(record(n) for n in range(3, 40)), record(2, **bad), record(1))

    assert report.reasons == {reason: 1}
    assert (report.read, report.new, len(papers(store))) == (39, 38, 38)
    [kept] = store.quarantined(limit=9)
    assert (kept.fault.source, kept.fault.reason) == ("arxiv", reason)


def test_an_observation_that_breaks_the_store_is_quarantined(store: Store) -> None:
    """Signals are no safer than records."""
    broken = Observation(source="daily", identifier=arxiv(1), signals=(None,))  # type: ignore[arg-type]
    report = bring(store, broken, record(1))

    assert (report.new, report.quarantined) == (1, 1)
    assert store.quarantined(limit=1)[0].fault.where == "arxiv:2603.00001"


def test_a_fault_that_breaks_the_store_is_quarantined_in_its_place(store: Store) -> None:
    """Even a source that reports faults wrongly loses no record."""
    broken = Fault(source="daily", where="line 3", reason=None)  # type: ignore[arg-type]
    report = bring(store, broken, record(1))

    assert (report.new, report.quarantined) == (1, 1)
    assert store.quarantined(limit=1)[0].fault.where == "line 3"


def test_hostile_text_is_kept_and_stopped_by_nothing(store: Store) -> None:
    """Right-to-left text, emoji, markup and lone surrogates are text."""
    titles = ["</script><b>x</b>", "مرحبا بالعالم", "👩‍🔬 proves it", r"$\frac{1", "x\ud800y"]
    report = bring(store, *(record(n, title=title) for n, title in enumerate(titles)))

    assert report.read == len(titles) == report.new + report.quarantined
    assert report.new >= len(titles) - 1


def test_what_came_before_a_broken_archive_is_kept(store: Store) -> None:
    """A truncated file gives what it has, and the run says how it ended."""
    with pytest.raises(SourceError, match="truncated"):
        ingest(ListSource([record(1), record(2)], breaks=True), store, CLOCK)
    [run] = store.runs(limit=5)

    assert len(papers(store)) == 2
    assert (run.report.new, run.report.papers) == (2, 2)
    assert run.error == "the archive is truncated"


def test_an_unexpected_fault_of_a_source_is_told(store: Store) -> None:
    """A bug in a source leaves a run that says so."""

    class Broken(ListSource):
        def read(self) -> Any:
            yield from self.items
            raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        ingest(Broken([]), store, CLOCK)

    assert store.runs(limit=1)[0].error == "ZeroDivisionError: oops"


class BusyStore:
    """A store whose write lock somebody else holds for some attempts."""

    def __init__(self, store: Store, busy: int, error: type[StoreError] = ConflictError) -> None:
        self._store, self._busy, self._error = store, busy, error

    def __getattr__(self, name: str) -> Any:
        """Do the rest as the store does."""
        return getattr(self._store, name)

    def write(self) -> AbstractContextManager[Writer]:
        """Fail while busy."""
        self._busy -= 1
        if self._busy >= 0:
            raise self._error("not now")
        return self._store.write()


def test_a_busy_store_is_tried_again(store: Store) -> None:
    """Two imports at once take turns."""
    busy: Any = BusyStore(store, ingest_room.LOCK_ATTEMPTS - 1)

    assert ingest(ListSource([record(1)]), busy, CLOCK).new == 1


@pytest.mark.parametrize(
    "error", [pytest.param(ConflictError, id="locked"), pytest.param(StoreError, id="full disk")]
)
def test_a_store_that_takes_nothing_ends_the_import(store: Store, error: type[StoreError]) -> None:
    """A full disk is not the records' fault: none of them goes to quarantine."""
    broken: Any = BusyStore(store, 1000, error)
    with pytest.raises(error, match="not now"):
        ingest(ListSource([record(1), record(2)]), broken, CLOCK)

    assert store.runs(limit=1)[0].error == "not now"
    assert store.counts()["quarantined"] == 0


def test_a_disk_that_is_full_for_a_moment_blames_no_record(store: Store) -> None:
    """A small fault may fit where its record did not: the record would never come again."""
    full: Any = BusyStore(store, 1, StoreDownError)
    with pytest.raises(StoreDownError, match="not now"):
        ingest(ListSource([record(1)]), full, CLOCK)

    assert (store.counts()["papers"], store.counts()["quarantined"]) == (0, 0)
    assert ingest(ListSource([record(1)]), full, CLOCK).new == 1


def test_two_imports_at_once_make_each_paper_once(tmp_path: Path) -> None:
    """Whoever comes second finds what the first one made."""
    url = sqlite_url(tmp_path / "shared.db")
    items = [record(n) for n in range(1, 1200)]
    open_store(url).close()

    def run(order: Sequence[Record]) -> IngestReport:
        store = open_store(url)
        try:
            return ingest(ListSource(order), store, CLOCK)
        finally:
            store.close()

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, [items, items[::-1]]))
    store = open_store(url)

    assert sum(one.new for one in reports) == 1199 == store.counts()["papers"]
    assert sum(one.unchanged for one in reports) == 1199
    assert store.check() == []
    store.close()


def test_progress_is_told_after_each_batch(store: Store) -> None:
    """A long import shows that it goes on."""
    seen: list[IngestReport] = []
    items = [record(n) for n in range(1, ingest_room.BATCH + 2)]
    ingest(ListSource(items), store, CLOCK, progress=seen.append)

    assert [one.new for one in seen] == [ingest_room.BATCH, ingest_room.BATCH + 1]


# --- specimens -----------------------------------------------------------------------------


def specimens(day: date = TODAY) -> ListSource:
    """Return two specimens."""
    return ListSource(
        [
            record(
                number,
                source="specimen",
                source_id=str(number),
                identifiers=(Identifier(Scheme.SPECIMEN, str(number)),),
                announced=day,
            )
            for number in (1, 2)
        ],
        name="specimen",
    )


def test_specimens_fill_an_empty_library_and_leave_when_papers_come(store: Store) -> None:
    """Papers that do not exist are never mixed with real ones, voted for or not."""
    assert load_specimens(specimens(), store, CLOCK)
    with store.write() as writer:
        writer.append_signals({papers(store)[0].key: [votes(1, origin="readers")]})
    assert store.counts()["specimens"] == 2
    report = bring(store, record(7))

    assert report.papers == 1
    assert [paper.id for paper in papers(store)] == ["arxiv:2603.00007"]
    assert not load_specimens(specimens(), store, CLOCK)
    assert store.counts()["specimens"] == 0


def test_specimens_leave_with_the_first_batch_that_brings_a_paper(store: Store) -> None:
    """Nobody sees specimens among papers while a long import goes on."""
    load_specimens(specimens(), store, CLOCK)
    votes_first = [
        Observation(source="daily", identifier=arxiv(n), signals=(votes(1),))
        for n in range(ingest_room.BATCH)
    ]
    left: list[int] = []
    ingest(
        ListSource([*votes_first, *(record(n) for n in range(10, ingest_room.BATCH + 20))]),
        store,
        CLOCK,
        progress=lambda _: left.append(store.counts()["specimens"]),
    )

    assert left == [2, 0, 0]


def test_specimens_come_up_to_date(store: Store) -> None:
    """Opened again on a later day, the specimen edition is that day's."""
    load_specimens(specimens(), store, CLOCK)
    load_specimens(specimens(NOON.date() + timedelta(days=3)), store, CLOCK)

    assert {paper.announced for paper in papers(store)} == {NOON.date() + timedelta(days=3)}


def test_specimens_that_come_last_leave_at_once(store: Store) -> None:
    """Specimens that were loaded while an import began do not stay."""
    bring(store, record(7))
    ingest(specimens(), store, CLOCK)

    assert store.counts()["specimens"] == 0


SHARED = Identifier(Scheme.DOI, "10.1214/shared")


def claiming(number: int, /) -> Record:
    """Return an arXiv record that claims a DOI which others claim as well."""
    return record(number, identifiers=(Identifier(Scheme.ARXIV, f"2603.{number:05d}"), SHARED))


def owners(store: Store) -> dict[str, bool]:
    """Return the papers, and whether each has the shared DOI."""
    return {paper.id: SHARED in paper.identifiers for paper in store.all_papers()}


@pytest.mark.parametrize("batches", [[3], [1, 2], [1, 1, 1]], ids=str)
def test_a_doi_that_several_preprints_claim_merges_none_of_them(
    store: Store, batches: list[int]
) -> None:
    """One wrong DOI must not swallow a paper: it stays with the first that claimed it."""
    records = [claiming(number) for number in (1, 2, 3)]
    for size in batches:
        assert bring(store, *records[:size]).new == size
        del records[:size]

    expected = {"arxiv:2603.00001": True, "arxiv:2603.00002": False, "arxiv:2603.00003": False}
    assert owners(store) == expected
    assert bring(store, *map(claiming, (1, 2, 3))).unchanged == 3
    assert owners(store) == expected


def test_a_new_version_does_not_take_the_doi_of_another(store: Store) -> None:
    """What was decided at the first version holds for all of them."""
    bring(store, claiming(1), claiming(2))

    bring(store, replace(claiming(2), source_id="2603.00002v2", version=2))

    assert owners(store) == {"arxiv:2603.00001": True, "arxiv:2603.00002": False}


def test_a_record_of_a_shared_doi_alone_joins_its_owner(store: Store) -> None:
    """Signals and records that name only the DOI have one place to go."""
    bring(store, claiming(1), claiming(2))

    published = record(9, source="crossref", source_id="x", identifiers=(SHARED,), version=None)
    assert bring(store, published).merged == 1

    assert store.papers(sorted(store.find([SHARED]).values()))[0].id == "arxiv:2603.00001"


def test_two_dois_of_one_preprint_are_one_paper(store: Store) -> None:
    """A lesser identifier that differs says nothing against a better one that is the same."""
    first, second = (
        record(
            1,
            source=source,
            identifiers=(Identifier(Scheme.ARXIV, "2603.00001"), Identifier(Scheme.DOI, doi)),
        )
        for source, doi in (("arxiv", "10.1/a"), ("crossref", "10.1/b"))
    )

    bring(store, first, second)

    [paper] = store.all_papers()
    assert {one.value for one in paper.identifiers} == {"2603.00001", "10.1/a", "10.1/b"}


def test_a_prolific_team_holds_nobody_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collaboration signs hundreds of papers in two years: a new one meets few of them."""
    bosons = [f"{a}{b}{c}on" for a in "bdgkl" for b in "aeiou" for c in "mnrst"]
    titles = [f"Search for the {boson}, again and again" for boson in bosons]
    bring(store, *(record(number, title=title) for number, title in enumerate(titles, start=1)))
    compared: list[str] = []
    compare = likeness.keys_are_near

    def counted(one: str, other: str) -> bool:
        compared.append(other)
        return compare(one, other)

    monkeypatch.setattr(likeness, "keys_are_near", counted)
    bring(store, record(9_999, title="Search for the newest boson, again and again"))

    assert resolve.MAX_OF_A_TEAM <= len(compared) <= 2 * resolve.MAX_OF_A_TEAM
    assert store.counts()["papers"] == len(bosons) + 1
