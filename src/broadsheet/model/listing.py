"""What a source says that it lists on a day, and how much of it is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from broadsheet.model.edition import EditionState
    from broadsheet.model.paper import Identifier

FEED = "arxiv"
REPOSITORY = "arxiv-oai"
QUERIES = "arxiv-api"
"""The three witnesses of what arXiv lists on a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The papers that one source lists on one day in one part of it, be there any or none."""

    source: str  # who says so
    day: date
    part: str  # "cs.AI"
    papers: frozenset[Identifier]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a source said so far about one day and part, and what of it is not here."""

    listed: Listed  # of a day long past without its papers, only `total` is kept
    total: int
    missing: frozenset[Identifier]  # papers of `listed` that no record here is of
    at: datetime  # when the source was last heard about it


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDay:
    """How one day stands in one part: what is expected, what is here, what is being done."""

    day: date
    part: str
    announced: int | None  # by the feed; None: it has not told
    harvested: int | None  # by the repository, or else by queries; None: neither has told
    expected: int  # papers that any of them lists
    held: int  # of these
    state: EditionState  # COMPLETE, PARTIAL or LATE
    note: str = ""  # a sentence: what one of them lacked, what is done about what is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStanding:
    """How one day stands, whole and in each part; of its edition, the state and the sentence."""

    day: date
    papers: int  # in its edition
    state: EditionState
    standing: str
    parts: tuple[PartDay, ...] = ()  # none on days without a listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What is known of an edition's being complete."""

    state: EditionState
    sentence: str  # or two
