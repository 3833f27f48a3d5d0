"""References in CSL-JSON, as Zotero, Mendeley, pandoc and DOI resolvers write it.

Schema: https://github.com/citation-style-language/schema. The ``note`` is looked through for
identifiers: that is where reference managers put what CSL has no field for.
"""

from __future__ import annotations

import re
from typing import Any

from broadsheet.sources import _entry, crossref
from broadsheet.sources._entry import Names
from broadsheet.sources._json_source import JsonSource, kept, objects, text, texts

_FIELDS = frozenset(
    {"author", "issued", "container-title", "DOI", "URL", "abstract", "citation-key"}
)
_PARTS = re.compile(r"\s*[,;]\s*")


def is_csl(item: dict[str, Any]) -> bool:
    """Tell whether an object is a reference in CSL-JSON."""
    return (
        isinstance(item.get("type"), str)
        and isinstance(item.get("title"), str)
        and not _FIELDS.isdisjoint(item)
        and not isinstance(item.get("authors"), list)
    )


def to_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return a reference's fields under the names of a JSON Lines record."""
    names = Names()
    names.add_doi(item.get("DOI"))
    names.add(f"pmid:{text(item.get('PMID'))}")
    url = text(item.get("URL"))
    for each in (url, text(item.get("id")), text(item.get("number"))):
        names.add(each)
    for name in ("note", "number", "archive_location", "container-title", "publisher"):
        names.add_from(text(item.get(name)))
    keyword = item.get("keyword")
    topics = _PARTS.split(keyword) if isinstance(keyword, str) else texts(keyword)
    return {
        **names.values(),
        "title": text(item.get("title")),
        "authors": [name for name in map(crossref.person, objects(item.get("author"))) if name],
        "abstract": _entry.plain_jats(text(item.get("abstract"))),
        "published": _entry.from_parts(item.get("issued")),
        "venue": text(item.get("container-title")) or text(item.get("event-title")),
        "topics": [each for each in topics if each],
        "comment": text(item.get("note")),
        "url": url if url.startswith("http") else "",
        "extra": kept(
            {
                "kind": text(item.get("type")),
                "key": text(item.get("citation-key")) or text(item.get("id")),
                "publisher": text(item.get("publisher")),
                "volume": text(item.get("volume")),
                "number": text(item.get("issue")),
                "pages": text(item.get("page")),
                "language": text(item.get("language")),
                "pmc": text(item.get("PMCID")),
            }
        ),
    }


class Csl(JsonSource):
    """A file of references in CSL-JSON."""

    name = "csl"

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)
