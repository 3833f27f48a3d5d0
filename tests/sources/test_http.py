"""How Broadsheet asks: real servers on loopback with their real faults, and time that is faked."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import time
import tracemalloc
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from httpx2 import URL

from broadsheet.errors import BudgetSpentError, RateLimitedError, SourceError, UnreachableError
from broadsheet.sources import _http, _wire
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import Site, Timing, Turns
from broadsheet.sources._wire import Limits, PrivateAddressError
from tests.servers.http import Asked, Said, Server, serving
from tests.support import ROOT
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

OK = Said(body=b"papers")
GB = 1024**3
BOMB = gzip.compress(bytes(GB // 64))


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server that says "papers" when it has no faults to show."""
    with serving(lambda _asked: OK) as told:
        yield told


@pytest.fixture
def fake() -> FakeTime:
    """Time that passes only when somebody sleeps."""
    return FakeTime()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where turns are kept."""
    return tmp_path / "http"


@pytest.fixture
def http(folder: Path, fake: FakeTime) -> Http:
    """The client under test."""
    return make(folder, fake)


def make(folder: Path, fake: FakeTime, **options: Any) -> Http:
    """Return a client whose waits cost nothing."""
    timing = options.pop("timing", fake.timing)
    limits = options.pop("limits", Limits())
    client = Client(
        agent="Broadsheet/1 (Test; https://papers.example)", timing=timing, limits=limits
    )
    return Http(client, Turns(folder, timing), **options)


def test_it_says_who_asks(http: Http, server: Server) -> None:
    """A service that is in trouble must know whom to write to."""
    assert http.get(f"{server.url}/x", params={"q": "a b"}).body == b"papers"

    asked = server.asked[0]
    assert asked.headers["user-agent"] == "Broadsheet/1 (Test; https://papers.example)"
    assert asked.params == {"q": "a b"}


def test_requests_to_a_site_are_apart(http: Http, server: Server, fake: FakeTime) -> None:
    """One second, from the end of one to the beginning of the next."""
    for _ in range(3):
        http.get(server.url)

    assert fake.slept == pytest.approx([_http.DEFAULT_INTERVAL_S] * 2, abs=0.01)


def test_arxiv_is_asked_every_three_seconds_whatever_its_host(folder: Path, fake: FakeTime) -> None:
    """Its feeds, its API and its OAI-PMH count as one."""
    with serving(lambda _asked: OK) as feeds, serving(lambda _asked: OK) as api:
        sites = {f"127.0.0.1:{one.port}": _http.ARXIV for one in (feeds, api)}
        client = Client(agent="x", sites=sites, timing=fake.timing)
        for one in (feeds, api, feeds):
            Http(client, Turns(folder, fake.timing)).get(one.url)

    assert fake.slept == pytest.approx([3.0, 3.0], abs=0.01)


@pytest.mark.parametrize(
    ("host", "site"),
    [
        pytest.param("rss.arxiv.org", "arxiv.org", id="feeds"),
        pytest.param("export.arxiv.org", "arxiv.org", id="API"),
        pytest.param("arxiv.org", "arxiv.org", id="itself"),
        pytest.param("notarxiv.org", "notarxiv.org", id="another one"),
        pytest.param("arxiv.org.example", "arxiv.org.example", id="a look-alike"),
    ],
)
def test_hosts_belong_to_sites(http: Http, host: str, site: str) -> None:
    """By the end of their name, at a dot."""
    assert http._site(URL(f"https://{host}/x")).name == site


def test_processes_and_threads_take_turns(folder: Path) -> None:
    """On the server's clock: never two requests at once, and each so long after the last one."""
    spans: list[tuple[float, float]] = []

    def answer(_asked: Asked) -> Said:
        began = time.monotonic()
        time.sleep(0.03)
        spans.append((began, time.monotonic()))
        return OK

    program = """
import pathlib, sys, threading
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import Site, Timing, Turns
url, folder = sys.argv[1:]
client = Client(agent="x", sites={url.removeprefix("http://"): Site("one", 0.2)})
def ask():
    http = Http(client, Turns(pathlib.Path(folder), Timing()))
    for _ in range(2):
        http.get(url)
threads = [threading.Thread(target=ask) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    with serving(answer) as server, ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, server.url, str(folder)],
                    env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
                )
            )
            for _ in range(2)
        ]
        assert [one.wait(60) for one in running] == [0, 0]

    spans.sort()
    gaps = [begin - end for (_, end), (begin, _) in pairwise(spans)]
    assert len(spans) == 8
    assert min(gaps) >= 0.19  # a wait is rounded to milliseconds


def test_a_killed_process_frees_the_site(folder: Path, fake: FakeTime, http: Http) -> None:
    """The lock goes with the process, and half a number written says nothing."""
    folder.mkdir()
    (folder / "127.0.0.1_9.turn").write_text("17e")
    turns = Turns(folder, fake.timing)

    with turns.turn(Site("127.0.0.1:9", 1.0)):
        pass

    assert fake.slept == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_in_seconds(
    http: Http, server: Server, fake: FakeTime, status: int
) -> None:
    """To the second, not by a guess."""
    server.faults = [Said(status=status, headers={"Retry-After": "17"})]

    assert http.get(server.url).body == b"papers"
    assert fake.slept == [pytest.approx(17, abs=0.01)]


def test_retry_after_is_obeyed_as_a_date(http: Http, server: Server, fake: FakeTime) -> None:
    """HTTP knows both forms."""
    later = datetime.fromtimestamp(fake.now, UTC) + timedelta(seconds=40)
    server.faults = [Said(status=503, headers={"Retry-After": format_datetime(later, usegmt=True)})]

    http.get(server.url)

    assert fake.slept == [pytest.approx(40, abs=1)]


def test_everyone_obeys_a_retry_after(folder: Path, fake: FakeTime, server: Server) -> None:
    """It holds for the site, not for the one that was told."""
    server.faults = [Said(status=429, headers={"Retry-After": "250"})] * 4
    with pytest.raises(RateLimitedError):
        make(folder, fake).get(server.url)
    fake.slept.clear()

    make(folder, fake).get(server.url)

    assert fake.slept == [pytest.approx(250, abs=0.01)]


def test_a_long_rest_is_left_to_the_schedule(http: Http, server: Server, fake: FakeTime) -> None:
    """Nobody sits for an hour; whoever comes meanwhile is told without asking again."""
    server.faults = [Said(status=429, headers={"Retry-After": "3600"})]

    with pytest.raises(RateLimitedError, match="3,600 s") as first:
        http.get(server.url)
    with pytest.raises(RateLimitedError) as second:
        http.get(server.url)

    assert first.value.retry_after == 3600
    assert second.value.retry_after == pytest.approx(3600, abs=1)
    assert (len(server.asked), fake.slept) == (1, [])


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        pytest.param({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "240"}, 240, id="spent"),
        pytest.param({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "240"}, 1, id="not spent"),
        pytest.param(
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "240", "Retry-After": "7"},
            7,
            id="Retry-After is plainer",
        ),
    ],
)
def test_an_allowance_that_is_spent_is_waited_for(
    http: Http, server: Server, fake: FakeTime, headers: dict[str, str], pause: float
) -> None:
    """OpenAlex says in headers of its own when its daily allowance comes back."""
    server.faults = [Said(status=429, headers=headers)]

    assert http.get(server.url).body == b"papers"
    assert fake.slept == [pytest.approx(pause)]


@pytest.mark.parametrize(
    ("granted", "apart"),
    [
        pytest.param("1/5s", 5.0, id="one in five seconds"),
        pytest.param("50/1s", 1.0, id="more than we ask anyway"),
        pytest.param("0/1s", 1.0, id="nonsense"),
        pytest.param("3/soon", 1.0, id="no number"),
    ],
)
def test_the_rate_that_a_service_grants_is_kept(
    http: Http, server: Server, fake: FakeTime, granted: str, apart: float
) -> None:
    """Crossref says with every answer how many requests it grants in how much time."""
    limit, interval = granted.split("/")
    server.faults = [
        Said(body=b"1", headers={"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Interval": interval})
    ]

    http.get(server.url)
    http.get(server.url)

    assert fake.slept == [pytest.approx(apart)]


def test_a_key_does_not_follow_a_redirect_elsewhere(
    http: Http, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers for another host must not be given the key to the first."""
    monkeypatch.setattr(_wire, "is_public", lambda _address: True)
    keys = {"Authorization": "Bearer sesame", "X-Api-Key": "sesame", "Accept": "x/y"}
    keys |= {"Range": "bytes=0-9"}
    with serving(lambda _asked: OK) as other:
        server.faults = [
            Said(status=301, headers={"Location": "/here"}),
            Said(status=301, headers={"Location": f"{other.url}/there"}),
        ]
        http.get(server.url, headers=keys)

        assert [asked.headers["x-api-key"] for asked in server.asked] == ["sesame", "sesame"]
        (elsewhere,) = other.asked
    assert (elsewhere.headers["accept"], elsewhere.headers["range"]) == ("x/y", "bytes=0-9")
    assert "sesame" not in str(elsewhere.headers)


