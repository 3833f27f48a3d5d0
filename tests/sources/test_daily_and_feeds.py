"""The hosted daily list and feeds of all kinds, read."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Identifier, Link, Record, Scheme, Signal, SignalKind
from broadsheet.sources import daily_list, feed
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import Turns
from broadsheet.sources.daily_list import DailyList
from broadsheet.sources.feed import Feed, source_name
from tests.servers.daily import Daily
from tests.servers.daily import entry as served
from tests.servers.http import Asked, Said, serving
from tests.support import corpora
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def entry(number: int = 1, votes: int = 5, **changes: Any) -> dict[str, Any]:
    """Return a paper of the daily list as its API gives it."""
    return served(number, **({"upvotes": votes} | changes))


def only(page: daily_list.Page | feed.Batch) -> Record:
    """Return the one record that there must be."""
    assert not page.problem
    (item,) = page.items
    assert isinstance(item, Record), item
    return item


@pytest.fixture
def http(tmp_path: Path) -> Http:
    """A client whose waits cost nothing."""
    fake = FakeTime()
    return Http(Client(agent="test", timing=fake.timing), Turns(tmp_path, fake.timing))


def test_an_entry_says_all_this() -> None:
    """The paper, who picked it when, and what people thought of it."""
    record = only(daily_list.parse(json.dumps([entry()]).encode(), seen=NOW))

    assert (record.source, record.source_id) == ("daily", "2603.00001")
    assert record.identifiers == (Identifier(Scheme.ARXIV, "2603.00001"),)
    assert (record.title, record.abstract, record.authors) == (
        "Well 1",
        "We dig.",
        ("Ada Lovelace",),
    )
    assert (record.published, record.picked) == (date(2026, 3, 1), DAY)
    assert (record.summary, record.summary_by) == ("Digging.", "machine")
    assert record.topics == ("wells", "digging")
    assert Link(kind="code", url="https://github.com/wells/wells") in record.links
    assert Link(kind="project", url="https://wells.example/") in record.links
    assert record.signals == tuple(
        Signal(kind=kind, value=value, at=NOW, origin=origin, via="daily")
        for kind, value, origin in (
            (SignalKind.VOTE, 5, "hosted"),
            (SignalKind.COMMENT, 2, "hosted"),
            (SignalKind.STAR, 8, "github"),
        )
    )


@pytest.mark.parametrize("place", ["paper", "entry"])
def test_who_picked_it_and_what_is_shown_is_kept(place: str) -> None:
    """By name: pictures and numbers of people are nobody's business here."""
    ada = {"_id": "9", "name": "ada", "fullname": "Ada L.", "avatarUrl": "a.png", "isPro": True}
    wells = {"_id": "8", "name": "wells", "fullname": "Wells & Sons", "avatar": "w.png"}
    more: dict[str, Any] = {"organization": wells, "mediaUrls": ["https://cdn.example/1.mp4"]}
    value = entry(**(more | {"submittedOnDailyBy": ada} if place == "paper" else {}))
    value |= more | {"submittedBy": ada, "isAuthorParticipating": True} if place == "entry" else {}
    record = only(daily_list.parse(json.dumps([value]).encode(), seen=NOW))

    assert record.extra["submitted_by"] == {"name": "ada", "fullname": "Ada L."}
    assert record.extra["organization"] == {"name": "wells", "fullname": "Wells & Sons"}
    assert record.extra["mediaUrls"] == ["https://cdn.example/1.mp4"]
    assert record.extra.get("author_participates") is (True if place == "entry" else None)
    assert "png" not in str(record)


