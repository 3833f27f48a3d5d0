"""A source that needs somebody is said once, and when it is well again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog
from structlog.testing import capture_logs

from broadsheet.jobs.logs import configure
from broadsheet.jobs.silence import LOOK, SilenceJob
from broadsheet.model import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library
    from tests.support import StillClock

NAME = "https://journal.example/feed"


@pytest.fixture(autouse=True)
def _usual_logs() -> Iterator[None]:
    """Let the levels through that the program logs, whatever other tests chose."""
    kept = structlog.get_config()
    configure("info")
    yield
    structlog.configure(**kept)


@pytest.fixture
def job(library: Library) -> SilenceJob:
    """The job, over one source."""
    library.settings = replace(library.settings, sources=NAME)
    return SilenceJob(library)


def read(library: Library, *, error: str = "", new: int = 0) -> None:
    """Let the source be read once."""
    now = library.clock.now()
    library.store.schedule_syncs([NAME], due=now)
    assert library.store.claim_sync(NAME, now, holder="x", until=now)
    library.store.save_cursor(NAME, "x", {}, Progress(at=now, read=new, new=new))
    library.store.finish_sync(NAME, "x", due=now + timedelta(hours=1), at=now, error=error)


def look(job: SilenceJob, clock: StillClock, times: int = 1) -> list[tuple[str, str]]:
    """Look that many times, a minute apart; return what was logged."""
    with capture_logs() as lines:
        for _ in range(times):
            assert not job.run_once()
            clock.advance(LOOK)
    return [(str(line["log_level"]), str(line["state"])) for line in lines]


def test_a_failing_source_is_said_once(
    library: Library, job: SilenceJob, clock: StillClock
) -> None:
    """Two failures may pass by themselves; a line a minute would bury the log."""
    read(library, error="404")
    read(library, error="404")
    assert look(job, clock) == []

    read(library, error="404")
    assert look(job, clock, times=5) == [("warning", "failing")]

    read(library, new=1)
    assert look(job, clock, times=5) == [("info", "synced")]


def test_silence_is_said_once_though_it_is_read_again(
    library: Library, job: SilenceJob, clock: StillClock
) -> None:
    """A run that finds nothing is no end of the silence."""
    read(library)
    clock.advance(timedelta(days=4))
    said = look(job, clock, times=3)
    read(library)
    said += look(job, clock, times=3)

    assert said == [("warning", "silent")]


def test_a_clock_that_is_set_back_stops_no_look(
    library: Library, job: SilenceJob, clock: StillClock
) -> None:
    """Else it would say nothing for as long as the clock was ahead."""
    assert look(job, clock) == []
    clock.advance(timedelta(days=-300))
    for _ in range(3):
        read(library, error="404")

    assert look(job, clock) == [("warning", "failing")]
