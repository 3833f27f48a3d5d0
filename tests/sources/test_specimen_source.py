"""The specimen edition as a source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from broadsheet.model import Record, Scheme
from broadsheet.sources.specimens import Specimens

TODAY = date(2026, 3, 4)


def records() -> list[Record]:
    """Return the edition as it is on one day."""
    items = list(Specimens(TODAY).read())
    assert all(isinstance(item, Record) for item in items)
    return [item for item in items if isinstance(item, Record)]


def test_every_version_is_a_record_of_the_specimen_source() -> None:
    """A library knows specimens by their source and removes them when papers arrive."""
    found = records()

    assert {record.source for record in found} == {Specimens(TODAY).name} == {"specimen"}
    assert len({record.source_id for record in found}) == len(found) > 100
    assert {name.scheme for record in found for name in record.identifiers} == {Scheme.SPECIMEN}
    assert any(record.version == 2 for record in found)


def test_dates_and_signals_lie_within_thirty_days_and_never_ahead() -> None:
    """The edition is always new; a vote from tomorrow would break the heat."""
    now = datetime(2026, 3, 4, tzinfo=UTC)
    first = TODAY - timedelta(days=30)

    for record in records():
        assert record.published is not None
        assert record.updated is not None
        assert first < record.published <= record.updated <= TODAY
        assert record.announced == record.published
        assert all(signal.at <= now or signal.at.date() < TODAY for signal in record.signals)
        assert all(signal.origin == "specimen" for signal in record.signals)


def test_signals_are_told_once_per_paper() -> None:
    """Votes belong to the paper: two versions must not double them."""
    found = records()
    counted = [record.identifiers for record in found if record.signals]

    assert counted
    assert len(set(counted)) == len(counted)


def test_another_day_moves_all_dates() -> None:
    """A library that stays empty opens with a fresh edition every day."""
    later = [
        item for item in Specimens(TODAY + timedelta(days=7)).read() if isinstance(item, Record)
    ]

    for one, two in zip(records(), later, strict=True):
        assert one.source_id == two.source_id
        assert one.published is not None
        assert two.published == one.published + timedelta(days=7)
