"""What is known of a record before anyone looks into the store?

Nothing here depends on what the library holds. So it can be worked out away from the one writer,
in another process, which sends on only text: what an arrival turns into on its way is its
content, and the record is made of that again only where somebody asks for it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from broadsheet.library import merge
from broadsheet.model import Fault, Listed, Observation, Record
from broadsheet.text import digest, ids, likeness, normal
from broadsheet.text.digest import Content
from broadsheet.text.sheet import Sheet, sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.model import Identifier, Signal
    from broadsheet.ports import Source

MAX_TITLE = 2_000  # characters; the longest of 2.5 million arXiv titles has fewer than 400
MAX_TEXT = 1_000_000  # characters of an abstract; more is not an abstract
MAX_AUTHORS = 10_000  # the largest collaborations sign with 5,000 names
RAW_LIMIT = 500  # characters of a piece that quarantine keeps where it cannot be read again
RECORD = "record"  # the form of a record that was read, but could not be kept

title_key = lru_cache(maxsize=4 * 1024)(normal.title_key)
"""The key of a title; that of a new paper is its record's, so it is asked for more than once."""


class Arrival:
    """A record that came in; each answer is worked out when it is first asked for."""

    def __init__(self, record: Record) -> None:
        self.name = (record.source, record.source_id)
        self.signals = record.signals
        self.__dict__["record"] = record

    @cached_property
    def record(self) -> Record:
        """The record itself."""
        record = digest.record_of(self.content.json)
        return replace(record, signals=self.signals) if self.signals else record

    @cached_property
    def content(self) -> Content:
        """What it says, and the digest of that."""
        return digest.content_of(self.record)

    @cached_property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Its own identifiers and what they imply, best first; never empty."""
        if "sheet" in self.__dict__:  # the paper of one record has just these
            return digest.identifiers_of(self.sheet.names)
        own = merge.own_identifiers(self.record)
        return own if len(own) == 1 else ids.best(own)

    @cached_property
    def sheet(self) -> Sheet:
        """The paper that it makes alone, as it is kept."""
        return sheet_of(merge.fold([self.record]))

    @cached_property
    def teams(self) -> tuple[int, ...]:
        """The numbers under which works of its authors and years are looked up."""
        year = self.record.published.year if self.record.published else None
        return likeness.teams(self.record.authors, year)

    @cached_property
    def title_key(self) -> str:
        """The key under which spellings of its title meet."""
        return title_key(self.record.title)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as text: a record of two dozen fields costs thrice as much on its way."""
        content, sheet = self.content, self.sheet
        days = (sheet.day, sheet.announced, sheet.picked)
        clues = (self.title_key, self.teams)
        said = (content.json, content.digest)
        kept = (sheet.names, sheet.body, *days, sheet.is_specimen, sheet.citations)
        return _restored, (self.name, said, kept, clues, self.signals)


def _restored(
    name: tuple[str, str],
    content: tuple[str, str],
    sheet: tuple[Any, ...],
    clues: tuple[str, tuple[int, ...]],
    signals: tuple[Signal, ...],
) -> Arrival:
    arrival = Arrival.__new__(Arrival)
    key, teams = clues
    arrival.name, arrival.signals = name, signals
    arrival.__dict__.update(
        content=Content(*content), sheet=Sheet(*sheet), title_key=key, teams=teams
    )
    return arrival


Item = Record | Observation | Fault | Listed
Incoming = Arrival | Observation | Fault | Listed


def batches(source: Source, size: int, /) -> Iterator[list[Incoming]]:
    """Yield what a source has, in pieces; when it breaks off, first what came before."""
    items = source.read()
    while True:
        batch: list[Incoming] = []
        try:
            for item in islice(items, size):
                batch.append(received(item))  # noqa: PERF401  # what came before a fault is kept
        except Exception:
            if batch:
                yield batch
            raise
        if not batch:
            return
        yield batch


def received(item: Item, /) -> Incoming:
    """Return a record as an arrival, or as the fault for which it cannot be kept."""
    if not isinstance(item, Record):
        return item
    problem = problem_of(item)
    return fault(item, problem) if problem else Arrival(item)


def problem_of(record: Record, /) -> str:
    """Return why a record cannot be kept, as a sentence that names the field; "" when it can."""
    if not normal.clean(record.title):
        return "title is empty"
    if len(record.title) > MAX_TITLE:
        return f"title has more than {MAX_TITLE:,} characters"
    if len(record.abstract) > MAX_TEXT:
        return f"abstract has more than {MAX_TEXT:,} characters"
    if len(record.authors) > MAX_AUTHORS:
        return f"authors has more than {MAX_AUTHORS:,} names"
    if not record.source or not record.source_id:
        return "source or source_id is empty"
    return ""


def fault(item: Item, reason: str, /) -> Fault:
    """Return the fault of something that cannot be kept, fit for any database."""
    if isinstance(item, Fault):
        return Fault(source=item.source, where=safe(item.where), reason=reason)
    name = _name(item)
    place = safe(name)[:RAW_LIMIT]
    raw, form = (safe(repr(item))[:RAW_LIMIT] if len(name) < RAW_LIMIT else ""), ""
    if isinstance(item, Record):
        with suppress(TypeError, ValueError, AttributeError):  # that may be what is wrong with it
            raw, form = safe(digest.record_json(item)), RECORD
    return Fault(source=safe(item.source), where=place, reason=reason, raw=raw, form=form)


def _name(item: Record | Observation | Listed) -> str:
    if isinstance(item, Listed):
        return f"listing of {item.part} {item.day}"
    return item.source_id if isinstance(item, Record) else str(item.identifier)


def safe(text: str, /) -> str:
    """Return the text without what no database takes: lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
