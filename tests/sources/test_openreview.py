"""OpenReview read over both versions of its API: what is public, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import SettingError, UnreachableError
from broadsheet.model import Fault, Record, SignalKind, Status
from broadsheet.sources import openreview
from tests import support_json
from tests.servers.openreview import VENUE, OpenReview, moment, settings
from tests.support_sync import Instance, instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support import StillClock

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def service() -> OpenReview:
    """OpenReview, with five submissions in pages of two."""
    held = OpenReview(page=2)
    for number in range(1, 6):
        held.submit(number)
    return held


@pytest.fixture
def read(service: OpenReview, tmp_path: Path, clock: StillClock) -> Iterator[Instance]:
    """An instance that reads it."""
    clock.time = NOW
    with instance(service.answer, settings, folder=tmp_path, clock=clock) as opened:
        yield opened


def only(service: OpenReview) -> Record:
    """Return the record of the one note that there must be, with its replies."""
    (note,) = service.notes["v2"]
    shown = note | {"details": {"replies": service.replies.get(note["id"], [])}}
    (record,) = openreview.parse(support_json.dumped({"notes": [shown]})).items
    assert isinstance(record, Record), record
    return record


def one(content: dict[str, Any] | None = None, **changes: Any) -> Record:
    """Return the record of one submission."""
    service = OpenReview()
    service.submit(1, content=content or {}, **changes)
    return only(service)


def test_a_venue_is_read_to_its_end(read: Instance) -> None:
    """Five submissions in three pages, each asked for after the last one of the page before."""
    report = read.run()

    assert (report.read, report.new) == (5, 5)
    assert [bool(after) for after in read.asked("after")] == [False, True, True, True]
    assert set(read.asked("invitation")) == {f"{VENUE}/-/Submission"}
    assert sorted(read.found("wells")) == sorted(read.titles())
    assert read.fake.slept == [pytest.approx(3.0)] * 3


def test_a_run_that_breaks_off_goes_on(read: Instance) -> None:
    """After the last submission that was saved."""
    read.broken_from = 3
    with pytest.raises(UnreachableError):
        read.run()
    read.broken_from = 0
    report = read.run()

    assert (report.read, report.new, len(read.papers())) == (1, 1, 5)


def test_only_what_changed_is_read_again(
    read: Instance, service: OpenReview, clock: StillClock
) -> None:
    """Newest change first, down to what the pass before has seen."""
    read.run()
    clock.advance(timedelta(days=30))
    accepted = {"venue": {"value": "Wells 2026 oral"}}
    service.submit(3, content=accepted, tmdate=moment("2026-04-02T09:00"))
    count = len(read.server.asked)
    report = read.run()

    assert (report.merged, report.new, report.quarantined) == (1, 0, 0)
    assert len(read.server.asked) - count == 1
    assert "Wells 2026 oral" in {paper.venue for paper in read.papers()}


def test_what_a_submission_says() -> None:
    """Every public field, the three dates, and where it can be read."""
    record = one(
        {
            "TLDR": {"value": "Wells are deep."},
            "code": {"value": "https://github.com/ada/wells"},
            "primary_area": {"value": "hydrology"},
        },
        externalIds=["arxiv:2601.00001", "dblp:conf/wells/Lovelace26"],
    )

    assert [str(each) for each in record.identifiers] == [
        "arxiv:2601.00001",
        "openreview:forum0001",
    ]
    assert (record.source, record.source_id) == ("openreview", "forum0001")
    assert (record.title, record.abstract) == ("On gravity wells, part 1", "We dig wells.")
    assert record.authors == ("Ada Lovelace", "Émilie du Châtelet")
    assert (record.topics, record.venue) == (("gravity", "wells"), "Wells 2026 poster")
    assert (record.published, record.announced) == (date(2026, 1, 10), date(2026, 2, 1))
    assert (record.updated, record.extra["accepted"]) == (date(2026, 3, 1), "2026-03-01")
    assert (record.summary, record.summary_by) == ("Wells are deep.", "authors")
    assert {(link.kind, link.url) for link in record.links} >= {
        ("abstract", "https://openreview.net/forum?id=forum0001"),
        ("pdf", "https://openreview.net/pdf?id=forum0001"),
        ("code", "https://github.com/ada/wells"),
    }
    assert record.extra["area"] == "hydrology"
    assert "example.org" not in str(record)  # addresses of people are nobody's business


@pytest.mark.parametrize(
    ("venueid", "status"),
    [
        pytest.param(VENUE, None, id="accepted"),
        pytest.param(f"{VENUE}/Rejected_Submission", None, id="rejected"),
        pytest.param(f"{VENUE}/Withdrawn_Submission", Status.WITHDRAWN, id="withdrawn"),
        pytest.param(f"{VENUE}/Desk_Rejected_Submission", Status.WITHDRAWN, id="desk-rejected"),
    ],
)
def test_what_is_out_of_the_running_is_marked(venueid: str, status: Status | None) -> None:
    """Withdrawn and desk-rejected submissions stay public; whoever reads one must know."""
    record = one({"venueid": {"value": venueid}})

    assert (record.status, record.extra["venueid"]) == (status, venueid)


def test_public_replies_are_counted_day_by_day() -> None:
    """A running total at the end of each day on which somebody wrote."""
    service = OpenReview()
    service.submit(1)
    service.reply("forum0001", "Official_Review", "2026-02-10", content={"rating": {"value": 8}})
    service.reply(
        "forum0001",
        "Official_Review",
        "2026-02-10",
        content={"rating": {"value": "6: weak accept"}},
    )
    service.reply("forum0001", "Official_Comment", "2026-02-12")
    service.reply("forum0001", "Meta_Review", "2026-02-12", content={"rating": {"value": 1}})
    service.reply(
        "forum0001", "Decision", "2026-02-20", content={"decision": {"value": "Accept (poster)"}}
    )
    record = only(service)

    assert [(signal.value, signal.at.date()) for signal in record.signals] == [
        (2, date(2026, 2, 11)),
        (4, date(2026, 2, 13)),
        (5, date(2026, 2, 21)),
    ]
    assert {(signal.kind, signal.origin) for signal in record.signals} == {
        (SignalKind.COMMENT, "openreview")
    }
    assert (record.extra["ratings"], record.extra["reviews"]) == ([8.0, 6.0], 2)
    assert record.extra["decision"] == "Accept (poster)"


def test_nothing_private_is_kept(service: OpenReview, tmp_path: Path, clock: StillClock) -> None:
    """A token shows its owner more than everyone may read: none of it gets in."""
    secret = "the reviewers are idle"  # noqa: S105
    clock.time = NOW
    service.submit(6, readers=[VENUE, "~Ada_Lovelace1"], content={"title": {"value": secret}})
    service.submit(7, content={"abstract": {"value": secret, "readers": [VENUE]}})
    service.submit(8, ddate=moment("2026-03-02T10:00"), content={"title": {"value": secret}})
    private = {"readers": [VENUE], "content": {"rating": {"value": 1}, "review": {"value": secret}}}
    service.reply("forum0001", "Official_Review", "2026-02-10", **private)
    hidden = {"rating": {"value": 9, "readers": [VENUE]}}
    service.reply("forum0002", "Official_Review", "2026-02-10", content=hidden)
    with instance(
        service.answer, settings, folder=tmp_path, clock=clock, OPENREVIEW_TOKEN=service.token
    ) as read:
        report = read.run()

        kept = [read.library.store.records(paper.key) for paper in read.papers()]
        signals = read.library.store.signals([paper.key for paper in read.papers()])
    assert {asked.headers["authorization"] for asked in read.server.asked} == {"Bearer sesame"}
    assert (report.new, report.quarantined) == (6, 0)
    assert secret not in str(kept)
    assert [record.extra.get("ratings") for records in kept for record in records] == [None] * 6
    assert sum(len(each) for each in signals.values()) == 1  # that somebody answered forum0002


def test_an_anonymous_submission_has_no_authors() -> None:
    """Under review their names are not public, and "Anonymous" is nobody."""
    assert one({"authors": {"value": ["Anonymous"]}}).authors == ()
    assert one({"authors": {"value": ["Ada Lovelace"], "readers": [VENUE]}}).authors == ()


def test_authors_may_be_objects() -> None:
    """As newer venues give them."""
    people = [{"username": "~Ada_Lovelace1", "fullname": "Ada Lovelace"}]

    assert one({"authors": {"value": people}}).authors == ("Ada Lovelace",)


def test_an_older_venue_is_found_where_it_is(
    service: OpenReview, tmp_path: Path, clock: StillClock
) -> None:
    """API 2 does not know it; API 1 has it, with plain fields, under a blind invitation."""
    clock.time = NOW
    service.notes["v1"] = [
        {
            "id": "oldforum1",
            "forum": "oldforum1",
            "number": 1,
            "invitation": "Wells.cc/2019/Conference/-/Blind_Submission",
            "readers": ["everyone"],
            "cdate": moment("2018-09-27T10:00"),
            "tcdate": moment("2018-09-27T10:00"),
            "tmdate": moment("2019-02-01T10:00"),
            "content": {
                "title": "Wells before the flood",
                "authors": ["Mary Somerville"],
                "abstract": "We dug.",
                "keywords": ["wells"],
                "TL;DR": "Old wells.",
                "pdf": "/pdf/0.pdf",
                "_bibtex": "@inproceedings{}",
            },
        }
    ]
    service.replies["oldforum1"] = [
        {
            "id": "r1",
            "invitation": "Wells.cc/2019/Conference/-/Paper1/Official_Review",
            "readers": ["everyone"],
            "tcdate": moment("2018-11-01T10:00"),
            "content": {"rating": "7: Good paper, accept", "review": "Deep."},
        }
    ]
    name = "openreview:Wells.cc/2019/Conference"
    with instance(service.answer, settings, folder=tmp_path, clock=clock, SOURCES=name) as read:
        read.run()

        (paper,) = read.papers()
        (record,) = read.library.store.records(paper.key)
    assert [asked.path for asked in read.server.asked] == ["/v2/notes", "/v1/notes", "/v1/notes"]
    assert (paper.title, paper.authors, paper.summary) == (
        "Wells before the flood",
        ("Mary Somerville",),
        "Old wells.",
    )
    assert (record.extra["ratings"], paper.comments) == ([7.0], 1)


def test_a_venue_that_is_unknown_is_said(
    service: OpenReview, tmp_path: Path, clock: StillClock
) -> None:
    """With what a venue's id looks like."""
    with (
        instance(
            service.answer, settings, folder=tmp_path, clock=clock, SOURCES="openreview:Wells"
        ) as read,
        pytest.raises(UnreachableError, match=r"ICLR\.cc/2025/Conference"),
    ):
        read.run()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        pytest.param(
            f"openreview:{VENUE}/-/Submission",
            ("invitation", f"{VENUE}/-/Submission"),
            id="an invitation",
        ),
        pytest.param(
            f"openreview:venueid={VENUE}", ("content.venueid", VENUE), id="accepted papers only"
        ),
    ],
)
def test_other_ways_to_name_a_venue(
    service: OpenReview, tmp_path: Path, clock: StillClock, name: str, asked: tuple[str, str]
) -> None:
    """An invitation, or the id that papers carry after the decision."""
    with instance(service.answer, settings, folder=tmp_path, clock=clock, SOURCES=name) as read:
        assert read.run().new == 5
        assert set(read.asked(asked[0])) == {asked[1]}


