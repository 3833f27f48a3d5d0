"""A service's answer, kept in a file: what `sync` reads over the network, `import` reads too."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from broadsheet.errors import SourceError
from broadsheet.model import Fault
from broadsheet.sources import (
    _arxiv,
    _lines,
    arxiv_atom,
    arxiv_rss,
    daily_list,
    feed,
    oai_pmh,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from broadsheet.model import Observation, Record

_JSON_FEED = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org')
MAX_BYTES = 256 * 1024 * 1024  # unpacked; an answer is read as a whole


class AnswerFile:
    """One answer of one service."""

    def __init__(self, path: Path, *, name: str, parse: Callable[..., Any]) -> None:
        self.path = path
        self._name = name
        self._parse = parse

    @property
    def name(self) -> str:
        """The name that the service's records carry."""
        return self._name

    @property
    def kind(self) -> str:
        """The module that reads it: "oai_pmh"."""
        function = getattr(self._parse, "func", self._parse)
        return str(function.__module__).rpartition(".")[2]

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what the answer holds, and a fault where it breaks off or is an error.

        Raises:
            SourceError: there is no such file, or it may not be read, or is too large.
        """
        body = bytearray()
        problem = ""
        try:
            for chunk in _lines.chunks(self.path):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise SourceError(f"{self.path} unpacks to more than {MAX_BYTES:,} bytes")
        except _lines.CutError as error:
            problem = str(error)
        page = self._parse(bytes(body), where=self.path.name)
        yield from page.items
        problem = problem or page.problem
        refusal = getattr(page, "error", "")
        if refusal and not page.items:
            problem = f"the service answers with an error: {refusal} {getattr(page, 'said', '')}"
        if problem:
            yield Fault(source=self._name, where=self.path.name, reason=problem.strip())


def oai(path: Path) -> AnswerFile:
    """Return an answer of an OAI-PMH repository."""
    return AnswerFile(path, name="oai", parse=partial(oai_pmh.parse, source="oai"))


def announcements(path: Path) -> AnswerFile:
    """Return an announcement feed of arXiv."""
    return AnswerFile(path, name=_arxiv.SOURCE, parse=arxiv_rss.parse)


def arxiv_answer(path: Path) -> AnswerFile:
    """Return an answer of arXiv's query API."""
    return AnswerFile(path, name=_arxiv.SOURCE, parse=arxiv_atom.parse)


def daily(path: Path) -> AnswerFile:
    """Return a day of the hosted daily list."""
    return AnswerFile(path, name=daily_list.NAME, parse=daily_list.parse)


def any_feed(path: Path) -> AnswerFile:
    """Return a feed."""
    return AnswerFile(path, name="feed", parse=feed.parse)


def is_daily(values: dict[str, Any]) -> bool:
    """Tell whether an object is an entry of the hosted daily list."""
    paper = values.get("paper")
    return isinstance(paper, dict) and {"id", "title", "upvotes"} <= paper.keys()


def is_json_feed(beginning: bytes) -> bool:
    """Tell whether a text begins as a JSON Feed does."""
    return _JSON_FEED.search(beginning) is not None
