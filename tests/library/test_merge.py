"""A paper is the fold of its records, whatever the order they came in."""

from __future__ import annotations

from dataclasses import Field, fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.merge import fold, is_distinctive, own_identifiers
from broadsheet.model import Identifier, Link, Precision, Record, Scheme, Status
from tests.support import record
from tests.text.test_digest import CHANGES

ARXIV = Identifier(Scheme.ARXIV, "2603.00001")
DOI = Identifier(Scheme.DOI, "10.1000/x")
ACL_DOI = Identifier(Scheme.DOI, "10.18653/v1/2020.acl-main.1")
ACL = Identifier(Scheme.ACL, "2020.acl-main.1")
days = st.none() | st.dates(date(2020, 1, 1), date(2021, 12, 31))
words = st.sampled_from(["", "alpha", "beta gamma", "delta"])
records = st.lists(
    st.builds(
        Record,
        source=st.sampled_from(["arxiv", "acl", "daily", "specimen"]),
        source_id=st.sampled_from("abcdef"),
        title=st.sampled_from(["One title of four words", "Another title of five words", "Short"]),
        identifiers=st.lists(st.sampled_from([ARXIV, DOI, ACL_DOI]), max_size=2).map(tuple),
        version=st.none() | st.integers(1, 3),
        abstract=words,
        authors=st.lists(st.sampled_from(["Ada L", "Bo C", "Cy D"]), max_size=3).map(tuple),
        author_count=st.none() | st.integers(1, 5),
        published=days,
        precision=st.sampled_from(Precision),
        updated=days,
        announced=days,
        picked=days,
        categories=st.lists(st.sampled_from(["cs.LG", "cs.CL", "math.PR"]), max_size=2).map(tuple),
        topics=st.lists(st.sampled_from(["agents", "proteins"]), max_size=2).map(tuple),
        venue=st.sampled_from(["", "arXiv", "ACL", "NeurIPS"]),
        summary=words,
        status=st.none() | st.sampled_from(Status),
        extra=st.sampled_from([{}, {"citations": 0}, {"citations": 7}, {"citations": "many"}]),
        summary_by=st.sampled_from(["", "machine"]),
        links=st.lists(
            st.builds(
                Link,
                kind=st.sampled_from(["pdf", "code"]),
                url=st.sampled_from(["https://a.org", "https://a.org/", "https://b.org"]),
            ),
            max_size=2,
        ).map(tuple),
    ),
    min_size=1,
    max_size=6,
)


