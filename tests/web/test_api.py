"""The JSON API: one envelope, one error shape, every list paged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support_api import doi_record, fill, fill_listed, listed, opened
from tests.support_sql import count_statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from broadsheet.library import Library


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A way to a library of five papers, which no test changes."""
    records = [listed(number) for number in range(1, 6)]
    with opened(tmp_path_factory.mktemp("five"), records) as client:
        yield client


def get(client: TestClient, address: str) -> Any:
    """Return the body of an answer that must be good."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"data", "meta"}
    return answer.json()


def test_a_search_finds_and_explains(client: TestClient, library: Library) -> None:
    """A hit comes with the numbers behind its place."""
    fill_listed(library, 3, is_encoding=True)
    body = get(client, "/api/v1/search?q=gravity wells number 2&limit=1")

    (hit,) = body["data"]
    assert hit["paper"]["id"] == "arxiv:2603.00002"
    assert hit["paper"]["url"] == "http://127.0.0.1:8000/papers/2603.00002"
    assert "gravity" in hit["why"]["matched"]
    assert hit["why"]["lexical_weight"] + hit["why"]["dense_weight"] == pytest.approx(1)
    title, sentence = hit["highlight"]["title"], hit["highlight"]["sentence"]
    assert "gravity" in {title["text"][start:end].lower() for start, end in title["marks"]}
    assert sentence["text"]
    assert sentence["text"] in hit["highlight"]["abstract"]["text"]
    assert body["meta"]["query"] == "gravity wells number 2"
    assert body["meta"]["mode"] == "hybrid"
    assert body["meta"]["sort"] == "relevance"
    assert body["meta"]["total"] == 3


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("/api/v1/search?q=gravity&sort=votes&limit=2", id="search"),
        pytest.param("/api/v1/editions/2026-03?limit=2", id="edition"),
        pytest.param("/api/v1/trending?window=month&limit=2", id="trending"),
    ],
)
def test_following_next_visits_every_paper_once(five: TestClient, address: str) -> None:
    """`meta.next` keeps the question and ends where the list ends."""
    seen: list[str] = []
    following: str | None = address
    while following and len(seen) < 20:  # a page that leads to itself must fail, not hang
        body = get(five, following)
        seen += [item["paper"]["id"] for item in body["data"]]
        following = body["meta"]["next"]

    assert sorted(seen) == [f"arxiv:2603.{number:05d}" for number in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("topic=wells", [5, 3, 1], id="topic"),
        pytest.param("topic=wells&topic=springs", [5, 4, 3, 2, 1], id="either topic"),
        pytest.param("has=code&author=lovelace", [5, 4, 3, 2, 1], id="code and author"),
        pytest.param("category=math", [], id="another category"),
        pytest.param("since=2026-02-22&until=2026-02-22", [3], id="a day"),
        pytest.param("source=acl", [], id="another source"),
    ],
)
def test_filters_narrow_a_search(five: TestClient, query: str, numbers: list[int]) -> None:
    """Every filter of the model is a parameter."""
    body = get(five, f"/api/v1/search?q=gravity&sort=votes&{query}")

    assert [hit["paper"]["votes"] for hit in body["data"]] == numbers


@pytest.mark.parametrize(
    "name",
    [
        "2603.00001",
        "2603.00001v1",
        "arxiv:2603.00001",
        "arXiv:2603.00001v7",
        "https://arxiv.org/abs/2603.00001",
        "10.48550/arXiv.2603.00001",
    ],
)
def test_a_paper_is_found_by_any_form_of_its_id(five: TestClient, name: str) -> None:
    """People paste what they have."""
    assert get(five, f"/api/v1/papers/{name}")["data"]["id"] == "arxiv:2603.00001"


def test_a_name_with_slashes_has_everything_under_it(client: TestClient, library: Library) -> None:
    """A DOI's slash is no end of the name."""
    fill(library, [doi_record(), listed(1)], is_encoding=True)
    at = "/api/v1/papers/doi:10.1000/a/b"

    assert get(client, at)["data"]["venue"] == "Journal of Springs"
    assert [one["source"] for one in get(client, f"{at}/records")["data"]] == ["journal"]
    assert get(client, f"{at}/signals")["data"] == []
    similar = get(client, f"{at}/similar?limit=5")["data"]
    assert [hit["paper"]["id"] for hit in similar] == ["arxiv:2603.00001"]


