"""Papers and records survive the way into text and back, whatever they hold."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import IngestReport, Paper, Record
from broadsheet.store import bodies
from broadsheet.text.digest import identifier_of, record_json, record_of
from tests.support import record
from tests.support_papers import identifiers, paper, papers, records

counts = st.integers(0, 2**53)


@given(papers, st.tuples(counts, counts, counts), st.integers(1))
def test_a_paper_comes_back(one: Paper, totals: tuple[int, int, int], key: int) -> None:
    """Emoji, right-to-left marks, NUL, half pairs: no string is changed on the way."""
    body = bodies.paper_body(one)

    back = bodies.to_paper(key, body, totals)

    assert back == _with(one, key, totals)
    body.encode()  # fits into UTF-8, which both databases demand
    assert "\0" not in body  # which PostgreSQL demands


@given(records)
def test_a_record_comes_back(one: Record) -> None:
    """Fields that only a source knows (`extra`) are kept to the last bracket."""
    body = bodies.storable(record_json(one))

    assert record_of(body) == one
    body.encode()
    assert "\0" not in body


@given(identifiers)
def test_an_identifier_comes_back(one: object) -> None:
    """A value may itself hold colons."""
    assert identifier_of(str(one)) == one


@given(st.builds(IngestReport, seconds=st.floats(0, 1e9), read=counts))
def test_a_report_comes_back(report: IngestReport) -> None:
    """/status shows an import as it was."""
    assert bodies.to_report(bodies.report_body(report)) == report


def test_a_body_holds_no_defaults() -> None:
    """What says nothing takes no room, and a new field needs no migration."""
    body = json.loads(bodies.paper_body(paper(1, venue="", is_specimen=False)))

    assert "venue" not in body
    assert "is_specimen" not in body
    assert record_of(record_json(record(1))) == record(1)


def _with(one: Paper, key: int, totals: tuple[int, int, int]) -> Paper:
    votes, comments, stars = totals
    return replace(one, key=key, votes=votes, comments=comments, stars=stars)
