"""OpenAlex read over its API: cursors, keys, allowances, works that were merged."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import RateLimitedError, SettingError, UnreachableError
from broadsheet.model import Fault, Identifier, Record, Scheme, Status
from broadsheet.sources import openalex
from broadsheet.sources.detect import open_files
from tests import support_json
from tests.servers.openalex import OpenAlex, settings
from tests.support_sync import Instance, instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support import StillClock

_json = support_json.dumped
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def service() -> OpenAlex:
    """OpenAlex, with five works in pages of two."""
    held = OpenAlex(page=2)
    for number in range(1, 6):
        held.add(number)
    return held


@pytest.fixture
def read(service: OpenAlex, tmp_path: Path, clock: StillClock) -> Iterator[Instance]:
    """An instance that reads it."""
    clock.time = NOW
    with instance(service.answer, settings, folder=tmp_path, clock=clock) as opened:
        yield opened


def test_a_filter_is_read_to_its_end(read: Instance) -> None:
    """Five works in three pages, found by a word of their abstracts."""
    report = read.run()

    assert (report.read, report.new, report.quarantined) == (5, 5, 0)
    assert read.asked("cursor") == ["*", *read.asked("cursor")[1:]]
    assert len(set(read.asked("cursor"))) == 4  # the last one finds nothing more
    assert set(read.asked("filter")) == {
        "primary_topic.field.id:17,type:article,from_publication_date:2026-02-25"
    }
    assert sorted(read.found("wells")) == sorted(read.titles())


def test_the_key_is_sent_where_no_log_shows_it(read: Instance) -> None:
    """Addresses stand in messages and logs; headers do not."""
    read.run()

    assert {one.headers["authorization"] for one in read.server.asked} == {"Bearer sesame"}
    assert "sesame" not in str([one.params for one in read.server.asked])


def test_a_run_that_breaks_off_goes_on(read: Instance) -> None:
    """What was read is not asked for again."""
    read.broken_from = 3
    with pytest.raises(UnreachableError):
        read.run()
    read.broken_from = 0
    first = read.asked("cursor")
    report = read.run()

    assert read.asked("cursor")[len(first)] == first[-1]
    assert (report.read, report.new) == (1, 1)
    assert len(read.papers()) == 5


def test_the_next_pass_reads_two_weeks_again(
    read: Instance, service: OpenAlex, clock: StillClock
) -> None:
    """OpenAlex learns of papers late: one dated last week comes today."""
    read.run()
    clock.advance(timedelta(days=10))
    service.add(6, publication_date="2026-03-03")
    report = read.run()

    assert read.asked("filter")[-1].endswith("from_publication_date:2026-02-18")
    assert (report.read, report.new, report.unchanged) == (6, 1, 5)


@pytest.mark.parametrize(
    ("options", "end"),
    [
        pytest.param({"since": date(2020, 5, 1)}, "from_publication_date:2020-05-01", id="since"),
        pytest.param({"is_full": True}, "type:article", id="full"),
    ],
)
def test_since_and_full(read: Instance, options: dict[str, object], end: str) -> None:
    """What was missed is asked for by its day, or without one."""
    read.run()
    count = len(read.server.asked)
    read.run(**options)

    assert all(one.endswith(end) for one in read.asked("filter")[count:])


def test_works_that_changed_need_a_plan(
    service: OpenAlex, tmp_path: Path, clock: StillClock
) -> None:
    """The refusal says which filter and why; with a plan it works."""
    clock.time = NOW
    with instance(
        service.answer, settings, folder=tmp_path, clock=clock, OPENALEX_DATES="updated"
    ) as read:
        with pytest.raises(UnreachableError, match="from_updated_date needs a paid plan"):
            read.run()
        service.paid = frozenset({"sesame"})
        assert read.run().new == 5


def test_a_day_by_which_nothing_can_be_found_is_refused(
    service: OpenAlex, tmp_path: Path, clock: StillClock
) -> None:
    """The message names the setting and its values."""
    with (
        pytest.raises(SettingError, match="openalex_dates must be published, created or updated"),
        instance(service.answer, settings, folder=tmp_path, clock=clock, OPENALEX_DATES="soon"),
    ):
        pass


def test_a_wrong_key_is_said(service: OpenAlex, tmp_path: Path, clock: StillClock) -> None:
    """The error names the setting to mend."""
    with (
        instance(
            service.answer, settings, folder=tmp_path, clock=clock, OPENALEX_KEY="old"
        ) as read,
        pytest.raises(UnreachableError, match="setting `openalex_key`"),
    ):
        read.run()


def test_an_allowance_that_is_spent_ends_the_run_until_it_renews(
    read: Instance, service: OpenAlex
) -> None:
    """15 hours are left to the schedule; what was read is kept, and the next run goes on."""
    service.left = 2
    with pytest.raises(RateLimitedError) as caught:
        read.run()
    assert caught.value.retry_after == 54_000
    assert len(read.papers()) == 4

    service.left = 100
    read.fake.now += 54_000
    assert read.run().new == 1


def test_a_misspelt_filter_is_explained(
    service: OpenAlex, tmp_path: Path, clock: StillClock
) -> None:
    """What OpenAlex says about it is in the error."""
    with (
        instance(
            service.answer, settings, folder=tmp_path, clock=clock, SOURCES="openalex:author:me"
        ) as read,
        pytest.raises(UnreachableError, match="author is not a valid field"),
    ):
        read.run()


def test_a_merged_work_is_one_paper_under_both_ids(
    service: OpenAlex, tmp_path: Path, clock: StillClock
) -> None:
    """The id that is gone leads, by 301, to the one that is."""
    service.merged["W9990"] = "W1001"
    with instance(
        service.answer, settings, folder=tmp_path, clock=clock, SOURCES="openalex:W9990|W1001|W4040"
    ) as read:
        report = read.run()

        (paper,) = read.papers()
        (fault,) = read.library.store.quarantined(limit=9)
    assert (report.read, report.new, report.quarantined) == (3, 1, 1)
    assert {Identifier(Scheme.OPENALEX, name) for name in ("W9990", "W1001")} <= set(
        paper.identifiers
    )
    assert fault.fault.reason == "OpenAlex knows no work of this id"


def test_what_a_work_says(service: OpenAlex) -> None:
    """Identifiers, an abstract out of places of words, a retraction."""
    work = service.add(
        7,
        is_retracted=True,
        ids={
            "openalex": "https://openalex.org/W1007",
            "pmid": "https://pubmed.ncbi.nlm.nih.gov/77",
        },
        locations=[{"landing_page_url": "https://arxiv.org/abs/2603.00007"}],
        abstract_inverted_index={"wells": [2, 0], "are": [1]},
    )
    page = openalex.parse(_json({"meta": {"next_cursor": "x"}, "results": [work]}))

    (record,) = page.items
    assert isinstance(record, Record)
    assert [str(one) for one in record.identifiers] == [
        "arxiv:2603.00007",
        "doi:10.1000/wells.7",
        "pmid:77",
        "openalex:W1007",
    ]
    assert (record.abstract, record.status) == ("wells are wells", Status.RETRACTED)
    assert (record.published, record.source) == (date(2026, 3, 2), "openalex")
    assert page.token == "x"  # noqa: S105


@pytest.mark.parametrize("index", [None, {}, "absent"])
def test_a_missing_abstract_is_none(service: OpenAlex, index: object) -> None:
    """Many works have none; the paper is kept all the same."""
    work = service.add(7, abstract_inverted_index=index)
    if index == "absent":
        del work["abstract_inverted_index"]

    (record,) = openalex.parse(_json({"results": [work]})).items
    assert isinstance(record, Record)
    assert record.abstract == ""


def test_one_bad_work_costs_itself(service: OpenAlex) -> None:
    """Its neighbours are read, and it is kept with the reason."""
    works = [service.works["W1001"], service.add(8, title=None, display_name=None), 7, None]
    good, *bad = openalex.parse(_json({"results": works})).items

    assert isinstance(good, Record)
    assert [one.reason for one in bad if isinstance(one, Fault)] == [
        "title: there is none",
        "here should be an object in {}",
        "null: the paper that was asked for is not known to the source",
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b"<html>Sorry</html>", "a page for people", id="a page"),
        pytest.param(b'{"results": 7}', "no list of works", id="no list"),
        pytest.param(b"[1, 2]", "the answer is no object", id="an array"),
        pytest.param(b'{"results": [', "not JSON", id="cut"),
        pytest.param(b"", "not JSON", id="nothing"),
    ],
)
def test_what_is_no_answer_is_said(body: bytes, problem: str) -> None:
    """A run ends with the reason, and the cursor stays."""
    assert problem in openalex.parse(body).problem


def snapshot(folder: Path, service: OpenAlex, *, more: str = "") -> Path:
    """Write a snapshot of two days as OpenAlex lays it out; return its folder of works."""
    works = folder / "works"
    entries = []
    for day, names in (("2026-03-01", ("W1001", "W1002")), ("2026-03-02", ("W1003",))):
        part = works / f"updated_date={day}" / "part_000.gz"
        part.parent.mkdir(parents=True)
        lines = "\n".join(json.dumps(service.works[name]) for name in names)
        part.write_bytes(gzip.compress(lines.encode()))
        url = f"s3://openalex/data/works/updated_date={day}/part_000.gz"
        entries.append({"url": url, "meta": {"content_length": 9, "record_count": len(names)}})
    if more:
        entries.append({"url": more, "meta": {}})
    manifest = {"entries": entries, "meta": {"record_count": 3}}
    (works / "manifest").write_text(json.dumps(manifest, indent=2))
    return works


@pytest.mark.parametrize("name", [".", "manifest"])
def test_a_snapshot_is_read_by_its_manifest(tmp_path: Path, service: OpenAlex, name: str) -> None:
    """The folder or the file: all works of all days."""
    works = snapshot(tmp_path, service)
    (source,) = open_files([works / name])

    assert [item.source_id for item in source.read() if isinstance(item, Record)] == [
        "10.1000/wells.1",
        "10.1000/wells.2",
        "10.1000/wells.3",
    ]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param(
            "s3://openalex/data/works/updated_date=x/part_9.gz", "No such file", id="gone"
        ),
        pytest.param("s3://x/works/../../etc/passwd", "outside its folder", id="outside"),
    ],
)
def test_a_manifest_names_no_other_files(
    tmp_path: Path, service: OpenAlex, url: str, reason: str
) -> None:
    """What is not here, or is none of its business, is a fault; the rest is read."""
    works = snapshot(tmp_path, service, more=url)
    (source,) = open_files([works])
    *records, fault = source.read()

    assert len(records) == 3
    assert isinstance(fault, Fault)
    assert reason in fault.reason


@given(st.binary() | support_json.anything.map(_json))
def test_nothing_that_a_stranger_sends_raises(body: bytes) -> None:
    """Whatever comes is a page."""
    openalex.parse(body)
