"""References in EndNote's XML: one record per ``<record>``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from broadsheet.sources import _entry
from broadsheet.sources._entry import Names
from broadsheet.sources._xml_file import first, texts, within
from broadsheet.sources._xml_source import XmlSource

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PUBMED = re.compile(r"pubmed|medline|nlm", re.IGNORECASE)


class EndNote(XmlSource):
    """A file exported by EndNote."""

    name = "endnote"
    elements = frozenset({"record"})

    def values(self, element: Element) -> dict[str, Any]:
        """Return a reference's fields under the names of a JSON Lines record."""
        urls = texts(element, "urls", "related-urls", "url") + texts(
            element, "urls", "web-urls", "url"
        )
        notes = texts(element, "notes") + texts(element, "research-notes")
        venue = (
            first(element, "periodical", "full-title")
            or first(element, "titles", "secondary-title")
            or first(element, "alt-periodical", "full-title")
        )
        kind = next((each.get("name", "") for each in within(element, "ref-type")), "")
        day = f"{first(element, 'dates', 'pub-dates', 'date')} {first(element, 'dates', 'year')}"
        return {
            **_names(element, [*urls, *notes, venue]).values(),
            "title": " ".join(first(element, "titles", "title").split()),
            "authors": [
                _entry.turned(name) for name in texts(element, "contributors", "authors", "author")
            ],
            "abstract": first(element, "abstract"),
            "published": _entry.when(day),
            "venue": " ".join(venue.split()),
            "topics": texts(element, "keywords", "keyword"),
            "comment": notes[0] if notes else "",
            "url": next((url for url in urls if url.startswith("http")), ""),
            "extra": {
                "kind": kind,
                "volume": first(element, "volume"),
                "number": first(element, "number"),
                "pages": first(element, "pages"),
                "publisher": first(element, "publisher"),
                "issn": first(element, "isbn"),
                "language": first(element, "language"),
            },
        }


def _names(element: Element, said: list[str]) -> Names:
    names = Names()
    for doi in texts(element, "electronic-resource-num"):
        names.add_doi(doi)
    accession = first(element, "accession-num")
    if _PUBMED.search(first(element, "remote-database-name")):
        names.add(f"pmid:{accession}")
    for each in [*said, accession]:
        names.add(each)
        names.add_from(each)
    return names
