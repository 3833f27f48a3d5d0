"""Records and reports survive the way into text and back, whatever they hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import IngestReport, Record
from broadsheet.store import bodies
from broadsheet.text.digest import identifier_of, record_json, record_of
from tests.support_papers import identifiers, records

counts = st.integers(0, 2**53)


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
