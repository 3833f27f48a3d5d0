"""Works as Crossref gives them: answers of its API and the items of its public data file.

Fields: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md. A preprint that the
publisher links to is the same paper; abstracts come in JATS.
"""

from __future__ import annotations

import re
from typing import Any

from broadsheet.model import Scheme
from broadsheet.sources import _entry
from broadsheet.sources._entry import Names
from broadsheet.sources._json_source import JsonSource, kept, mapping, objects, text, texts

_DATES = ("published-online", "published-print", "posted", "published", "created")
_SAME_PAPER = ("is-preprint-of", "has-preprint")
_RETRACTION = re.compile(r"retract|withdraw|removal", re.IGNORECASE)
_RETRACTED_TITLE = re.compile(r"\W*(?:retracted|withdrawn)(?: article)?\s*[:\]]", re.IGNORECASE)


def is_crossref(item: dict[str, Any]) -> bool:
    """Tell whether an object is a work of Crossref's."""
    return "DOI" in item and not {"prefix", "member"}.isdisjoint(item) and "title" in item


def to_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return a work's fields under the names of a JSON Lines record."""
    names = Names()
    is_doi = names.add_doi(item.get("DOI"))
    for kind in _SAME_PAPER:
        for other in objects(mapping(item.get("relation")).get(kind)):
            if other.get("id-type") in {"doi", "arxiv"}:
                names.add(other.get("id"), only=(Scheme.DOI, Scheme.ARXIV))
    title = text(item.get("title"))
    subtitle = text(item.get("subtitle"))
    return {
        **names.values(),
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "authors": [name for name in map(person, objects(item.get("author"))) if name],
        "abstract": _entry.plain_jats(text(item.get("abstract"))),
        "published": _published(item),
        "venue": text(item.get("container-title")) or text(mapping(item.get("event")).get("name")),
        "topics": texts(item.get("subject")),
        "license": _license(item),
        "status": "retracted" if _is_retracted(item, title) else "",
        "links": _links(item),
        "extra": kept(
            {
                "doi": "" if is_doi else text(item.get("DOI")),
                "kind": text(item.get("type")),
                "publisher": text(item.get("publisher")),
                "volume": text(item.get("volume")),
                "number": text(item.get("issue")),
                "pages": text(item.get("page")),
                "language": text(item.get("language")),
                "citations": item.get("is-referenced-by-count"),
            }
        ),
    }


class Crossref(JsonSource):
    """A file of Crossref's works."""

    name = "crossref"

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)


def person(author: dict[str, Any]) -> str:
    """Return the name of one author or editor, a person's or a body's."""
    parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    name = " ".join(part for part in (text(author.get(each)) for each in parts) if part)
    return name or text(author.get("name")) or text(author.get("literal"))


def _published(item: dict[str, Any]) -> str:
    """Return the day of first publication, as finely as any date of the work knows it."""
    issued = _entry.from_parts(item.get("issued"))
    dates = [_entry.from_parts(item.get(name)) for name in _DATES]
    if not issued:
        return next(filter(None, dates), "")
    return max((each for each in [issued, *dates[:-1]] if each.startswith(issued)), key=len)


def _license(item: dict[str, Any]) -> str:
    """Return the licence of the published version, or the first one."""
    given = objects(item.get("license"))
    best = sorted(given, key=lambda each: each.get("content-version") != "vor")
    return text(best[0].get("URL")) if best else ""


def _links(item: dict[str, Any]) -> list[dict[str, str]]:
    for each in objects(item.get("link")):
        url = text(each.get("URL"))
        if each.get("content-type") == "application/pdf" and url.startswith("http"):
            return [{"kind": "pdf", "url": url}]
    return []


def _is_retracted(item: dict[str, Any], title: str) -> bool:
    notices = objects(item.get("updated-by"))
    return any(_RETRACTION.search(text(each.get("type"))) for each in notices) or bool(
        _RETRACTED_TITLE.match(title)
    )
