"""What tests share: the corpora, a clock that stands still, small makers of records."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.model import Identifier, Record, Scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday


def until(claim: Callable[[], object], what: str = "", *, within_s: float, pause_s: float) -> None:
    """Wait until a claim is true; where it is not within the time, say what is not so."""
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, what
        time.sleep(pause_s)


def corpora() -> Path:
    """Return the folder of development corpora, or skip the test."""
    folder = Path(os.environ.get("BROADSHEET_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the development corpora are not here (set BROADSHEET_TEST_DATA)")
    return folder


@dataclass
class StillClock:
    """A clock that moves only when told."""

    time: datetime = field(default=NOON)

    def now(self) -> datetime:
        """Return the time it stands at."""
        return self.time

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self.time += by


class Answering:
    """The part of an engine that knows whether anybody waits for an answer."""

    readers = 0  # who do

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count those who wait."""
        self.readers += 1
        try:
            yield
        finally:
            self.readers -= 1

    def is_answering(self) -> bool:
        """Tell whether there is any."""
        return self.readers > 0


def record(number: int = 1, /, **changes: Any) -> Record:
    """Return a complete record of an arXiv paper, varied by number and by field."""
    arxiv = f"2603.{number:05d}"
    values: dict[str, Any] = {
        "source": "arxiv",
        "source_id": f"{arxiv}v1",
        "identifiers": (Identifier(Scheme.ARXIV, arxiv),),
        "version": 1,
        "title": f"On the {number}th paper about gravity wells",
        "abstract": f"We study gravity well number {number} and find it deep.",
        "authors": ("Ada Lovelace", "Émilie du Châtelet"),
        "published": NOON.date(),
        "announced": NOON.date(),
        "categories": ("cs.LG",),
    }
    return Record(**(values | changes))


class Pile:
    """A source that holds records."""

    name = "pile"

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def read(self) -> Iterator[Record]:
        """Yield them."""
        yield from self._records


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(data: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program on a data folder, with these settings alone; return what it said."""
    kept = {name: value for name, value in os.environ.items() if name[:11] != "BROADSHEET_"}
    return subprocess.run(
        [sys.executable, "-m", "broadsheet", "--data", str(data), *words],
        capture_output=True,
        text=True,
        check=False,
        env=kept | {"BROADSHEET_SOURCES": ""} | environ,
        timeout=120,
    )
