"""``broadsheet search`` and ``broadsheet similar``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.output import Json, note, opened, print_json, print_table, progress_bar
from broadsheet.model import Aspect, Filters, Mode, Reference, Sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.library import Library
    from broadsheet.model import Counts, Highlight, Hit, Marked, Paper, Results

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
Several = list[str] | None


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(search)
    app.command()(similar)


def search(
    context: typer.Context,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="As in the search box.")],
    mode: Annotated[Mode, typer.Option(help="Which retrievers answer.")] = Mode.HYBRID,
    sort: Annotated[Sort | None, typer.Option(help="The order of the hits.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many hits.")] = 10,
    offset: Annotated[int, typer.Option(min=0, help="From which hit on.")] = 0,
    since: Day = None,
    until: Day = None,
    source: Annotated[Several, typer.Option(help="Only from this source; repeatable.")] = None,
    category: Annotated[Several, typer.Option(help="Only this category; repeatable.")] = None,
    topic: Annotated[Several, typer.Option(help="Only this topic; repeatable.")] = None,
    has: Annotated[Several, typer.Option(help="Only with a link of this kind: code.")] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="Count years, categories and so on over all hits.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Show each hit's nearest sentence and its figures.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="First let the index catch up.")] = False,
    json: Json = False,
) -> None:
    """Find papers by word and by meaning.

    Example: broadsheet search "sparse attention author:lovelace" --since 2026-01-01
    """
    filters = Filters(
        since=since.date() if since else None,
        until=until.date() if until else None,
        sources=tuple(source or ()),
        categories=tuple(category or ()),
        topics=tuple(topic or ()),
        has=tuple(has or ()),
    )
    with opened(context) as library:
        if wait:
            _catch_up(library, is_encoding=mode is not Mode.LEXICAL)
        results = library.search(
            " ".join(query),
            mode=mode,
            filters=filters,
            sort=sort,
            limit=limit,
            offset=offset,
            is_counting=counts,
        )
        lights = library.highlights(results) if json or why else ()
    _print_results(results, lights, is_json=json)


def similar(
    context: typer.Context,
    paper: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Papers: ids, URLs or DOIs.")
    ] = None,
    text: Annotated[
        typer.FileText | None,
        typer.Option(metavar="FILE", help="Also like an abstract or draft; - reads the input."),
    ] = None,
    unlike: Annotated[Several, typer.Option(help="Unlike this paper; repeatable.")] = None,
    aspect: Annotated[Aspect | None, typer.Option(help="Alike in this; default: whole.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many papers.")] = 10,
    since: Day = None,
    until: Day = None,
    source: Annotated[Several, typer.Option(help="Only from this source; repeatable.")] = None,
    category: Annotated[Several, typer.Option(help="Only this category; repeatable.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="First let the index catch up.")] = False,
    json: Json = False,
) -> None:
    """List the papers nearest in meaning to one paper, to several, or to a text, minus others.

    Example: broadsheet similar arxiv:2401.01234 --unlike 2402.00001 --aspect method
    """
    reference = Reference(
        papers=tuple(paper or ()),
        text=text.read() if text else "",
        unlike=tuple(unlike or ()),
        aspect=aspect,
    )
    filters = Filters(
        since=since.date() if since else None,
        until=until.date() if until else None,
        sources=tuple(source or ()),
        categories=tuple(category or ()),
    )
    with opened(context) as library:
        if wait:
            _catch_up(library, is_encoding=True)
        results = library.similar(reference, filters=filters, limit=limit)
        lights = library.highlights(results) if json else ()
    _print_results(results, lights, is_json=json)


def _catch_up(library: Library, *, is_encoding: bool) -> None:
    with progress_bar("Indexing") as move:
        library.catch_up(is_encoding=is_encoding, progress=move)


def _print_results(results: Results, lights: Sequence[Highlight], *, is_json: bool) -> None:
    if is_json:
        shown = zip(results.hits, lights, strict=True)
        print_json(
            {
                "total": results.total,
                "mode": results.mode,
                "papers": [_hit_as_json(hit, light) for hit, light in shown],
                "query": results.query.text,
                "instead_of": results.instead_of,
                "suggestion": results.suggestion,
                "notes": list(results.notes),
                **({"counts": asdict(results.counts)} if results.counts else {}),
            }
        )
        return
    print_table(["score", "id", "published", "title"], _rows(results.hits))
    for hit, light in zip(results.hits, lights, strict=False):
        note(_told(hit, light))
    if results.instead_of:
        note(f"Found for {results.query.text}; as typed: {results.instead_of}")
    if results.suggestion:
        note(f"Did you mean: {results.suggestion}")
    for sentence in results.notes:
        note(sentence)
    if not results.hits:
        note("Nothing found.")
    if results.counts:
        _print_counts(results.counts)


def _print_counts(counts: Counts) -> None:
    for name, pairs in (
        ("years", counts.years),
        ("categories", counts.categories),
        ("sources", counts.sources),
        ("topics", counts.topics),
    ):
        told = ", ".join(f"{value} {papers:,}" for value, papers in pairs)
        note(f"{name}: {told or 'none'}")


def _rows(hits: Sequence[Hit]) -> list[list[object]]:
    return [
        [f"{hit.score:.3f}", hit.paper.id, _published(hit.paper), hit.paper.title] for hit in hits
    ]


def _published(paper: Paper) -> str:
    """Return when a paper appeared, as far as known: 2026-08-21, 2026-08, 2026, or ""."""
    shown = paper.published.isoformat() if paper.published else ""
    return shown[: {"year": 4, "month": 7}.get(paper.precision.value)]


def _told(hit: Hit, light: Highlight) -> str:
    """Return why a hit is there: its numbers, the words it has, the sentence that shows them."""
    why = hit.why
    parts = [f"{why.known_item} is what was typed"] if why.known_item else []
    if why.lexical is not None:
        parts.append(
            f"words {why.lexical_norm:.2f} x {why.lexical_weight:.2f} (BM25 {why.lexical:.2f})"
        )
    if why.dense is not None:
        parts.append(f"meaning {why.dense_norm:.2f} x {why.dense_weight:.2f} ({why.dense:.2f})")
    if why.citations:
        parts.append(
            f"cited {why.citations_norm:.2f} x {why.citation_weight:.2f} ({why.citations})"
        )
    if why.heat is not None:
        parts.append(f"heat {why.heat:.2f}")
    if why.matched:
        parts.append(f"has {', '.join(why.matched)}")
    return f"{hit.paper.id}: {'; '.join(parts)}\n    {_starred(light.sentence)}"


def _starred(text: Marked) -> str:
    """Return a marked text with its marks between asterisks."""
    done, end = "", 0
    for first, last in text.marks:
        done += f"{text.text[end:first]}*{text.text[first:last]}*"
        end = last
    return done + text.text[end:]


def _hit_as_json(hit: Hit, light: Highlight) -> dict[str, Any]:
    paper, why = hit.paper, hit.why
    return {
        "id": paper.id,
        "title": paper.title,
        "score": hit.score,
        "authors": list(paper.authors),
        "published": paper.published,
        "published_precision": paper.precision,
        "categories": list(paper.categories),
        "votes": paper.votes,
        "why": {
            **asdict(why),
            "title_marks": light.title.marks,
            "sentence": light.sentence.text,
            "sentence_marks": light.sentence.marks,
            "sentence_nearness": light.nearness,
        },
    }
