"""arXiv's feeds and query API, read: what becomes of each field, and of what is broken."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import (
    BudgetSpentError,
    SourceError,
    StaleSourceError,
    UnreachableError,
)
from broadsheet.model import Fault, Holding, Identifier, Listed, Precision, Record, Scheme, Status
from broadsheet.sources import _arxiv, arxiv_atom, arxiv_rss
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import Turns
from broadsheet.sources.arxiv_atom import ArxivQuery
from broadsheet.sources.arxiv_rss import ArxivFeed
from broadsheet.text import arxiv_calendar
from tests.servers.arxiv import Arxiv, Preprint, arxiv
from tests.servers.http import Said
from tests.support import corpora
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DAY = date(2026, 3, 4)
MORNING = datetime(2026, 3, 4, 12, tzinfo=UTC)  # 7 o'clock Eastern
MINUTE = timedelta(minutes=1)
RSS = """<?xml version="1.0"?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>cs.AI</title><skipDays><day>Sunday</day></skipDays>{items}</channel></rss>"""
ITEM = """<item><title>{title}</title><link>https://arxiv.org/abs/2603.00001</link>
<description>arXiv:2603.00001v{version} Announce Type: {kind} \nAbstract: We dig.</description>
<guid isPermaLink="false">oai:arXiv.org:2603.00001v{version}</guid>
<category>cs.AI</category><category>math.OC</category>
<pubDate>Wed, 04 Mar 2026 00:00:00 -0500</pubDate>
<arxiv:announce_type>{kind}</arxiv:announce_type><dc:rights>http://cc.example/by/</dc:rights>
<dc:creator>{authors}</dc:creator><arxiv:DOI>10.1000/182</arxiv:DOI></item>"""


def rss(kind: str = "new", version: int = 1, title: str = "Wells", authors: str = "A. B") -> bytes:
    """Return an RSS feed of one paper."""
    item = ITEM.format(kind=kind, version=version, title=title, authors=authors)
    return RSS.format(items=item).encode()


def only(batch: arxiv_rss.Batch | arxiv_atom.Page) -> Record:
    """Return the one record that there must be."""
    assert not batch.problem
    (item,) = batch.items
    assert isinstance(item, Record), item
    return item


@pytest.fixture
def service() -> Iterator[Arxiv]:
    """Run arXiv on loopback."""
    with arxiv() as held:
        yield held


@pytest.fixture
def http(tmp_path: Path) -> Http:
    """A client whose waits cost nothing."""
    fake = FakeTime()
    return Http(Client(agent="test", timing=fake.timing), Turns(tmp_path, fake.timing))


def feed(service: Arxiv, http: Http, **options: object) -> ArxivFeed:
    """Return the announcements of cs.AI and cs.CL."""
    assert service.server is not None
    values: dict[str, object] = {"categories": ["cs.AI", "cs.CL"], "cursor": {}, "now": MORNING}
    return ArxivFeed(http, service.server.url, **(values | options))  # type: ignore[arg-type]  # its options


def query(service: Arxiv, http: Http, **options: object) -> ArxivQuery:
    """Return a query."""
    assert service.server is not None
    values: dict[str, object] = {"query": "all:wells", "cursor": {}, "now": MORNING}
    url = f"{service.server.url}/api/query"
    return ArxivQuery(http, url, **(values | options))  # type: ignore[arg-type]  # its options


def preprint(number: int, **changes: object) -> Preprint:
    """Return a paper of today."""
    values: dict[str, object] = {"id": f"2603.{number:05d}", "title": f"Well {number}"}
    return Preprint(listed=DAY, **(values | changes))  # type: ignore[arg-type]  # its fields


def test_an_rss_item_says_all_this() -> None:
    """Each field where it belongs."""
    record = only(arxiv_rss.parse(rss(authors="Ada Lovelace, Paulo Andr\\'e Lima de Castro")))

    assert record.source_id == "oai:arXiv.org:2603.00001v1 2026-03-04"
    assert record.identifiers == (
        Identifier(Scheme.ARXIV, "2603.00001"),
        Identifier(Scheme.DOI, "10.1000/182"),
    )
    assert (record.title, record.abstract, record.version) == ("Wells", "We dig.", 1)
    assert record.authors == ("Ada Lovelace", "Paulo André Lima de Castro")
    assert record.categories == ("cs.AI", "math.OC")
    assert (record.announced, record.license) == (DAY, "http://cc.example/by/")
    assert (record.published, record.precision) == (date(2026, 3, 1), Precision.MONTH)


@pytest.mark.parametrize(
    ("kind", "announced"),
    [("new", DAY), ("cross", DAY), ("replace", None), ("replace-cross", None)],
)
def test_news_are_announced_and_replacements_are_not(kind: str, announced: date | None) -> None:
    """Cross-lists are news of their category; a new version of an old paper is none."""
    assert only(arxiv_rss.parse(rss(kind=kind, version=2))).announced == announced


def test_one_bad_item_is_a_fault_and_the_others_are_read() -> None:
    """A guid that is none, a date that is none, a title that is missing."""
    bad = [
        ITEM.format(kind="new", version=1, title="", authors="A"),
        ITEM.format(kind="new", version=1, title="T", authors="A").replace("2603.00001v1", "x"),
        ITEM.format(kind="new", version=1, title="T", authors="A").replace("04 Mar", "44 Mar"),
    ]
    good = ITEM.format(kind="new", version=1, title="T", authors="A")

    batch = arxiv_rss.parse(RSS.format(items="".join([*bad, good])).encode())

    reasons = [item.reason for item in batch.items if isinstance(item, Fault)]
    assert [reason.partition(":")[0] for reason in reasons] == ["title", "id", "published"]
    assert len(batch.items) == 4


@pytest.mark.parametrize(
    ("spoil", "items", "problem"),
    [
        pytest.param(lambda data: data[:-10], 1, "breaks off", id="truncated"),
        pytest.param(lambda data: data.replace(b"We dig", b"We \x0b dig"), 1, "", id="a control"),
        pytest.param(
            lambda data: data.replace(b"We dig", b"We &#x1F; dig"), 1, "", id="a reference"
        ),
        pytest.param(lambda data: data.replace(b"We dig", b"We \xff dig"), 1, "", id="not UTF-8"),
        pytest.param(lambda _data: b"", 0, "breaks off", id="nothing"),
        pytest.param(lambda _data: b"Rate exceeded.", 0, "breaks off", id="a sentence"),
        pytest.param(
            lambda _data: b"<html><body>Sorry</body></html>", 0, "<html>, not", id="a page"
        ),
        pytest.param(
            lambda data: data.replace(
                b"<rss", b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss', 1
            ),
            0,
            "a document type",
            id="entities",
        ),
    ],
)
def test_a_broken_feed_gives_what_it_holds(spoil: object, items: int, problem: str) -> None:
    """Whole items before the break are good, and the break is said."""
    batch = arxiv_rss.parse(spoil(rss()))  # type: ignore[operator]  # a parameter

    assert len([item for item in batch.items if isinstance(item, Record)]) == items
    assert problem in batch.problem
    assert bool(problem) == bool(batch.problem)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parsers(data: bytes) -> None:
    """Whatever comes, the answer is records and faults."""
    assert arxiv_rss.parse(data).items == ()
    assert arxiv_atom.parse(data).items == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("A. B, C. D", ["A. B", "C. D"], id="commas"),
        pytest.param("A. B, C. D and E. F", ["A. B", "C. D", "E. F"], id="and"),
        pytest.param("A. B, C. D, and E. F", ["A. B", "C. D", "E. F"], id="Oxford"),
        pytest.param(
            "A. B (1 and 2), C. D (2) ((1) Bonn (Germany), (2) Rome)", ["A. B", "C. D"], id="places"
        ),
        pytest.param("Ann Band, Sandy Anders", ["Ann Band", "Sandy Anders"], id="and in names"),
        pytest.param("Sam Hill, Jr., Bo Li", ["Sam Hill, Jr.", "Bo Li"], id="junior"),
        pytest.param("\\'Emilie du Ch\\^atelet", ["Émilie du Châtelet"], id="accents"),
        pytest.param(
            "The A, B Collaboration", ["The A", "B Collaboration"], id="a comma is a comma"
        ),
        pytest.param("", [], id="nobody"),
        pytest.param("((((", ["(((("], id="never closed"),
    ],
)
def test_authors_are_told_apart(text: str, names: list[str]) -> None:
    """As arXiv writes them: one line, affiliations in parentheses."""
    assert _arxiv.split_authors(text) == names


def test_a_withdrawn_paper_says_so() -> None:
    """ArXiv keeps it as a version whose comment or abstract tells."""
    values = {"title": "Wells", "comment": "This paper has been withdrawn by the author"}

    assert _arxiv.record(values, label="2603.00001v2").status is Status.WITHDRAWN


def test_the_feeds_of_two_categories_give_a_paper_once(service: Arxiv, http: Http) -> None:
    """A cross-list stands in both."""
    service.add(preprint(1, categories=("cs.AI", "cs.CL")), preprint(2, categories=("cs.CL",)))

    items = list(feed(service, http).read())

    assert [item.title for item in items if isinstance(item, Record)] == ["Well 1", "Well 2"]


def test_an_unchanged_feed_is_not_read_again(service: Arxiv, http: Http) -> None:
    """The validators are in the cursor, so they count only once the papers are saved."""
    service.add(preprint(1, categories=("cs.AI", "cs.CL")))
    first = feed(service, http)
    list(first.read())

    again = feed(service, http, cursor=first.cursor)

    assert list(again.read()) == []
    assert again.cursor == first.cursor


@pytest.mark.parametrize(
    ("now", "is_stale"),
    [
        pytest.param(datetime(2026, 3, 5, 4, 59, tzinfo=UTC), False, id="before midnight there"),
        pytest.param(datetime(2026, 3, 5, 7, 59, tzinfo=UTC), False, id="only just late"),
        pytest.param(datetime(2026, 3, 5, 8, 0, tzinfo=UTC), True, id="late"),
        pytest.param(datetime(2026, 3, 7, 12, tzinfo=UTC), False, id="on a Saturday"),
    ],
)
def test_a_feed_that_repeats_yesterday_is_said(
    service: Arxiv, http: Http, now: datetime, *, is_stale: bool
) -> None:
    """Every step of a peer's pipeline said "success" while 212 of 239 papers were missing."""
    service.add(preprint(1, categories=("cs.AI", "cs.CL")))
    source = feed(service, http, now=now)
    items = (item for item in source.read() if isinstance(item, Record))

    first = next(items)
    if is_stale:
        with pytest.raises(
            StaleSourceError, match=r"2026-03-05 is due.*cs\.AI, cs\.CL.*2026-03-04"
        ):
            list(items)
    else:
        assert list(items) == []
    assert isinstance(first, Record)
    assert source.cursor["cs.AI"]["day"] == "2026-03-04"


