"""References in Zotero's RDF: one record per item; attachments and notes are passed over.

What items are part of stands within them or anywhere in the file, under a name: the file is read
once beforehand for such journals and books. There the DOI of an article stands, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from broadsheet.sources import _entry, _xml_file
from broadsheet.sources._entry import Names
from broadsheet.sources._xml_file import XmlError, first, local, text, texts, within
from broadsheet.sources._xml_source import XmlSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from broadsheet.model import Fault, Observation, Record

MAX_WHOLES = 100_000  # journals and books that items refer to

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NOT_PAPERS = frozenset({"attachment", "note", "annotation"})


class Zotero(XmlSource):
    """A file exported by Zotero."""

    name = "zotero"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._wholes: dict[str, tuple[str, list[str]]] = {}  # title and identifiers, by name

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the items in the file's order; what is broken becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        try:
            for element in _xml_file.read(self.path):
                name = element.get(f"{_RDF}about")
                if name and not first(element, "itemType") and len(self._wholes) < MAX_WHOLES:
                    self._wholes[name] = _whole(element)
        except XmlError:
            pass  # is met again, and reported, where the items are read
        yield from super().read()

    def values(self, element: Element) -> dict[str, Any] | None:
        """Return an item's fields under the names of a JSON Lines record; None for no paper."""
        kind = first(element, "itemType")
        if not kind or kind in _NOT_PAPERS or local(element) in {"Attachment", "Memo"}:
            return None
        venue, found = self._part_of(element)
        said = texts(element, "identifier") + found
        urls = texts(element, "identifier", "URI", "value")
        about = element.get(f"{_RDF}about", "")
        return {
            **_names([*said, *urls, about], first(element, "description"), venue).values(),
            "title": " ".join(first(element, "title").split()),
            "authors": list(_people(element)),
            "abstract": first(element, "abstract"),
            "published": _entry.when(first(element, "date")),
            "venue": venue or first(element, "presentedAt", "Conference", "title"),
            "topics": texts(element, "subject"),
            "comment": first(element, "description"),
            "url": next((url for url in [*urls, about] if url.startswith("http")), ""),
            "extra": {
                "kind": kind,
                "pages": first(element, "pages"),
                "language": first(element, "language"),
                "publisher": first(element, "publisher", "Organization", "name"),
            },
        }

    def _part_of(self, element: Element) -> tuple[str, list[str]]:
        """Return the title and the identifiers of what the item is part of."""
        for part in within(element, "isPartOf"):
            name = part.get(f"{_RDF}resource")
            if name in self._wholes:
                return self._wholes[name]
            for whole in part:
                return _whole(whole)
        return "", []


def _whole(element: Element) -> tuple[str, list[str]]:
    return " ".join(first(element, "title").split()), texts(element, "identifier")


def _people(element: Element) -> Iterator[str]:
    for person in within(element, "authors", "Seq", "li", "Person"):
        given = first(person, "givenName") or first(person, "givenname")
        yield f"{given} {first(person, 'surname')}".strip() or text(person)


def _names(said: list[str], description: str, venue: str) -> Names:
    names = Names()
    for each in said:
        names.add(each)
    names.add_from(description)
    names.add_from(venue)
    for line in description.splitlines():
        label, _, value = line.partition(":")
        if label.strip().lower() == "doi":
            names.add_doi(value)
    return names
