"""Nobody gets in: what docs/security.md promises, asked of the whole application."""

from __future__ import annotations

import dataclasses
import stat
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from broadsheet.assemble import open_library
from broadsheet.errors import StoreError
from broadsheet.library import subscribing
from broadsheet.web import api, assets, feeds, pages
from broadsheet.web.app import create_app
from broadsheet.web.errors import SECURITY_HEADERS
from broadsheet.web.security import BODY_LIMIT, ONE_CLICK, SAFE_METHODS
from tests.support import StillClock, record
from tests.support_server import serving
from tests.support_web import fill
from tests.web.conftest import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from tests.support_server import Served

ROUTES = [
    route
    for router in [assets.router, *api.ROUTERS, *feeds.ROUTERS, *pages.ROUTERS]
    for route in router.routes
    if isinstance(route, APIRoute)
]
READS = sorted({route.path for route in ROUTES if "GET" in (route.methods or ())})
WRITES = sorted(
    (method, route.path)
    for route in ROUTES
    for method in (route.methods or set()) - SAFE_METHODS
    if not route.path.startswith(ONE_CLICK)
)
PASSWORD = "correct-horse-battery"  # noqa: S105  # a made one, looked for in answers
SECRET = "the-key-that-signs-links"  # noqa: S105  # likewise


