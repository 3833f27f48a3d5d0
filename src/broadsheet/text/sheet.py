"""Papers as the store keeps them: as JSON text and back, field by field, no reflection.

A sheet can be made away from the one writer, in the process that reads. A body keeps every string
exactly; lone surrogates and NUL are escaped in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadsheet.model import Paper, PaperId, Precision
from broadsheet.text import quick_json
from broadsheet.text.digest import PRECISIONS, STATUSES, date_of, identifiers_of, links_of

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is kept of a paper, but for its key and its totals."""

    names: tuple[str, ...]  # of its identifiers, ``scheme:value``, best first
    body: str  # all of it, as JSON
    day: date | None
    announced: date | None
    picked: date | None
    is_specimen: bool
    citations: int | None


def sheet_of(paper: Paper) -> Sheet:
    """Return what a paper is, without key and totals; defaults are left out."""
    names = tuple(map(str, paper.identifiers))
    body: dict[str, Any] = {
        "id": paper.id,
        "identifiers": names,
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
        "citations": paper.citations,
        "is_specimen": paper.is_specimen or None,
    }
    said = {name: value for name, value in body.items() if value or value == 0}
    return Sheet(
        names=names,
        body=quick_json.dumps(said),
        day=paper.day,
        announced=paper.announced,
        picked=paper.picked,
        is_specimen=paper.is_specimen,
        citations=paper.citations,
    )


def paper_of(key: int, body: str, totals: tuple[int, int, int]) -> Paper:
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
        citations=get("citations"),
        votes=totals[0],
        comments=totals[1],
        stars=totals[2],
        is_specimen=bool(get("is_specimen", False)),
    )


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
