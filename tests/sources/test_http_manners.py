"""What is told to whom, and what an error says: keys, counters, redirects, clocks."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from httpx2 import URL
from structlog.testing import capture_logs

from broadsheet.errors import RateLimitedError, SourceError, UnreachableError
from broadsheet.sources import _http, _wire
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import MAX_PAUSE_S, Site, Turns
from broadsheet.sources._wire import Answer, PrivateAddressError
from tests.servers.http import Said, Server, serving
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

OK = Said(body=b"papers")
SITE = Site("papers.example", 3.0)


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
def turns(tmp_path: Path, fake: FakeTime) -> Turns:
    """The turns at all sites."""
    return Turns(tmp_path / "http", fake.timing)


@pytest.fixture
def http(turns: Turns, fake: FakeTime) -> Http:
    """The client under test."""
    return Http(Client(agent="test", timing=fake.timing), turns)


def test_a_question_can_be_put_as_json(http: Http, server: Server) -> None:
    """Some services take lists of ids in no other way; it is put again like any other."""
    server.faults = [Said(status=503)]

    answer = http.post(f"{server.url}/batch", json={"ids": ["é"]}, headers={"X-Key": "k"})

    assert answer.body == b"papers"
    for asked in server.asked:
        assert (asked.method, json.loads(asked.body)) == ("POST", {"ids": ["é"]})
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers["x-key"] == "k"
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [307, 308])
def test_a_question_moves_with_its_service(http: Http, server: Server, status: int) -> None:
    """These two say that the question stays what it is."""
    server.faults = [Said(status=status, headers={"Location": "/new"})]

    assert http.post(f"{server.url}/old", json=[1]).body == b"papers"
    assert [(one.path, one.body) for one in server.asked] == [("/old", b"[1]"), ("/new", b"[1]")]


@pytest.mark.parametrize(
    ("status", "location"), [(302, "/new"), (307, "http://papers.example/new?key=secret")]
)
def test_a_question_goes_nowhere_else(
    http: Http, server: Server, status: int, location: str
) -> None:
    """Neither to another host, nor as a request without its content."""
    server.faults = [Said(status=status, headers={"Location": location})]

    with pytest.raises(UnreachableError, match="takes no question there") as caught:
        http.post(server.url, json=[1])

    assert len(server.asked) == 1
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        pytest.param("/elsewhere", {"x-api-key": "secret"}, id="the same place"),
        pytest.param("https://papers.example/", {"x-api-key": "secret"}, id="the same, in full"),
        pytest.param("https://other.example/", {}, id="another host"),
        pytest.param("https://papers.example:8443/", {}, id="another port"),
        pytest.param("http://papers.example/", {}, id="the open line"),
    ],
)
def test_a_key_stays_with_the_host_it_is_for(target: str, headers: dict[str, str]) -> None:
    """Whoever can make a service redirect must not be given its readers' keys."""
    url = URL("https://papers.example/feed")
    errand = _http._Errand(url, {"x-api-key": "secret"}, _wire.any_address, "papers_key")
    answer = Answer(url=str(url), status=302, headers={"location": target}, body=b"")

    moved = errand.redirected(answer)

    assert moved.headers == headers
    is_same_netloc = moved.url.netloc == url.netloc
    assert moved.door is (_wire.any_address if is_same_netloc else _wire.redirected_address)


def test_a_key_in_an_address_is_in_no_error_and_no_log(http: Http, server: Server) -> None:
    """`/status` and logs are read by others than the owner."""
    shown = []
    with capture_logs() as logs:
        for faults in (
            [Said(status=500)] * 4,
            [Said(status=404)],
            [Said(status=403)],
            [Said(status=302)],
            [Said(status=302, headers={"Location": "/?api_key=secret"})] * 9,
            [Said(body=b"?", headers={"Content-Encoding": "br"})],
        ):
            server.faults = list(faults)
            with pytest.raises(SourceError) as caught:
                http.get(server.url, params={"api_key": "secret"})
            shown.append(str(caught.value))

    assert all("127.0.0.1" in one for one in shown)
    assert "secret" not in f"{shown} {logs}"
    assert len(logs) >= 3
    assert server.asked[0].params == {"api_key": "secret"}


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_turned_away_is_told_which_setting(http: Http, server: Server, status: int) -> None:
    """The remedy is a line in the settings, and the error names it."""
    server.faults = [Said(status=status), Said(status=status)]

    with pytest.raises(UnreachableError, match="the setting `papers_key`") as caught:
        http.get(server.url, key="papers_key")
    with pytest.raises(UnreachableError, match="does not let this instance read"):
        http.get(server.url)

    assert caught.value.status == status
    assert len(server.asked) == 2


