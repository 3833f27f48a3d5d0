"""The guards around every page."""

from __future__ import annotations

import dataclasses

import pytest
from starlette.testclient import TestClient

from broadsheet.library import Library
from broadsheet.web.app import create_app
from broadsheet.web.security import BODY_LIMIT, MAX_ADDRESSES, Buckets, address_of

VOTE = "/papers/2603.00001/vote"


def with_settings(library: Library, **changes: object) -> TestClient:
    """Return a client of the same library under other settings."""
    other = Library(
        settings=dataclasses.replace(library.settings, **changes),  # type: ignore[arg-type]
        store=library.store,
        engine=library.engine,
        encoder=library.encoder,
        mailer=library.mailer,
        clock=library.clock,
    )
    return TestClient(create_app(other), base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/nowhere", "/static/tokens.css"])
def test_every_answer_carries_the_guards_headers(client: TestClient, path: str) -> None:
    """A page without them is open to framing, sniffing and foreign scripts."""
    headers = client.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/feeds", "/static/tokens.css", "/nowhere", "/healthz"])
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    """Link checkers and load balancers ask so; the framework alone would answer 405."""
    get, head = client.get(path), client.head(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_crawlers_are_asked_to_leave_searches_alone(client: TestClient) -> None:
    """Papers may be read by machines; searching has no end."""
    assert "Disallow: /papers?\n" in client.get("/robots.txt").text


def test_transport_security_is_promised_only_behind_https(library: Library) -> None:
    """A local instance over http must not lock browsers out of itself."""
    plain = with_settings(library).get("/feeds")
    secure = with_settings(library, base_url="https://papers.example").get("/feeds")

    assert "strict-transport-security" not in plain.headers
    assert "strict-transport-security" in secure.headers


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "127.0.0.1", "10.0.0.7:80", "[::1]:8000", "me.localhost"],
)
def test_hosts_that_cannot_be_rebound_are_ours(client: TestClient, host: str) -> None:
    """Addresses in digits and localhost mean this machine wherever the page came from."""
    assert client.get("/feeds", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("evil.example", id="a rebound name"),
        pytest.param("127.0.0.1.evil.example", id="digits in a name"),
        pytest.param("localhost.evil.example", id="localhost in a name"),
        pytest.param("evil.example@127.0.0.1", id="user information"),
        pytest.param("127.0.0.1/x", id="a path"),
        pytest.param("127.0.0.1:port", id="no port"),
        pytest.param("[::1", id="half an address"),
        pytest.param("<script>", id="markup"),
        pytest.param("", id="empty"),
    ],
)
def test_a_foreign_host_is_refused(client: TestClient, host: str) -> None:
    """DNS rebinding would let another site read what a local instance shows."""
    answer = client.get("/feeds", headers={"Host": host})

    assert answer.status_code == 400
    assert "<script>" not in answer.text.partition("</head>")[2]


def test_the_public_name_is_ours_once_it_is_set(library: Library) -> None:
    """Behind a proxy the Host is that of base_url, and no other name."""
    client = with_settings(library, base_url="https://papers.example/", host="0.0.0.0")  # noqa: S104

    assert client.get("/feeds", headers={"Host": "papers.example"}).status_code == 200
    assert client.get("/feeds", headers={"Host": "other.example"}).status_code == 400


