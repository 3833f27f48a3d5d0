"""Real objects behind the ports, as small as they can be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from broadsheet.config import Settings
from broadsheet.errors import SourceError
from broadsheet.library import Library
from broadsheet.model import EngineStatus
from tests.support import Answering

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from broadsheet.model import Fault, Listed, Observation, Paper, Record
    from broadsheet.ports import Store
    from tests.support import StillClock


@dataclass
class ListSource:
    """A source that delivers what it is given, and may break off."""

    items: Sequence[Record | Observation | Fault | Listed]
    name: str = "arxiv"
    breaks: bool = False

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield the items; then break off when told to."""
        yield from self.items
        if self.breaks:
            raise SourceError("the archive is truncated")


@dataclass
class MemoryEngine(Answering):
    """An engine that remembers what it was told; the fields are for tests to look at."""

    position: int = 0
    titles: dict[int, str] = field(default_factory=dict)
    vectors_of: dict[int, str] = field(default_factory=dict)  # key -> encoder
    applied: list[tuple[list[int], int]] = field(default_factory=list)
    is_mine: bool = True  # the write lock
    tidied: int = 0
    on_refresh: Callable[[MemoryEngine], None] = field(default=lambda _: None)
    faults: list[str] = field(default_factory=list)

    def apply(self, papers: Sequence[Paper], gone: Collection[int], /, *, position: int) -> None:
        """Hold the papers' titles."""
        for paper in papers:
            if self.titles.get(paper.key) != paper.title:
                self.vectors_of.pop(paper.key, None)
            self.titles[paper.key] = paper.title
        for key in gone:
            self.titles.pop(key, None)
            self.vectors_of.pop(key, None)
        self.position = position
        self.applied.append(([paper.key for paper in papers], position))

    def pending(
        self,
        *,
        encoder: str | None,
        limit: int,
        first: Sequence[int] = (),
        instead_of: Collection[str] | None = None,
    ) -> Sequence[int]:
        """Return papers without a vector of this encoder, or of any: first these, then the newest.

        ``instead_of`` keeps to those that have a vector by one of these.
        """
        due = [
            key
            for key in self.titles
            if key not in self.vectors_of or encoder not in {None, self.vectors_of[key]}
        ]
        if instead_of is not None:
            due = [key for key in due if self.vectors_of.get(key) in instead_of]
        return sorted(due, key=lambda key: (key not in first, -key))[:limit]

    def wish(self, keys: Sequence[int], /, *, encoder: str) -> None:
        """Nobody waits here."""

    def pace(self, encoder: str, /) -> float:
        """Nobody waits here."""
        del encoder
        return 0.0

    def retire(self) -> None:
        """There is one space."""

    def put_vectors(
        self, keys: Sequence[int], vectors: npt.NDArray[np.float32], /, *, encoder: str
    ) -> None:
        """Remember who made the vectors."""
        assert len(vectors) == len(keys)
        self.vectors_of.update(dict.fromkeys(keys, encoder))

    def status(self) -> EngineStatus:
        """Tell how far it came."""
        return EngineStatus(
            position=self.position,
            indexed=len(self.titles),
            encoded=len(self.vectors_of),
            encoders=dict(Counter(self.vectors_of.values())),
            kind="exact",
            bytes=0,
        )

    def try_lock(self) -> bool:
        """Tell whether the lock is this process's."""
        return self.is_mine

    def refresh(self) -> None:
        """See what "another process" did."""
        self.on_refresh(self)

    def optimize(self) -> None:
        """Count."""
        self.tidied += 1

    def check(self, keys: Collection[int], /) -> list[str]:
        """Compare keys."""
        missing = set(keys) - set(self.titles)
        return [*self.faults, *([f"{len(missing)} papers are not indexed"] if missing else [])]

    def clear(self) -> None:
        """Forget everything."""
        self.position = 0
        self.titles.clear()
        self.vectors_of.clear()

    def close(self) -> None:
        """Do nothing."""


class LengthEncoder:
    """Encodes a text as its length."""

    name = "length"
    space = "length"
    dim = 1
    joint = ". "

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return the lengths."""
        import numpy as np

        return np.array([[len(text)] for text in texts], dtype=np.float32)


def library_of(store: Store, clock: StillClock, **parts: Any) -> Library:
    """Return a library over a real store, with parts of memory."""
    values: dict[str, Any] = {
        "settings": Settings(),
        "engine": MemoryEngine(),
        "encoder": LengthEncoder(),
        "mailer": None,
    }
    return Library(store=store, clock=clock, **(values | parts))
