"""Editions are kept as bytes for exactly as long as they would be made the same again."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from broadsheet.assemble import open_library
from broadsheet.errors import StoreError
from broadsheet.model import Observation, Signal, SignalKind
from broadsheet.web.administrator import COOKIE
from broadsheet.web.app import create_app
from broadsheet.web.kept import LIFE, OVERHEAD, Kept
from tests.support import NOON, record
from tests.support_sql import count_statements
from tests.support_web import Given, fill, numbered
from tests.web.conftest import HERE, HOME

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx import Response

    from broadsheet.library import Library
    from tests.support import StillClock

DAY = f"/papers/date/{NOON:%Y-%m-%d}"
EDITIONS = [
    "/",
    DAY,
    f"/papers/week/{NOON:%G-W%V}",
    f"/papers/month/{NOON:%Y-%m}",
    "/papers/trending",
    "/feeds/daily.atom",
    "/feeds/trending.json",
    "/api/v1/editions/latest",
    f"/api/daily_papers?date={NOON:%Y-%m-%d}",
]


@pytest.fixture
def stocked(library: Library) -> Library:
    """A library with some papers of today."""
    fill(library, numbered(3))
    return library


@pytest.mark.parametrize("path", EDITIONS)
def test_an_edition_is_made_once(stocked: Library, client: TestClient, path: str) -> None:
    """Whoever asks next, gets the same bytes and headers without a question to the store."""
    first = client.get(path)
    with count_statements(stocked.store) as statements:  # type: ignore[arg-type]
        second = client.get(path)

    assert first.status_code == 200
    assert len(statements) == 0
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers == first.headers


def _vote(library: Library) -> None:
    library.vote("2603.00002")


def _save(library: Library) -> None:
    library.save("2603.00002", "Later")


def _arrive(library: Library) -> None:
    library.ingest(Given((record(4),)))


def _comment(library: Library) -> None:
    said = Signal(kind=SignalKind.COMMENT, value=7, at=NOON, origin="hosted")
    paper = library.paper("2603.00002")
    seen = Observation(source="daily", identifier=paper.identifiers[0], signals=(said,))
    library.ingest(Given((seen,)))


def _unite(library: Library) -> None:
    library.unite("2603.00002", "2603.00003")


def _elsewhere(library: Library) -> None:
    with closing(open_library(library.settings.data, environ={}, clock=library.clock)) as other:
        other.vote("2603.00002")


@pytest.mark.parametrize("change", [_vote, _save, _arrive, _comment, _unite, _elsewhere])
@pytest.mark.parametrize("path", ["/", DAY])
def test_a_change_is_seen_at_once(
    stocked: Library, client: TestClient, path: str, change: Callable[[Library], None]
) -> None:
    """Votes, shelves, new papers, merges, whichever process made them."""
    before = client.get(path)
    change(stocked)
    after = client.get(path)

    assert after.text != before.text
    assert after.headers["etag"] != before.headers["etag"]
    with TestClient(create_app(stocked), base_url=HOME, client=HERE) as fresh:
        assert after.text == fresh.get(path).text


def test_a_vote_by_the_button_is_seen_at_once(stocked: Library, client: TestClient) -> None:
    """The page that a browser comes back to shows what was just pressed."""
    assert 'aria-pressed="true"' not in client.get("/").text
    client.post("/papers/2603.00002/vote", data={"on": "1"})

    assert 'aria-pressed="true"' in client.get("/").text


def test_midnight_ends_the_day(stocked: Library, client: TestClient, clock: StillClock) -> None:
    """A second before and after are two days, however short the time between."""
    clock.advance(timedelta(hours=11, minutes=59, seconds=59))
    assert "This is the newest edition." not in client.get("/").text
    clock.advance(timedelta(seconds=1))

    assert stocked.today() == NOON.date() + timedelta(days=1)
    assert "This is the newest edition." in client.get("/").text


@pytest.mark.parametrize("by", [LIFE + timedelta(seconds=1), -timedelta(seconds=1)])
def test_nothing_is_kept_for_long(
    stocked: Library, client: TestClient, clock: StillClock, by: timedelta
) -> None:
    """Heat cools without any change; and a clock that was set back proves nothing."""
    client.get("/")
    clock.advance(by)
    with count_statements(stocked.store) as statements:  # type: ignore[arg-type]
        client.get("/")

    assert len(statements) > 0


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "made for this request"])
@pytest.mark.parametrize("path", ["/", "/feeds/daily.rss"])
def test_who_has_it_already_gets_a_304(
    stocked: Library, client: TestClient, path: str, *, is_kept: bool
) -> None:
    """With the same validators, without a body; tags compare weakly, in lists, and by ``*``."""
    whole = client.get(path)
    etag = whole.headers["etag"]
    for tags in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
        if not is_kept:
            stocked.store.use_token(f"made for {tags}", at=NOON)  # a change that no page shows
        answer = client.get(path, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == whole.headers["cache-control"]
        assert "content-length" not in answer.headers

    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_a_feed_is_known_by_its_time_too(stocked: Library, client: TestClient) -> None:
    """Old feed readers send nothing else."""
    assert stocked.today()
    made = client.get("/feeds/daily.atom").headers["last-modified"]
    headers = {"If-Modified-Since": made}

    assert client.get("/feeds/daily.atom", headers=headers).status_code == 304
    headers = {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert client.get("/feeds/daily.atom", headers=headers).status_code == 200


@pytest.mark.parametrize("first", ["GET", "HEAD"])
def test_head_is_get_without_a_body(stocked: Library, client: TestClient, first: str) -> None:
    """Whichever came first: a HEAD leaves no empty page behind."""
    assert stocked.today()
    answers: dict[str, Response] = {}
    for method in (first, "GET", "HEAD"):
        answers[method] = client.request(method, "/")  # type: ignore[assignment]

    assert answers["HEAD"].content == b""
    assert len(answers["GET"].content) > 1000
    assert answers["HEAD"].headers == answers["GET"].headers


def test_addresses_are_kept_apart(stocked: Library, client: TestClient) -> None:
    """Pages, hosts and encodings: nobody gets what another asked for."""
    assert stocked.today()
    feed = "/feeds/daily.json"
    here = client.get(feed).json()["feed_url"]
    there = client.get(feed, headers={"Host": "localhost:8000"}).json()["feed_url"]
    zipped = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/", headers={"Accept-Encoding": "identity"})

    assert (here, there) == (f"{HOME}{feed}", f"http://localhost:8000{feed}")
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.text == plain.text
    assert client.get(f"{DAY}?page=2").text != client.get(DAY).text


def test_who_is_signed_in_is_served_afresh(stocked: Library, client: TestClient) -> None:
    """What a cookie of ours brings about is neither kept for others nor taken from them."""
    client.cookies.set(COOKIE, "x")
    with count_statements(stocked.store) as first:  # type: ignore[arg-type]
        client.get("/")
    client.cookies.clear()
    with count_statements(stocked.store) as second:  # type: ignore[arg-type]
        client.get("/")
    client.cookies.set(COOKIE, "x")
    with count_statements(stocked.store) as third:  # type: ignore[arg-type]
        client.get("/")

    assert min(len(first), len(second), len(third)) > 0


def test_a_wrong_host_gets_nothing_that_is_kept(stocked: Library, client: TestClient) -> None:
    """Another site that points its name here sees no page, however often it was shown."""
    assert stocked.today()
    client.get("/")

    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_a_store_that_is_down_is_told_as_such(
    stocked: Library, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page itself finds out, and says so as it always does."""

    def fail(*_: object) -> Any:
        raise StoreError("gone")

    client.get("/")
    monkeypatch.setattr(stocked.store, "version", fail)

    assert client.get("/").status_code == 503