@given(records, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(found: list[Record], random: object) -> None:
    """Two instances that read the same sources in another order show the same paper."""
    paper = fold(found)
    random.shuffle(found)  # type: ignore[attr-defined]

    assert fold(found) == paper


def test_the_quick_way_forgets_no_field() -> None:
    """A new field of Record needs its line in the quick way for papers of one record."""
    one = Record(
        **{"source": "acl", "source_id": "x", "title": "On gravity wells and on what is in them"}
        | CHANGES
        | {
            "abstract": "Deep.",
            "author_count": 3,
            "published": date(2026, 3, 1),
            "picked": date(2026, 3, 6),
        }
    )
    empty = Record(source="", source_id="", title="")
    same = {field.name for field in fields(Record) if getattr(one, field.name) in _nothing(field)}

    assert same == {"signals"}
    assert fold([one]) == fold([one, one])
    assert fold([empty]) == fold([empty, empty])


def _nothing(field: Field[Any]) -> tuple[object, ...]:
    """Return what a field holds when nothing is said."""
    return (None, "", (), {}, field.default)


@given(records)
def test_one_record_makes_what_it_makes_twice(found: list[Record]) -> None:
    """A paper of one record has a quicker way; saying the same again must change nothing."""
    one, barred = found[0], [DOI] if found[0].identifiers else []

    assert fold([one]) == fold([one, one])
    assert fold([one], key=3, known=[ARXIV], barred=barred) == fold(
        [one, one], key=3, known=[ARXIV], barred=barred
    )


@given(records)
def test_what_a_record_says_is_not_lost(found: list[Record]) -> None:
    """An abstract, authors or a date never give way to nothing, and lists only grow."""
    paper = fold(found)

    assert bool(paper.abstract) == any(one.abstract for one in found)
    assert bool(paper.authors) == any(one.authors for one in found)
    assert bool(paper.published) == any(one.published for one in found)
    assert set(paper.topics) == {topic for one in found for topic in one.topics}
    assert set(paper.categories) == {name for one in found for name in one.categories}
    assert {i for one in found for i in one.identifiers} <= set(paper.identifiers)
    assert paper.id == str(paper.identifiers[0])
    assert not (paper.updated and paper.published) or paper.updated >= paper.published


@given(records)
def test_folding_again_changes_nothing(found: list[Record]) -> None:
    """A record that arrives twice says nothing new."""
    assert fold([*found, found[0]]) == fold(found)


def test_the_newest_version_gives_title_and_abstract() -> None:
    """A page that shows an old title after a revision is out of date."""
    old = record(1, title="The old title", abstract="Long and old.")
    new = record(1, source_id="2603.00001v2", version=2, title="The new title", abstract="New.")
    paper = fold([new, old])

    assert (paper.title, paper.abstract, paper.version) == ("The new title", "New.", 2)


def test_an_abstract_is_never_lost_to_an_empty_one() -> None:
    """A feed that names a new version without its abstract does not empty the page."""
    new = record(1, source_id="2603.00001v2", version=2, abstract="")

    assert fold([record(1), new]).abstract == record(1).abstract


def test_a_stump_of_authors_gives_way_to_the_full_list() -> None:
    """A feed names the first author only; the full list stays."""
    full = record(1, authors=("Ada Lovelace", "Émilie du Châtelet", "Mary Somerville"))
    stump = record(1, source_id="2603.00001v2", version=2, authors=("Ada Lovelace",))

    assert fold([full, stump]).authors == full.authors


def test_a_new_version_may_drop_an_author() -> None:
    """A newer list that is no beginning of the older one wins."""
    old = record(1, authors=("Ada Lovelace", "Émilie du Châtelet", "Mary Somerville"))
    new = record(1, source_id="v2", version=2, authors=("Mary Somerville", "Ada Lovelace"))

    assert fold([old, new]).authors == new.authors


def test_known_authors_are_counted() -> None:
    """A count that a page gave is only used where the names are unknown."""
    counted = record(1, source="capture", authors=(), author_count=7)

    assert fold([counted]).author_count == 7
    assert fold([counted, record(1)]).author_count == 2


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param([], (None, Precision.DAY), id="unknown"),
        pytest.param(
            [(date(2020, 1, 1), Precision.YEAR), (date(2020, 5, 4), Precision.DAY)],
            (date(2020, 5, 4), Precision.DAY),
            id="the day wins over its year",
        ),
        pytest.param(
            [
                (date(2020, 1, 1), Precision.YEAR),
                (date(2020, 5, 1), Precision.MONTH),
                (date(2020, 5, 9), Precision.DAY),
                (date(2020, 8, 9), Precision.DAY),
            ],
            (date(2020, 5, 9), Precision.DAY),
            id="year, month, day",
        ),
        pytest.param(
            [(date(2020, 1, 1), Precision.YEAR), (date(2019, 11, 3), Precision.DAY)],
            (date(2019, 11, 3), Precision.DAY),
            id="the preprint came first",
        ),
        pytest.param(
            [(date(2019, 1, 1), Precision.YEAR), (date(2020, 5, 4), Precision.DAY)],
            (date(2019, 1, 1), Precision.YEAR),
            id="the earlier year wins over the later day",
        ),
    ],
)
def test_published_is_the_earliest_as_finely_as_known(
    dates: list[tuple[date, Precision]], expected: tuple[date | None, Precision]
) -> None:
    """A year that a source gives never hides the day that another knows."""
    found = [
        record(1, source_id=str(place), published=day, precision=precision)
        for place, (day, precision) in enumerate(dates)
    ] or [record(1, published=None)]
    paper = fold(found)

    assert (paper.published, paper.precision) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"picked": date(2026, 3, 9)}, date(2026, 3, 9), id="picked first"),
        pytest.param({"announced": date(2026, 3, 6)}, date(2026, 3, 6), id="then announced"),
        pytest.param({"announced": None}, date(2026, 3, 4), id="then published"),
        pytest.param(
            {"announced": None, "precision": Precision.MONTH}, None, id="but not by month alone"
        ),
    ],
)
def test_the_day_of_a_paper(changes: dict[str, object], expected: date | None) -> None:
    """An edition holds what was picked or announced for it, not what has its date by chance."""
    assert fold([record(1, **changes)]).day == expected


def test_a_publishers_venue_comes_before_a_preprint_server() -> None:
    """A paper that appeared is cited by where it appeared."""
    preprint = record(1, version=3, venue="arXiv")
    proceedings = record(1, source="acl", version=None, venue="ACL 2026")

    assert fold([preprint, proceedings]).venue == "ACL 2026"
    assert fold([preprint]).venue == "arXiv"


def test_arxivs_categories_come_first() -> None:
    """The primary category is arXiv's, whoever else names some."""
    other = record(1, source="daily", version=9, categories=("stat.ML", "cs.LG"))

    assert fold([other, record(1)]).categories == ("cs.LG", "stat.ML")


