"""A paper in Dublin Core, as every OAI-PMH repository can give it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from broadsheet.model import Scheme
from broadsheet.sources import _fields, _xml
from broadsheet.sources._fields import FieldError
from broadsheet.sources.jsonlines import to_record
from broadsheet.text import ids, links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from broadsheet.model import Record

MAX_NAMES = 20  # identifiers that are looked at
_REAL = frozenset({Scheme.ARXIV, Scheme.ACL, Scheme.OPENREVIEW, Scheme.DOI})
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


def record(content: Element, *, name: str, source: str, sets: Sequence[str]) -> Record:
    """Return the record of a ``dc`` element.

    Of several dates the earliest is the paper's, of several descriptions the longest its
    abstract. Identifiers that are none (addresses of the repository) become links.

    Args:
        content: The element.
        name: The record's identifier in its repository.
        source: The name of the source.
        sets: Those that the record is in, kept in `extra`.

    Raises:
        FieldError: it is no paper.
    """
    said = _xml.texts(content)
    title = " ".join(said.get("title", [""])[0].split())
    if not title:
        raise FieldError("title: there is none")
    places = said.get("identifier", []) + said.get("relation", [])
    parsed = (ids.parse(one) for one in [name, *places][:MAX_NAMES])
    found = [one for one in parsed if one is not None and one.scheme in _REAL]
    # What others wrote is related; it names this paper only where the record is its own.
    names = [str(one) for one in dict.fromkeys(found)]
    dates = sorted(filter(None, (_day(one) for one in said.get("date", []))))
    return to_record(
        {
            "source": source,
            "source_id": name,
            "id": None if names else name,
            "identifiers": names,
            "title": title,
            "abstract": max(said.get("description", [""]), key=len),
            "authors": [_turned(one) for one in said.get("creator", [])],
            "published": dates[0] if dates else None,
            "topics": _subjects(said.get("subject", [])),
            "venue": _venue(said.get("source", []) + said.get("publisher", [])),
            "license": " ".join(said.get("rights", [])[:1])[: _fields.MAX_NAME],
            "links": _links(said.get("identifier", [])) if not names else [],
            "extra": {"sets": list(sets), "types": said.get("type", []), "dates": dates[1:]},
        },
        shelf=source,
    )


def _turned(name: str) -> str:
    """Return "Lovelace, Ada" as "Ada Lovelace"; other names as they are."""
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and "," not in given else name


def _day(value: str) -> str:
    found = _DAY.match(value.strip())
    return found[0] if found else ""


def _subjects(subjects: Sequence[str]) -> list[str]:
    short = (" ".join(one.split()) for one in subjects)
    return [one for one in short if len(one) <= 80]  # noqa: PLR2004  # more is a sentence


def _venue(names: Sequence[str]) -> str:
    return " ".join(names[0].split())[: _fields.MAX_NAME] if names else ""


def _links(addresses: Sequence[str]) -> list[dict[str, str]]:
    found = (links.address(one) for one in addresses if "://" in one[:8])
    return [{"kind": "abstract", "url": url} for url in found if url][:3]
