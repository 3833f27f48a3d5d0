"""An instance that reads one service on loopback, and runs of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadsheet.assemble import open_library
from broadsheet.jobs.sync import sync
from broadsheet.sources.network import plans
from tests.servers.http import Said, Server, serving
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import IngestReport, Paper
    from tests.servers.http import Asked, Handler
    from tests.support import StillClock

BREAK = Said(status=418, body=b"no more", headers={"Content-Type": "text/plain"})
"""An answer that ends a run: asking again would not help."""


@dataclass
class Instance:
    """A library and the service that it reads."""

    library: Library
    server: Server
    fake: FakeTime
    broken_from: int = 0  # of all requests, the first that is answered with BREAK; 0: none

    def run(self, **options: Any) -> IngestReport:
        """Read the source once."""
        (plan,) = plans(self.library.settings, timing=self.fake.timing).values()
        return sync(self.library, plan, **options)

    def titles(self) -> list[str]:
        """Return the titles of all papers, in the order of their arrival."""
        return [paper.title for paper in self.papers()]

    def papers(self) -> list[Paper]:
        """Return all papers, in the order of their arrival."""
        return self.library.store.all_papers()

    def found(self, query: str) -> list[str]:
        """Return the titles that a search finds by word."""
        self.library.catch_up(is_encoding=False)
        return [hit.paper.title for hit in self.library.search(query).hits]

    def asked(self, name: str) -> list[str]:
        """Return the values of a parameter in all requests, "" where one had none."""
        return [one.params.get(name, "") for one in self.server.asked]


@contextmanager
def instance(
    answer: Handler,
    settings: Callable[[str], dict[str, str]],
    *,
    folder: Path,
    clock: StillClock,
    **environ: str,
) -> Iterator[Instance]:
    """Open a library that reads a service; ``environ`` changes its settings."""
    held: list[Instance] = []

    def breaking(asked: Asked) -> Said:
        at = held[0].broken_from if held else 0
        return BREAK if at and len(held[0].server.asked) >= at else answer(asked)

    with serving(breaking) as server:
        values = settings(server.url) | {f"BROADSHEET_{name}": environ[name] for name in environ}
        library = open_library(folder / "data", environ=values, clock=clock)
        try:
            held.append(Instance(library, server, FakeTime()))
            yield held[0]
        finally:
            library.close()
