"""Crossref read over its API: slices of time, cursors that are forgotten, retractions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Identifier, Record, Scheme, Status
from broadsheet.sources import crossref
from broadsheet.sources.network import names_in
from tests import support_json
from tests.servers.crossref import Crossref, settings
from tests.support_sync import Instance, instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.http import Asked, Said
    from tests.support import StillClock

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Crossref:
    """Crossref, with five works of one day in pages of two."""
    monkeypatch.setattr(crossref, "ROWS", 2)
    held = Crossref()
    for number in range(1, 6):
        held.add(number)
    return held


@pytest.fixture
def read(service: Crossref, tmp_path: Path, clock: StillClock) -> Iterator[Instance]:
    """An instance that reads it."""
    clock.time = NOW
    with instance(service.answer, settings, folder=tmp_path, clock=clock) as opened:
        yield opened


def days(read: Instance, first: int = 0) -> list[str]:
    """Return the days of creation or change that were asked for, each once, in order."""
    wanted = [one.split(",")[2].partition("-date:") for one in read.asked("filter")[first:] if one]
    return list(dict.fromkeys(f"{kind.removeprefix('from-')} {day}" for kind, _, day in wanted))


def test_the_first_pass_reads_a_week_of_new_works(read: Instance) -> None:
    """Day by day, to today; each day's works in pages, up to the one that is not full."""
    report = read.run()

    assert days(read)[0] == "created 2026-02-25"
    assert days(read)[-1] == "created 2026-03-04"
    assert (report.new, report.quarantined) == (5, 0)
    assert read.asked("cursor").count("*") == 8
    assert {one.params["mailto"] for one in read.server.asked} == {"ada@example.org"}
    assert read.found("wells") != []


def test_later_passes_read_what_changed(
    read: Instance, service: Crossref, clock: StillClock
) -> None:
    """By the day on which Crossref indexed it, the only one that moves with every change."""
    read.run()
    clock.advance(timedelta(days=2))
    service.touch("10.1000/wells.2", "2026-03-05", title=["On gravity wells, revised"])
    count = len(read.server.asked)
    report = read.run()

    assert days(read, count) == ["index 2026-03-04", "index 2026-03-05", "index 2026-03-06"]
    assert (report.read, report.merged) == (1, 1)
    assert "On gravity wells, revised" in read.titles()


def test_a_run_that_breaks_off_repeats_one_slice(read: Instance) -> None:
    """A cursor moves on by itself: to go on with it would skip a page."""
    read.broken_from = 7  # the day's second page
    with pytest.raises(UnreachableError):
        read.run()
    read.broken_from = 0
    first = len(read.server.asked)
    report = read.run()

    assert read.asked("cursor")[first] == "*"
    assert days(read, first)[0] == "created 2026-03-02"
    assert (report.read, report.new, report.unchanged) == (5, 3, 2)
    assert len(read.papers()) == 5


def test_a_forgotten_cursor_begins_the_slice_again(read: Instance, service: Crossref) -> None:
    """They last five minutes; a slow store may take longer."""

    def forgetful(asked: Asked) -> Said:
        if len(read.server.asked) == 7:  # the day's second page
            service.cursors.clear()
        return service.answer(asked)

    read.server._handler = forgetful
    report = read.run()

    assert len(read.papers()) == 5
    assert report.unchanged == 2  # the page that was read twice


@pytest.mark.parametrize("is_new", [False, True], ids=["the same cursor", "a cursor each time"])
def test_a_full_page_that_comes_for_ever_is_a_fault(
    read: Instance, service: Crossref, *, is_new: bool
) -> None:
    """A day of which the first page is all that comes would be read until no request is left."""

    def stuck(asked: Asked, said: Said) -> Said:
        service.cursors = dict.fromkeys(service.cursors, 0)
        if not is_new or b'"items": []' in said.body:
            return said
        cursor = f"scroll{len(service.cursors) + 1}"
        service.cursors[cursor] = 0
        answer = json.loads(said.body)
        answer["message"]["next-cursor"] = cursor
        return replace(said, body=json.dumps(answer).encode())

    read.server.spoil = stuck
    with pytest.raises(UnreachableError, match="repeats itself"):
        read.run()
    assert len(read.papers()) == 2
    assert len(read.server.asked) <= 8  # five days without works, and that day's first pages

    read.server.spoil = None
    assert read.run().new == 3


@pytest.mark.parametrize(
    ("options", "first", "count"),
    [
        pytest.param({"since": date(2026, 3, 1)}, "index 2026-03-01", 4, id="since"),
        pytest.param({"since": date(2025, 11, 1)}, "index 2025-11-01", 2 + 63, id="long since"),
        pytest.param({"is_full": True}, "created 2025-10-01", 3 + 63, id="full"),
    ],
)
def test_since_and_full(
    read: Instance,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, object],
    first: str,
    count: int,
) -> None:
    """Long times are read by months, the last quarter by days."""
    monkeypatch.setattr(crossref, "BEGAN", date(2025, 10, 1))
    report = read.run(**options)

    assert days(read)[0] == first
    assert len(days(read)) == count
    assert report.new == 5


@given(
    first=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    length=st.integers(min_value=0, max_value=3000),
)
def test_slices_leave_no_day_out(first: date, length: int) -> None:
    """They follow one another from the first day to the last."""
    last = first + timedelta(days=length)
    found = crossref.slices(first, last)

    assert (found[0][0], found[-1][1]) == (first, last)
    assert all(a[1] + timedelta(days=1) == b[0] for a, b in pairwise(found))
    assert all(begin <= end for begin, end in found)


