"""Papers and reports as JSON text and back, field by field: no reflection.

A JSON body keeps every string exactly, NUL and lone surrogates too: these are escaped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from broadsheet.model import (
    IngestReport,
    Paper,
    PaperId,
    Precision,
)
from broadsheet.store.names import name
from broadsheet.store.schema import EPOCH, MICROSECOND
from broadsheet.text import quick_json
from broadsheet.text.digest import PRECISIONS, STATUSES, date_of, identifiers_of, links_of

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.model import Signal

LARGEST = 2**53  # of a signal's value; a sum of many still fits the column


def storable(body: str) -> str:
    """Return JSON text that UTF-8 can hold: lone surrogates become escapes."""
    try:
        body.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(body), separators=(",", ":"))
    return body


def paper_body(paper: Paper) -> str:
    """Return what a paper is, without key and totals; defaults are left out."""
    body: dict[str, Any] = {
        "id": paper.id,
        "identifiers": [f"{name.scheme.value}:{name.value}" for name in paper.identifiers],
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "author_count": paper.author_count,
        "published": _day(paper.published),
        "precision": "" if paper.precision is Precision.DAY else paper.precision.value,
        "updated": _day(paper.updated),
        "announced": _day(paper.announced),
        "picked": _day(paper.picked),
        "day": _day(paper.day),
        "version": paper.version,
        "categories": paper.categories,
        "topics": paper.topics,
        "venue": paper.venue,
        "comment": paper.comment,
        "summary": paper.summary,
        "summary_by": paper.summary_by,
        "license": paper.license,
        "status": paper.status.value if paper.status else "",
        "status_by": paper.status_by,
        "links": [(link.kind, link.url) for link in paper.links],
        "sources": paper.sources,
        "is_specimen": paper.is_specimen or None,
    }
    said = {name: value for name, value in body.items() if value or value == 0}
    return storable(quick_json.dumps(said))


def to_paper(key: int, body: str, totals: tuple[int, int, int]) -> Paper:
    """Return the paper of a body; totals are votes, comments, stars."""
    said = quick_json.loads(body)
    get = said.get
    return Paper(
        key=key,
        id=PaperId(get("id", "")),
        identifiers=identifiers_of(get("identifiers", ())),
        title=get("title", ""),
        abstract=get("abstract", ""),
        authors=tuple(get("authors", ())),
        author_count=get("author_count"),
        published=date_of(get("published")),
        precision=PRECISIONS[get("precision", "day")],
        updated=date_of(get("updated")),
        announced=date_of(get("announced")),
        picked=date_of(get("picked")),
        day=date_of(get("day")),
        version=get("version"),
        categories=tuple(get("categories", ())),
        topics=tuple(get("topics", ())),
        venue=get("venue", ""),
        comment=get("comment", ""),
        summary=get("summary", ""),
        summary_by=get("summary_by", ""),
        license=get("license", ""),
        status=STATUSES.get(get("status")),
        status_by=get("status_by", ""),
        links=links_of(get("links", ())),
        sources=tuple(get("sources", ())),
        votes=totals[0],
        comments=totals[1],
        stars=totals[2],
        is_specimen=bool(get("is_specimen", False)),
    )


def signal_row(signal: Signal) -> tuple[str, str, str, int, str, int]:
    """Return a signal as its row says it: kind, origin, actor, microseconds, via, value."""
    moment = (signal.at - EPOCH) // MICROSECOND
    return (
        signal.kind.value,
        name(signal.origin),
        name(signal.actor),
        moment,
        name(signal.via),
        min(signal.value, LARGEST),
    )


def report_body(report: IngestReport) -> str:
    """Return an import's report as JSON."""
    return json.dumps(
        {
            "read": report.read,
            "new": report.new,
            "merged": report.merged,
            "unchanged": report.unchanged,
            "waiting": report.waiting,
            "quarantined": report.quarantined,
            "reasons": dict(report.reasons),
            "seconds": report.seconds,
            "papers": report.papers,
        }
    )


def to_report(body: str) -> IngestReport:
    """Return the report of a body."""
    return IngestReport(**json.loads(body))


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