def address(path: str, value: str = "2603.00001") -> str:
    """Return a route's path with every parameter filled in."""
    head, opening, rest = path.partition("{")
    return head + value + address(rest.partition("}")[2], value) if opening else head


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Three papers, for tests that ask much and change little."""
    folder = tmp_path_factory.mktemp("stock") / "data"
    environ = {"BROADSHEET_RATE_LIMIT": "10000"}
    opened = open_library(folder, environ=environ, clock=StillClock())
    fill(opened, [record(number) for number in (1, 2, 3)])
    yield opened
    opened.close()


@pytest.fixture
def stocked(stock: Library) -> Iterator[TestClient]:
    """A browser's way to three papers; a fault is an answer, as over the wire."""
    app = create_app(stock)
    with TestClient(app, base_url=HOME, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def served(stock: Library) -> Iterator[Served]:
    """A real server over three papers."""
    with serving(stock) as opened:
        yield opened


# --- what every answer carries ---

ANSWERS = [
    pytest.param("GET", "/", {}, 200, id="a page"),
    pytest.param("GET", "/papers/2603.00001", {}, 200, id="a paper"),
    pytest.param("GET", "/api/v1/status", {}, 200, id="JSON"),
    pytest.param("GET", "/api/openapi.json", {}, 200, id="the OpenAPI"),
    pytest.param("GET", "/feeds/daily.atom", {}, 200, id="a feed"),
    pytest.param("GET", "/papers/2603.00001.bib", {}, 200, id="a file"),
    pytest.param("GET", "/static/broadsheet.css", {}, 200, id="a style sheet"),
    pytest.param("GET", "/static/fonts/newsreader-roman.woff2", {}, 200, id="a font"),
    pytest.param("GET", "/metrics", {}, 200, id="metrics"),
    pytest.param("GET", "/healthz", {}, 200, id="health"),
    pytest.param("GET", "/opensearch.xml", {}, 200, id="OpenSearch"),
    pytest.param("GET", "/papers/arXiv:2603.00001v1", {}, 301, id="a moved paper"),
    pytest.param("POST", "/papers/2603.00001/vote", {}, 303, id="a vote"),
    pytest.param("GET", "/", {"Host": "evil.example"}, 400, id="a foreign host"),
    pytest.param("GET", "/papers?page=x", {}, 400, id="a bad parameter"),
    pytest.param("POST", "/subscribe", {"Origin": "https://evil.example"}, 403, id="another site"),
    pytest.param("GET", "/nowhere", {}, 404, id="nothing here"),
    pytest.param("GET", "/static/nothing.css", {}, 404, id="no such file"),
    pytest.param("DELETE", "/status", {}, 405, id="a wrong method"),
    pytest.param("POST", "/subscribe", {"Content-Length": "2000000"}, 413, id="too much"),
    pytest.param("GET", "/api/v1/search?limit=x", {}, 422, id="a wrong form"),
]


def are_guarded(headers: dict[str, str]) -> bool:
    """Tell whether all the guards' headers are there, as they are promised."""
    return all(headers.get(name.lower()) == value for name, value in SECURITY_HEADERS.items())


@pytest.mark.parametrize(("method", "path", "headers", "status"), ANSWERS)
def test_every_kind_of_answer_is_guarded(
    stocked: TestClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """One answer without them is the one that gets framed, sniffed or scripted."""
    answer = stocked.request(method, path, headers=headers, follow_redirects=False)

    assert answer.status_code == status
    assert are_guarded(dict(answer.headers))


def test_an_unchanged_page_is_guarded(stocked: TestClient) -> None:
    """A 304 updates the headers of the copy that the browser kept."""
    etag = stocked.get("/feeds").headers["etag"]
    answer = stocked.get("/feeds", headers={"If-None-Match": etag})

    assert answer.status_code == 304
    assert are_guarded(dict(answer.headers))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(RuntimeError(PASSWORD), 500, id="a fault"),
        pytest.param(StoreError(PASSWORD), 503, id="no store"),
    ],
)
def test_a_fault_is_guarded_and_tells_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """The worst moment is no reason to leak: neither the message nor where it was raised."""

    def fail(*_args: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(library.store, "counts", fail)
    client = TestClient(create_app(library), base_url=HOME, raise_server_exceptions=False)
    for path in ("/status", "/api/v1/status", "/metrics"):
        answer = client.get(path)

        assert answer.status_code == status
        assert are_guarded(dict(answer.headers))
        assert PASSWORD not in answer.text
        assert "Traceback" not in answer.text


def test_too_many_writes_are_guarded_and_say_when(library: Library) -> None:
    """A program that is told the time need not guess it."""
    library.settings = dataclasses.replace(library.settings, rate_limit=1)
    client = TestClient(create_app(library), base_url=HOME)
    client.post("/subscribe", data={"email": "x"})

    answer = client.post("/subscribe", data={"email": "x"})

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert are_guarded(dict(answer.headers))


def test_readers_behind_a_server_in_front_are_told_apart(library: Library) -> None:
    """It passes their addresses on; else one of them could use up the limit of all."""
    library.settings = dataclasses.replace(library.settings, rate_limit=1)
    with serving(library) as served:
        codes = [
            served.ask("/subscribe", method="POST", headers={"X-Forwarded-For": address}).status
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.9, 192.0.2.2")
        ]

    assert codes == [400, 400, 429, 429]  # the last hop counts: what stands before it is a claim


def test_the_policy_allows_nothing_from_elsewhere() -> None:
    """Each source is this instance or nothing; nothing inline, nothing evaluated."""
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    sources = {word for part in policy.split(";") for word in part.split()[1:]}

    assert sources == {"'none'", "'self'", "data:"}
    assert [part.strip() for part in policy.split(";") if "data:" in part] == [
        "img-src 'self' data:"
    ]


def test_no_answer_sets_a_cookie(stocked: TestClient) -> None:
    """What is not there can be neither stolen nor fixed, and asks for no consent."""
    for method, path, headers, _ in (parameters.values for parameters in ANSWERS):
        answer = stocked.request(method, path, headers=headers, follow_redirects=False)  # type: ignore[arg-type]

        assert "set-cookie" not in answer.headers


# --- who may write ---


@pytest.mark.parametrize(("method", "path"), WRITES, ids=[" ".join(pair) for pair in WRITES])
def test_no_write_can_be_asked_for_by_another_site(
    stocked: TestClient, method: str, path: str
) -> None:
    """Every route that changes something, also those that come later."""
    answer = stocked.request(
        method, address(path), headers={"Origin": "https://evil.example"}, data={"on": "1"}
    )

    assert answer.status_code == 403
    assert "another site" in answer.text


def test_there_are_writes_to_guard() -> None:
    """An empty list would let the test above pass for ever."""
    assert {("POST", "/subscribe"), ("POST", "/papers/{name:path}/vote")} <= set(WRITES)


@pytest.mark.parametrize("path", READS)
def test_reading_changes_nothing(stock: Library, stocked: TestClient, path: str) -> None:
    """Crawlers, previews and scanners of mail open every link they see."""
    before = (stock.store.last_change(), stock.store.counts(), stock.shelves())

    stocked.get(address(path), headers={"X-HTTP-Method-Override": "POST"}, follow_redirects=False)

    assert (stock.store.last_change(), stock.store.counts(), stock.shelves()) == before


def test_one_click_unsubscribes_without_a_page(library: Library, clock: StillClock) -> None:
    """RFC 8058: the provider's POST ends it; opening the link does not."""
    asked = library.subscribe("ada@example.org", base_url=HOME)
    wishes = subscribing.wishes_of(asked)
    library.confirm(subscribing.confirm_token(library, asked, wishes, now=clock.now()))
    link = f"/unsubscribe/{subscribing.leave_token(library, asked)}"
    client = TestClient(create_app(library), base_url=HOME)

    def is_active() -> bool:
        found = library.store.subscription(asked.key)
        return found is not None and found.state == "active"

    assert client.get(link).status_code == 200
    assert is_active()
    answer = client.post(
        link,
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
        follow_redirects=False,
    )
    assert answer.status_code == 200
    assert not is_active()


@pytest.mark.parametrize(
    "headers",
    [{"Host": "203.0.113.9"}, {"X-Forwarded-Host": "evil.example"}],
    ids=["an address that is not ours", "a forwarded host"],
)
def test_a_mailed_link_never_leads_where_the_request_says(
    library: Library, tmp_path: Path, headers: dict[str, str]
) -> None:
    """Else anybody could have us mail a stranger a link to a place of theirs."""
    client = TestClient(create_app(library), base_url=HOME)
    client.post("/subscribe", data={"email": "ada@example.org"}, headers=headers)

    (mail,) = (tmp_path / "data" / "mail").glob("*.eml")
    text = mail.read_text()
    assert f"{HOME}/subscribe/confirm/" in text
    assert "203.0.113.9" not in text
    assert "evil.example" not in text


def test_an_instance_for_others_mails_nothing_before_it_knows_its_address(
    library: Library, tmp_path: Path
) -> None:
    """The address it listens on (every one) makes no link, and the Host is anybody's word."""
    library.settings = dataclasses.replace(library.settings, host="0.0.0.0")  # noqa: S104
    client = TestClient(create_app(library), base_url=HOME)
    answer = client.post("/subscribe", data={"email": "ada@example.org"})

    assert answer.status_code == 400
    assert "BROADSHEET_BASE_URL" in answer.text
    assert not (tmp_path / "data" / "mail").exists()


# --- where a request may lead ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "https://evil.example/"},
        {"Referer": "//evil.example/"},
        {"Referer": "{home}//evil.example/"},
        {"Referer": "{home}/\\evil.example/"},
        {"Referer": "{home}@evil.example/"},
        {"Referer": "javascript:alert(1)"},
        {"Referer": "{home}/%0d%0aLocation:%20https://evil.example"},
        {"X-Forwarded-Host": "evil.example"},
    ],
    ids=lambda headers: next(iter(headers.values())),
)
def test_a_change_leads_back_to_this_instance(served: Served, headers: dict[str, str]) -> None:
    """The Location is a path of ours, whatever the request says it came from."""
    sent = {name: value.replace("{home}", served.url) for name, value in headers.items()}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = served.ask(
        "/papers/2603.00001/vote?next=https://evil.example&url=//evil.example",
        method="POST",
        headers=sent | form,
        body="on=1&next=https%3A%2F%2Fevil.example",
    )

    assert answer.status == 303
    (place,) = answer.all("location")
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/%2e%2e",
        "//evil.example//",
        "/feeds/",
        "/papers/",
        "/papers//evil.example",
        "/papers/https://evil.example/",
        "/papers/https://arxiv.org/abs/2603.00001",
        "/papers/arXiv:2603.00001v7",
        "/\\evil.example",
        "http://evil.example/feeds/",
    ],
)
def test_an_address_leads_nowhere_else(served: Served, target: str) -> None:
    """Redirects of ours stay on the host that was asked."""
    answer = served.ask(target)

    for place in answer.all("location"):
        assert place.startswith((f"{served.url}/", "/"))
        assert not place.startswith(("//", "/\\"))


