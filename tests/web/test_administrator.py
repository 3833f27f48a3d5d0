"""Who may change the instance: the guard of the administrator's pages."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from broadsheet.web import administrator
from broadsheet.web.app import create_app
from tests.support_web import Page
from tests.web.conftest import HERE, HOME

if TYPE_CHECKING:
    from broadsheet.library import Library
    from tests.support import StillClock

TOKEN = "correct-horse-battery-staple"  # noqa: S105  # a made one
GUARDED = "/admin/guarded"
PUBLIC = "https://papers.example"


def browser(
    library: Library, *, url: str = HOME, client: tuple[str, int] = HERE, **settings: Any
) -> TestClient:
    """Return a browser's way to the library under these settings, with a guarded page."""
    library.settings = dataclasses.replace(library.settings, **settings)
    app = create_app(library)

    @app.api_route(GUARDED, methods=["GET", "POST"], dependencies=[administrator.ADMINISTRATOR])
    def guarded() -> str:
        return "done"

    return TestClient(app, base_url=url, client=client, follow_redirects=False)


def sign_in(client: TestClient, token: str = TOKEN) -> int:
    """Send the form; return the status of the answer."""
    return client.post("/admin/sign-in", data={"token": token, "next": GUARDED}).status_code


def test_who_sits_at_the_machine_is_its_administrator(library: Library) -> None:
    """On a laptop nobody signs in."""
    client = browser(library)

    assert client.get(GUARDED).json() == "done"
    assert client.post(GUARDED).status_code == 200