def test_records_are_as_their_source_gave_them(client: TestClient, library: Library) -> None:
    """What was merged can be traced to who said it, LaTeX and all."""
    fill(library, [listed(1, title="$O(n\\log n)$ wells", extra={"doi": None})])

    (record,) = get(client, "/api/v1/papers/2603.00001/records")["data"]
    assert record["title"] == "$O(n\\log n)$ wells"
    assert record["extra"] == {"doi": None}
    assert get(client, "/api/v1/papers/2603.00001")["data"]["title"] == "O(n log n) wells"


def test_signals_do_not_say_who(client: TestClient, library: Library) -> None:
    """A vote is public, a voter is not."""
    fill_listed(library, 1)
    client.post("/api/v1/papers/2603.00001/vote")
    signals = get(client, "/api/v1/papers/2603.00001/signals")["data"]

    assert {(one["origin"], one["kind"], one["value"]) for one in signals} == {
        ("hosted", "vote", 1),
        ("hosted", "comment", 2),
        ("readers", "vote", 1),
    }
    assert all(set(one) == {"kind", "value", "at", "origin", "via"} for one in signals)
    assert "local" not in client.get("/api/v1/papers/2603.00001/signals").text


@pytest.mark.parametrize(
    ("when", "first", "last", "total"),
    [
        pytest.param("2026-03-04", "2026-03-04", "2026-03-04", 1, id="a day"),
        pytest.param("2026-W10", "2026-03-02", "2026-03-08", 5, id="a week"),
        pytest.param("2026-03", "2026-03-01", "2026-03-31", 5, id="a month"),
        pytest.param("day", "2026-03-04", "2026-03-04", 1, id="today"),
        pytest.param("week", "2026-03-02", "2026-03-08", 5, id="this week"),
        pytest.param("month", "2026-03-01", "2026-03-31", 5, id="this month"),
        pytest.param("latest", "2026-03-04", "2026-03-04", 1, id="the newest"),
    ],
)
def test_editions_go_by_their_dates(  # one per expected value
    five: TestClient, *, when: str, first: str, last: str, total: int
) -> None:
    """Day, ISO week and month are written as everywhere else."""
    meta = get(five, f"/api/v1/editions/{when}")["meta"]

    assert (meta["first"], meta["last"], meta["total"]) == (first, last, total)


def test_an_empty_edition_says_why(client: TestClient) -> None:
    """An empty day is no error and no riddle."""
    body = get(client, "/api/v1/editions/2026-03-07")

    assert body["data"] == []
    assert body["meta"]["state"] == "empty"
    assert body["meta"]["reason"]


def test_topics_rise(client: TestClient, library: Library) -> None:
    """Names, votes by day and the change."""
    fill_listed(library, 9)
    topics = get(client, "/api/v1/topics?days=7&limit=2")["data"]

    assert {topic["name"] for topic in topics} <= {"gravity", "wells", "springs"}
    assert all(len(topic["votes"]) == 7 for topic in topics)


