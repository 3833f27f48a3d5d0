"""Editions, trending, topics, authors, shelves: the pages that are lists."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from broadsheet.model import Edition, EditionState, Period
from broadsheet.web.pages import edition_show
from tests.support import NOON, record
from tests.support_sql import count_statements
from tests.support_web import Page, fill, numbered

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from broadsheet.library import Library
    from broadsheet.store import SqlStore

TODAY = NOON.date()


def test_the_front_page_is_the_latest_edition(reader: TestClient) -> None:
    """A lead, two seconds, ranks from four on, and the label of the specimens."""
    page = Page(reader.get("/").text)

    assert page.all("h1")
    assert len(page.all("article", class_="story lead")) == 1
    assert len(page.all("article", class_="story")) == 2
    assert "Ranks 4 to" in page.text
    assert "Specimen edition." in page.text
    assert page.text.count("Specimen: written for show") >= 3


def test_every_specimen_is_labelled_wherever_it_is_listed(reader: TestClient) -> None:
    """Nobody takes an invented paper for a real one, not on the tenth page either."""
    for path in ("/papers/week", "/papers/trending", "/papers?q=models"):
        page = Page(reader.get(path).text)
        papers = [tag for name, tag in page.tags if "data-paper" in tag and name != "main"]

        assert papers
        assert page.text.count("Specimen: written for show") >= len(papers)


def test_the_days_are_linked_in_both_directions(library: Library, client: TestClient) -> None:
    """Previous and next skip days without papers."""
    days = [TODAY - timedelta(days=n) for n in (0, 1, 5)]
    fill(library, [record(n, announced=day, published=day) for n, day in enumerate(days, 1)])
    page = Page(client.get(f"/papers/date/{days[1]}").text)

    assert [tag["href"] for tag in page.all("a", rel="prev")] == [f"/papers/date/{days[2]}"]
    assert [tag["href"] for tag in page.all("a", rel="next")] == [f"/papers/date/{days[0]}"]
    oldest = Page(client.get(f"/papers/date/{days[2]}").text)
    assert not oldest.all("a", rel="prev")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/papers/date", "/"),
        ("/papers/week", "/papers/week/2026-W10"),
        ("/papers/month", "/papers/month/2026-03"),
        ("/?page=2", "/papers/date/2026-03-04?page=2"),
    ],
)
def test_periods_without_a_date_lead_to_the_newest(
    reader: TestClient, path: str, target: str
) -> None:
    """The masthead's links work from every page."""
    answer = reader.get(path, follow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["location"] == target


def test_an_empty_day_says_why_and_shows_what_is_hot(reader: TestClient) -> None:
    """Nothing is empty without a reason."""
    page = Page(reader.get("/papers/date/2020-01-04").text)

    assert "from Monday to Friday" in page.text
    assert "Worth a second look" in page.text


def test_an_empty_library_says_how_to_fill_it(client: TestClient) -> None:
    """The first thing somebody without specimens sees."""
    page = Page(client.get("/").text)

    assert "broadsheet import FILE" in page.text
    assert "No topic gained votes" in page.text


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/papers/trending", "Nothing drew attention"),
        ("/topics", "No topic gained votes."),
        ("/shelves", "Nothing is saved yet."),
        ("/status", "Nothing has been read yet"),
        ("/papers?q=gravity", "No paper here answers that."),
        ("/papers", "How to ask"),
    ],
)
def test_every_empty_page_has_a_reason(client: TestClient, path: str, says: str) -> None:
    """And a way on."""
    answer = client.get(path)

    assert answer.status_code == 200
    assert says in Page(answer.text).text


