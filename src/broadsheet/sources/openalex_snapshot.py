"""OpenAlex's snapshot: the files of works that a manifest lists, one after the other.

The snapshot lies in folders of a day, ``works/updated_date=2026-03-02/part_000.gz``, with a
``manifest`` beside them that names every file by its address on S3. What is not here is a fault;
who wants a part of the snapshot imports its files by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from broadsheet.errors import SourceError
from broadsheet.sources import _documents, _entry
from broadsheet.sources._json_source import mapping, objects, text
from broadsheet.sources.openalex import NAME, OpenAlex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Fault, Observation, Record

FILE = "manifest"
_WORKS = "/works/"


class OpenAlexSnapshot:
    """A manifest, and the files that it names."""

    name: ClassVar[str] = NAME

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the works of each file, in the manifest's order.

        Raises:
            SourceError: the manifest may not be read.
        """
        for url in self._urls():
            tail = url.partition(_WORKS)[2]
            path = (self.path.parent / tail).resolve()
            if not path.is_relative_to(self.path.parent.resolve()):
                yield _entry.fault(NAME, url[:200], "the manifest names a file outside its folder")
                continue
            try:
                yield from OpenAlex(path).read()
            except SourceError as error:
                yield _entry.fault(NAME, tail[:200], error)

    def _urls(self) -> Iterator[str]:
        for _, item, _ in _documents.read(self.path):
            for entry in objects(mapping(item).get("entries")):
                if _WORKS in text(entry.get("url")):
                    yield text(entry.get("url"))


def is_manifest(item: dict[str, Any]) -> bool:
    """Tell whether an object lists files of works."""
    first = next(iter(objects(item.get("entries"))), {})
    return _WORKS in text(first.get("url"))