CRLF = "%0d%0aX-Injected:%20yes%0d%0a%0d%0a<script>"


@pytest.mark.parametrize(
    "target",
    [
        *(address(path, f"2603.00001{CRLF}") for path in READS if "{" in path),
        f"/papers?q={CRLF}&page=1&sort={CRLF}",
        f"/papers.atom?q={CRLF}",
        f"/feeds/trending.rss?window=week&x={CRLF}",
        f"/api/papers?limit=2&cursor=0&x={CRLF}",
        f"/api/papers/search?q=x&limit={CRLF}",
    ],
)
def test_no_request_writes_a_header(served: Served, target: str) -> None:
    """A line break in a value must not begin a header, nor end them."""
    answer = served.ask(target)

    assert answer.status < 500
    assert answer.all("x-injected") == []
    assert are_guarded({name.lower(): value for name, value in answer.headers})


@pytest.mark.parametrize(
    "name",
    [
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "%2e%2e%2fapp.py",
        "..%5capp.py",
        "..%252fapp.py",
        "....//app.py",
        "fonts/../../app.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "tokens.css%00.png",
        "tokens.css/",
        "vendor",
        "",
    ],
)
def test_only_known_files_are_sent(served: Served, name: str) -> None:
    """Files are looked up by name among those that were read at the start, never on the disk."""
    answer = served.ask(f"/static/{name}")

    assert answer.status == 404
    assert b"root:" not in answer.body
    assert b"create_app" not in answer.body


