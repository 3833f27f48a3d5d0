"""Feeds as readers poll them: formats, paging, caching, filters, labels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import feedparser
import pytest

from broadsheet.sources.specimens import Specimens
from broadsheet.web.feeds.conditional import Versions
from tests.support import NOON, StillClock
from tests.support_api import fill, fill_listed, listed, opened
from tests.support_sql import count_statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from broadsheet.library import Library

ENDINGS = ("atom", "rss", "json")
LISTS = (
    "/feeds/daily.{}",
    "/feeds/trending.{}?window=month",
    "/papers.{}?q=gravity",
    "/topics/gravity.{}",
    "/authors/Ada%20Lovelace.{}",
)
TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A way to a library of four papers, which no test changes."""
    records = [listed(number) for number in range(1, 5)]
    with opened(tmp_path_factory.mktemp("four"), records) as client:
        yield client


@pytest.fixture(scope="module")
def none(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A way to an empty library, which no test changes."""
    with opened(tmp_path_factory.mktemp("none")) as client:
        yield client


def read(client: TestClient, address: str) -> list[dict[str, Any]]:
    """Return id and title of each entry, whatever the format."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    if "json" in answer.headers["content-type"]:
        items = answer.json()["items"]
        return [{"id": item["id"], "title": item["title"]} for item in items]
    parsed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not parsed.bozo, parsed.bozo_exception
    return [{"id": entry.id, "title": entry.title} for entry in parsed.entries]


def links(client: TestClient, address: str) -> dict[str, str]:
    """Return the links of an Atom feed by relation."""
    parsed = feedparser.parse(client.get(address).content)
    return {link.rel: link.href for link in parsed.feed.links}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("address", LISTS)
def test_every_list_is_a_feed(four: TestClient, address: str, ending: str) -> None:
    """Atom, RSS and JSON Feed of editions, trends, searches, topics and authors."""
    answer = four.get(address.format(ending))

    assert answer.headers["content-type"] == TYPES[ending]
    ids = {entry["id"] for entry in read(four, address.format(ending))}
    assert "tag:broadsheet.invalid,2026:paper/arxiv:2603.00003" in ids
    assert len(ids) == (1 if "daily" in address else 4)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("address", LISTS)
def test_an_unchanged_feed_is_not_sent_again(four: TestClient, address: str, ending: str) -> None:
    """By tag or by time, whichever the reader remembers."""
    address = address.format(ending)
    first = four.get(address)

    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"other", {first.headers["etag"].removeprefix("W/")}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = four.get(address, headers=headers)
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == first.headers["etag"]


def test_a_changed_feed_is_sent_again(
    client: TestClient, library: Library, clock: StillClock
) -> None:
    """A reader that knows only times sees a paper that is older than the newest one."""
    fill_listed(library, 1)
    first = client.get("/papers.atom")
    clock.advance(timedelta(minutes=5))
    fill_listed(library, 2)

    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        assert client.get("/papers.atom", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"If-Modified-Since": "yesterday"}, id="no date"),
        pytest.param({"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}, id="long ago"),
        pytest.param({"If-None-Match": '"other"'}, id="another tag"),
        pytest.param(
            {"If-None-Match": '"other"', "If-Modified-Since": "Wed, 01 Jan 2070 00:00:00 GMT"},
            id="a tag wins over a time",
        ),
    ],
)
def test_a_feed_is_sent_to_who_does_not_have_it(
    client: TestClient, library: Library, headers: dict[str, str]
) -> None:
    """In doubt it is sent: a reader that misses papers is worse than one that reads twice."""
    fill_listed(library, 1)
    client.get("/feeds/daily.atom")

    assert client.get("/feeds/daily.atom", headers=headers).status_code == 200


def test_two_contents_never_share_a_second() -> None:
    """Times are told to the second, so the later one is dated ahead and kept back."""
    versions = Versions()
    now = datetime(2026, 3, 4, 12, 0, 0, 300, tzinfo=UTC)

    assert versions.since("/a", "one", now=now) == datetime(2026, 3, 4, 12, tzinfo=UTC)
    later = versions.since("/a", "two", now=now + timedelta(milliseconds=200))
    assert later == datetime(2026, 3, 4, 12, 0, 1, tzinfo=UTC)
    assert versions.since("/a", "two", now=now + timedelta(hours=1)) == later
    assert versions.since("/b", "one", now=now).second == 0


def test_versions_remember_only_so_many() -> None:
    """Asking for ever new addresses must not fill the memory."""
    versions = Versions(limit=2)
    for name in "abc":
        versions.since(name, "x", now=NOON)

    assert list(versions._seen) == ["b", "c"]


def test_a_head_has_everything_but_the_body(client: TestClient, library: Library) -> None:
    """Readers look whether a feed is there before they subscribe."""
    fill_listed(library, 1)
    whole = client.get("/feeds/daily.atom", headers={"Accept-Encoding": "identity"})
    head = client.head("/feeds/daily.atom", headers={"Accept-Encoding": "identity"})

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["etag"] == whole.headers["etag"]
    assert head.headers["content-length"] == str(len(whole.content))


def test_votes_alone_do_not_touch_a_feeds_entries(client: TestClient, library: Library) -> None:
    """A vote may move a paper, it never makes it unread."""
    fill_listed(library, 1)
    before = client.get("/papers.atom").content
    library.vote("2603.00001")

    assert client.get("/papers.atom").content == before