@pytest.mark.parametrize("where", ["params", "headers"])
def test_a_key_that_a_refusal_repeats_is_taken_out(http: Http, server: Server, where: str) -> None:
    """What it says is kept: it tells what is wrong with the key."""
    server.faults = [Said(status=401, body=b'{"error": "no such key: sesame-1234"}')]
    given: dict[str, dict[str, str]] = {where: {"X-Api-Key": "sesame-1234"}}

    with pytest.raises(UnreachableError, match=r"no such key: \.\.\.") as caught:
        http.get(server.url, **given)  # type: ignore[arg-type]  # one of the two

    assert "sesame" not in f"{caught.value}{caught.value.said}"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(404, b"No such set", ": No such set", id="404, and why"),
        pytest.param(404, b"", ": nothing is there; see if the address is right", id="404"),
        pytest.param(
            410, b"<h1>Gone</h1>", ": nothing is there; see if the address is right", id="gone"
        ),
        pytest.param(400, b"max_results is\n too large", ": max_results is too large", id="why"),
        pytest.param(400, b"<html>Sorry</html>", "400 Bad Request", id="a page"),
        pytest.param(400, b"\x1b[31mred\xff", "400 Bad Request", id="no text"),
        pytest.param(400, b"x" * 9999, ": " + "x" * _http.SAID, id="a long answer"),
    ],
)
def test_a_refusal_says_what_is_known(
    http: Http, server: Server, status: int, body: bytes, said: str
) -> None:
    """The service's own words where it has some, shortened and harmless."""
    server.faults = [Said(status=status, body=body)]

    with pytest.raises(UnreachableError) as caught:
        http.get(server.url)

    assert str(caught.value).endswith(said)


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"Slow down")


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send as much as anyone takes, up to 2 GB."""
    handler.send_header("Content-Length", str(2 * 1024**3))
    handler.end_headers()
    for _ in range(2 * 1024**3 // 65_536):
        handler.wfile.write(b"x" * 65_536)


@pytest.mark.parametrize("write", [cut, endless])
def test_a_refusal_counts_however_its_body_ends(
    http: Http, server: Server, fake: FakeTime, write: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    """Half an apology is still a 429, and its Retry-After holds."""
    server.faults = [Said(status=429, headers={"Retry-After": "17"}, write=write)]

    assert http.get(server.url).body == b"papers"
    assert fake.slept == [pytest.approx(17, abs=0.01)]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        pytest.param({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}, 90.0, id="spent"),
        pytest.param({"X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "90"}, 1.0, id="9 left"),
        pytest.param({"X-Rate-Limit-Limit": "1", "X-Rate-Limit-Interval": "5s"}, 5.0, id="spacing"),
        pytest.param(
            {"X-Rate-Limit-Limit": "50", "X-Rate-Limit-Interval": "1s"}, 1.0, id="wider is ours"
        ),
    ],
)
def test_counters_are_heeded_before_a_refusal(
    http: Http, server: Server, fake: FakeTime, headers: dict[str, str], pause: float
) -> None:
    """The next request waits as long as the last good answer asked."""
    server.faults = [Said(body=b"papers", headers=headers)]

    for _ in range(2):
        assert http.get(server.url).body == b"papers"

    assert fake.slept == [pytest.approx(pause, abs=0.01)]


def test_a_counter_spent_for_the_day_is_left_to_the_schedule(http: Http, server: Server) -> None:
    """What was answered is used; the next request is not made."""
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7200"}
    server.faults = [Said(body=b"papers", headers=spent)]

    assert http.get(server.url).body == b"papers"
    with pytest.raises(RateLimitedError) as caught:
        http.get(server.url)

    assert caught.value.retry_after == pytest.approx(7200, abs=1)
    assert len(server.asked) == 1


def test_429_without_retry_after_obeys_a_counter(
    http: Http, server: Server, fake: FakeTime
) -> None:
    """It says when, if in other words."""
    spent = {"RateLimit": '"default";r=0;t=40'}
    server.faults = [Said(status=429, headers=spent)]

    assert http.get(server.url).body == b"papers"
    assert fake.slept == [pytest.approx(40, abs=0.01)]


def test_a_redirect_to_a_private_address_is_told_as_that(http: Http, server: Server) -> None:
    """No setting allows it, so none is named."""
    server.faults = [Said(status=302, headers={"Location": "http://127.0.0.2/secret"})]

    with pytest.raises(PrivateAddressError, match="no redirect is followed there") as caught:
        http.get(server.url)

    assert "allow_private_sources" not in str(caught.value)


def test_every_hop_is_checked(http: Http, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public, public, private: the last one is as bad as the first."""
    monkeypatch.setattr(_wire, "is_public", lambda address: address == "127.0.0.1")
    with serving(lambda _asked: Said(status=302, headers={"Location": "http://127.0.0.2/"})) as two:
        server.faults = [Said(status=302, headers={"Location": two.url})]

        with pytest.raises(PrivateAddressError, match=r"127\.0\.0\.2"):
            http.get(server.url, door=_wire.public_address)

        assert (len(server.asked), len(two.asked)) == (1, 1)


