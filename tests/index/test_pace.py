from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from broadsheet.index import open_engine
from broadsheet.index.pace import PACE_FILE, Pace
from tests.support_engine import DIM, indexed, put

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.ports import Engine


def opened(folder: Path) -> Engine:
    """Return a folder's engine, as any process opens it."""
    return open_engine(folder, dim=DIM, exact_limit=10, threads=1, space="space")


class Watch:
    """A clock that stands still until it is moved."""

    at = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


@pytest.fixture
def watch() -> Watch:
    """What time it is."""
    return Watch()


@pytest.fixture
def pace(tmp_path: Path, watch: Watch) -> Pace:
    """A folder's."""
    return Pace(tmp_path, now=watch)


def test_a_pace_is_what_was_done_over_the_time_it_took(pace: Pace, watch: Watch) -> None:
    """The first step has no beginning; of drafts and vectors each counts by itself."""
    for watch.at in range(11):
        pace.note("full", 32)
        pace.note("draft", 1_000)

    assert (pace.per_second("full"), pace.per_second("draft")) == (32, 1_000)
    assert pace.per_second("another") == 0


def test_what_was_long_ago_does_not_count(pace: Pace, watch: Watch) -> None:
    """An hour of something slower says nothing about now."""
    for watch.at in range(0, 3600, 10):
        pace.note("full", 30)
    for watch.at in range(3600, 3722):
        pace.note("full", 10)

    assert pace.per_second("full") == 10


def test_nothing_done_is_no_pace(pace: Pace, watch: Watch) -> None:
    """Neither before the second step nor long after the last one."""
    assert pace.per_second("full") == 0
    pace.note("full", 5)
    pace.note("full", 5)
    assert pace.per_second("full") == 0
    watch.at = 2
    pace.note("full", 8)
    watch.at = 3
    assert pace.per_second("full") > 0
    watch.at = 100
    assert pace.per_second("full") == 0


def test_a_clock_that_is_set_back_begins_anew(pace: Pace, watch: Watch) -> None:
    """Else nothing would be told until the time comes round again."""
    for watch.at in (10_000, 10_001, 5_000, 5_001):
        pace.note("full", 32)

    assert pace.per_second("full") == 32


def test_what_an_engine_stores_any_engine_of_the_folder_tells(tmp_path: Path) -> None:
    """One process encodes, another one shows the page of the library's state."""
    with closing(opened(tmp_path)) as writer, closing(opened(tmp_path)) as reader:
        writer.apply([indexed(1), indexed(2)], [], position=2)
        put(writer, 1)
        put(writer, 2)

        assert reader.pace("space/one") == writer.pace("space/one") > 0
        assert reader.pace("space/two") == 0


@pytest.mark.parametrize("content", ["", "[]", '{"full": 3}', '{"full": [["now", 3]]}', "\0"])
def test_a_damaged_file_tells_nothing(pace: Pace, tmp_path: Path, content: str) -> None:
    """It is made anew at the next step."""
    (tmp_path / PACE_FILE).write_text(content)

    assert pace.per_second("full") == 0
    pace.note("full", 5)
    assert (tmp_path / PACE_FILE).read_text() == '{"full": [[0.0, 5]]}'


def test_a_pace_that_cannot_be_kept_stops_nobody(tmp_path: Path) -> None:
    """A full disk is said by what matters more."""
    Pace(tmp_path / "nowhere").note("full", 5)