def test_a_large_body_is_refused_whatever_takes_it(stocked: TestClient) -> None:
    """Every route that takes a body, and the ones that take none."""
    for method, path in [*WRITES, ("POST", f"{ONE_CLICK}x"), ("GET", "/papers")]:
        answer = stocked.request(method, address(path), content=b"x" * (BODY_LIMIT + 1))

        assert answer.status_code == 413, path


# --- what is kept to itself ---


@pytest.fixture
def trusted(tmp_path: Path) -> Iterator[Library]:
    """A library that was told secrets, with a mail server that is away."""
    environ = {
        "BROADSHEET_SECRET": SECRET,
        "BROADSHEET_ADMIN_TOKEN": PASSWORD,
        "BROADSHEET_SMTP_URL": f"smtp://reader:{PASSWORD}@127.0.0.1:9",
        "BROADSHEET_RATE_LIMIT": "1000",
    }
    opened = open_library(tmp_path / "data", environ=environ, clock=StillClock())
    fill(opened, [record(1)])
    yield opened
    opened.close()


def test_no_answer_holds_a_secret(trusted: Library) -> None:
    """Every route, read and written, right and wrong: neither the key nor the password."""
    client = TestClient(create_app(trusted), base_url=HOME, raise_server_exceptions=False)
    client.post("/admin/sign-in", data={"token": PASSWORD})
    answers = [client.get(address(path)) for path in READS]
    answers += [client.request(method, address(path)) for method, path in WRITES]
    refused = client.post("/subscribe", data={"email": "ada@example.org"})

    assert refused.status_code == 503
    for answer in [*answers, refused]:
        told = answer.text + str(answer.headers)
        assert SECRET not in told, answer.url
        assert PASSWORD not in told, answer.url


def test_the_server_does_not_introduce_itself(served: Served) -> None:
    """Which server and which version is nobody's business."""
    answer = served.ask("/")

    assert answer.all("server") == []
    assert answer.all("x-powered-by") == []


def mode(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_secret_is_its_owners_alone(library: Library, tmp_path: Path) -> None:
    """Who reads it can sign links."""
    assert mode(tmp_path / "data" / "secret") == 0o600
    assert len(library.settings.secret) >= 43  # 32 bytes in base64


def test_a_data_folder_is_its_owners_alone(library: Library, tmp_path: Path) -> None:
    """It holds subscribers' addresses and mail with links that act."""
    assert library.settings.data == tmp_path / "data"
    assert mode(tmp_path / "data") == 0o700


def test_a_backup_is_its_owners_alone(library: Library, tmp_path: Path) -> None:
    """It holds the same addresses as the store."""
    library.store.backup(tmp_path / "copy.db")

    assert mode(tmp_path / "copy.db") == 0o600
