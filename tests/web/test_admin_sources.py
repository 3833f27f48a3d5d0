"""The administrator's page of sources: what it shows, and what its buttons do."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from broadsheet.errors import SettingError
from broadsheet.model import Progress
from broadsheet.sources import network
from broadsheet.web import upkeep
from broadsheet.web.api.metrics import MAX_SOURCES, source_metrics
from broadsheet.web.app import create_app
from tests.support_web import Page
from tests.web.conftest import HERE, HOME

if TYPE_CHECKING:
    from httpx2 import Response

    from broadsheet.library import Library
    from broadsheet.model import Sync
    from tests.support import StillClock

FEED = "https://journal.example/feed.xml"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def page(library: Library) -> TestClient:
    """The administrator's browser; the settings name two sources."""
    library.settings = dataclasses.replace(library.settings, sources="arxiv, arxiv-oai@24h")
    return TestClient(create_app(library), base_url=HOME, client=HERE)


def add(page: TestClient, source: str, every: str = "") -> Response:
    """Send the form that adds a source."""
    return page.post("/admin/sources", data={"source": source, "every": every})


def do(page: TestClient, what: str, source: str = "arxiv", every: str = "") -> Response:
    """Press a button of a source."""
    form = {"do": what, "source": source, "every": every}
    return page.post("/admin/sources/change", data=form)


def reading(library: Library, source: str = "arxiv") -> None:
    """Let another process read a source."""
    now = library.clock.now()
    library.store.schedule_syncs([source], due=now)
    library.store.claim_sync(source, now, holder="other", until=now + 2 * MINUTE)


def row(library: Library, source: str = "arxiv") -> Sync:
    """Return a source's place in the schedule."""
    return next(one for one in library.store.syncs() if one.source == source)


def test_every_source_of_the_settings_is_there(page: TestClient) -> None:
    """Also before it was ever read, with its own interval."""
    shown = Page(page.get("/admin/sources").text)

    hints = [one.get("placeholder") for one in shown.all("input", name="every")]
    assert hints == ["1h", "1d", None]
    assert shown.text.count("in the settings") == 2
    assert "Two sources wait to be read" in shown.text
    assert shown.text.count("not read yet") == 2


def test_a_source_is_added_read_and_removed(page: TestClient, library: Library) -> None:
    """It is due at once, has its own interval, and can go again; those of the settings stay."""
    shown = add(page, f" {FEED} ", "2h")

    assert shown.status_code == 200
    assert f"{FEED}added here" in Page(shown.text).text
    assert (row(library, FEED).interval, row(library, FEED).due) == (
        timedelta(hours=2),
        library.clock.now(),
    )
    do(page, "remove", FEED)
    do(page, "remove", "arxiv")
    text = page.get("/admin/sources").text
    assert f'value="{FEED}"' not in text
    assert 'value="arxiv"' in text


@pytest.mark.parametrize(
    "name", ["arxib", "", "ftp://x.example/", "arxiv-api:", "oai:nowhere", "https://x.example@1s"]
)
def test_a_mistake_is_told_as_the_settings_tell_it(
    page: TestClient, library: Library, name: str
) -> None:
    """One message for one mistake, and what was typed is kept."""
    shown = add(page, name)
    if name and name != "https://x.example@1s":
        with pytest.raises(SettingError) as caught:
            network.plans(library.settings, [name])
        assert str(caught.value)[1:] in Page(shown.text).text
        assert shown.status_code == 400
    assert Page(shown.text).all("input", id="source")[0]["value"] in {name, ""}


@pytest.mark.parametrize(
    ("name", "every", "said"),
    [
        pytest.param("arxiv", "", "here already", id="in the settings"),
        pytest.param("daily", "soon", "30m, 12h or 1d", id="no time"),
        pytest.param("daily", "0m", "may be read every 1m to 7d, not every 0m", id="too short"),
        pytest.param("daily", "8d", "not every 8d", id="too long"),
        pytest.param("oai:https://x.example/oai", "1h", "every 12h to 7d", id="impolite"),
        pytest.param("daily, arxiv", "", "without a comma", id="two at once"),
    ],
)
def test_what_cannot_be_added_says_why(
    page: TestClient, library: Library, name: str, every: str, said: str
) -> None:
    """And nothing is added."""
    before = library.store.syncs()
    shown = add(page, name, every)

    assert shown.status_code == 400
    assert said in Page(shown.text).text
    assert library.store.syncs() == before


def test_a_source_is_paused_and_resumed(page: TestClient, library: Library) -> None:
    """Also one that has not come into the store yet."""
    assert "Resume" in do(page, "pause").text
    assert row(library).is_paused
    assert "Resume" not in do(page, "resume").text
    assert not row(library).is_paused


def test_reading_now_makes_it_due(page: TestClient, library: Library) -> None:
    """And resumes what rests: who asks for it wants it."""
    now = library.clock.now()
    library.store.schedule_syncs(["arxiv"], due=now + 9 * MINUTE)
    do(page, "pause")

    do(page, "read")

    assert (row(library).due, row(library).is_paused) == (now, False)