def test_an_instance_for_others_takes_any_sound_name(library: Library) -> None:
    """Who listens beyond this machine without a base_url may be called anything."""
    client = with_settings(library, host="0.0.0.0")  # noqa: S104

    assert client.get("/feeds", headers={"Host": "reading-room:8000"}).status_code == 200
    assert client.get("/feeds", headers={"Host": "a b"}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sister's subdomain"),
        pytest.param({"Origin": "https://evil.example"}, id="an older browser"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Origin": "http://127.0.0.1:9000"}, id="another port"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
            id="a forged origin",
        ),
    ],
)
def test_another_site_cannot_write(client: TestClient, headers: dict[str, str]) -> None:
    """Otherwise any page could vote, save and subscribe in the reader's name."""
    assert client.post(VOTE, data={"on": "1"}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, id="our own page"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed by the reader"),
        pytest.param({"Origin": "http://127.0.0.1:8000"}, id="an older browser"),
        pytest.param({}, id="no browser"),
    ],
)
def test_our_own_pages_and_scripts_can_write(client: TestClient, headers: dict[str, str]) -> None:
    """The paper is unknown, so a write that is let through finds nothing."""
    assert client.post(VOTE, data={"on": "1"}, headers=headers).status_code == 404


def test_a_mail_provider_may_unsubscribe_from_anywhere(client: TestClient) -> None:
    """RFC 8058: the one-click POST comes without any page; its token is the proof."""
    answer = client.post("/unsubscribe/forged", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert "another site" not in answer.text.lower()


def test_a_body_that_announces_too_much_is_refused(client: TestClient) -> None:
    """Nothing is read before the length is known to be bearable."""
    answer = client.post(VOTE, content=b"x" * (BODY_LIMIT + 1))

    assert answer.status_code == 413


def test_a_body_that_does_not_announce_itself_is_counted(client: TestClient) -> None:
    """A chunked body has no length; it is stopped where the limit is reached."""
    pieces = (b"on=1" + b"x" * 65_536 for _ in range(BODY_LIMIT // 65_536 + 2))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert client.post(VOTE, content=pieces, headers=headers).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "²"])  # a superscript is a digit to str.isdigit
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: str) -> None:
    """Servers pass odd headers on; none of them may raise."""
    headers = {b"Content-Length": length.encode("utf-8")}

    assert client.post(VOTE, headers=headers).status_code == 413


def test_writes_are_limited_and_reading_is_not(library: Library) -> None:
    """The limit is per minute; the answer says when to come back."""
    client = with_settings(library, rate_limit=3)

    codes = [client.post(VOTE, data={"on": "1"}).status_code for _ in range(4)]
    answer = client.post(VOTE, data={"on": "1"})

    assert codes == [404, 404, 404, 429]
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    assert client.get("/feeds").status_code == 200


class Seconds:
    """A clock that moves only when told, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time it stands at."""
        return self.now


def test_the_bucket_refills_steadily() -> None:
    """Six a minute: after ten seconds there is one more, and never more than six."""
    clock = Seconds()
    buckets = Buckets(6, clock=clock)
    for _ in range(6):
        assert buckets.take("a") == 0

    assert buckets.take("a") == pytest.approx(60 / 6)
    clock.now = 10.0
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    clock.now = 10_000.0
    assert [buckets.take("a") for _ in range(7)].count(0) == 6


def test_clients_are_limited_one_by_one_and_forgotten_in_time() -> None:
    """Memory is bounded: the address that was silent longest goes first."""
    buckets = Buckets(1, clock=Seconds())
    for number in range(MAX_ADDRESSES + 10):
        assert buckets.take(f"client {number}") == 0

    assert len(buckets) == MAX_ADDRESSES
    assert buckets.take("client 0") == 0
    assert buckets.take(f"client {MAX_ADDRESSES + 9}") > 0


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        pytest.param(("192.0.2.7", 1), "192.0.2.7", id="an IPv4 address"),
        pytest.param(("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::", id="an IPv6 network"),
        pytest.param(("::ffff:192.0.2.7", 1), "::ffff:192.0.2.7", id="IPv4 in IPv6"),
        pytest.param(("testclient", 1), "testclient", id="a name"),
        pytest.param(None, "unknown", id="a socket without address"),
    ],
)
def test_who_is_one_client(client: tuple[str, int] | None, expected: str) -> None:
    """An IPv6 reader owns a /64 and could change the address with every request."""
    assert address_of({"type": "http", "client": client}) == expected