def test_a_full_day_has_a_second_page(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or what stands behind the limit would never be seen."""
    monkeypatch.setattr(daily_list, "LIMIT", 2)
    daily = Daily({DAY: [entry(number) for number in (1, 2, 3)]})
    with serving(daily.answer) as server:
        source = DailyList(http, server.url, cursor={}, now=NOW, since=DAY)
        found = [item.source_id for item in source.read() if isinstance(item, Record)]

        assert [asked.params.get("p") for asked in server.asked] == [None, "1"]
    assert found == ["2603.00001", "2603.00002", "2603.00003"]


def test_a_long_past_that_breaks_off_goes_on(http: Http) -> None:
    """A run has a budget: the next one begins where it was spent, not at the beginning or today."""
    daily = Daily({DAY - timedelta(days=number): [entry(number)] for number in range(9)})
    with serving(daily.answer) as server:
        done = DailyList(http, server.url, cursor={}, now=NOW)
        list(done.read())
        server.faults = [Said(body=b"[]")] * 3 + [Said(status=418)] * 2
        past = DailyList(http, server.url, cursor=done.cursor, now=NOW, since=date(2026, 2, 20))
        with pytest.raises(UnreachableError):
            list(past.read())
        server.asked.clear()
        again = DailyList(http, server.url, cursor=past.cursor, now=NOW)
        list(again.read())

        days = [asked.params["date"] for asked in server.asked]
    assert (days[0], days[-1]) == ("2026-02-23", "2026-03-04")
    assert len(again.cursor["totals"]) == 4  # of the days that are read again; not of all
    assert "past" not in again.cursor


def test_totals_of_an_unknown_moment_count_from_the_day_of_picking() -> None:
    """Heat must never take them for newer than they are."""
    record = only(daily_list.parse(json.dumps([entry()]).encode()))

    assert {signal.at for signal in record.signals} == {datetime(2026, 3, 4, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("own", "outer", "expected"),
    [
        pytest.param("2026-03-04T00:00:00Z", "2026-03-01T00:00:00.000Z", DAY, id="it says"),
        pytest.param(None, "2026-03-03T03:50:58Z", date(2026, 3, 3), id="as until 2025"),
        pytest.param(None, "2026-03-01T00:00:00.000Z", date(2026, 3, 9), id="it does not"),
    ],
)
def test_the_day_of_picking_is_not_that_of_publication(
    own: str | None, outer: str, expected: date
) -> None:
    """A peer that took the one for the other found nothing for weeks."""
    value = entry(submittedOnDailyAt=own) | {"publishedAt": outer}

    page = daily_list.parse(json.dumps([value]).encode(), day=date(2026, 3, 9))

    assert only(page).picked == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param({}, "paper: the entry has none", id="nothing"),
        pytest.param("paper", "paper: the entry has none", id="a word"),
        pytest.param(entry(title="") | {"title": None}, "title: there is none", id="no title"),
        pytest.param(entry(upvotes=-1), "upvotes: -1", id="votes below none"),
        pytest.param(entry(upvotes="many"), "upvotes", id="votes in words"),
        pytest.param(entry(submittedOnDailyAt=3), "expected a date", id="a number for a day"),
    ],
)
def test_one_bad_entry_is_a_fault(value: object, reason: str) -> None:
    """The others are read."""
    page = daily_list.parse(json.dumps([value, entry(2)]).encode())

    fault, record = page.items
    assert isinstance(fault, Fault)
    assert reason in fault.reason
    assert isinstance(record, Record)


@pytest.mark.parametrize("body", [b"", b"{}", b"Rate exceeded", b"[" * 100_000, b"null", b"\xff"])
def test_what_is_no_list_is_said(body: bytes) -> None:
    """An answer with status 200 may still be none."""
    assert daily_list.parse(body).problem


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parsers(data: bytes) -> None:
    """Whatever comes, the answer is a page."""
    assert daily_list.parse(data).items == ()
    assert feed.parse(data).items == ()


def test_days_are_read_one_by_one_and_totals_noted_when_they_move(http: Http) -> None:
    """The last days again for their votes; a total that stands is no news."""
    votes = 5

    def answer(asked: Asked) -> Said:
        found = [entry(votes=votes)] if asked.params["date"] == "2026-03-04" else []
        return Said(body=json.dumps(found).encode())

    with serving(answer) as server:
        first = DailyList(http, server.url, cursor={}, now=NOW)
        counts = [len(item.signals) for item in first.read() if isinstance(item, Record)]
        days = [asked.params["date"] for asked in server.asked]
        assert (days[0], days[-1], len(days)) == ("2026-02-25", "2026-03-04", 8)
        for total in (5, 6):
            votes = total
            server.asked.clear()
            now = NOW + timedelta(hours=1)
            first = DailyList(http, server.url, cursor=first.cursor, now=now)
            counts += [len(item.signals) for item in first.read() if isinstance(item, Record)]
        days = [asked.params["date"] for asked in server.asked]

    assert counts == [3, 0, 3]
    assert days == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]


@pytest.mark.parametrize("fault", [Said(body=b"<html>"), Said(status=404)], ids=["page", "404"])
def test_a_day_that_cannot_be_told_is_passed_over_and_said(http: Http, fault: Said) -> None:
    """One wrong day of years must not hide all that came after it."""
    with serving(lambda _asked: Said(body=json.dumps([entry()]).encode())) as server:
        source = DailyList(http, server.url, cursor={}, now=NOW, since=date(2026, 3, 2))
        server.faults = [Said(body=b"[]"), fault]
        items = source.read()

        missing, record = next(items), next(items)
        with pytest.raises(UnreachableError):
            next(items)

    assert isinstance(missing, Fault)
    assert missing.where == "2026-03-03"
    assert "could not be read" in missing.reason
    assert isinstance(record, Record)
    assert source.cursor["day"] == "2026-03-04"


def test_two_days_that_fail_in_a_row_end_the_run(http: Http) -> None:
    """It is the service then; the next run begins where this one ended."""
    with serving(lambda _asked: Said(body=b"[]")) as server:
        source = DailyList(http, server.url, cursor={}, now=NOW, since=date(2026, 3, 1))
        server.faults = [Said(body=b"[]"), Said(body=b"<html>"), Said(body=b"<html>")]
        with pytest.raises(UnreachableError, match="a page for people"):
            list(source.read())

        assert len(server.asked) == 3
    assert source.cursor["day"] == "2026-03-01"


RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>J</title><item>
<title>On &lt;i&gt;wells&lt;/i&gt;</title><link>https://doi.org/10.1000/182</link>
<guid>https://journal.example/7</guid><description>&lt;p&gt;We dig.&lt;/p&gt;&lt;script&gt;x()
&lt;/script&gt;</description><author>ada@x.org (Ada Lovelace)</author>
<pubDate>Wed, 04 Mar 2026 05:06:07 GMT</pubDate><category>Wells</category></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>J</title><entry>
<id>tag:journal.example,2026:7</id><title>On wells</title>
<link href="https://arxiv.org/abs/2603.00001v2"/><summary>We dig.</summary>
<author><name>Ada Lovelace</name></author><author><name>Bo</name></author>
<updated>2026-03-04T05:06:07Z</updated></entry></feed>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [
            {
                "id": "7",
                "url": "https://journal.example/7",
                "title": "On wells",
                "content_html": "<p>We dig.</p>",
                "authors": [{"name": "Ada Lovelace"}],
                "date_published": "2026-03-04T05:06:07Z",
                "tags": ["Wells"],
            }
        ],
    }
).encode()


@pytest.mark.parametrize(
    ("data", "identifier", "authors"),
    [
        pytest.param(RSS, Identifier(Scheme.DOI, "10.1000/182"), ("Ada Lovelace",), id="RSS"),
        pytest.param(
            ATOM, Identifier(Scheme.ARXIV, "2603.00001"), ("Ada Lovelace", "Bo"), id="Atom"
        ),
        pytest.param(JSON, Identifier(Scheme.LOCAL, "feed-j/7"), ("Ada Lovelace",), id="JSON"),
    ],
)
def test_a_feed_of_each_kind(data: bytes, identifier: Identifier, authors: tuple[str, ...]) -> None:
    """Which paper it is, and what is said about it, as plain text."""
    record = only(feed.parse(data, source="feed-j"))

    assert record.identifiers == (identifier,)
    assert (record.title, record.abstract, record.authors) == ("On wells", "We dig.", authors)
    assert (record.published, record.announced, record.source) == (DAY, DAY, "feed-j")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"<html><body>Sorry</body></html>", "no feed", id="a page"),
        pytest.param(b"", "no feed", id="nothing"),
        pytest.param(b'{"version": "1"}', "no JSON Feed", id="other JSON"),
        pytest.param(b"{", "not JSON", id="broken JSON"),
    ],
)
def test_what_is_no_feed_is_said(data: bytes, problem: str) -> None:
    """An empty feed is something else."""
    assert problem in feed.parse(data).problem


def test_a_truncated_feed_gives_its_items_and_is_asked_for_again(http: Http) -> None:
    """Were its ETag kept, what was cut off would never come."""
    with serving(lambda _asked: Said(body=RSS[:-25], headers={"ETag": '"7"'})) as server:
        source = Feed(
            lambda url, headers: http.get(url, headers=headers),
            server.url,
            source="feed-j",
            cursor={"etag": '"6"'},
        )
        items = source.read()
        record = next(items)
        with pytest.raises(UnreachableError, match="breaks off"):
            next(items)

    assert isinstance(record, Record)
    assert record.authors == ("Ada Lovelace",)
    assert source.cursor == {"etag": '"6"'}


def test_a_feed_with_a_fault_in_its_middle_is_whole() -> None:
    """Feedparser mends what it can, and the end is there."""
    batch = feed.parse(RSS.replace(b"We dig", b"We & dig &nbsp;"))

    assert only(batch).title == "On wells"


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        pytest.param(b"<item/>" * 200_001, "more than 200,000 tags", id="tags"),
        pytest.param(b"&" * 2_000_001, "more than 2,000,000 references", id="references"),
        pytest.param(b"x" * 2**24, "more than 16 MiB", id="bytes"),
        pytest.param(
            b"<item " + b" ".join(b'a%d=""' % n for n in range(400)) + b"/>",
            "more than 200 attributes",
            id="attributes",
        ),
    ],
)
def test_a_feed_that_would_cost_too_much_is_not_read(inside: bytes, problem: str) -> None:
    """Feedparser takes minutes for a megabyte of such; nobody writes it by mistake."""
    data = b'<rss version="2.0"><channel>' + inside + b"</channel></rss>"
    began = time.process_time()

    batch = feed.parse(data)

    assert problem in batch.problem
    assert time.process_time() - began < 1


def test_a_feed_of_too_many_items_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not read must not look as if it had not been there."""
    monkeypatch.setattr(feed, "MAX_ITEMS", 2)
    item = b"<item><guid>%d</guid><title>T</title></item>"
    data = b"".join(item % number for number in range(5))

    *records, fault = feed.parse(b'<rss version="2.0"><channel>' + data + b"</channel></rss>").items

    assert len(records) == 2
    assert isinstance(fault, Fault)
    assert fault.reason == "the feed has more than 2 items; the rest was not read"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    "id",
    "url",
    "external_url",
    "title",
    "content_html",
    "summary",
    "authors",
    "author",
    "tags",
]