def test_one_link_per_kind_and_address() -> None:
    """A slash at the end makes no second repository."""
    one = record(1, links=(Link(kind="code", url="https://a.example/x"),))
    two = record(1, source="daily", links=(Link(kind="code", url="https://a.example/x/"),))

    assert len(fold([one, two]).links) == 1


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([3, 12, 7], 12, id="the most"),
        pytest.param([0], 0, id="never cited, and somebody counted"),
        pytest.param([None, "12", True, -1, 2.5, [4], 10**30], None, id="no counts"),
        pytest.param(["lots", 4], 4, id="one of two"),
    ],
)
def test_citations_are_the_most_that_any_source_counted(
    counts: list[Any], expected: int | None
) -> None:
    """Each index sees a part of the literature; what is no count is passed over."""
    found = [
        record(1, source=f"index-{place}", extra={"citations": count})
        for place, count in enumerate(counts)
    ]

    assert fold(found).citations == expected
    assert fold([record(1)]).citations is None


def test_a_summary_stays_with_its_author() -> None:
    """A machine's summary is never shown as a person's."""
    person = record(1, summary="By hand.", summary_by="Ada")
    machine = record(1, source="daily", version=2, summary="By wire.", summary_by="machine")
    paper = fold([person, machine])

    assert (paper.summary, paper.summary_by) == ("By wire.", "machine")


def test_a_retraction_is_graver_than_a_withdrawal() -> None:
    """The place of publication has the last word, whichever source was read last."""
    withdrawn = record(1, version=9, status=Status.WITHDRAWN)
    retracted = record(1, source="crossref", version=None, status=Status.RETRACTED)
    paper = fold([withdrawn, retracted])

    assert (paper.status, paper.status_by) == (Status.RETRACTED, "crossref")


def test_a_new_version_speaks_for_a_paper_again() -> None:
    """A submission that was withdrawn and mended is not withdrawn; what others said stays."""
    withdrawn = record(1, source_id="2603.00001v2", version=2, status=Status.WITHDRAWN)
    mended = record(1, source_id="2603.00001v3", version=3)
    other = record(1, source="crossref", version=None, status=Status.RETRACTED)

    assert fold([record(1), withdrawn]).status is Status.WITHDRAWN
    assert fold([withdrawn, mended]).status is None
    assert fold([withdrawn, mended, other]).status_by == "crossref"


def test_known_identifiers_stay() -> None:
    """An old address leads to the paper for ever."""
    title = Identifier(Scheme.TITLE, "abc")
    paper = fold([record(1)], key=7, known=[title])

    assert paper.identifiers == (ARXIV, title)
    assert (paper.id, paper.key) == ("arxiv:2603.00001", 7)


def test_an_acl_doi_names_the_acl_paper() -> None:
    """Two names that follow from each other are known from the first record."""
    assert own_identifiers(record(1, identifiers=(ACL_DOI,))) == (ACL_DOI, ACL)


def test_a_paper_is_a_specimen_only_when_all_its_records_are() -> None:
    """A real record makes a paper real."""
    specimen = record(1, source="specimen")

    assert fold([specimen]).is_specimen
    assert not fold([specimen, record(1)]).is_specimen


def test_a_paper_needs_a_record() -> None:
    """Nothing folds to nothing."""
    with pytest.raises(ValueError, match="at least one record"):
        fold([])


def test_titles_alone_give_identifiers_that_differ_by_year_and_authors() -> None:
    """Each of these may be another paper."""
    bare = record(1, source="capture", identifiers=(), authors=(), published=None, version=None)
    variants = [
        bare,
        replace(bare, published=date(2020, 1, 1)),
        replace(bare, author_count=3),
        replace(bare, author_count=4),
        replace(bare, authors=("Ada Lovelace",)),
    ]
    found = {own_identifiers(one) for one in variants}

    assert len(found) == len(variants)
    assert {one.scheme for (one,) in found} == {Scheme.TITLE}


def test_a_title_that_names_nothing_goes_by_its_place() -> None:
    """Two pages called "Introduction" are two papers."""
    page = record(
        1,
        source="capture",
        source_id="page 1",
        title="Introduction",
        identifiers=(),
        authors=(),
        published=None,
    )

    assert own_identifiers(page) == (Identifier(Scheme.LOCAL, "capture/page 1"),)
    assert (
        own_identifiers(replace(page, author_count=3, published=date(2020, 1, 1)))[0].scheme
        is Scheme.TITLE
    )


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Introduction", False, id="one word"),
        pytest.param("A Survey of", False, id="three words"),
        pytest.param("Attention Is All You Need", True, id="five words"),
        pytest.param("基于大型语言模型的研究", True, id="eleven Han characters"),
        pytest.param("引言", False, id="two Han characters"),
    ],
)
def test_four_words_name_a_work(title: str, expected: bool) -> None:  # noqa: FBT001
    """Short titles are shared by many works."""
    assert is_distinctive(title) is expected