def broken_off(source: ArxivFeed) -> tuple[list[object], SourceError]:
    """Return what a source yields before it breaks off, as it must, and why it did."""
    found: list[object] = []
    try:
        found.extend(source.read())
    except SourceError as error:
        return found, error
    pytest.fail("the source did not break off")


def test_a_batch_that_is_dated_anew_is_still_yesterdays(service: Arxiv, http: Http) -> None:
    """The date of a feed proves nothing: a paper is announced in a category once."""
    service.add(preprint(1), preprint(2), preprint(3, categories=("cs.CL",)))
    papers = frozenset(Identifier(Scheme.ARXIV, f"2603.{n:05d}") for n in (1, 2))
    old = Listed(source="arxiv", day=date(2026, 3, 3), part="cs.AI", papers=papers)
    held = Holding(listed=old, total=2, missing=frozenset(), at=MORNING)
    cursor = {"cs.AI": {"day": "2026-03-03"}}
    source = feed(service, http, holdings=lambda: [held], cursor=cursor)

    found, error = broken_off(source)

    assert isinstance(error, StaleSourceError)
    assert "2026-03-04 is due, but the feed of cs.AI still shows 2026-03-03" in str(error)
    assert [item.title for item in found if isinstance(item, Record)] == ["Well 3"]
    assert [item.part for item in found if isinstance(item, Listed)] == ["cs.CL"]
    assert source.cursor["cs.CL"]["day"] == "2026-03-04"