@pytest.mark.parametrize("back_s", [10.0, 3_600.0, 86_400.0 * 365])
def test_a_clock_set_back_makes_no_pause_longer(
    turns: Turns, fake: FakeTime, back_s: float
) -> None:
    """Three seconds are three seconds, whatever the clock says now."""
    with turns.turn(SITE):
        pass
    fake.now -= back_s

    for _ in range(2):
        with turns.turn(SITE):
            pass

    assert fake.slept == pytest.approx([3.0, 3.0], abs=0.01)


def test_a_clock_set_back_keeps_a_rest_that_was_asked_for(turns: Turns, fake: FakeTime) -> None:
    """An hour stays an hour: not shorter, not longer, however often one looks."""
    turns.rest(SITE, 3_600.0)
    fake.now -= 7_200.0
    lefts = []
    for _ in range(2):
        with pytest.raises(RateLimitedError) as caught, turns.turn(SITE):
            pass
        lefts.append(caught.value.retry_after)
        fake.now += 3_600.0 - MAX_PAUSE_S - 1
    with turns.turn(SITE):
        pass

    assert lefts == [pytest.approx(3_600, abs=1), pytest.approx(MAX_PAUSE_S + 1, abs=1)]


def test_a_clock_set_forward_ends_a_rest(turns: Turns, fake: FakeTime) -> None:
    """Nobody waits for years because a clock was wrong for a minute."""
    fake.now += 86_400.0 * 365 * 10
    turns.rest(SITE, 3_600.0)
    fake.now -= 86_400.0 * 365 * 10
    fake.now += 3_601.0

    with suppress(RateLimitedError), turns.turn(SITE):
        pass  # the first look notes the time that is left
    fake.now += 3_601.0
    with turns.turn(SITE):
        pass

    assert fake.slept == []


def certificate(folder: Path) -> Path:
    """Make a certificate that nobody signed, with its key, or skip the test."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not here")
    file = folder / "own.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        ["openssl", *words.split(), "-keyout", str(file), "-out", f"{file}.crt"],
        check=True,
        capture_output=True,
    )
    with file.open("ab") as both:
        both.write(file.with_name("own.pem.crt").read_bytes())
    return file


def test_a_certificate_that_nobody_signed_is_refused_and_said(http: Http, tmp_path: Path) -> None:
    """Somebody on the way must not be able to give us papers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    with (
        serving(lambda _asked: OK, tls=context) as server,
        pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        http.get(server.url)

    assert server.asked == []