def test_a_notice_of_retraction_marks_the_work(read: Instance, service: Crossref) -> None:
    """The notice names another DOI: that work is asked for and marked, whatever the filter."""
    service.add(9, DOI="10.1000/old", created={"date-time": "2011-01-01T00:00:00Z"})
    service.add(
        10,
        title=["Retraction: On gravity wells, part 9"],
        **{"update-to": [{"DOI": "10.1000/old", "type": "retraction", "label": "Retraction"}]},
    )
    read.run()

    marked = {str(paper.id): paper.status for paper in read.papers()}
    assert marked["doi:10.1000/old"] is Status.RETRACTED
    assert marked["doi:10.1000/wells.10"] is None  # the notice is none itself
    assert marked["doi:10.1000/wells.1"] is None


def test_a_correction_marks_nothing(read: Instance, service: Crossref) -> None:
    """Only what was taken back is."""
    service.add(
        10, **{"update-to": [{"DOI": "10.1000/wells.1", "type": "correction", "label": "Erratum"}]}
    )
    read.run()

    assert {paper.status for paper in read.papers()} == {None}


def test_a_retracted_work_that_is_unknown_costs_nothing_else(
    read: Instance, service: Crossref
) -> None:
    """It is kept in quarantine with the reason, and the run goes on."""
    service.add(10, **{"update-to": [{"DOI": "10.9/gone", "type": "withdrawal"}]})
    report = read.run()

    (kept,) = read.library.store.quarantined(limit=9)
    assert (report.new, report.quarantined) == (6, 1)
    assert (kept.fault.where, kept.fault.reason) == (
        "10.9/gone",
        "a notice retracts it, and Crossref does not know it",
    )


def test_a_preprint_and_its_article_are_one_paper(read: Instance, service: Crossref) -> None:
    """The publisher says so, in a relation of the one or of the other."""
    service.add(
        20,
        relation={"has-preprint": [{"id": "10.1101/2026.01.01.1", "id-type": "doi"}]},
        title=["Wells, as printed"],
    )
    service.add(
        21,
        DOI="10.1000/preprint",
        type="journal-article",
        title=["Wells, as sent in"],
        relation={"is-preprint-of": [{"id": "10.1000/WELLS.20", "id-type": "doi"}]},
    )
    read.run()

    (paper,) = [one for one in read.papers() if "Wells, as" in one.title]
    assert {one.value for one in paper.identifiers if one.scheme is Scheme.DOI} == {
        "10.1000/wells.20",
        "10.1000/preprint",
        "10.1101/2026.01.01.1",
    }


def test_words_are_a_query(service: Crossref, tmp_path: Path, clock: StillClock) -> None:
    """What is no filter is searched for; the days stay a filter."""
    clock.time = NOW
    with instance(
        service.answer, settings, folder=tmp_path, clock=clock, SOURCES="crossref:part 3"
    ) as read:
        report = read.run()

        assert set(read.asked("query")) == {"part 3"}
        assert report.new == 1


def test_the_commas_of_a_filter_part_no_sources() -> None:
    """A filter has parts; what is the name of no source belongs to the one before it."""
    names = names_in("arxiv, crossref:type:posted-content,prefix:10.1101, daily,arxib")

    assert names == ["arxiv", "crossref:type:posted-content,prefix:10.1101", "daily", "arxib"]


def test_a_misspelt_filter_is_explained(
    service: Crossref, tmp_path: Path, clock: StillClock
) -> None:
    """What Crossref says about it is in the error."""
    with (
        instance(
            service.answer, settings, folder=tmp_path, clock=clock, SOURCES="crossref:colour:red"
        ) as read,
        pytest.raises(UnreachableError, match="there is no such filter"),
    ):
        read.run()


def test_the_granted_rate_is_kept(read: Instance, service: Crossref) -> None:
    """Interval through limit: one request in ten seconds, when that is all."""
    read.run(since=date(2026, 3, 3))
    usual = {round(one, 3) for one in read.fake.slept}
    service.rate = ("2", "20s")
    read.run(since=date(2026, 3, 2))

    assert usual == {1.0}
    assert {round(one, 3) for one in read.fake.slept} == {1.0, 20 / 2}


def test_what_a_work_says(service: Crossref) -> None:
    """JATS without its tags, the day of publication, the notice's target."""
    work = service.add(7, **{"update-to": [{"DOI": "10.9/x", "type": "correction"}]})
    page = crossref.parse(
        support_json.dumped({"message": {"items": [work, 7], "next-cursor": "x"}})
    )

    record, fault = page.items
    assert isinstance(record, Record)
    assert isinstance(fault, Fault)
    assert record.identifiers == (Identifier(Scheme.DOI, "10.1000/wells.7"),)
    assert (record.abstract, record.venue) == ("We dig wells.", "Journal of Wells")
    assert (record.published, record.authors) == (date(2026, 3, 2), ("Ada Lovelace",))
    assert record.extra["updates"] == [{"doi": "10.9/x", "type": "correction"}]
    assert (page.cursor, page.count, page.retracted) == ("x", 2, ())


@given(st.binary() | support_json.anything.map(support_json.dumped))
def test_nothing_that_a_stranger_sends_raises(body: bytes) -> None:
    """Whatever comes is a page."""
    crossref.parse(body)
