"""What web tests share: a library with chosen papers, and pages taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from tests.support import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from broadsheet.library import Library
    from broadsheet.model import Fault, Observation, Record


@dataclass(frozen=True)
class Given:
    """A source that yields what it was given."""

    pieces: tuple[Record | Observation | Fault, ...]
    name: str = "arxiv"

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the pieces in order."""
        yield from self.pieces


def fill(library: Library, records: Iterable[Record]) -> None:
    """Ingest records and make them findable by word."""
    library.ingest(Given(tuple(records)))
    library.catch_up(is_encoding=False)


def numbered(count: int, **changes: Any) -> list[Record]:
    """Return that many different records."""
    return [record(number, **changes) for number in range(1, count + 1)]


@dataclass
class Page(HTMLParser):
    """A page as a list of its tags and its visible text."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    _hidden: int = 0

    def __post_init__(self) -> None:
        """Take the page apart."""
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        """Note the end of what is not shown."""
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        """Note a piece of text."""
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        """The visible text, white space folded."""
        return " ".join("".join(self.words).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Return the attributes of every tag of a kind that has these attributes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            found
            for name, found in self.tags
            if name == tag and all(found.get(key) == value for key, value in wanted.items())
        ]
