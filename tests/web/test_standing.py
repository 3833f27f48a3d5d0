"""What is known of a day is one sentence, and every face says that one."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from broadsheet.assemble import open_library
from broadsheet.cli import editions
from broadsheet.cli.app import app
from broadsheet.library import digest, subscribing
from broadsheet.library.subscribing import Wishes
from broadsheet.model import FEED, REPOSITORY, EditionState, Identifier, Listed, Period, Scheme
from broadsheet.web.app import create_app
from tests.support import StillClock, record
from tests.support_web import Page
from tests.web.conftest import HERE, HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import Record

BEGAN = date(2026, 1, 8)  # a Thursday: the first day that anything was read of
FRIDAY = date(2026, 1, 16)
SATURDAY = date(2026, 1, 17)
TUESDAY = date(2026, 1, 20)  # the day after Martin Luther King Day


@dataclass(frozen=True)
class Case:
    """A day, when it is looked at, which of its papers are listed and here, and what is said."""

    day: date
    now: date  # at noon, UTC
    state: EditionState
    sentence: str
    listed: tuple[int, ...] | None = None  # None: no listing has come
    here: tuple[int, ...] = ()

    def pieces(self) -> list[Record | Listed]:
        """Return what arXiv's two ways deliver."""
        return delivered(self.day, self.listed, self.here)


CASES = {
    "complete": Case(
        FRIDAY, SATURDAY, EditionState.COMPLETE,
        "All 2 papers that arXiv lists are here; its feed and its repository agree.",
        listed=(1, 2), here=(1, 2),
    ),
    "open": Case(
        FRIDAY, FRIDAY, EditionState.OPEN,
        "All 2 papers that arXiv lists are here; its feed and its repository agree. "
        "More votes may still come.",
        listed=(1, 2), here=(1, 2),
    ),
    "partial": Case(
        FRIDAY, FRIDAY, EditionState.PARTIAL,
        "2 of the 3 papers that arXiv lists are here; the other is asked for by name.",
        listed=(1, 2, 3), here=(1, 2),
    ),
    "late": Case(
        FRIDAY, FRIDAY, EditionState.LATE,
        "arXiv's listing for Friday, 16 January 2026 has not come.",
    ),
    "weekend": Case(
        SATURDAY, SATURDAY, EditionState.EMPTY,
        "Saturday, 17 January 2026: sources list new papers from Monday to Friday.",
    ),
    "holiday": Case(
        TUESDAY, TUESDAY, EditionState.EMPTY,
        "Tuesday, 20 January 2026: arXiv lists nothing because it sends nothing out on Martin "
        "Luther King Day.",
    ),
    "too narrow": Case(
        FRIDAY, FRIDAY, EditionState.EMPTY,
        "Friday, 16 January 2026: arXiv lists nothing in cs.LG; the setting arxiv_categories may "
        "be too narrow.",
        listed=(),
    ),
}  # fmt: skip


def delivered(
    day: date, listed: tuple[int, ...] | None, here: tuple[int, ...]
) -> list[Record | Listed]:
    """Return records of papers, and the listings of both ways, where there are any."""
    papers = [record(number, announced=day, published=day) for number in here]
    if listed is None:
        return list(papers)
    names = frozenset(Identifier(Scheme.ARXIV, f"2603.{number:05d}") for number in listed)
    ways = [Listed(source=way, day=day, part="cs.LG", papers=names) for way in (FEED, REPOSITORY)]
    return [*papers, *ways]


@dataclass(frozen=True)
class Arxiv:
    """ArXiv, as far as it is read here."""

    pieces: list[Record | Listed]
    name: str = FEED

    def read(self) -> Iterator[Record | Listed]:
        """Yield what there is."""
        yield from self.pieces


@dataclass
class Postbox:
    """A mailer that keeps what it sends."""

    sent: list[EmailMessage]
    is_real = True

    def send(self, message: EmailMessage, /) -> None:
        """Keep a message as its reader gets it."""
        read = message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)
        self.sent.append(read)


