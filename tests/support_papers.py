"""Makers of what stores keep: papers ready to save, signals, values out of hypothesis."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from broadsheet.model import (
    Identifier,
    Link,
    Paper,
    PaperId,
    Precision,
    Record,
    Scheme,
    Signal,
    SignalKind,
    Status,
)
from broadsheet.ports import PaperWrite
from broadsheet.text.digest import content_of
from broadsheet.text.sheet import sheet_of
from tests.support import NOON, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from broadsheet.ports import PaperStore


def arxiv(number: int) -> Identifier:
    """Return the identifier that ``support.record(number)`` has."""
    return Identifier(Scheme.ARXIV, f"2603.{number:05d}")


def paper(number: int = 1, /, **changes: Any) -> Paper:
    """Return the unsaved paper that is made of ``support.record(number)``."""
    source = record(number)
    values: dict[str, Any] = {
        "key": 0,
        "id": PaperId(str(arxiv(number))),
        "identifiers": source.identifiers,
        "title": source.title,
        "abstract": source.abstract,
        "authors": source.authors,
        "author_count": len(source.authors),
        "published": source.published,
        "announced": source.announced,
        "day": source.announced,
        "version": source.version,
        "categories": source.categories,
        "sources": (source.source,),
    }
    return Paper(**(values | changes))


def paper_write(number: int = 1, /, **changes: Any) -> PaperWrite:
    """Return what saves ``paper(number)`` with its one record."""
    records = changes.pop("records", (record(number),))
    values: dict[str, Any] = {
        "title_key": f"paper {number}",
        "records": {(one.source, one.source_id): content_of(one) for one in records},
    }
    return written(changes.pop("paper", paper(number)), **(values | changes))


def written(one: Paper, /, **values: Any) -> PaperWrite:
    """Return what saves a paper as it is."""
    return PaperWrite(key=one.key, sheet=sheet_of(one), **values)


def save(store: PaperStore, writes: Iterable[PaperWrite], *, at: datetime = NOON) -> Sequence[int]:
    """Save in one transaction; return the keys."""
    with store.write() as writer:
        return writer.save(list(writes), at=at)


def save_papers(store: PaperStore, numbers: Iterable[int]) -> Sequence[int]:
    """Save ``paper(number)`` for each number; return the keys."""
    return save(store, [paper_write(number) for number in numbers])


def vote(value: int = 1, /, *, hours: float = 0, **changes: Any) -> Signal:
    """Return a vote count of the hosted site, seen so many hours after noon."""
    values: dict[str, Any] = {
        "kind": SignalKind.VOTE,
        "value": value,
        "at": NOON + timedelta(hours=hours),
        "origin": "hosted",
    }
    return Signal(**(values | changes))


# --- values out of hypothesis: every string that Python can hold, NUL and half pairs too ---

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
days = st.dates(date(1500, 1, 1), date(2300, 1, 1))
moments = st.integers(0, 4_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
identifiers = st.builds(Identifier, st.sampled_from(Scheme), texts)
links = st.builds(Link, kind=texts, url=texts.map("https://".__add__))
several = st.lists(texts, max_size=4).map(tuple)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
_common: dict[str, Any] = {
    "title": texts,
    "identifiers": st.lists(identifiers, max_size=4, unique=True).map(tuple),
    "version": st.none() | st.integers(1, 99),
    "abstract": texts,
    "authors": several,
    "author_count": st.none() | st.integers(0, 5000),
    "published": st.none() | days,
    "precision": st.sampled_from(Precision),
    "updated": st.none() | days,
    "announced": st.none() | days,
    "picked": st.none() | days,
    "categories": several,
    "topics": several,
    "venue": texts,
    "comment": texts,
    "summary": texts,
    "summary_by": texts,
    "license": texts,
    "status": st.none() | st.sampled_from(Status),
    "links": st.lists(links, max_size=3).map(tuple),
}
records = st.builds(
    Record,
    source=texts,
    source_id=texts,
    extra=st.dictionaries(texts, json_values, max_size=3),
    **_common,
)
papers = st.builds(
    Paper,
    key=st.just(0),
    id=st.builds(PaperId, texts),
    day=st.none() | days,
    sources=several,
    status_by=texts,
    citations=st.none() | st.integers(0, 10**9),
    is_specimen=st.booleans(),
    **_common,
)
