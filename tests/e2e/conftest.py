"""A real server on loopback with the specimen edition, and a real browser that asks it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from broadsheet.web.app import create_app
from tests.support import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    from broadsheet.library import Library

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The specimen edition."""
    from broadsheet.assemble import open_library

    folder = tmp_path_factory.mktemp("served")
    opened = open_library(folder, environ={"BROADSHEET_RATE_LIMIT": "1000"}, clock=StillClock())
    opened.load_specimens()
    opened.catch_up(is_encoding=True)
    yield opened
    opened.close()


@contextmanager
def serving(library: Library) -> Iterator[str]:
    """Serve a library on a free port of loopback; the value is its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(library), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def address(library: Library) -> Iterator[str]:
    """The address of a server with the usual settings."""
    with serving(library) as found:
        yield found


@pytest.fixture(scope="session")
def short_address(library: Library) -> Iterator[str]:
    """The same with three papers on a page, where the number makes no difference but to time."""
    other = copy(library)
    other.settings = replace(library.settings, page_size=3)
    with serving(other) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's own Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()


@dataclass
class Watched:
    """A browser window, and everything it complained about or asked for."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the instance."""
        self.page.goto(self.address + path)
        return self.page

    @property
    def strangers(self) -> list[str]:
        """Requests that left the instance."""
        return [url for url in self.requests if not url.startswith((self.address, "data:"))]


def watch(context: BrowserContext, address: str) -> Watched:
    """Open a window whose console and requests are noted."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    watched = Watched(page=page, address=address)

    def note_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.complaints.append(message.text)

    def note_request(request: Request) -> None:
        watched.requests.append(request.url)

    page.on("console", note_console)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("request", note_request)
    return watched


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Watched]:
    """A wide, light window; what it complains about fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    watched = watch(context, address)
    yield watched
    context.close()
    assert watched.complaints == []
    assert watched.strangers == []


@pytest.fixture
def plain_window(browser: Browser, address: str) -> Iterator[Watched]:
    """A window without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    watched = watch(context, address)
    yield watched
    context.close()
    assert watched.strangers == []