@given(st.lists(st.dictionaries(st.sampled_from([*NAMES, "date_published"]), VALUES), max_size=3))
def test_whatever_stands_in_a_json_feed_it_is_read_or_says_why(items: list[Any]) -> None:
    """A number where a list of authors should be is a fault of one item, not of the run."""
    data = {"version": "https://jsonfeed.org/version/1.1", "items": items}

    batch = feed.parse(json.dumps(data).encode())

    assert (len(batch.items), batch.problem) == (len(items), "")


@given(st.lists(VALUES, max_size=3))
def test_whatever_stands_in_the_daily_list_it_is_read_or_says_why(values: list[Any]) -> None:
    """Likewise."""
    paper = entry()["paper"]
    entries = [*values, *({"paper": paper | {"authors": one}} for one in values)]

    page = daily_list.parse(json.dumps(entries).encode())

    assert (len(page.items), page.problem) == (len(entries), "")


def test_a_body_that_names_a_file_is_no_file(tmp_path: Path) -> None:
    """Feedparser opens what it takes for a name; a server must not choose it."""
    (tmp_path / "secret.xml").write_bytes(RSS)

    assert feed.parse(str(tmp_path / "secret.xml").encode()).items == ()


def test_entities_do_not_explode() -> None:
    """A hostile document type is not read."""
    lol = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(1, 9))
    data = RSS.replace(b"<rss", b'<!DOCTYPE rss [<!ENTITY l1 "lol">' + lol + b"]><rss", 1)

    batch = feed.parse(data.replace(b"We dig", b"&l9;"))

    assert sum(len(item.abstract) for item in batch.items if isinstance(item, Record)) < 1_000