def test_a_run_is_shown_and_cancelled(
    page: TestClient, library: Library, clock: StillClock
) -> None:
    """How far it is, how fast, since when; then its button is spent."""
    reading(library)
    clock.advance(timedelta(seconds=10))
    told = Progress(at=clock.now(), read=1200, new=7)
    library.store.save_cursor("arxiv", "other", {}, told)

    now = Page(page.get("/admin/sources/now").text)
    assert "arxiv being read 1,200 read, 7 new, 120 a second, since 4 Mar 2026, 12:00" in now.text
    do(page, "cancel")

    assert row(library).is_cancelled
    ending = Page(page.get("/admin/sources/now").text)
    assert "disabled" in ending.all("button")[0]


def test_an_interval_is_chosen_and_given_back(page: TestClient, library: Library) -> None:
    """It wins over the settings until the field is emptied."""
    library.store.schedule_syncs(["arxiv"], due=library.clock.now())
    do(page, "interval", every="30m")
    assert row(library).interval == 30 * MINUTE

    do(page, "interval", every="")
    assert row(library).interval is None
    assert do(page, "interval", every="1s").status_code == 400


@pytest.mark.parametrize(
    ("what", "source", "status"), [("read", "nothing", 404), ("explode", "arxiv", 400)]
)
def test_nonsense_changes_nothing(
    page: TestClient, library: Library, what: str, source: str, status: int
) -> None:
    """Forms can be written by hand."""
    assert do(page, what, source).status_code == status


def test_the_page_asks_for_progress_and_works_without(page: TestClient) -> None:
    """What asks by itself holds no field, so nothing that is being typed is lost."""
    shown = Page(page.get("/admin/sources").text)

    (asking,) = [tag for _, tag in shown.tags if "hx-get" in tag]
    assert asking["hx-get"] == "/admin/sources/now"
    assert all(form["method"] == "post" for form in shown.all("form", action="/admin/sources"))


def test_the_page_is_the_administrators(library: Library) -> None:
    """Every way in, reading and writing."""
    stranger = TestClient(create_app(library), base_url=HOME, client=("192.0.2.1", 1))

    answers = [stranger.get(path) for path in ("/admin/sources", "/admin/sources/now")]
    answers += [add(stranger, "daily"), do(stranger, "cancel")]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert library.store.syncs() == []


def test_the_status_page_says_who_needs_somebody(page: TestClient, library: Library) -> None:
    """A word and a shape in the table, a number in the headline."""
    now = library.clock.now()
    library.store.schedule_syncs(["arxiv", "arxiv-oai"], due=now)
    for _ in range(3):
        library.store.claim_sync("arxiv-oai", now, holder="x", until=now)
        library.store.finish_sync("arxiv-oai", "x", due=now + 9 * MINUTE, at=now, error="404")
    library.store.claim_sync("arxiv", now, holder="x", until=now)
    library.store.finish_sync("arxiv", "x", due=now + MINUTE, at=now, error="")

    shown = Page(page.get("/status").text)

    assert "One of two sources is up to date" in shown.text
    assert "failing" in shown.text
    assert "Failed 3 times in a row: 404." in shown.text


def test_metrics_tell_how_each_source_fares(page: TestClient, library: Library) -> None:
    """What the alert rules of the documentation ask for, by the name of the source."""
    now = library.clock.now()
    library.store.schedule_syncs(["arxiv"], due=now)
    library.store.claim_sync("arxiv", now, holder="x", until=now)
    told = Progress(at=now, read=9, new=2, requests=3, bytes=400)
    library.store.save_cursor("arxiv", "x", {}, told)
    library.store.finish_sync("arxiv", "x", due=now + MINUTE, at=now, error="")
    reading(library, "arxiv-oai")

    text = page.get("/metrics").text

    for line in (
        "broadsheet_sources 2.0",
        f'broadsheet_source_last_success_seconds{{source="arxiv"}} {now.timestamp()!r}',
        f'broadsheet_source_last_new_record_seconds{{source="arxiv"}} {now.timestamp()!r}',
        'broadsheet_source_is_silent{source="arxiv"} 0.0',
        'broadsheet_source_is_running{source="arxiv"} 0.0',
        'broadsheet_source_is_running{source="arxiv-oai"} 1.0',
        'broadsheet_source_is_due{source="arxiv-oai"} 0.0',
        'broadsheet_source_failures{source="arxiv"} 0.0',
        'broadsheet_source_requests_total{source="arxiv"} 3.0',
        'broadsheet_source_bytes_total{source="arxiv"} 400.0',
    ):
        value = line.replace(repr(now.timestamp()), "1.7726256e+09")
        assert value in text


def test_sources_beyond_a_bound_have_no_lines_of_their_own(page: TestClient) -> None:
    """However many are added, a scrape stays small."""
    (one, *_) = upkeep.lines(page.app.state.library)  # type: ignore[attr-defined]
    many = [dataclasses.replace(one, name=f"s{number}") for number in range(MAX_SOURCES + 9)]

    count, *others = source_metrics(many, one.sync.due)

    assert count.samples[0].value == MAX_SOURCES + 9
    assert max(len(metric.samples) for metric in others) == MAX_SOURCES