def test_a_long_feed_has_pages(client: TestClient, library: Library) -> None:
    """Each page leads to the next and back, and no paper is on two."""
    fill(library, [listed(number, picked=NOON.date()) for number in range(1, 121)])
    for address in ("/feeds/daily.atom", "/papers.atom?q=gravity&topic=gravity"):
        seen: list[str] = []
        pages: list[str] = []
        following: str | None = address
        while following and len(pages) < 10:  # a feed that leads to itself must fail, not hang
            pages.append(following)
            seen += [entry["id"] for entry in read(client, following)]
            found = links(client, following)
            following = found.get("next")

        assert len(pages) == 3
        assert len(seen) == len(set(seen)) == 120
        assert found["first"].removeprefix("http://127.0.0.1:8000") == address
        assert found["previous"] == pages[1]
        assert found["self"] == pages[2]
        ids = {ET.fromstring(client.get(page).content)[0].text for page in pages}  # noqa: S314
        assert len(ids) == 1


def test_the_daily_feed_leads_to_the_day_before(four: TestClient) -> None:
    """A reader that was away finds the editions it missed."""
    found = links(four, "/feeds/daily.atom")

    assert found["prev-archive"].endswith("/feeds/daily.atom?date=2026-03-03")
    before = read(four, found["prev-archive"])
    assert {entry["id"][-5:] for entry in before} == {"00001", "00004"}


def test_a_search_feed_has_the_searchs_filters(four: TestClient) -> None:
    """The feed of a page shows what the page shows."""
    found = read(four, "/papers.atom?q=gravity&topic=wells&since=2026-02-22")
    assert [entry["id"][-5:] for entry in found] == ["00003"]
    assert read(four, "/papers.atom?q=gravity&has=data") == []


@pytest.mark.parametrize("name", ["cat", "category"])
def test_a_category_goes_by_either_name(four: TestClient, name: str) -> None:
    """Pages say `cat`, feeds and the API `category`: each leads to the other, filter and all."""
    asked = f"q=gravity&{name}"

    assert len(read(four, f"/papers.atom?{asked}=cs.LG")) == 4
    assert read(four, f"/papers.atom?{asked}=no.SUCH") == []
    assert four.get(f"/api/v1/search?{asked}=no.SUCH").json()["data"] == []
    assert "/papers/2603.00003" in four.get(f"/papers?{asked}=cs.LG").text
    assert "/papers/2603.00003" not in four.get(f"/papers?{asked}=no.SUCH").text


@pytest.mark.parametrize(
    ("query", "first"),
    [
        pytest.param("q=gravity", "00003", id="newest first"),
        pytest.param("q=gravity&sort=votes", "00004", id="as the parameter says"),
        pytest.param("q=gravity sort:votes", "00004", id="as the query says"),
    ],
)
def test_a_search_feed_is_newest_first(four: TestClient, query: str, first: str) -> None:
    """A feed tells what is new, unless it is told otherwise."""
    assert read(four, f"/papers.atom?{query}")[0]["id"].endswith(first)


@pytest.mark.parametrize("ending", ENDINGS)
def test_specimens_are_labelled(client: TestClient, library: Library, ending: str) -> None:
    """A feed of the specimen edition says in every title what it is."""
    library.ingest(Specimens(NOON.date()))

    titles = [entry["title"] for entry in read(client, f"/feeds/daily.{ending}")]
    assert titles
    assert all(title.startswith("Specimen: ") for title in titles)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("address", LISTS)
def test_an_empty_list_is_a_feed(none: TestClient, address: str, ending: str) -> None:
    """A subscription to what is not there yet is no error."""
    assert read(none, address.format(ending)) == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        pytest.param("/feeds/daily.atom?date=yesterday", 400, id="no date"),
        pytest.param("/feeds/daily.atom?date=2026-W10", 400, id="a week is no day"),
        pytest.param("/feeds/trending.atom?window=year", 400, id="no window"),
        pytest.param("/papers.atom?page=0", 400, id="no page"),
        pytest.param("/papers.atom?page=100000", 400, id="too deep"),
        pytest.param("/feeds/weekly.atom", 404, id="no feed"),
    ],
)
def test_a_wrong_question_gets_an_error(none: TestClient, address: str, status: int) -> None:
    """A mistake in an address is told, not answered with an empty feed."""
    assert none.get(address).status_code == status


@pytest.mark.parametrize("address", LISTS)
def test_a_feed_asks_the_store_no_more_for_more_papers(
    client: TestClient, library: Library, address: str
) -> None:
    """One statement per paper would make every poll slow."""
    sent = []
    for count in (10, 20):
        fill(library, [listed(number, picked=NOON.date()) for number in range(1, count + 1)])
        with count_statements(library.store) as statements:  # type: ignore[arg-type]
            assert len(read(client, address.format("atom"))) == count
        sent.append(len(statements))

    assert sent[0] == sent[1] > 0


def test_a_browser_learns_to_search_here(none: TestClient) -> None:
    """The description's own template finds the search."""
    answer = none.get("/opensearch.xml")
    root = ET.fromstring(answer.content)  # noqa: S314  # ours
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    templates = {url.get("type"): url.get("template", "") for url in root.iter(f"{space}Url")}

    assert answer.headers["content-type"] == "application/opensearchdescription+xml"
    address = templates["application/atom+xml"].replace("{searchTerms}", "gravity")
    assert none.get(address.replace("{startPage?}", "1")).status_code == 200