@pytest.fixture(scope="module", params=list(CASES.values()), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """One of the states that a day can be in."""
    found: Case = request.param
    return found


@pytest.fixture(scope="module")
def instance(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that has read arXiv since a week before, at the time of the case."""
    clock = StillClock()
    environ = {"BROADSHEET_SOURCES": "arxiv,arxiv-oai", "BROADSHEET_ARXIV_CATEGORIES": "cs.LG"}
    opened = open_library(tmp_path_factory.mktemp("data"), environ=environ, clock=clock)
    clock.time = _noon(BEGAN)
    opened.ingest(Arxiv(delivered(BEGAN, (9,), (9,))))
    clock.time = _noon(case.now)
    opened.ingest(Arxiv(case.pieces()))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser(instance: Library) -> Iterator[TestClient]:
    """A browser's way to it."""
    with TestClient(create_app(instance), base_url=HOME, client=HERE) as opened:
        yield opened


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_the_sentence_is_true(instance: Library, case: Case) -> None:
    """The rest of this file compares with it."""
    found = instance.edition(case.day)

    assert (found.state, found.standing) == (case.state, case.sentence)


def test_the_page_says_it_once(browser: TestClient, case: Case) -> None:
    """Above the papers where there is something to explain, beside them where there is not."""
    page = Page(browser.get(f"/papers/date/{case.day}").text)

    assert page.text.count(case.sentence) == 1


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_a_feed_says_it(browser: TestClient, case: Case, ending: str) -> None:
    """In the place where a reader of feeds shows what a feed is, and nothing else is there."""
    answer = browser.get(f"/feeds/daily.{ending}?date={case.day}")

    if ending == "json":
        assert answer.json()["description"] == case.sentence
    else:
        assert feedparser.parse(answer.content).feed.subtitle == case.sentence


def test_the_api_says_it(browser: TestClient, case: Case) -> None:
    """Programs read the state; people to whom they show it, the sentence."""
    meta = browser.get(f"/api/v1/editions/{case.day}").json()["meta"]

    assert (meta["state"], meta["standing"]) == (case.state, case.sentence)
    assert meta["reason"] == ("" if case.state.is_plain else case.sentence)


def test_the_status_page_says_it(browser: TestClient, case: Case) -> None:
    """Of every day of the last listings, those without a listing too."""
    rows = browser.get("/status").text.split("<tr>")

    (row,) = [Page(one).text for one in rows if f'href="/papers/date/{case.day}"' in one]
    assert row.endswith(case.sentence) or f"{case.sentence} " in row
    assert case.state.value in row


@pytest.fixture
def command(instance: Library, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line, at the time of the case."""

    @contextmanager
    def opened(_context: Any) -> Iterator[Library]:
        yield instance

    monkeypatch.setattr(editions, "opened", opened)
    return CliRunner()


def test_the_command_says_it(command: CliRunner, case: Case) -> None:
    """On the terminal, and in what scripts read."""
    shown = command.invoke(app, ["edition", f"{case.day}"])
    found = json.loads(command.invoke(app, ["edition", f"{case.day}", "--json"]).stdout)

    assert case.sentence in " ".join(shown.stderr.split())
    assert (found["state"], found["standing"]) == (case.state, case.sentence)


def test_the_mail_says_it(instance: Library, case: Case) -> None:
    """In both of its parts; where no mail goes out, in the log of deliveries."""
    box = Postbox([])
    instance.mailer = box
    now = instance.clock.now()
    wishes = Wishes(period=Period.DAY, hour=12, timezone="UTC")
    made = instance.store.subscribe(
        "ada@example.org", period=Period.DAY, hour=12, timezone="UTC", at=now
    )
    due = subscribing.next_due(wishes, after=now - timedelta(minutes=1))
    instance.store.activate(made.key, period=Period.DAY, hour=12, timezone="UTC", due=due)

    assert digest.send_due(instance)

    (logged,) = instance.store.deliveries(limit=2)
    said = [_words(message, kind) for message in box.sent for kind in ("plain", "html")]
    assert all(case.sentence in one for one in said or [logged.detail])
    assert len(said) == (0 if case.day == SATURDAY else 2)


def test_a_mail_with_older_papers_says_why_there_are_none_of_today(
    tmp_path: Path,
) -> None:
    """Papers of Monday, sent on a holiday: the mail says both how Monday stands and why."""
    clock = StillClock()
    environ = {"BROADSHEET_SOURCES": "arxiv,arxiv-oai", "BROADSHEET_ARXIV_CATEGORIES": "cs.LG"}
    library = open_library(tmp_path / "data", environ=environ, clock=clock)
    monday = TUESDAY - timedelta(days=1)
    clock.time = _noon(monday)
    library.ingest(Arxiv(delivered(monday, (1, 2), (1, 2))))
    clock.time = _noon(TUESDAY)
    reader = library.store.subscribe(
        "ada@example.org", period=Period.DAY, hour=12, timezone="UTC", at=clock.time
    )

    note = digest.compose(library, reader, now=clock.time).note

    library.close()
    assert note == (
        f"2 announced. {CASES['complete'].sentence} This is the newest edition. "
        f"{CASES['holiday'].sentence} 2 papers for you."
    )


def _words(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    return Page(content).text if kind == "html" else " ".join(content.split())
