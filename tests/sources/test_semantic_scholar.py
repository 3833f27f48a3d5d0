"""Semantic Scholar read over its bulk search: tokens, keys, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import RateLimitedError, UnreachableError
from broadsheet.model import Record
from broadsheet.sources import semantic_scholar
from tests import support_json
from tests.servers.http import Said
from tests.servers.semantic_scholar import SemanticScholar, settings
from tests.support_sync import Instance, instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.http import Asked
    from tests.support import StillClock

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def service() -> SemanticScholar:
    """Semantic Scholar, with five papers in pages of two."""
    held = SemanticScholar(page=2)
    for number in range(1, 6):
        held.add(number)
    return held


@pytest.fixture
def read(service: SemanticScholar, tmp_path: Path, clock: StillClock) -> Iterator[Instance]:
    """An instance that reads it."""
    clock.time = NOW
    with instance(service.answer, settings, folder=tmp_path, clock=clock) as opened:
        yield opened


def test_a_query_is_read_to_its_end(read: Instance) -> None:
    """Five papers in three pages; each page's token asks for the next."""
    report = read.run()

    assert (report.new, report.quarantined) == (5, 0)
    assert read.asked("token") == ["", "TOKEN2", "TOKEN4"]
    assert set(read.asked("publicationDateOrYear")) == {"2026-02-02:"}
    assert {one.headers["x-api-key"] for one in read.server.asked} == {"sesame"}
    assert sorted(read.found("wells")) == sorted(read.titles())


def test_requests_are_a_second_apart(read: Instance) -> None:
    """That is what a key allows."""
    read.run()

    assert read.fake.slept == [pytest.approx(1.0)] * 2


def test_without_a_key_none_is_sent(
    service: SemanticScholar, tmp_path: Path, clock: StillClock
) -> None:
    """An empty key would be refused."""
    clock.time = NOW
    with instance(service.answer, settings, folder=tmp_path, clock=clock, S2_KEY="") as read:
        assert read.run().new == 5
        assert not any("x-api-key" in one.headers for one in read.server.asked)


def test_429_without_a_reason_is_waited_out(read: Instance) -> None:
    """It comes at will: the run waits a little, longer each time, and goes on."""
    read.server.faults = [Said(status=429), Said(status=429)]

    assert read.run().new == 5


def test_429_again_and_again_ends_the_run(read: Instance) -> None:
    """The schedule tries again later; what was read is kept, and is not read again."""
    answer = read.server._handler
    read.server._handler = lambda asked: answer(asked) if "token" not in asked.params else Said(429)
    with pytest.raises(RateLimitedError):
        read.run()
    read.server._handler = answer
    report = read.run()

    assert (report.read, report.new) == (3, 3)
    assert len(read.papers()) == 5


def test_a_forgotten_token_begins_the_pass_again(read: Instance, service: SemanticScholar) -> None:
    """What comes twice says nothing new."""
    read.broken_from = 3
    with pytest.raises(UnreachableError):
        read.run()
    read.broken_from = 0
    service.forgotten = {"TOKEN4"}
    with pytest.raises(UnreachableError, match="expired token"):
        read.run()  # it expires again and again: no endless circle
    assert len(read.papers()) == 4

    service.forgotten = set()
    assert (read.run().new, len(read.papers())) == (1, 5)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        pytest.param({"since": date(2020, 5, 1)}, "2020-05-01:", id="since"),
        pytest.param({"is_full": True}, "", id="full"),
        pytest.param({}, "2026-02-18:", id="two weeks again"),
    ],
)
def test_since_and_full(read: Instance, options: dict[str, object], wanted: str) -> None:
    """By the day of publication, or without one."""
    read.run()
    count = len(read.server.asked)
    read.run(**options)

    assert set(read.asked("publicationDateOrYear")[count:]) == {wanted}


def test_a_paper_that_is_new_comes_next_time(
    read: Instance, service: SemanticScholar, clock: StillClock
) -> None:
    """And what is known says nothing new, until its citations grow."""
    read.run()
    clock.advance(timedelta(days=1))
    service.add(6)
    service.add(5, citationCount=99)
    report = read.run()

    assert (report.read, report.new, report.merged, report.unchanged) == (6, 1, 1, 4)


def test_a_circle_is_left(service: SemanticScholar, read: Instance, clock: StillClock) -> None:
    """A token that leads to its own page would be followed for ever; the next run goes on there."""

    def circle(asked: Asked, said: Said) -> Said:
        if asked.params.get("token") != "TOKEN2":
            return said
        return replace(said, body=said.body.replace(b"TOKEN4", b"TOKEN2"))

    read.server.spoil = circle
    with pytest.raises(UnreachableError, match="repeats itself: the token 'TOKEN2'"):
        read.run()
    assert (len(read.server.asked), len(read.titles())) == (3, 4)

    read.server.spoil = None
    clock.advance(timedelta(hours=1))
    assert read.run().new == 1
    assert read.asked("token")[3:] == ["TOKEN2", "TOKEN4"]
    assert len(set(read.titles())) == len(service.papers) == 5


def test_a_wrong_key_is_said(service: SemanticScholar, tmp_path: Path, clock: StillClock) -> None:
    """The error names the setting to mend."""
    with (
        instance(service.answer, settings, folder=tmp_path, clock=clock, S2_KEY="old") as read,
        pytest.raises(UnreachableError, match="setting `s2_key`"),
    ):
        read.run()


def test_what_a_paper_says(service: SemanticScholar) -> None:
    """A withheld abstract is said to be; citations are kept beside the paper."""
    disclaimer = "Notice: the abstract has been elided by the publisher."
    paper = service.add(
        7,
        abstract=None,
        externalIds={"ArXiv": "2603.00007", "PubMed": "77"},
        openAccessPdf={"url": "https://x.example/7.pdf", "disclaimer": disclaimer},
    )
    page = semantic_scholar.parse(support_json.dumped({"token": None, "data": [paper]}))

    (record,) = page.items
    assert isinstance(record, Record)
    assert [str(one) for one in record.identifiers][:2] == ["arxiv:2603.00007", "pmid:77"]
    assert (record.abstract, record.extra["abstract_withheld"]) == ("", True)
    assert (record.extra["citations"], record.topics) == (7, ("physics",))
    assert page.token == ""


@given(st.binary() | support_json.anything.map(support_json.dumped))
def test_nothing_that_a_stranger_sends_raises(body: bytes) -> None:
    """Whatever comes is a page."""
    semantic_scholar.parse(body)