def test_a_feed_lists_what_it_announces_and_what_of_it_is_broken(
    service: Arxiv, http: Http
) -> None:
    """A paper without a title is one that is missing; a replacement is no news."""
    service.add(preprint(1), preprint(2, title=""), preprint(3, categories=("math.OC",)))
    service.add(preprint(4, versions=(MORNING, MORNING)))

    found = [item for item in feed(service, http).read() if isinstance(item, Listed)]

    assert [(item.part, sorted(name.value for name in item.papers)) for item in found] == [
        ("cs.AI", ["2603.00001", "2603.00002"]),
        ("cs.CL", []),
    ]


def test_an_item_with_wrong_markup_is_set_apart_and_missed(service: Arxiv, http: Http) -> None:
    """The others are read, and the feed still lists it: so it is asked for elsewhere."""
    service.add(preprint(1), preprint(2), preprint(3, versions=(MORNING, MORNING)), preprint(4))
    assert service.server is not None
    service.server.spoil = lambda _asked, said: replace(
        said, body=re.sub(rb"<title>Well [23]", b"<title><b>Well", said.body)
    )
    source = feed(service, http)

    found = list(source.read())

    faults = [item for item in found if isinstance(item, Fault)]
    assert ["2603.00002" in faults[0].raw, "2603.00003" in faults[1].raw] == [True, True]
    assert all(fault.reason.startswith("the XML is wrong: mismatched tag") for fault in faults)
    assert [one.title for one in found if isinstance(one, Record)] == ["Well 1", "Well 4"]
    listed = next(item for item in found if isinstance(item, Listed) and item.part == "cs.AI")
    assert sorted(name.value for name in listed.papers) == [
        "2603.00001",
        "2603.00002",
        "2603.00004",
    ]
    assert source.cursor["cs.AI"]["day"] == "2026-03-04"


