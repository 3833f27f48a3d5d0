"""A library with papers in it, for tests of the API and the feeds."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.testclient import TestClient

from broadsheet.assemble import open_library
from broadsheet.model import Identifier, Link, Scheme, Signal, SignalKind
from broadsheet.web.app import create_app
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import Record


@dataclass(frozen=True)
class Records:
    """A source that yields these records."""

    records: tuple[Record, ...]
    name: str = "arxiv"

    def read(self) -> Iterator[Record]:
        """Yield them in their order."""
        yield from self.records


def listed(number: int, /, **changes: Any) -> Record:
    """Return the record of a paper that was picked on one of three days and has votes.

    Published ten days before it was picked; it has as many votes as its number says.
    """
    picked = NOON.date() - timedelta(days=number % 3)
    values: dict[str, Any] = {
        "published": picked - timedelta(days=10),
        "updated": picked - timedelta(days=10),
        "announced": picked - timedelta(days=9),
        "picked": picked,
        "topics": ("gravity", "wells" if number % 2 else "springs"),
        "links": (Link(kind="code", url=f"https://github.com/wells/{number}"),),
        "signals": (
            Signal(
                kind=SignalKind.VOTE,
                value=number,
                at=NOON - timedelta(hours=1),
                origin="hosted",
            ),
            Signal(kind=SignalKind.COMMENT, value=2, at=NOON - timedelta(hours=1), origin="hosted"),
        ),
    }
    return record(number, **(values | changes))


def doi_record(value: str = "10.1000/a/b", /, **changes: Any) -> Record:
    """Return the record of a paper that has a DOI, with a slash, and no arXiv id."""
    values: dict[str, Any] = {
        "source": "journal",
        "source_id": value,
        "identifiers": (Identifier(Scheme.DOI, value),),
        "title": "Springs, not wells",
        "authors": ("Sophie Germain",),
        "categories": (),
        "venue": "Journal of Springs",
    }
    return record(900, **(values | changes))


@contextmanager
def opened(folder: Path, records: Iterable[Record] = ()) -> Iterator[TestClient]:
    """Open a way to a library with these papers, for tests that change nothing."""
    library = open_library(folder, environ={}, clock=StillClock())
    fill(library, records)
    with TestClient(create_app(library), base_url="http://127.0.0.1:8000") as client:
        yield client
    library.close()


def fill(library: Library, records: Iterable[Record], *, is_encoding: bool = False) -> None:
    """Bring records in and let the indexes catch up."""
    library.ingest(Records(tuple(records)))
    library.catch_up(is_encoding=is_encoding)


def fill_listed(library: Library, count: int, *, is_encoding: bool = False) -> None:
    """Bring in ``listed(1)`` to ``listed(count)``."""
    fill(library, [listed(number) for number in range(1, count + 1)], is_encoding=is_encoding)
