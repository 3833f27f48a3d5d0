"""How does a paper look from outside? The model's values as the API's values."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from broadsheet.library.provenance import sentence
from broadsheet.publish import work
from broadsheet.text import latex
from broadsheet.web.api import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.library import Library
    from broadsheet.model import (
        Counts,
        DayStanding,
        Explanation,
        Identifier,
        LibraryStatus,
        Link,
        Marked,
        Merge,
        Paper,
        PartDay,
        Ranked,
        Record,
        Results,
        Shelf,
        Signal,
    )


def paper(paper: Paper, base_url: str, /) -> models.PaperOut:
    """Return a paper with readable texts and the address of its page."""
    return models.PaperOut(
        id=paper.id,
        url=work.page_url(paper, base_url),
        identifiers=_identifiers(paper.identifiers),
        title=work.title(paper),
        abstract=work.abstract(paper),
        authors=list(paper.authors),
        author_count=paper.author_count,
        published=paper.published,
        published_precision=paper.precision,
        updated=paper.updated,
        announced=paper.announced,
        picked=paper.picked,
        day=paper.day,
        version=paper.version,
        categories=list(paper.categories),
        topics=list(paper.topics),
        venue=paper.venue,
        comment=paper.comment,
        summary=latex.to_text(paper.summary),
        summary_by=paper.summary_by,
        license=paper.license,
        status=paper.status,
        status_by=paper.status_by,
        links=_links(paper.links),
        sources=list(paper.sources),
        votes=paper.votes,
        comments=paper.comments,
        stars=paper.stars,
        citations=paper.citations,
        is_specimen=paper.is_specimen,
    )


def hits(library: Library, results: Results, base_url: str, /) -> list[models.HitOut]:
    """Return the hits of an answer, each with its explanation."""
    return [
        models.HitOut(
            paper=paper(hit.paper, base_url),
            score=hit.score,
            why=_explanation(hit.why),
            highlight=models.HighlightOut(
                title=_marked(light.title),
                abstract=_marked(light.abstract),
                sentence=_marked(light.sentence),
                nearness=light.nearness,
            ),
        )
        for hit, light in zip(results.hits, library.highlights(results), strict=True)
    ]


def _marked(text: Marked) -> models.MarkedOut:
    return models.MarkedOut(text=text.text, marks=list(text.marks))


def _explanation(why: Explanation) -> models.ExplanationOut:
    return models.ExplanationOut(
        matched=list(why.matched),
        lexical=why.lexical,
        lexical_norm=why.lexical_norm,
        lexical_rank=why.lexical_rank,
        lexical_weight=why.lexical_weight,
        dense=why.dense,
        dense_norm=why.dense_norm,
        dense_rank=why.dense_rank,
        dense_weight=why.dense_weight,
        citations=why.citations,
        citations_norm=why.citations_norm,
        citation_weight=why.citation_weight,
        known_item=why.known_item,
        heat=why.heat,
        aspect=why.aspect,
    )


def counts(counts: Counts, /) -> models.CountsOut:
    """Return what the hits of a search are."""
    return models.CountsOut(
        total=counts.total,
        years=[models.YearCountOut(year=year, papers=papers) for year, papers in counts.years],
        categories=_counted(counts.categories),
        sources=_counted(counts.sources),
        topics=_counted(counts.topics),
    )


def _counted(pairs: Iterable[tuple[str, int]]) -> list[models.CountOut]:
    return [models.CountOut(value=value, papers=papers) for value, papers in pairs]


def ranked(place: Ranked, base_url: str, /) -> models.RankedOut:
    """Return a paper at its place."""
    return models.RankedOut(
        rank=place.rank, paper=paper(place.paper, base_url), heat=place.heat, why=place.why
    )


def record(record: Record, /) -> models.RecordOut:
    """Return what one source said, as it said it; its signals are told by ``signals``."""
    return models.RecordOut(
        source=record.source,
        source_id=record.source_id,
        identifiers=_identifiers(record.identifiers),
        version=record.version,
        title=record.title,
        abstract=record.abstract,
        authors=list(record.authors),
        author_count=record.author_count,
        published=record.published,
        published_precision=record.precision,
        updated=record.updated,
        announced=record.announced,
        picked=record.picked,
        categories=list(record.categories),
        topics=list(record.topics),
        venue=record.venue,
        comment=record.comment,
        summary=record.summary,
        summary_by=record.summary_by,
        license=record.license,
        status=record.status,
        links=_links(record.links),
        extra=dict(record.extra),
    )


def merge(merge: Merge, /) -> models.MergeOut:
    """Return why records became one paper."""
    evidence = merge.joint.evidence
    return models.MergeOut(
        merge=merge.key,
        reason=evidence.reason,
        text=sentence(merge),
        detail=dict(evidence.detail),
        records=[f"{source} {name}" for source, name in merge.joint.records],
        at=merge.at,
        undone=merge.undone,
    )


def paper_meta(library: Library, paper: Paper, /) -> models.PaperMeta:
    """Return which records supplied a paper's values, and why they are one work."""
    return models.PaperMeta(
        provenance={
            field: [models.SuppliedOut(**asdict(one)) for one in givers]
            for field, givers in library.provenance(paper).items()
        },
        ties=[tie.text for tie in library.ties(paper) if not tie.is_undone],
    )


def signal(signal: Signal, /) -> models.SignalOut:
    """Return a signal without its actor: who voted is nobody else's business."""
    return models.SignalOut(
        kind=signal.kind, value=signal.value, at=signal.at, origin=signal.origin, via=signal.via
    )


def shelf(shelf: Shelf, /) -> models.ShelfOut:
    """Return a shelf without its papers."""
    return models.ShelfOut(name=shelf.name, papers=shelf.papers, updated=shelf.updated)


def status(status: LibraryStatus, version: str, days: Iterable[DayStanding], /) -> models.StatusOut:
    """Return what is here; imports and their faults stay on the page ``/status``."""
    engine = status.engine
    return models.StatusOut(
        version=version,
        papers=status.papers,
        specimens=status.specimens,
        records=status.records,
        signals=status.signals,
        quarantined=status.quarantined,
        engine=models.EngineOut(
            position=engine.position,
            lag=max(0, status.change - engine.position),
            indexed=engine.indexed,
            encoded=status.serving,
            encoder=status.encoder,
            encoders={**engine.former, **engine.encoders},
            encoded_per_second=round(status.encoded_per_s, 1),
            kind=engine.kind,
            bytes=engine.bytes,
        ),
        sources=[
            models.SourceOut(
                source=one.source, records=one.records, papers=one.papers, newest=one.newest
            )
            for one in status.sources
        ],
        listings=[_part_day(one) for day in days for one in day.parts],
    )


def _part_day(one: PartDay) -> models.PartDayOut:
    return models.PartDayOut(
        day=one.day,
        category=one.part,
        announced=one.announced,
        harvested=one.harvested,
        expected=one.expected,
        held=one.held,
        state=one.state,
        note=one.note,
    )


def _identifiers(identifiers: Iterable[Identifier]) -> list[models.IdentifierOut]:
    return [models.IdentifierOut(scheme=one.scheme, value=one.value) for one in identifiers]


def _links(links: Iterable[Link]) -> list[models.LinkOut]:
    return [models.LinkOut(kind=link.kind, url=link.url) for link in links]