def test_an_answer_with_wrong_markup_costs_the_entry(service: Arxiv, http: Http) -> None:
    """It is asked for again first; then all but what is broken is read."""
    service.add(*(preprint(number) for number in range(1, 5)))
    assert service.server is not None
    service.server.spoil = lambda _asked, said: replace(
        said, body=said.body.replace(b"Well 2", b"<b>Well").replace(b"Well 3", b"R & D")
    )

    found = list(query(service, http).read())

    (fault,) = [item for item in found if isinstance(item, Fault)]
    assert fault.reason.startswith("the XML is wrong: mismatched tag")
    assert "2603.00002" in fault.raw
    titles = {item.title for item in found if isinstance(item, Record)}
    assert titles == {"Well 1", "R & D", "Well 4"}
    assert len(service.server.asked) == arxiv_atom.EMPTY_ATTEMPTS


def test_one_broken_feed_stops_no_other(service: Arxiv, http: Http) -> None:
    """It is said at the end; a site that is down is left at once."""
    assert service.server is not None
    service.add(preprint(1), preprint(2, categories=("cs.CL",)))
    service.server.faults = [Said(status=404)]
    source = feed(service, http)

    found, error = broken_off(source)

    assert "404" in str(error)
    assert [item.title for item in found if isinstance(item, Record)] == ["Well 2"]
    assert list(source.cursor) == ["cs.CL"]


def test_one_dead_feed_keeps_what_came_before(service: Arxiv, http: Http) -> None:
    """Its cursor is that of the categories that were read."""
    assert service.server is not None
    service.add(preprint(1))
    source = feed(service, http)
    items = source.read()
    next(items)
    service.server.faults = [Said(status=404)]

    with pytest.raises(UnreachableError, match="404"):
        list(items)

    assert list(source.cursor) == ["cs.AI"]