def test_a_long_edition_has_pages(library: Library, client: TestClient) -> None:
    """Twenty-three on a page; the ranks go on; past the end there is a page that says so."""
    fill(library, numbered(30))
    first, second, third = (
        Page(client.get(f"/papers/date/{TODAY}?page={n}").text) for n in (1, 2, 3)
    )

    assert "Papers 1 to 23 of 30" in first.text
    assert "Ranks 24 to 30" in second.text
    assert not second.all("article", class_="story lead")
    assert "There is nothing on this page." in third.text or "page 1" in third.text


@pytest.mark.parametrize(
    "path",
    [
        f"/papers/date/{TODAY}",
        "/papers/week/2026-W10",
        "/papers/month/2026-03",
        "/papers/trending?window=month",
        "/papers?q=gravity",
        "/papers?cat=cs.LG&sort=votes",
        "/authors/Ada%20Lovelace",
        "/topics/gravity",
        "/shelves/Seminar",
    ],
)
def test_a_list_asks_the_store_as_often_for_twenty_as_for_ten(
    library: Library, client: TestClient, path: str
) -> None:
    """One statement per paper would make every page as slow as it is long."""
    store = cast("SqlStore", library.store)
    asked = []
    for count in (10, 20):
        fill(library, numbered(count, topics=("gravity",)))
        for number in range(1, count + 1):
            library.save(f"2603.{number:05d}", "Seminar")
        with count_statements(store) as statements:
            answer = client.get(path)
        assert answer.text.count("data-paper") == count
        asked.append(len(statements))

    assert asked[0] == asked[1]


def test_an_unchanged_page_is_not_sent_again(reader: TestClient) -> None:
    """304 by ETag; another page has another one."""
    first = reader.get("/feeds")
    again = reader.get("/feeds", headers={"If-None-Match": first.headers["etag"]})
    other = reader.get("/status", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"


def edition(first: date, last: date, period: Period) -> Edition:
    """Return an edition without papers."""
    return Edition(
        period=period,
        first=first,
        last=last,
        papers=(),
        total=0,
        announced=0,
        picked=0,
        state=EditionState.EMPTY,
    )


@pytest.mark.parametrize(
    ("first", "last", "period", "expected"),
    [
        (date(2026, 8, 21), date(2026, 8, 21), Period.DAY, "Friday, 21 August 2026"),
        (date(2026, 8, 17), date(2026, 8, 23), Period.WEEK, "17 to 23 August 2026"),
        (date(2026, 8, 31), date(2026, 9, 6), Period.WEEK, "31 August to 6 September 2026"),
        (date(2025, 12, 29), date(2026, 1, 4), Period.WEEK, "29 December 2025 to 4 January 2026"),
        (date(2026, 8, 1), date(2026, 8, 31), Period.MONTH, "August 2026"),
    ],
)
def test_editions_are_called_by_their_days(
    first: date, last: date, period: Period, expected: str
) -> None:
    """What repeats is said once."""
    assert edition_show.heading(edition(first, last, period)) == expected


def test_a_month_lists_its_weeks_by_what_it_has_of_them(
    library: Library, client: TestClient
) -> None:
    """The first and the last week reach into other months, whose papers do not count."""
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4)]
    fill(library, [record(n, announced=day, published=day) for n, day in enumerate(days, 1)])
    html = client.get("/papers/month/2026-03").text

    assert 'week 9</a></th><td class="n num">1</td>' in html
    assert 'week 10</a></th><td class="n num">2</td>' in html


def test_every_link_of_the_frame_leads_somewhere(reader: TestClient) -> None:
    """Masthead, footer, feeds and citations: no page links to a page that is not there."""
    paths = ("/", "/feeds", "/papers/specimen:front-page-problem", "/topics", "/status")
    found = {
        tag["href"]
        for path in paths
        for name, tag in Page(reader.get(path).text).tags
        if name in {"a", "link"} and tag.get("href", "").startswith("/")
    }

    missing = {
        path
        for path in sorted(found)
        if reader.get(path).status_code != 200
        and "Ada%20Lovelace" not in path
        and "world%20models" not in path
    }
    assert missing == set()
