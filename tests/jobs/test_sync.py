"""The whole way: a server on loopback, the schedule, the library, a search."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.assemble import open_library
from broadsheet.errors import ConflictError, SettingError, SourceError, StoreError
from broadsheet.jobs.runner import Runner
from broadsheet.jobs.sync import CLAIM, SyncJob, sync
from broadsheet.sources._http import Http
from broadsheet.sources.network import plans
from tests.servers.arxiv import Arxiv, Preprint, arxiv, settings
from tests.servers.http import Said
from tests.support import free_port
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from tests.support import StillClock

MORNING = datetime(2026, 3, 4, 12, tzinfo=UTC)  # 7 o'clock Eastern on a Wednesday
DAY = date(2026, 3, 4)
WELL = Preprint(id="2603.00001", title="How deep is a gravity well", listed=DAY)


@pytest.fixture
def service() -> Iterator[Arxiv]:
    """Run arXiv on loopback, with one paper."""
    with arxiv() as held:
        held.add(WELL)
        yield held


@pytest.fixture
def library(service: Arxiv, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads it."""
    assert service.server is not None
    clock.time = MORNING
    opened = open_library(tmp_path / "data", environ=settings(service.server), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def job(library: Library) -> SyncJob:
    """The job, with a clock that nobody waits for."""
    return SyncJob(library, plans(library.settings, timing=FakeTime().timing), chance=lambda: 1.0)


def titles(library: Library, query: str) -> list[str]:
    """Return what a search finds by word."""
    library.catch_up(is_encoding=False)
    return [hit.paper.title for hit in library.search(query).hits]


def test_a_paper_is_announced_found_and_revised(
    service: Arxiv, library: Library, job: SyncJob, clock: StillClock
) -> None:
    """Sync, search; sync again, unchanged; version 2 comes, still one paper."""
    assert job.run_once()
    assert titles(library, "gravity well") == [WELL.title]
    assert not job.run_once()

    clock.advance(timedelta(hours=1))
    assert job.run_once()
    clock.advance(timedelta(hours=24))
    service.day += timedelta(days=1)
    service.revise(WELL.id, title="How deep a gravity well is")
    assert job.run_once()

    assert titles(library, "gravity well") == ["How deep a gravity well is"]
    paper = library.paper("arXiv:2603.00001")
    assert (paper.version, paper.announced, paper.authors) == (2, DAY, WELL.authors)
    runs = [(run.report.new, run.report.merged, run.error) for run in library.status().runs]
    assert runs == [(0, 1, ""), (0, 0, ""), (1, 0, "")]


def test_a_service_that_is_down_is_a_line_on_status(
    service: Arxiv, library: Library, job: SyncJob, clock: StillClock
) -> None:
    """The job goes on; the source rests longer and longer, and comes back by itself."""
    assert service.server is not None
    service.server.faults = [Said(status=500)] * 8
    rests = []
    for _ in range(2):
        assert job.run_once()
        rests.append(library.store.syncs()[0].due - clock.now())
        clock.advance(rests[-1])
    assert job.run_once()

    assert rests == [timedelta(minutes=5), timedelta(minutes=10)]
    assert [run.error for run in library.status().runs] == [
        "",
        "127.0.0.1: it answered 500 Internal Server Error",
        "127.0.0.1: it answered 500 Internal Server Error",
    ]
    assert titles(library, "gravity") == [WELL.title]


def test_a_source_that_fails_stops_no_other(service: Arxiv, library: Library) -> None:
    """Each has its own place in the schedule."""
    assert service.server is not None
    dead = f"http://127.0.0.1:{free_port()}/feed"
    timing = FakeTime().timing
    settings_ = replace(library.settings, allow_private_sources=True)
    job = SyncJob(library, plans(settings_, [dead, "arxiv"], timing=timing))

    assert [job.run_once() for _ in range(3)] == [True, True, False]
    assert [bool(one.error) for one in library.store.syncs()] == [False, True]
    assert library.status().papers == 1


def test_a_rest_that_was_asked_for_is_kept(
    service: Arxiv, library: Library, job: SyncJob, clock: StillClock
) -> None:
    """An hour is an hour, not our own five minutes."""
    assert service.server is not None
    service.server.faults = [Said(status=429, headers={"Retry-After": "3600"})]

    assert job.run_once()

    assert library.store.syncs()[0].due - clock.now() == timedelta(hours=1)


def test_a_feed_that_repeats_yesterday_is_on_status(
    library: Library, job: SyncJob, clock: StillClock
) -> None:
    """What it holds is kept; what it does not hold is said, and asked for again soon."""
    clock.advance(timedelta(hours=24))

    assert job.run_once()

    (run,) = library.status().runs
    assert run.report.new == 1
    assert run.error.startswith("arXiv's listing of 2026-03-05 is due")
    assert library.store.syncs()[0].due == clock.now() + timedelta(minutes=5)


def test_a_spent_budget_is_no_failure_and_the_next_run_goes_on(
    service: Arxiv, library: Library, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A harvest of millions is many runs."""
    numbers = range(1, 8)
    service.add(*(replace(WELL, id=f"2603.{n:05d}", title=f"Well {n}") for n in numbers))
    monkeypatch.setattr(Http.__init__, "__kwdefaults__", {"budget": 2})
    job = SyncJob(library, plans(library.settings, ["arxiv-oai"], timing=FakeTime().timing))
    counts = []
    for _ in range(2):
        assert job.run_once()
        counts.append(library.status().papers)
        clock.advance(timedelta(seconds=1))

    assert counts == [4, 7]
    assert {run.error for run in library.status().runs} == {""}
    assert library.store.syncs()[0].cursor == {
        "cs:cs:AI": {"from": "2026-03-04"},
        "night": {"checked": "2026-03-04"},
    }


def test_what_was_saved_is_not_asked_for_again(
    service: Arxiv, library: Library, job: SyncJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that fails keeps the old cursor: the batch was not saved, so it comes again."""

    def fail(*_args: object, **_options: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(library.store, "write", fail)
        with pytest.raises(StoreError, match="disk is full"):
            job.run_once()
    claim = library.store.syncs()[0]
    assert (claim.holder, claim.cursor, "disk is full" in claim.error) == ("", {}, True)

    sync(library, plans(library.settings, timing=FakeTime().timing)["arxiv"])

    assert library.status().papers == 1


def test_a_claim_that_was_lost_ends_the_run(
    library: Library, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was away too long must not write over its heir's cursor."""
    plan = plans(library.settings, timing=FakeTime().timing)["arxiv"]
    real = library.ingest

    def slowly(source: Any, /, **options: Any) -> Any:
        clock.advance(timedelta(minutes=10))
        now = clock.now()
        heir = library.store.claim_sync("arxiv", now, holder="heir", until=now + CLAIM)
        assert heir is not None
        return real(source, **options)

    monkeypatch.setattr(library, "ingest", slowly)
    with pytest.raises(ConflictError, match="taken arxiv over"):
        sync(library, plan)

    assert library.store.syncs()[0].holder == "heir"


def test_nobody_reads_what_another_process_reads(library: Library, clock: StillClock) -> None:
    """The command says so at once; the job waits for its turn."""
    all_plans = plans(library.settings, timing=FakeTime().timing)
    library.store.schedule_syncs(["arxiv"], due=clock.now())
    library.store.claim_sync("arxiv", clock.now(), holder="other", until=clock.now() + CLAIM)

    with pytest.raises(ConflictError, match="another process reads arxiv now"):
        sync(library, all_plans["arxiv"])
    assert not SyncJob(library, all_plans).run_once()

    clock.advance(CLAIM)  # it was killed
    assert SyncJob(library, all_plans).run_once()


def test_a_long_reading_keeps_its_claim(
    library: Library, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is renewed from a thread while one answer takes its time."""
    monkeypatch.setattr("broadsheet.jobs.sync.BEAT_S", 0.01)
    plan = plans(library.settings, timing=FakeTime().timing)["arxiv"]
    real = library.ingest

    def slowly(source: Any, /, **options: Any) -> Any:
        clock.advance(timedelta(minutes=1, seconds=50))
        before = library.store.syncs()[0].until
        deadline = time.monotonic() + 10
        while library.store.syncs()[0].until == before and time.monotonic() < deadline:
            time.sleep(0.01)
        clock.advance(timedelta(minutes=1))
        assert not SyncJob(library, {"arxiv": plan}).run_once()
        return real(source, **options)

    monkeypatch.setattr(library, "ingest", slowly)
    assert sync(library, plan).new == 1


def test_without_sources_nothing_is_asked(service: Arxiv, library: Library) -> None:
    """The setting is empty: no thread, no table row, no request."""
    job = SyncJob(library, plans(replace(library.settings, sources=" , ")))

    assert not job.run_once()
    assert library.store.syncs() == []
    assert service.server is not None
    assert service.server.asked == []


@pytest.mark.parametrize(
    "name",
    [
        "arXiv",
        "arxiv-api:",
        "feed",
        "ftp://x.example/",
        "file:///etc/passwd",
        "oai:nowhere:x/",
        "x" * 200,
    ],
)
def test_a_source_that_is_none_names_the_setting(library: Library, name: str) -> None:
    """A mistake in the settings is found at the start, not in the night."""
    with pytest.raises(SettingError, match="sources") as caught:
        plans(library.settings, [name])

    assert caught.value.field == "sources"


def test_a_feed_at_a_private_address_is_refused_by_default(
    service: Arxiv, library: Library
) -> None:
    """Who may set a feed need not be who may see the network."""
    assert service.server is not None
    url = f"{service.server.url}/atom/cs.AI"
    plan = plans(library.settings, [url], timing=FakeTime().timing)[url]

    with pytest.raises(SourceError, match="allow_private_sources"):
        sync(library, plan)

    assert service.server.asked == []


def test_three_ways_to_arxiv_make_one_paper(service: Arxiv, library: Library) -> None:
    """Feed, query and repository: three records of one paper."""
    assert service.server is not None
    names = ["arxiv", "arxiv-oai", "arxiv-api:cat:cs.AI"]
    for plan in plans(library.settings, names, timing=FakeTime().timing).values():
        sync(library, plan)

    paper = library.paper(WELL.id)
    assert library.status().papers == 1
    assert len(library.records(paper)) == 3
    assert (paper.published, paper.announced) == (date(2026, 3, 2), DAY)
    assert paper.license == "http://creativecommons.org/licenses/by/4.0/"


def test_the_end_of_the_program_ends_a_wait(service: Arxiv, library: Library) -> None:
    """Ctrl-C must not wait for a Retry-After; the source is due again at the next start."""
    assert service.server is not None
    service.server.faults = [Said(status=503, headers={"Retry-After": "200"})]
    job = SyncJob(library)
    runner = Runner({"sync": job})
    runner.start()
    deadline = time.monotonic() + 10
    while not service.server.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()

    job.stop()
    runner.stop()

    assert time.monotonic() - began < 5
    (one,) = library.store.syncs()
    assert (one.holder, one.error, one.due) == ("", "", library.clock.now())


def test_the_end_of_the_program_ends_a_reading(service: Arxiv, library: Library) -> None:
    """What was read is saved, and where to go on."""
    service.add(*(replace(WELL, id=f"2603.{n:05d}", title=f"Well {n}") for n in range(1, 8)))
    plan = plans(library.settings, ["arxiv-oai"], timing=FakeTime().timing)
    job = SyncJob(library, plan)
    job.stop()

    assert job.run_once()
    before = library.status().papers
    sync(library, plan["arxiv-oai"])

    assert (before, library.status().papers) == (1, 7)


def test_an_edition_that_is_late_says_so(library: Library, job: SyncJob, clock: StillClock) -> None:
    """Page, feed and mail show the same sentence: not "nothing new", but what is missing."""
    assert job.run_once()
    clock.advance(timedelta(hours=24))
    assert job.run_once()

    reason = library.edition(DAY + timedelta(days=1)).reason

    assert reason.startswith(
        "arXiv's listing for Thursday, 5 March 2026 has not come. arXiv's feed could not "
        "be read whole: arXiv's listing of 2026-03-05 is due"
    )
    assert reason.endswith("arXiv is asked again at 12:05 (UTC).")


def test_an_edition_of_a_holiday_says_which(
    library: Library, job: SyncJob, clock: StillClock
) -> None:
    """Nothing is missing on the day after Thanksgiving."""
    assert job.run_once()
    clock.time = datetime(2026, 11, 27, 18, tzinfo=UTC)

    reason = library.edition(date(2026, 11, 27)).reason

    assert reason == (
        "Friday, 27 November 2026: arXiv lists nothing because it sends nothing out on "
        "Thanksgiving."
    )


def test_an_instance_that_starts_at_a_weekend_has_papers(
    service: Arxiv, library: Library, job: SyncJob, clock: StillClock
) -> None:
    """The feeds are empty then; what was submitted last is better than nothing, once."""
    assert service.server is not None
    clock.time = datetime(2026, 3, 7, 12, tzinfo=UTC)  # a Saturday
    service.day = date(2026, 3, 7)

    assert job.run_once()
    assert titles(library, "gravity") == [WELL.title]
    assert [asked.path for asked in service.server.asked] == ["/atom/cs.AI", "/api/query"]

    clock.time = datetime(2026, 3, 9, 12, tzinfo=UTC)
    service.day = date(2026, 3, 9)
    service.add(replace(WELL, listed=service.day))
    assert job.run_once()
    assert library.paper(WELL.id).announced == service.day
    assert service.server.asked[-1].path == "/atom/cs.AI"
