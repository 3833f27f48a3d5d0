"""Every value of a paper can say which record it came from, and the records why they are one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from hypothesis import given

from broadsheet.library.merge import fold
from broadsheet.library.provenance import SEVERAL, SINGLE, provenance, ties
from broadsheet.model import Evidence, Identifier, Joint, Link, Merge, Reason, Scheme, Status
from tests.library.test_merge import records
from tests.support import NOON, record

if TYPE_CHECKING:
    from broadsheet.model import Record

DOI = Identifier(Scheme.DOI, "10.1000/x")
DERIVED = {"author_count"}  # also the number of authors


@given(records)
def test_every_value_has_a_giver_that_said_it(found: list[Record]) -> None:
    """Nothing on a page comes from nowhere, and no record is named that did not say it."""
    unique = list({(one.source, one.source_id): one for one in found}.values())
    paper = fold(unique)
    told = provenance(paper, unique, {})
    by_name = {(one.source, one.source_id): one for one in unique}

    for field in {*SINGLE, *SEVERAL} - DERIVED:
        assert (field in told) == bool(getattr(paper, field)), field
        givers = [by_name[one.source, one.source_id] for one in told.get(field, ())]
        if field in SEVERAL:
            given = {value for giver in givers for value in getattr(giver, field)}
            assert set(getattr(paper, field)) <= given
        elif givers and field != "updated":
            assert getattr(givers[0], field) == getattr(paper, field)
    assert ("status" in told) == (paper.status is not None)


def test_the_best_record_is_named_field_by_field() -> None:
    """Title of the newest version, venue of the publisher, categories of arXiv."""
    first = record(1, links=(Link(kind="pdf", url="https://a.example/1"),))
    second = record(1, source_id="2603.00001v2", version=2, title="A new title", categories=())
    press = record(
        1,
        source="crossref",
        source_id="10.1000/x",
        version=None,
        venue="Wells",
        status=Status.RETRACTED,
        published=date(2026, 5, 1),
    )
    all_three = [first, second, press]
    told = provenance(fold(all_three), all_three, {("arxiv", "2603.00001v2"): NOON})

    def named(field: str) -> list[str]:
        return [one.source_id for one in told[field]]

    assert (named("title"), told["title"][0].arrived) == (["2603.00001v2"], NOON)
    assert (named("venue"), named("status")) == (["10.1000/x"], ["10.1000/x"])
    assert (named("categories"), named("links")) == (["2603.00001v1"], ["2603.00001v1"])
    assert told["venue"][0].arrived is None


def merge(reason: Reason, /, **detail: object) -> Merge:
    """Return a merge of one record."""
    joint = Joint(
        evidence=Evidence(reason=reason, detail=detail), records=(("acl", "x"),), identifiers=()
    )
    return Merge(key=7, paper=1, joint=joint, at=NOON)


def test_records_of_one_name_say_so() -> None:
    """Two sources that both name an identifier are tied by it."""
    one = record(1, identifiers=(*record(1).identifiers, DOI))
    other = record(1, source="crossref", source_id="x", identifiers=(DOI,))

    assert [tie.text for tie in ties([one, other], [])] == [
        "arxiv 2603.00001v1 and crossref x name doi:10.1000/x."
    ]
    assert ties([one], []) == []


def test_decisions_say_their_numbers() -> None:
    """Who doubts a merge sees what decided, and which number undoes it."""
    near = merge(Reason.NEAR, years=[2020, 2021], authors_shared=0.75)
    told = ties([], [near, replace(near, undone=NOON)])

    assert told[0].text == (
        "acl x joined because the titles are spellings of one, 75% of the authors are shared, "
        "the years are 1 apart."
    )
    assert [(tie.merge, tie.is_undone) for tie in told] == [(7, False), (None, True)]
    for one, expected in (
        (merge(Reason.HAND), "acl x joined by hand."),
        (merge(Reason.TITLE, years=[2020, 2020]), "the titles are equal, the year is the same."),
        (
            merge(Reason.IDENTIFIER, source="s2", source_id="y", identifiers=["a:1", "b:2"]),
            "acl x joined because s2 y names a:1 and b:2.",
        ),
    ):
        assert ties([], [one])[0].text.endswith(expected)


def test_long_lists_are_cut() -> None:
    """Fifty sources of one id make one readable sentence."""
    many = [record(1, source=f"s{number}") for number in range(9)]

    assert "5 more name arxiv:2603.00001" in ties(many, [])[0].text
