"""A crowd is served in its turn, and who cannot be is told so at once."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.web import admission
from broadsheet.web.admission import AT_WORK, WAITING, Admission
from tests.support_web import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from broadsheet.library import Library

BROWSER = (b"accept", b"text/html,application/xhtml+xml;q=0.9")


class Slow:
    """An application whose answers wait until they are let go."""

    def __init__(self) -> None:
        self.at_work = 0
        self.most = 0
        self.order: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answer when it is time."""
        self.order.append(scope["path"])
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            await self.go.wait()
        finally:
            self.at_work -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


async def _ask(
    app: Any, library: Library, path: str = "/papers", *headers: tuple[bytes, bytes]
) -> tuple[int, dict[str, str], bytes]:
    state = SimpleNamespace(library=library)
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "app": SimpleNamespace(state=state),
    }
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, None, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(one.get("body", b"") for one in sent[1:])


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_fifty_readers_are_never_refused() -> None:
    """That many at once are the load that one process is made for."""
    assert AT_WORK + WAITING >= 50


def test_a_few_are_worked_on_some_wait_and_the_rest_hear_at_once(library: Library) -> None:
    """Those who wait come in the order in which they asked."""

    async def crowd() -> tuple[list[int], int, list[str]]:
        inner = Slow()
        app = Admission(inner, at_work=2, waiting=3, pause_s=0)
        asked = [asyncio.create_task(_ask(app, library, f"/papers/{n}")) for n in range(8)]
        await _settle()
        refused = [task.result()[0] for task in asked if task.done()]
        assert refused == [503] * 3
        inner.go.set()
        answers = await asyncio.gather(*asked)
        assert (app.waiting, inner.at_work) == (0, 0)
        return [status for status, *_ in answers], inner.most, inner.order

    statuses, most, order = asyncio.run(crowd())

    assert statuses == [200] * 5 + [503] * 3
    assert most == 2
    assert order == [f"/papers/{n}" for n in range(5)]


def test_nobody_waits_for_ever(library: Library) -> None:
    """Where pages take long, a refusal is better than an answer that nobody awaits."""

    async def late() -> tuple[int, int]:
        inner = Slow()
        app = Admission(inner, at_work=1, waiting=5, patience_s=0.01)
        first = asyncio.create_task(_ask(app, library))
        await _settle()
        status, *_ = await _ask(app, library)
        inner.go.set()
        assert (await first)[0] == 200
        assert (await _ask(app, library))[0] == 200  # the place is free again
        return status, app.waiting

    assert asyncio.run(late()) == (503, 0)


def test_a_refusal_takes_a_moment(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd that asks again at once leaves the machine to those who are served."""
    monkeypatch.setattr(admission, "MOST_PAUSING", 2)

    async def crowd() -> tuple[list[bool], int]:
        app = Admission(Slow(), at_work=0, waiting=0, pause_s=0.05)
        asked = [asyncio.create_task(_ask(app, library)) for _ in range(3)]
        await _settle()
        is_refused = [task.done() for task in asked]
        assert [status for status, *_ in await asyncio.gather(*asked)] == [503] * 3
        return is_refused, app.pausing

    assert asyncio.run(crowd()) == ([False, False, True], 0)


def test_while_any_is_worked_on_it_is_said(library: Library) -> None:
    """So that what can wait does; those who are refused, or wait, keep nobody from anything."""
    said: list[int] = []

    @contextmanager
    def answering() -> Iterator[None]:
        said.append(1)
        try:
            yield
        finally:
            said.append(-1)

    async def crowd() -> list[int]:
        inner = Slow()
        app = Admission(inner, at_work=1, waiting=1, pause_s=0, answering=answering)
        asked = [asyncio.create_task(_ask(app, library)) for _ in range(3)]
        await _settle()
        during = list(said)
        inner.go.set()
        await asyncio.gather(*asked)
        return during

    assert asyncio.run(crowd()) == [1]
    assert said == [1, -1, 1, -1]


def test_a_place_is_free_again_after_a_fault(library: Library) -> None:
    """A page that breaks, and a reader who leaves, take no place with them."""

    async def broken() -> int:
        inner = Slow()

        async def breaking(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/broken":
                raise RuntimeError("broken")
            await inner(scope, receive, send)

        app = Admission(breaking, at_work=1, waiting=1)
        with pytest.raises(RuntimeError):
            await _ask(app, library, "/broken")
        working = asyncio.create_task(_ask(app, library))
        waiting = asyncio.create_task(_ask(app, library))
        await _settle()
        waiting.cancel()
        await _settle()
        working.cancel()
        await _settle()
        inner.go.set()
        assert app.waiting == 0
        return (await _ask(app, library))[0]

    assert asyncio.run(broken()) == 200


@pytest.mark.parametrize("path", ["/healthz", "/static/broadsheet.css", "/metrics"])
def test_what_costs_nothing_passes_when_it_is_full(library: Library, path: str) -> None:
    """A probe that is refused has a healthy instance killed; a page needs its styles."""

    async def full() -> int:
        inner = Slow()
        app = Admission(inner, at_work=1, waiting=0, pause_s=0)
        working = asyncio.create_task(_ask(app, library))
        await _settle()
        assert (await _ask(app, library))[0] == 503
        free = asyncio.create_task(_ask(app, library, path))
        await _settle()
        inner.go.set()
        await working
        return (await free)[0]

    assert asyncio.run(full()) == 200


@pytest.mark.parametrize(
    ("path", "headers", "is_json"),
    [
        pytest.param("/papers", (BROWSER,), False, id="a browser"),
        pytest.param("/papers", ((b"accept", b"application/json"),), True, id="a program"),
        pytest.param("/api/v1/search", (BROWSER,), True, id="the API"),
    ],
)
def test_a_refusal_says_when_to_come_back(
    library: Library, path: str, headers: tuple[tuple[bytes, bytes], ...], *, is_json: bool
) -> None:
    """Well formed for its reader, small, and never stored."""
    import json

    async def refused() -> tuple[int, dict[str, str], bytes]:
        return await _ask(
            Admission(Slow(), at_work=0, waiting=0, pause_s=0), library, path, *headers
        )

    status, told, body = asyncio.run(refused())

    assert (status, told["cache-control"]) == (503, "no-store")
    assert 1 <= int(told["retry-after"]) <= 10
    assert int(told["content-length"]) == len(body) < 1_500
    if is_json:
        assert told["content-type"] == "application/json"
        assert json.loads(body)["error"]["code"] == "too_busy"
    else:
        assert told["content-type"] == "text/html; charset=utf-8"
        assert "Too many readers just now" in Page(body.decode()).text


def test_a_refusal_has_every_guard(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers, and no body for HEAD: as every other answer of the whole application."""

    async def full(_: Admission) -> bool:
        return False

    monkeypatch.setattr(Admission, "_enter", full)
    answer = client.get("/papers", headers={"Accept": "text/html"})
    head = client.head("/papers", headers={"Accept": "text/html"})

    assert answer.status_code == head.status_code == 503
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert head.headers["content-length"] == answer.headers["content-length"]
    assert head.content == b""