def test_a_piece_answers_only_who_asked_for_one(http: Http, server: Server) -> None:
    """Half an answer that is taken for a whole one loses papers."""
    piece = Said(status=206, body=b"pa", headers={"Content-Range": "bytes 0-1/6"})
    server.faults = [piece, piece]

    assert http.get(server.url, headers={"Range": "bytes=0-1"}).body == b"pa"
    with pytest.raises(UnreachableError, match="206 Partial Content"):
        http.get(server.url)


def test_an_error_tells_what_the_service_said(http: Http, server: Server) -> None:
    """A filter that is spelt wrong is mended by reading the message."""
    server.faults = [
        Said(status=400, body=b'{"error": "no such filter"}', headers={"Content-Type": "text/json"})
    ]

    with pytest.raises(UnreachableError, match="no such filter") as caught:
        http.get(server.url)

    assert (caught.value.status, caught.value.said) == (400, '{"error": "no such filter"}')


def test_a_page_for_people_is_no_message(http: Http, server: Server) -> None:
    """Markup in an error helps nobody."""
    html = {"Content-Type": "text/html"}
    server.faults = [Said(status=404, body=b"<h1>Not Found</h1>", headers=html)]

    with pytest.raises(UnreachableError) as caught:
        http.get(server.url)

    assert caught.value.said == ""