def test_an_unchanged_feed_is_not_read_again(http: Http) -> None:
    """ETag and 304."""

    def answer(asked: Asked) -> Said:
        if asked.headers.get("if-none-match") == '"7"':
            return Said(status=304)
        return Said(body=ATOM, headers={"ETag": '"7"'})

    with serving(answer) as server:
        cursor: Any = {}
        counts = []
        for _ in range(2):
            source = Feed(
                lambda url, headers: http.get(url, headers=headers),
                server.url,
                source="feed-j",
                cursor=cursor,
            )
            counts.append(len(list(source.read())))
            cursor = source.cursor

    assert counts == [1, 0]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("Journal.example", "feed-journal-example"),
        ("a" * 80, "feed-" + "a" * 35),
        ("papers.xn--bcher-kva.example", "feed-papers-xn-bcher-kva-example"),
    ],
)
def test_records_carry_the_name_of_their_host(host: str, expected: str) -> None:
    """Fit for a filter in a query."""
    assert source_name(host) == expected


@pytest.mark.data
def test_every_captured_answer_is_read() -> None:
    """Five days of the list and three feeds made of it, without one fault."""
    folder = corpora() / "captures" / "daily-papers-api"
    pages = [daily_list.parse(file.read_bytes()) for file in sorted(folder.glob("*.json"))]
    batches = [feed.parse(file.read_bytes()) for file in sorted(folder.glob("*.xml"))]

    items = [item for page in pages for item in page.items]
    items += [item for batch in batches for item in batch.items]
    assert not any(page.problem for page in pages)
    assert not any(batch.problem for batch in batches)
    assert [len(page.items) for page in pages] == [13, 16, 16, 15, 17]
    assert [len(batch.items) for batch in batches] == [30, 105, 6]
    assert [item for item in items if isinstance(item, Fault)] == []