def test_what_is_kept_counts_under_its_route(stocked: Library, client: TestClient) -> None:
    """A graph of requests by route must not lose those that cost nothing."""
    assert stocked.today()
    for _ in range(3):
        client.get(DAY)
    client.get(DAY, headers={"If-None-Match": "*"})
    lines = client.get("/metrics").text.splitlines()
    counted = [line for line in lines if 'route="/papers/date/{day}"' in line]

    assert any("http_requests_total" in line and line.endswith(" 3.0") for line in counted)
    assert any('status="304"' in line and line.endswith(" 1.0") for line in counted)


# --- the middleware alone ---


class Inner:
    """An application that answers as it is told, and counts."""

    def __init__(self, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
        self.status = status
        self.headers = [(b"etag", b'W/"x"'), *headers]
        self.asked = 0

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Take a moment, so that others come meanwhile."""
        self.asked += 1
        await asyncio.sleep(0.01)
        body = f"{scope['path']} {self.asked}".encode()
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})


async def _ask(app: Any, path: str = "/", **changes: Any) -> tuple[int, bytes]:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"here")],
    } | changes
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        raise AssertionError("nobody reads a body here")

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


def test_of_many_who_ask_at_once_one_has_it_made(library: Library) -> None:
    """A change under a crowd costs one page, not fifty."""

    async def crowd() -> tuple[list[tuple[int, bytes]], int]:
        inner = Inner()
        app = Kept(inner, library=library)
        return await asyncio.gather(*(_ask(app) for _ in range(50))), inner.asked

    answers, asked = asyncio.run(crowd())

    assert answers == [(200, b"/ 1")] * 50
    assert asked == 1


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(Inner(404), id="an error"),
        pytest.param(Inner(503), id="a refusal"),
        pytest.param(Inner(302), id="a way elsewhere"),
        pytest.param(Inner(200, (b"set-cookie", b"a=b")), id="a cookie for one reader"),
        pytest.param(Inner(200, (b"cache-control", b"no-store")), id="nothing to be stored"),
    ],
)
def test_some_answers_are_for_one_request(library: Library, inner: Inner) -> None:
    """They pass as they are, and whoever waited for them gets one of their own."""

    async def twice() -> list[tuple[int, bytes]]:
        app = Kept(inner, library=library)
        together = await asyncio.gather(_ask(app), _ask(app))
        return [*together, await _ask(app)]

    answers = asyncio.run(twice())

    assert [status for status, _ in answers] == [inner.status] * 3
    assert len({body for _, body in answers}) == 3


def test_an_application_that_breaks_keeps_nobody_waiting(library: Library) -> None:
    """The error goes up; the next one who asks has it made."""

    class Breaking(Inner):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if self.asked == 0:
                self.asked += 1
                raise RuntimeError("broken")
            await super().__call__(scope, receive, send)

    async def both() -> list[Any]:
        app = Kept(Breaking(), library=library)
        return list(await asyncio.gather(_ask(app), _ask(app), return_exceptions=True))

    broken, whole = asyncio.run(both())

    assert isinstance(broken, RuntimeError)
    assert whole == (200, b"/ 2")


def test_memory_is_bounded(library: Library) -> None:
    """Addresses are without end: what was asked for longest ago goes first."""
    inner = Inner()

    async def many() -> int:
        app = Kept(inner, library=library, max_bytes=3 * (OVERHEAD + 100))
        for number in (1, 2, 3, 1, 4, 1, 2):
            await _ask(app, query_string=f"page={number}".encode())
        return app.bytes

    kept_bytes = asyncio.run(many())

    assert inner.asked == 5  # 1, 2, 3, 4, and 2 again
    assert kept_bytes <= 3 * (OVERHEAD + 100)


@pytest.mark.parametrize(
    ("path", "changes"),
    [("/papers", {}), ("/papers/2603.00001", {}), ("/status", {}), ("/", {"method": "POST"})],
)
def test_all_else_passes_by(library: Library, path: str, changes: dict[str, Any]) -> None:
    """Searches, papers and the state of the index depend on more than the store."""
    inner = Inner()

    async def twice() -> None:
        app = Kept(inner, library=library)
        await _ask(app, path, **changes)
        await _ask(app, path, **changes)

    asyncio.run(twice())

    assert inner.asked == 2