def test_without_retry_after_pauses_are_random_and_double(
    http: Http, server: Server, fake: FakeTime
) -> None:
    """Full jitter: chance times a doubling bound, never less than the site's interval."""
    server.faults = [Said(status=429)] * 3

    assert http.get(server.url).body == b"papers"
    assert fake.slept == pytest.approx([0.5 * 2, 0.5 * 4, 0.5 * 8], abs=0.01)


@pytest.mark.parametrize(
    ("status", "error", "requests"),
    [
        pytest.param(429, RateLimitedError, 4, id="too many requests, always"),
        pytest.param(503, RateLimitedError, 4, id="unavailable, always"),
        pytest.param(500, UnreachableError, 4, id="a fault, always"),
        pytest.param(502, UnreachableError, 4, id="a gateway, always"),
        pytest.param(404, UnreachableError, 1, id="not there"),
        pytest.param(400, UnreachableError, 1, id="a wrong question"),
        pytest.param(403, UnreachableError, 1, id="forbidden"),
        pytest.param(418, UnreachableError, 1, id="a teapot"),
        pytest.param(204, UnreachableError, 1, id="no content"),
    ],
)
def test_it_gives_up(
    http: Http, server: Server, status: int, error: type[SourceError], requests: int
) -> None:
    """At once where asking again would not help, else after four attempts."""
    server.faults = [Said(status=status)] * 9

    with pytest.raises(error, match=str(status)):
        http.get(server.url)

    assert len(server.asked) == requests


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"<feed><entry>")


def chunked_and_cut(handler: BaseHTTPRequestHandler) -> None:
    """Begin a chunk and hang up."""
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ff\r\n<feed>")


def half_gzip(handler: BaseHTTPRequestHandler) -> None:
    """Send the first half of something packed."""
    packed = gzip.compress(os.urandom(2000))[:1000]
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(packed)))
    handler.end_headers()
    handler.wfile.write(packed)


def no_gzip(handler: BaseHTTPRequestHandler) -> None:
    """Say packed, send plain."""
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", "6")
    handler.end_headers()
    handler.wfile.write(b"papers")


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing more."""
    handler.wfile.flush()


@pytest.mark.parametrize("write", [cut, chunked_and_cut, half_gzip, no_gzip, hang_up])
def test_a_damaged_answer_is_asked_for_again(http: Http, server: Server, write: Any) -> None:
    """Half a feed is never taken for a whole one."""
    server.faults = [Said(write=write)]

    assert http.get(server.url).body == b"papers"
    assert len(server.asked) == 2


def test_a_packed_answer_is_unpacked(http: Http, server: Server) -> None:
    """It is what we ask for."""
    body = gzip.compress(b"papers " * 1000)
    server.faults = [Said(body=body, headers={"Content-Encoding": "gzip"})]

    assert http.get(server.url).body == b"papers " * 1000
    assert server.asked[0].headers["accept-encoding"] == "gzip"


def test_packed_pieces_follow_one_another(http: Http, server: Server) -> None:
    """RFC 1952 allows it, and what comes after the first piece is no less true."""
    body = gzip.compress(b"first ") + gzip.compress(b"second")
    server.faults = [Said(body=body, headers={"Content-Encoding": "gzip"})]

    assert http.get(server.url).body == b"first second"


def test_a_packing_nobody_asked_for_is_refused(http: Http, server: Server) -> None:
    """It could not be unpacked in bounded memory."""
    server.faults = [Said(body=b"?", headers={"Content-Encoding": "br"})]

    with pytest.raises(UnreachableError, match="'br'"):
        http.get(server.url)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send 2 GB, or as much as anyone takes."""
    handler.send_header("Content-Length", str(2 * GB))
    handler.end_headers()
    piece = b"x" * 65_536
    for _ in range(2 * GB // len(piece)):
        handler.wfile.write(piece)


def bomb(handler: BaseHTTPRequestHandler) -> None:
    """Send 1 MB that unpacks to 1 GB."""
    packed = BOMB * 64
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(packed)))
    handler.end_headers()
    handler.wfile.write(packed)