@pytest.mark.parametrize(
    ("settings", "client", "headers"),
    [
        pytest.param({"host": "0.0.0.0"}, HERE, {}, id="it listens beyond the machine"),  # noqa: S104
        pytest.param({"base_url": "http://localhost:8000"}, HERE, {}, id="it has an address"),
        pytest.param({}, ("192.0.2.7", 1), {}, id="from elsewhere"),
        pytest.param({}, ("a name", 1), {}, id="from who knows where"),
        pytest.param({}, HERE, {"X-Forwarded-For": "127.0.0.1"}, id="through a server in front"),
        pytest.param({}, HERE, {"Forwarded": "for=127.0.0.1"}, id="passed on"),
        pytest.param({}, HERE, {"Via": "1.1 front"}, id="by way of another"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_nobody_else_is(
    library: Library,
    settings: dict[str, Any],
    client: tuple[str, int],
    headers: dict[str, str],
    method: str,
) -> None:
    """And the page says how to set one, wherever it is asked for."""
    answer = browser(library, client=client, **settings).request(method, GUARDED, headers=headers)

    assert answer.status_code == 403
    assert "BROADSHEET_ADMIN_TOKEN" in answer.text


def test_another_site_cannot_act_as_the_person_at_the_machine(library: Library) -> None:
    """Their browser asks from here too: origin and host are what tells the two apart."""
    client = browser(library)

    crossed = client.post(GUARDED, headers={"Sec-Fetch-Site": "cross-site"})
    rebound = client.get(GUARDED, headers={"Host": "evil.example"})

    assert (crossed.status_code, rebound.status_code) == (403, 400)


@pytest.mark.parametrize("settings", [{}, {"host": "0.0.0.0"}], ids=["alone", "for others"])  # noqa: S104
def test_a_token_that_is_set_is_asked_for_everywhere(
    library: Library, settings: dict[str, Any]
) -> None:
    """Others may have accounts on the same machine; who sets a token means it."""
    client = browser(library, admin_token=TOKEN, **settings)

    page = client.get(f"{GUARDED}?source=a&b=c")
    assert page.status_code == 303
    assert page.headers["location"] == "/admin/sign-in?next=%2Fadmin%2Fguarded%3Fsource%3Da%26b%3Dc"
    assert client.post(GUARDED).status_code == 403
    assert client.get(GUARDED, headers={"HX-Request": "true"}).status_code == 403
    assert client.get(GUARDED, headers={"Accept": "application/json"}).status_code == 403


def test_the_token_lets_in_and_signing_out_ends_it(library: Library) -> None:
    """The whole way, with the form as a browser finds it."""
    client = browser(library, admin_token=TOKEN)

    form = Page(client.get(f"/admin/sign-in?next={GUARDED}").text)
    (hidden,) = form.all("input", name="next")
    answer = client.post("/admin/sign-in", data={"token": TOKEN, "next": hidden["value"]})
    assert (answer.status_code, answer.headers["location"]) == (303, GUARDED)
    assert client.get(GUARDED).json() == "done"
    assert client.get("/admin/sign-in").headers["location"] == "/admin/sources"

    client.post("/admin/sign-out")
    assert client.get(GUARDED).status_code == 303


@pytest.mark.parametrize("typed", ["", "wrong", TOKEN[:-1], TOKEN + "x", "é" * 20])
def test_a_wrong_token_does_not(library: Library, typed: str) -> None:
    """Neither nothing nor a part nor letters beyond ASCII."""
    client = browser(library, admin_token=TOKEN)

    assert sign_in(client, typed) == 403
    assert client.get(GUARDED).status_code == 303
    assert "set-cookie" not in client.post("/admin/sign-in", data={"token": typed}).headers


def test_an_instance_without_a_token_takes_none(library: Library) -> None:
    """The empty token must not be the password of all who forgot to set one."""
    client = browser(library, host="0.0.0.0")  # noqa: S104

    assert client.post("/admin/sign-in", data={"token": ""}).status_code == 403
    assert client.get("/admin/sign-in").status_code == 403
    assert "set-cookie" not in client.post("/admin/sign-in", data={"token": ""}).headers


def test_tokens_cannot_be_tried_one_after_the_other(library: Library) -> None:
    """Five a minute for each address, also when the right one is at last among them."""
    client = browser(library, admin_token=TOKEN)

    codes = [sign_in(client, f"guess {number}") for number in range(administrator.TRIES)]
    answer = client.post("/admin/sign-in", data={"token": TOKEN})

    assert codes == [403] * administrator.TRIES
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 12
    other = TestClient(client.app, base_url=HOME, client=("192.0.2.9", 1), follow_redirects=False)
    assert sign_in(other) == 303


def test_signing_in_lasts_eight_hours(library: Library, clock: StillClock) -> None:
    """A browser that is left open somewhere does not stay the administrator's."""
    client = browser(library, admin_token=TOKEN)
    sign_in(client)
    kept = client.cookies["broadsheet_admin"]

    clock.advance(administrator.STAYS - timedelta(seconds=1))
    assert client.get(GUARDED).status_code == 200
    clock.advance(timedelta(seconds=1))
    client.cookies.set("broadsheet_admin", kept)
    assert client.get(GUARDED).status_code == 303


def test_a_new_token_ends_every_sign_in(library: Library) -> None:
    """That is what one changes it for."""
    client = browser(library, admin_token=TOKEN)
    sign_in(client)
    kept = client.cookies["broadsheet_admin"]

    other = browser(library, admin_token=TOKEN[::-1])
    other.cookies.set("broadsheet_admin", kept)

    assert other.get(GUARDED).status_code == 303


@pytest.mark.parametrize("value", ["", "x", "eyJ1bnRpbCI6OTk5OTk5OTk5OX0.forged", "é", "a.b.c"])
def test_a_forged_cookie_is_none(library: Library, value: str) -> None:
    """Only what was signed here counts, and nothing odd is a fault."""
    client = browser(library, admin_token=TOKEN)
    sent = {"Cookie": f"broadsheet_admin={value}".encode()}

    assert client.get(GUARDED, headers=sent).status_code == 303  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base_url", "name", "is_secure"),
    [("", "broadsheet_admin", False), (PUBLIC, "__Host-broadsheet_admin", True)],
    ids=["at home", "behind HTTPS"],
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    library: Library, base_url: str, name: str, *, is_secure: bool
) -> None:
    """No script reads it, no other site sends it, and behind HTTPS it never travels in the open."""
    client = browser(library, url=base_url or HOME, base_url=base_url, admin_token=TOKEN)

    cookie = client.post("/admin/sign-in", data={"token": TOKEN}).headers["set-cookie"]

    parts = {part.strip().lower() for part in cookie.split(";")}
    assert cookie.startswith(f"{name}=")
    assert {"httponly", "samesite=strict", "path=/", "max-age=28800"} <= parts
    assert ("secure" in parts) == is_secure
    assert not any(part.startswith("domain") for part in parts)
    assert TOKEN not in cookie


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/x\r\nX-Injected: yes",
        "/é",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(library: Library, target: str) -> None:
    """A link to the form must not end at another site's copy of it."""
    client = browser(library, admin_token=TOKEN)

    answer = client.post("/admin/sign-in", data={"token": TOKEN, "next": target})

    assert answer.headers["location"] == "/admin/sources"


@pytest.mark.parametrize("path", ["/admin", "/admin/sign-in", GUARDED, "/admin/nowhere"])
def test_crawlers_and_caches_are_kept_out(library: Library, path: str) -> None:
    """Pages and errors alike; and /administration, were there one, is no such page."""
    client = browser(library, admin_token=TOKEN)

    headers = client.get(path).headers

    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["cache-control"] == "no-store"
    assert "Disallow: /admin\n" in client.get("/robots.txt").text
    assert "x-robots-tag" not in client.get("/administration").headers