def test_a_vote_and_a_shelf_come_and_go(client: TestClient, library: Library) -> None:
    """The whole life of an opinion, each step safe to repeat."""
    fill_listed(library, 1)
    at = "/api/v1/papers/2603.00001"
    for _ in range(2):
        voted = client.post(f"{at}/vote").json()["data"]
    saved = client.post(f"{at}/save", params={"shelf": "To read"}).json()["data"]

    assert (voted["votes"], voted["is_voted"]) == (2, True)
    assert saved["shelves"] == ["To read"]
    (shelf,) = get(client, "/api/v1/shelves")["data"]
    assert (shelf["name"], shelf["papers"]) == ("To read", 1)
    (kept,) = get(client, "/api/v1/shelves/to read")["data"]
    assert kept["id"] == "arxiv:2603.00001"

    gone = client.delete(f"{at}/save", params={"shelf": "To read"}).json()["data"]
    unvoted = client.delete(f"{at}/vote").json()["data"]
    assert gone["shelves"] == []
    assert (unvoted["votes"], unvoted["is_voted"]) == (1, False)
    assert get(client, "/api/v1/shelves")["data"] == []
    assert client.get("/api/v1/shelves/to read").status_code == 404


def test_another_sites_page_cannot_vote(client: TestClient, library: Library) -> None:
    """A form elsewhere must not act for the reader."""
    fill_listed(library, 1)
    answer = client.post(
        "/api/v1/papers/2603.00001/vote", headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"
    assert get(client, "/api/v1/papers/2603.00001")["data"]["votes"] == 1


def test_another_sites_page_cannot_read(client: TestClient, library: Library) -> None:
    """Without CORS headers a page elsewhere sees nothing of a local reader's shelves."""
    fill_listed(library, 1)
    answer = client.get("/api/v1/shelves", headers={"Origin": "https://evil.example"})

    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("method", "address", "status", "code", "field"),
    [
        pytest.param("GET", "/api/v1/papers/9999.99999", 404, "not_found", None, id="no paper"),
        pytest.param("GET", "/api/v1/papers/nonsense", 404, "not_found", None, id="no id"),
        pytest.param("GET", "/api/v1/nonsense", 404, "not_found", None, id="no address"),
        pytest.param("POST", "/api/v1/papers/9/vote", 404, "not_found", None, id="no vote"),
        pytest.param("PUT", "/api/v1/search", 405, "method_not_allowed", None, id="no method"),
        pytest.param("GET", "/api/v1/search?limit=0", 422, "invalid", "limit", id="limit"),
        pytest.param("GET", "/api/v1/search?limit=x", 422, "invalid", "limit", id="no number"),
        pytest.param("GET", "/api/v1/search?mode=magic", 422, "invalid", "mode", id="mode"),
        pytest.param("GET", "/api/v1/search?since=May", 422, "invalid", "since", id="date"),
        pytest.param("GET", "/api/v1/editions/2026-13", 400, "bad_request", "date", id="month"),
        pytest.param("GET", "/api/v1/editions/soon", 400, "bad_request", "date", id="word"),
        pytest.param("GET", "/api/v1/shelves/none", 404, "not_found", None, id="no shelf"),
        pytest.param("POST", "/api/v1/papers/2603.00001/save", 422, "invalid", "shelf", id="shelf"),
    ],
)
def test_every_error_has_one_shape(  # one per expected value
    five: TestClient, *, method: str, address: str, status: int, code: str, field: str | None
) -> None:
    """A client needs one piece of code for all that can go wrong."""
    answer = five.request(method, address)

    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field"}
    assert (error["code"], error["field"]) == (code, field)
    assert error["message"]


def test_status_tells_what_is_here(client: TestClient, library: Library) -> None:
    """The numbers of /status, for programs."""
    fill_listed(library, 3)
    status = get(client, "/api/v1/status")["data"]

    assert (status["papers"], status["engine"]["indexed"], status["engine"]["lag"]) == (3, 3, 0)
    assert status["engine"]["encoded"] == 0
    assert [one["source"] for one in status["sources"]] == ["arxiv"]


