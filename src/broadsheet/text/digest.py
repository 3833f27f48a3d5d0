"""What does a record say? Its content as canonical JSON, and a digest of that.

Two records with one digest say the same; signals are no part of it, for they have a time of
their own. Fields that hold their default are left out, so that a new field with a default
changes no digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from broadsheet.model import Identifier, Link, Precision, Record, Scheme, Status
from broadsheet.text import quick_json

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMES = {scheme.value: scheme for scheme in Scheme}
PRECISIONS = {precision.value: precision for precision in Precision}
STATUSES: dict[str | None, Status | None] = {status.value: status for status in Status}

DIGEST_BYTES = 16  # of 2**64 records, two differing ones collide with a chance of one half


@dataclass(frozen=True, slots=True)
class Content:
    """What a record says, signals left out."""

    json: str  # keys sorted, defaults left out
    digest: str  # of ``json``: 32 hexadecimal digits


def content_of(record: Record) -> Content:
    """Return the record's content and its digest, which cost more than most else about it."""
    json_text = record_json(record)
    return Content(json_text, json_digest(json_text))


def record_json(record: Record) -> str:
    """Return the record without its signals as JSON: keys sorted, defaults left out."""
    write = quick_json.dumps if quick_json.is_exact(record.extra) else quick_json.plainly
    return write(_content(record), is_sorted=True)


def json_digest(content: str) -> str:
    """Return the digest of what ``record_json`` gave: 32 hexadecimal digits."""
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


def record_digest(record: Record) -> str:
    """Return a digest of the record's content, signals left out."""
    return json_digest(record_json(record))


def record_of(body: str) -> Record:
    """Return the record of what ``record_json`` gave; signals are no part of it."""
    said = quick_json.loads(body)
    get = said.get
    return Record(
        source=get("source", ""),
        source_id=get("source_id", ""),
        title=get("title", ""),
        identifiers=identifiers_of(get("identifiers", ())),
        version=get("version"),
        abstract=get("abstract", ""),
        authors=tuple(get("authors", ())),
        author_count=get("author_count"),
        published=date_of(get("published")),
        precision=PRECISIONS[get("precision", "day")],
        updated=date_of(get("updated")),
        announced=date_of(get("announced")),
        picked=date_of(get("picked")),
        categories=tuple(get("categories", ())),
        topics=tuple(get("topics", ())),
        venue=get("venue", ""),
        comment=get("comment", ""),
        summary=get("summary", ""),
        summary_by=get("summary_by", ""),
        license=get("license", ""),
        status=STATUSES.get(get("status")),
        links=links_of(get("links", ())),
        extra=get("extra", {}),
    )


def identifier_of(name: str) -> Identifier:
    """Return the identifier that was written as ``scheme:value``."""
    scheme, _, value = name.partition(":")
    return Identifier(SCHEMES[scheme], value)


def identifiers_of(names: Sequence[str]) -> tuple[Identifier, ...]:
    """Return the identifiers that were written as ``scheme:value``."""
    return tuple(identifier_of(name) for name in names)


def links_of(pairs: Sequence[tuple[str, str]]) -> tuple[Link, ...]:
    """Return the links that were written as (kind, address)."""
    return tuple(Link(kind=kind, url=url) for kind, url in pairs)


def date_of(value: str | None) -> date | None:
    """Return the day that was written as ``2026-03-04``."""
    return None if value is None else date.fromisoformat(value)


def _content(record: Record) -> dict[str, Any]:
    """Return the fields that say something, as JSON values; written out, for speed."""
    content: dict[str, Any] = {
        "abstract": record.abstract,
        "announced": _day(record.announced),
        "author_count": record.author_count,
        "authors": record.authors,
        "categories": record.categories,
        "comment": record.comment,
        "extra": record.extra,
        "identifiers": [f"{name.scheme.value}:{name.value}" for name in record.identifiers],
        "license": record.license,
        "links": [(link.kind, link.url) for link in record.links],
        "picked": _day(record.picked),
        "precision": "" if record.precision is Precision.DAY else record.precision.value,
        "published": _day(record.published),
        "source": record.source,
        "source_id": record.source_id,
        "status": record.status.value if record.status else "",
        "summary": record.summary,
        "summary_by": record.summary_by,
        "title": record.title,
        "topics": record.topics,
        "updated": _day(record.updated),
        "venue": record.venue,
        "version": record.version,
    }
    return {name: value for name, value in content.items() if value or value == 0}


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
