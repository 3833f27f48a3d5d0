"""What does a record say? Its content as canonical JSON, and a digest of that.

Two records with one digest say the same; signals are no part of it, for they have a time of
their own. Fields that hold their default are left out, so that a new field with a default
changes no digest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from broadsheet.model import Precision

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.model import Record

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
    return json.dumps(_content(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def json_digest(content: str) -> str:
    """Return the digest of what ``record_json`` gave: 32 hexadecimal digits."""
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


def record_digest(record: Record) -> str:
    """Return a digest of the record's content, signals left out."""
    return json_digest(record_json(record))


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