def test_metrics_count_papers_and_requests(client: TestClient, library: Library) -> None:
    """Gauges are read at the scrape; requests are told by route, never by address."""
    fill_listed(library, 3)
    client.get("/api/v1/papers/2603.00001")
    client.get("/api/v1/papers/2603.00002")
    client.get("/nothing/here")
    text = client.get("/metrics").text

    assert "\nbroadsheet_papers 3.0\n" in text
    assert "\nbroadsheet_papers_indexed 3.0\n" in text
    assert "\nbroadsheet_papers_encoded 0.0\n" in text
    assert "\nbroadsheet_change_lag 0.0\n" in text
    labels = 'method="GET",route="/api/v1/papers/{name:any}"'
    assert f'broadsheet_http_requests_total{{{labels},status="200"}} 2.0' in text
    assert f"broadsheet_http_request_seconds_count{{{labels}}} 2.0" in text
    assert "2603.0000" not in text
    assert "/nothing" not in text


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/search?q=gravity&limit=100",
        "/api/v1/search?q=gravity&sort=heat&limit=100",
        "/api/v1/editions/2026-03?limit=100",
        "/api/v1/trending?window=month&limit=100",
        "/api/v1/topics",
        "/api/v1/shelves/all",
        "/api/v1/papers/2603.00001/similar?limit=100",
        "/api/daily_papers?month=2026-03&limit=100",
        "/api/daily_papers?limit=100",
        "/api/papers?limit=100",
        "/api/papers/search?q=gravity&limit=100",
    ],
)
def test_a_list_asks_the_store_no_more_for_more_papers(
    client: TestClient, library: Library, address: str
) -> None:
    """One statement per paper would make every long list slow."""
    sent = []
    for count in (10, 20):
        fill_listed(library, count)
        for number in range(1, count + 1):
            library.save(f"2603.{number:05d}", "all")
        with count_statements(library.store) as statements:  # type: ignore[arg-type]
            assert client.get(address).status_code == 200
        sent.append(len(statements))

    assert sent[0] == sent[1] > 0


def test_papers_are_listed_where_one_looks_for_them(five: TestClient) -> None:
    """The address of one paper, without its name, is that of them all: no redirect to nowhere."""
    answer = five.get("/api/v1/papers?limit=1", follow_redirects=False)

    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 1
    assert answer.json()["data"] == five.get("/api/v1/search?limit=1").json()["data"]


def test_all_hits_are_counted(five: TestClient) -> None:
    """The counts beside a page, for programs."""
    body = get(five, "/api/v1/counts?q=gravity")["data"]

    assert body["total"] == 5
    assert {row["value"]: row["papers"] for row in body["sources"]}
    assert sum(row["papers"] for row in body["years"]) == 5


def test_the_next_page_is_as_of_the_first(library: Library, client: TestClient) -> None:
    """Following ``next`` sees each paper once, though others arrive meanwhile."""
    fill_listed(library, 5)
    body = get(client, "/api/v1/search?q=gravity&mode=lexical&limit=2")
    seen = [hit["paper"]["id"] for hit in body["data"]]
    fill_listed(library, 9)
    while body["meta"]["next"]:
        body = get(client, body["meta"]["next"])
        seen += [hit["paper"]["id"] for hit in body["data"]]

    assert len(seen) == len(set(seen)) == 5
    assert get(client, "/api/v1/search?q=gravity&mode=lexical")["meta"]["total"] == 9


def test_pages_go_as_deep_as_papers_do(five: TestClient) -> None:
    """No wall at ten thousand."""
    assert get(five, "/api/v1/search?q=gravity&offset=999000")["data"] == []
    assert five.get("/papers?q=gravity&page=40000").status_code == 200


def test_what_is_being_typed_is_completed(five: TestClient) -> None:
    """Each suggestion says what it is, and leads to its page."""
    body = get(five, "/api/v1/complete?q=grav")["data"]

    assert {row["kind"] for row in body} >= {"title"}
    for row in body:
        assert five.get(row["url"]).status_code == 200
    assert get(five, "/api/v1/complete")["data"] == []
    assert five.get("/api/v1/complete?q=x&limit=99").status_code == 422