def test_what_is_no_venue_is_refused(
    service: OpenReview, tmp_path: Path, clock: StillClock
) -> None:
    """Before anything is asked."""
    name = "openreview:a b"
    with (
        instance(service.answer, settings, folder=tmp_path, clock=clock, SOURCES=name) as read,
        pytest.raises(SettingError, match="no id of a venue"),
    ):
        read.run()


def test_a_question_for_a_human_is_said(read: Instance, service: OpenReview) -> None:
    """The page that asks for one is no empty venue."""
    service.is_challenging = True

    with pytest.raises(UnreachableError, match="wants to see a human"):
        read.run()


def test_one_bad_note_costs_itself() -> None:
    """Its neighbours are read."""
    service = OpenReview()
    bad = [
        service.submit(1, content={"title": {"value": ""}}),
        service.submit(2, forum="!", id="!"),
    ]
    good = service.submit(3)
    record, *faults = sorted(
        openreview.parse(support_json.dumped({"notes": [*bad, good]})).items,
        key=lambda item: isinstance(item, Fault),
    )

    assert isinstance(record, Record)
    assert [each.reason for each in faults if isinstance(each, Fault)] == [
        "title: there is none",
        "forum: '!' is no id of OpenReview's",
    ]


@given(st.binary() | support_json.anything.map(support_json.dumped))
def test_nothing_that_a_stranger_sends_raises(body: bytes) -> None:
    """Whatever comes is a page."""
    openreview.parse(body, known=date(2026, 3, 4))


@given(content=support_json.anything, replies=support_json.anything)
def test_no_note_raises(content: Any, replies: Any) -> None:
    """Fields of any kind make a record or a fault."""
    note = {"id": "abcdef", "readers": ["everyone"], "content": content, "details": replies}
    openreview.parse(support_json.dumped({"notes": [note]}))
