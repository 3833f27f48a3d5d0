"""Works of OpenAlex: the parts of its snapshot, and answers of its API.

Fields: https://docs.openalex.org/api-entities/works/work-object. Abstracts come as the places of
each word. What stands behind a work's locations are copies of it: their ids are its ids.
"""

from __future__ import annotations

import re
from typing import Any

from broadsheet.model import Scheme
from broadsheet.sources import _entry
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json_source import JsonSource, kept, mapping, objects, text

MAX_WORDS = 100_000  # of an abstract; some are whole papers

_WORK = re.compile(r"https?://openalex\.org/W\d+", re.IGNORECASE)
_COPIES = (Scheme.ARXIV, Scheme.ACL, Scheme.OPENREVIEW, Scheme.PMID)


def is_openalex(item: dict[str, Any]) -> bool:
    """Tell whether an object is a work of OpenAlex's."""
    return isinstance(item.get("id"), str) and _WORK.fullmatch(item["id"]) is not None


def to_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return a work's fields under the names of a JSON Lines record.

    Raises:
        FieldError: the abstract's index is none.
    """
    names = _names(item)
    place = mapping(item.get("primary_location"))
    best = mapping(item.get("best_oa_location"))
    biblio = mapping(item.get("biblio"))
    return {
        **names.values(),
        "title": text(item.get("title")) or text(item.get("display_name")),
        "authors": _authors(item),
        "abstract": abstract(item.get("abstract_inverted_index")),
        "published": _entry.when(item.get("publication_date"))
        or _entry.when(item.get("publication_year")),
        "venue": text(mapping(place.get("source")).get("display_name")),
        "topics": _topics(item),
        "license": text(best.get("license")) or text(place.get("license")),
        "links": _links(best, place),
        "status": "retracted" if item.get("is_retracted") is True else "",
        "extra": kept(
            {
                "kind": text(item.get("type")),
                "language": text(item.get("language")),
                "citations": item.get("cited_by_count"),
                "paratext": item.get("is_paratext") is True,
                "authors_cut": item.get("is_authors_truncated") is True,
                "volume": text(biblio.get("volume")),
                "number": text(biblio.get("issue")),
                "pages": text(biblio.get("first_page")),
                "last_page": text(biblio.get("last_page")),
            }
        ),
    }


class OpenAlex(JsonSource):
    """A file of OpenAlex's works."""

    name = "openalex"

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)


def abstract(index: Any) -> str:
    """Return the text of ``{"word": [places]}``; a place that is missing is passed over.

    Raises:
        FieldError: it is no such index, or a very long one.
    """
    if not index:
        return ""
    if not isinstance(index, dict):
        raise FieldError("abstract_inverted_index: expected an object of words and places")
    placed: list[tuple[int, str]] = []
    for word, places in index.items():
        if not isinstance(places, list) or not all(type(place) is int for place in places):
            raise FieldError("abstract_inverted_index: expected lists of whole numbers")
        placed += [(place, word) for place in places]
        if len(placed) > MAX_WORDS:
            raise FieldError(f"abstract_inverted_index: more than {MAX_WORDS:,} words")
    return " ".join(word for _, word in sorted(placed))


def _names(item: dict[str, Any]) -> Names:
    names = Names()
    names.add(item.get("id"))
    given = mapping(item.get("ids"))
    for doi in (item.get("doi"), given.get("doi")):
        names.add_doi(doi)
    names.add(given.get("pmid"))
    places = [item.get("primary_location"), *objects(item.get("locations"))]
    for place in map(mapping, places):
        for url in (place.get("landing_page_url"), place.get("pdf_url")):
            names.add(url, only=_COPIES)
    return names


def _authors(item: dict[str, Any]) -> list[str]:
    shown = (
        text(mapping(each.get("author")).get("display_name")) or text(each.get("raw_author_name"))
        for each in objects(item.get("authorships"))
    )
    return [name for name in shown if name]


def _topics(item: dict[str, Any]) -> list[str]:
    """Return keywords, as the newer and the older answers call them, then topics."""
    pieces = objects(item.get("keywords")) + objects(item.get("topics"))
    found = (text(each.get("display_name")) or text(each.get("keyword")) for each in pieces)
    return [name for name in found if name]


def _links(*places: dict[str, Any]) -> list[dict[str, str]]:
    found = [
        {"kind": kind, "url": url}
        for place in places
        for kind, url in (
            ("pdf", text(place.get("pdf_url"))),
            ("abstract", text(place.get("landing_page_url"))),
        )
        if url.startswith("http") and "doi.org/" not in url
    ]
    return found[:4]