@pytest.mark.parametrize("write", [endless, bomb])
def test_a_body_too_large_is_cut_off(
    folder: Path, fake: FakeTime, server: Server, write: Any
) -> None:
    """It costs no more memory than the limit, and no second attempt."""
    server.faults = [Said(write=write)]
    limit = 8 * 1024**2
    http = make(folder, fake, limits=Limits(max_bytes=limit))
    tracemalloc.start()
    try:
        with pytest.raises(UnreachableError, match="more than 8,388,608 bytes"):
            http.get(server.url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 3 * limit  # the server's own is counted too
    assert len(server.asked) == 1


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then."""
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """Never come to the body."""
    handler.flush_headers()
    for _ in range(60):
        handler.wfile.write(b"X-A: b\r\n")
        time.sleep(0.05)


def say_nothing(_handler: BaseHTTPRequestHandler) -> None:
    """Accept and think."""
    time.sleep(3)


@pytest.mark.parametrize("write", [drip_body, drip_headers, say_nothing])
def test_a_slow_drip_ends_in_time(folder: Path, fake: FakeTime, server: Server, write: Any) -> None:
    """The whole answer has a deadline: bytes that keep coming do not move it."""
    server.faults = [Said(write=write)]
    timing = Timing(now=fake.timing.now, sleep=fake.sleep, random=fake.timing.random)
    http = make(folder, fake, timing=timing, limits=Limits(read_s=5, total_s=0.3))
    began = time.monotonic()

    assert http.get(server.url).body == b"papers"  # at the second attempt
    assert time.monotonic() - began < 2.5


def test_a_redirect_is_followed(http: Http, server: Server) -> None:
    """To the same place: a new path, relative or not."""
    server.faults = [
        Said(status=301, headers={"Location": "/new"}),
        Said(status=307, headers={"Location": f"{server.url}/newer?a=1"}),
    ]

    answer = http.get(f"{server.url}/old")

    assert (answer.body, answer.url) == (b"papers", f"{server.url}/newer?a=1")
    assert [asked.path for asked in server.asked] == ["/old", "/new", "/newer"]


def test_redirects_in_a_circle_end(http: Http, server: Server) -> None:
    """After five."""
    server.faults = [Said(status=302, headers={"Location": "/again"})] * 20

    with pytest.raises(UnreachableError, match="without an end"):
        http.get(server.url)

    assert len(server.asked) == 1 + _http.MAX_REDIRECTS


def test_a_redirect_into_the_private_network_is_refused(http: Http, server: Server) -> None:
    """The first address was chosen by the owner; the second one by whoever answered."""
    with serving(lambda _asked: Said(body=b"secret")) as inner:
        server.faults = [Said(status=302, headers={"Location": inner.url})]

        with pytest.raises(PrivateAddressError, match="no public address"):
            http.get(server.url)

        assert inner.asked == []


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        pytest.param("file:///etc/passwd", "no http or https", id="a file"),
        pytest.param("gopher://127.0.0.1/", "no http or https", id="gopher"),
        pytest.param("http://me:pass@127.0.0.1/", "name or password", id="a password"),
        pytest.param("", "without saying where", id="nowhere"),
        pytest.param("http://x:port/", "no address", id="nonsense"),
    ],
)
def test_a_redirect_to_something_else_is_refused(
    http: Http, server: Server, location: str, reason: str
) -> None:
    """Only the web, and no secrets in addresses."""
    server.faults = [Said(status=302, headers={"Location": location})]

    with pytest.raises(UnreachableError, match=reason):
        http.get(server.url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://papers.example/feed",
        "file:///etc/passwd",
        "papers",
        "http://",
        "http://x:port/",
        "http://a:b@c/",
    ],
)
def test_what_is_no_web_address_is_refused(http: Http, url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UnreachableError):
        http.get(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",  # noqa: S104  # refused
    ],
)
def test_a_user_cannot_reach_into_this_machine(http: Http, server: Server, host: str) -> None:
    """In whatever way its address is written."""
    with pytest.raises(SourceError):
        http.get(f"http://{host}:{server.port}/", door=_wire.public_address)

    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("93.184.216.34", True, id="public"),
        pytest.param("2606:2800:220:1::1", True, id="public, IPv6"),
        pytest.param("10.1.2.3", False, id="private"),
        pytest.param("172.16.0.1", False, id="private, 172"),
        pytest.param("192.168.1.1", False, id="private, 192"),
        pytest.param("100.64.0.1", False, id="shared by carriers"),
        pytest.param("169.254.169.254", False, id="a cloud's metadata"),
        pytest.param("224.0.0.1", False, id="multicast"),
        pytest.param("255.255.255.255", False, id="broadcast"),
        pytest.param("::1", False, id="loopback, IPv6"),
        pytest.param("fe80::1%eth0", False, id="link-local"),
        pytest.param("fd00::1", False, id="unique local"),
        pytest.param("::ffff:10.0.0.1", False, id="mapped"),
        pytest.param("::127.0.0.1", False, id="compatible, as it was once"),
        pytest.param("::ffff:0:127.0.0.1", False, id="translated without state"),
        pytest.param("64:ff9b:1::1", False, id="translated here"),
        pytest.param("fec0::1", False, id="site-local, as it was once"),
        pytest.param("::", False, id="unspecified, IPv6"),
        pytest.param("0.0.0.0", False, id="unspecified"),  # noqa: S104  # refused
        pytest.param("fd00:ec2::254", False, id="a cloud's metadata, IPv6"),
        pytest.param("168.63.129.16", False, id="Azure's own"),
        pytest.param("192.0.0.192", False, id="Oracle's metadata"),
        pytest.param("::ffff:93.184.216.34", True, id="mapped, public"),
        pytest.param("64:ff9b::10.0.0.1", False, id="translated"),
        pytest.param("2002:7f00:1::", False, id="6to4"),
        pytest.param("nonsense", False, id="no address"),
    ],
)
def test_which_addresses_are_public(address: str, *, expected: bool) -> None:
    """Wrapped ones count as what is inside."""
    assert _wire.is_public(address) is expected


def test_the_address_that_was_checked_is_connected_to(
    folder: Path, fake: FakeTime, server: Server
) -> None:
    """A name that resolves to another address a moment later changes nothing: it is asked once."""
    looked_up: list[str] = []

    def door(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["10.0.0.1"]

    answer = make(folder, fake).get(f"http://papers.example:{server.port}/feed", door=door)

    assert (answer.body, looked_up) == (b"papers", ["papers.example"])
    assert server.asked[0].headers["host"] == f"papers.example:{server.port}"


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one would be connected to is not ours to guess."""
    both = [(0, 0, 0, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: both)

    with pytest.raises(PrivateAddressError, match=r"10\.0\.0\.1"):
        _wire.public_address("papers.example", 80)


def test_what_has_not_changed_is_not_sent_again(http: Http, server: Server) -> None:
    """Validators of one answer make the next request conditional."""
    server.faults = [
        Said(
            body=b"papers",
            headers={"ETag": '"a"', "Last-Modified": "Wed, 04 Mar 2026 05:00:00 GMT"},
        ),
        Said(status=304),
    ]
    first = http.get(server.url)

    second = http.get(server.url, headers=_http.conditional(_http.validators(first)))

    assert (second.status, second.body) == (304, b"")
    assert server.asked[1].headers["if-none-match"] == '"a"'
    assert server.asked[1].headers["if-modified-since"] == "Wed, 04 Mar 2026 05:00:00 GMT"


def test_a_run_has_a_budget(folder: Path, fake: FakeTime, server: Server) -> None:
    """A service that leads from page to page without end is left for the next run."""
    http = make(folder, fake, budget=3)
    for _ in range(3):
        http.get(server.url)

    with pytest.raises(BudgetSpentError):
        http.get(server.url)

    assert len(server.asked) == 3


def test_nobody_there(http: Http, tmp_path: Path) -> None:
    """A refused connection is asked again, then said."""
    with serving(lambda _asked: OK) as server:
        url = server.url

    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1"):
        http.get(url)
