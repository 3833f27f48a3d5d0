"""``/papers/{id}``: one paper, where it comes from, who noticed it, what is like it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from broadsheet.errors import EncoderError, IndexFaultError
from broadsheet.library import provenance, ranking
from broadsheet.model import Period, SignalKind
from broadsheet.publish import bibtex, coins, metatags, schemaorg, work
from broadsheet.text import ids
from broadsheet.web import plots, view
from broadsheet.web.administrator import is_administrator
from broadsheet.web.context import base_url, library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from broadsheet.library import Library
    from broadsheet.model import Hit, Merge, Paper, Record, Signal

SIMILAR = 6
MOVED = 301
DOORS = {
    "abstract": "Abstract page",
    "pdf": "PDF",
    "code": "Code",
    "project": "Project page",
    "data": "Data",
    "discussion": "Discussion",
    "doi": "DOI",
}
_GIVEN = (
    *("title", "abstract", "authors", "version", "published", "announced", "picked"),
    *("categories", "topics", "venue", "comment", "summary", "license", "links"),
)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One record as the page shows it."""

    source: str
    source_id: str
    gave: str  # "title, abstract and authors"
    read: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the paper."""

    number: int
    day: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one origin counted, at its newest."""

    origin: str
    counts: tuple[str, ...]  # "57 votes", "9 comments"
    at: datetime


@router.get("/papers/{name:path}")
def show_paper(request: Request, name: str) -> Response:
    """Show a paper; its older and longer names lead to its one address."""
    library = library_of(request)
    paper = library.paper(name)
    if name != ids.url_part(paper.id):
        return RedirectResponse(view.paper_url(paper), MOVED)
    signals = library.signals(paper)
    records = library.records(paper)
    times = library.store.record_times(paper.key)
    similar, fault = _similar(library, paper)
    url = work.page_url(paper, base_url(request))
    now = library.clock.now()
    moment = ranking.Moment(period=Period.WEEK, at=now, now=now, zone=library.zone)
    values: dict[str, Any] = {
        "paper": paper,
        "formulas": view.has_formula(paper.title, paper.abstract, paper.summary),
        "similar": similar,
        "fault": fault,
        "timeline": plots.timeline(signals, born=ranking.born(paper, library.zone), now=now),
        "heat": ranking.heat_of(paper, signals, moment),
        "tallies": tallies(signals),
        "origins": origins(records, times),
        "supplied": supplied(paper, records, times),
        "ties": ties(records, library.merges(paper)),
        "may_merge": is_administrator(request),
        "versions": versions(records),
        "doors": doors(paper),
        "bibtex": bibtex.render([paper], base_url=base_url(request)),
        "tags": metatags.highwire(paper),
        "coins": coins.title(paper),
        "json_ld": schemaorg.script_text(schemaorg.json_ld(paper, url)),
        "canonical": url,
        "shelf_names": [shelf.name for shelf in library.shelves()],
    }
    shown = [paper, *(hit.paper for hit in similar)]
    return render(request, "paper.html", **values, **_lists.marks(library, shown))


def _similar(library: Library, paper: Paper) -> tuple[Sequence[Hit], str]:
    """Return the nearest papers; a fault of the index costs only this part of the page."""
    try:
        return library.similar(paper.id, limit=SIMILAR).hits, ""
    except (IndexFaultError, EncoderError) as error:
        return (), str(error)


def origins(records: Sequence[Record], times: Mapping[tuple[str, str], datetime]) -> list[Origin]:
    """Return what each record gave, newest last."""
    return [
        Origin(
            source=record.source,
            source_id=record.source_id,
            gave=view.listed([field for field in _GIVEN if getattr(record, field)]),
            read=times.get((record.source, record.source_id)),
        )
        for record in records
    ]


def supplied(
    paper: Paper, records: Sequence[Record], times: Mapping[tuple[str, str], datetime]
) -> list[tuple[str, list[provenance.Supplied]]]:
    """Return (what it is called, who gave it) of each value that the page shows."""
    found = provenance.provenance(paper, records, times)
    return [(field.replace("_", " "), list(givers)) for field, givers in found.items()]


def ties(records: Sequence[Record], merges: Sequence[Merge]) -> list[provenance.Tie]:
    """Return why the records are one work; nothing where there is but one."""
    return provenance.ties(records, merges) if len(records) > 1 or merges else []


def versions(records: Sequence[Record]) -> list[Version]:
    """Return each version that some record names, newest first; the first record wins."""
    found: dict[int, Version] = {}
    for record in records:
        if record.version is not None and record.version not in found:
            day = record.updated or (record.published if record.version == 1 else None)
            found[record.version] = Version(number=record.version, day=day, source=record.source)
    return sorted(found.values(), key=lambda version: -version.number)


def tallies(signals: Sequence[Signal]) -> list[Tally]:
    """Return the newest values by origin; the readers of this instance are counted together."""
    newest = {(one.origin, one.kind, one.actor): one for one in signals}
    sums: Counter[tuple[str, SignalKind]] = Counter()
    seen: dict[str, datetime] = {}
    for (origin, kind, _actor), signal in newest.items():
        sums[origin, kind] += signal.value
        seen[origin] = max(signal.at, seen.get(origin, signal.at))
    found = []
    for origin in sorted(seen):
        counts = [(kind.value, sums[origin, kind]) for kind in SignalKind if sums[origin, kind]]
        if counts:
            words = tuple(view.counted(value, noun) for noun, value in counts)
            found.append(Tally(origin=origin, counts=words, at=seen[origin]))
    return found


def doors(paper: Paper) -> list[tuple[str, str]]:
    """Return (label, URL) of every place where more of the paper is; http and https only."""
    found = [
        (DOORS.get(link.kind, link.kind.capitalize()), view.outbound(link.url))
        for link in paper.links
    ]
    outside = work.outside_url(paper)
    if outside and not any(kind in {"Abstract page", "DOI"} for kind, _ in found):
        found.insert(0, ("At the source", view.outbound(outside)))
    seen: set[str] = set()
    return [
        (label, url)
        for label, url in found
        if url and not (url in seen or seen.add(url))  # type: ignore[func-returns-value]
    ]