def test_a_query_is_read_page_by_page(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest change first, to the end that the API names."""
    monkeypatch.setattr(arxiv_atom, "PAGE", 2)
    service.add(*(preprint(number) for number in range(1, 6)))
    source = query(service, http)

    assert len(list(source.read())) == 5
    assert source.cursor == {"updated": "2026-03-02"}
    assert service.server is not None
    assert [asked.params["start"] for asked in service.server.asked] == ["0", "2", "4"]


def test_an_empty_page_in_the_middle_is_asked_for_again(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API sends them at random, deep in a long answer."""
    monkeypatch.setattr(arxiv_atom, "PAGE", 2)
    service.add(*(preprint(number) for number in range(1, 4)))
    empty = service._query({"start": "9", "max_results": "2"})
    source = query(service, http)
    items = source.read()
    next(items)
    assert service.server is not None
    service.server.faults = [empty, empty]

    assert len(list(items)) == 2

    service.server.faults = [service._query({}), empty, empty, empty]
    monkeypatch.setattr(arxiv_atom, "PAGE", 2)
    service.add(*(preprint(number) for number in range(1, 30)))
    service.server.faults = [service._query({"start": "0", "max_results": "2"}), *[empty] * 3]
    with pytest.raises(UnreachableError, match="from 2 on cannot be used: the page is empty"):
        list(query(service, http).read())


def test_an_answer_that_shows_one_page_at_every_place_is_a_fault(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is hidden, however often it is counted: the reading is not taken for done."""
    monkeypatch.setattr(arxiv_atom, "PAGE", 2)
    service.add(*(preprint(number) for number in range(1, 6)))
    assert service.server is not None
    service.server._handler = lambda asked: service.answer(
        replace(asked, params=asked.params | {"start": "0"})
    )
    source = query(service, http)

    with pytest.raises(UnreachableError, match="another place shows a page that was read"):
        list(source.read())

    assert source.cursor == {}


def test_a_query_goes_back_to_where_the_last_one_began(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not to the beginning of time."""
    monkeypatch.setattr(arxiv_atom, "PAGE", 1)
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    service.add(*(preprint(day.day, versions=(day,)) for day in days))

    source = query(service, http, cursor={"updated": "2026-03-03"})

    assert [item.title for item in source.read() if isinstance(item, Record)] == [
        "Well 4",
        "Well 3",
        "Well 2",
    ]
    assert source.cursor == {"updated": "2026-03-04"}


def test_a_query_that_breaks_off_keeps_its_cursor(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind the break would be lost otherwise."""
    monkeypatch.setattr(arxiv_atom, "PAGE", 1)
    service.add(preprint(1), preprint(2))
    http.requests_left = 1
    source = query(service, http, cursor={"updated": "2026-01-01"})

    with pytest.raises(BudgetSpentError):
        list(source.read())

    assert source.cursor == {"updated": "2026-01-01"}


def test_more_than_one_answer_can_hold_is_read_in_parts(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30,000 are the end of an answer; what has more is cut by the time of submission."""
    few = 6
    monkeypatch.setattr(arxiv_atom, "PAGE", 2)
    monkeypatch.setattr(arxiv_atom, "MAX_RESULTS", few)
    service.most = few
    month = [datetime(2026, 2, day, 9, day, tzinfo=UTC) for day in range(1, 26)]
    service.add(*(preprint(n, versions=(at,)) for n, at in enumerate(month)))
    source = query(service, http, is_full=True)

    found = [item.title for item in source.read() if isinstance(item, Record)]

    assert sorted(set(found)) == sorted(f"Well {n}" for n in range(25))
    assert len(found) == 25
    assert source.cursor == {"updated": "2026-02-25"}


def test_a_change_beyond_what_one_answer_holds_is_found_in_its_part(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version 2 of today whose version 1 is years old: a window of changes would lose it."""
    few = 4
    monkeypatch.setattr(arxiv_atom, "PAGE", 2)
    monkeypatch.setattr(arxiv_atom, "MAX_RESULTS", few)
    service.most = few
    old, today = datetime(2020, 5, 5, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
    service.add(*(preprint(n, versions=(today.replace(hour=n),)) for n in range(1, 7)))
    service.add(preprint(9, versions=(old, today)))
    source = query(service, http, cursor={"updated": "2026-03-01"})

    found = {item.title for item in source.read() if isinstance(item, Record)}

    assert found == {f"Well {n}" for n in (*range(1, 7), 9)}


def test_a_long_reading_goes_on_with_its_rest(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a spent budget or a kill leaves is read by the next run, not all of it again."""
    few = 4
    monkeypatch.setattr(arxiv_atom, "PAGE", 4)
    monkeypatch.setattr(arxiv_atom, "MAX_RESULTS", few)
    service.most = few
    hours = [datetime(2026, 2, 1, hour, tzinfo=UTC) for hour in range(20)]
    service.add(*(preprint(n, versions=(at,)) for n, at in enumerate(hours)))
    cursor: Mapping[str, object] = {}
    found: list[str] = []
    runs = 0
    while "updated" not in cursor:
        http.requests_left = 9
        source = query(service, http, cursor=cursor, is_full=True)
        with suppress(BudgetSpentError):
            for item in source.read():
                assert isinstance(item, Record)
                found.append(item.title)
        assert cursor != source.cursor
        cursor, runs = source.cursor, runs + 1

    assert runs > 2
    assert set(found) == {f"Well {n}" for n in range(20)}
    assert cursor == {"updated": "2026-02-01"}


def test_a_minute_with_too_many_is_said(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing left to cut; better said than lost."""
    monkeypatch.setattr(arxiv_atom, "MAX_RESULTS", 2)
    service.most = 2
    service.add(*(preprint(n) for n in range(3)))

    with pytest.raises(UnreachableError, match=r"more than 2 answers to .* of one minute"):
        list(query(service, http, is_full=True).read())


def test_papers_are_asked_for_by_name(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred at a time; one that arXiv does not know is left out."""
    monkeypatch.setattr(arxiv_atom, "IDS", 2)
    service.add(*(preprint(n) for n in range(1, 4)))
    assert service.server is not None
    names = ["2603.00003", "2603.00009", "2603.00001"]

    found = list(arxiv_atom.papers(http, f"{service.server.url}/api/query", names))

    assert [item.title for item in found if isinstance(item, Record)] == ["Well 3", "Well 1"]
    assert [asked.params["id_list"] for asked in service.server.asked] == [
        "2603.00003,2603.00009",
        "2603.00001",
    ]


def test_a_listing_is_asked_for_by_its_window(
    service: Arxiv, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was submitted between two deadlines, in one category."""
    monkeypatch.setattr(arxiv_atom, "PAGE", 1)
    span = arxiv_calendar.window(DAY)
    service.add(
        preprint(1, versions=(span.start - MINUTE,)),
        preprint(2, versions=(span.start,)),
        preprint(3, versions=(span.end - MINUTE,)),
        preprint(4, versions=(span.end,)),
        preprint(5, versions=(span.start,), categories=("math.OC",)),
    )
    assert service.server is not None
    url = f"{service.server.url}/api/query"

    found = arxiv_atom.submitted(http, url, category="cs.AI", window=span)

    assert [item.title for item in found if isinstance(item, Record)] == ["Well 3", "Well 2"]


def test_what_the_api_refuses_is_said(service: Arxiv, http: Http) -> None:
    """It answers 200 with an entry called Error."""
    error = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry>'
        b"<id>https://arxiv.org/api/errors#incorrect_id</id><title>Error</title>"
        b"<summary>incorrect id format</summary></entry></feed>"
    )
    assert service.server is not None
    service.server.faults = [Said(body=error)]

    with pytest.raises(UnreachableError, match="'all:wells': incorrect id format"):
        list(query(service, http).read())


def reasons(items: Mapping[str, tuple[Record | Fault, ...]]) -> dict[str, list[str]]:
    """Return the reasons of faults by file, where there are any."""
    found = {
        name: [item.reason for item in held if isinstance(item, Fault)]
        for name, held in items.items()
    }
    return {name: held for name, held in found.items() if held}


@pytest.mark.data
def test_every_captured_answer_of_the_api_is_read() -> None:
    """25 answers, old and new; the only fault is the API's own error."""
    files = sorted((corpora() / "captures" / "arxiv-atom").glob("*.xml"))
    pages = {file.name[:6]: arxiv_atom.parse(file.read_bytes()) for file in files}
    every = {file.name: arxiv_atom.parse(file.read_bytes()).items for file in files}

    assert len(files) >= 25
    assert not any(page.problem for page in pages.values())
    assert reasons(every) == {
        "id_abc_s0_m100_b79c8dcf6bc3.xml": [
            "arXiv answers with an error: incorrect id format for abc"
        ]
    }


@pytest.mark.data
def test_every_captured_announcement_is_read() -> None:
    """Seven of seven, all kinds."""
    (file,) = (corpora() / "captures" / "arxiv-rss").glob("*.xml")

    batch = arxiv_rss.parse(file.read_bytes())

    assert (batch.day, batch.problem, len(batch.items)) == (date(2025, 8, 20), "", 7)
    assert reasons({"all": batch.items}) == {}
