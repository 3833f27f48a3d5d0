"""Papers, the identifiers they go by, and the records that they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from broadsheet.model.signal import Signal

PaperId = NewType("PaperId", str)
"""``scheme:value`` of a paper's best identifier, without version: ``arxiv:2401.01234``."""


class Scheme(StrEnum):
    """Kinds of identifier, best first: a paper's id is its identifier of the best scheme.

    What the place of publication itself calls a paper comes before the DOI, which says nothing
    to a reader and is longer.
    """

    ARXIV = "arxiv"
    ACL = "acl"
    OPENREVIEW = "openreview"
    DOI = "doi"
    PMID = "pmid"  # PubMed
    OPENALEX = "openalex"  # a work: "W2741809807"
    S2 = "s2"  # Semantic Scholar: 40 hex digits, or the digits of a corpus id
    SPECIMEN = "specimen"
    LOCAL = "local"  # an id that only one file or folder knows: "scifact/4983"
    TITLE = "title"  # digest of normalised title, year, first author: no source gave an id


class Identifier(NamedTuple):
    """One name of a paper; ``value`` is normalised by ``text.ids`` and has no version.

    A tuple, for millions of them are made and looked up while papers come in.
    """

    scheme: Scheme
    value: str

    def __str__(self) -> str:
        """Return ``scheme:value``, the form of a ``PaperId``."""
        return f"{self.scheme}:{self.value}"


class Precision(StrEnum):
    """How much of a date the source gave; the rest is filled with 1."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Status(StrEnum):
    """What became of a paper that must not be read like any other."""

    WITHDRAWN = "withdrawn"  # by its authors or by the server; nothing replaces it
    RETRACTED = "retracted"  # by the place of publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place where more of the paper is."""

    kind: str  # "abstract", "pdf", "code", "project", "data", "discussion", "doi"
    url: str  # http or https only

    def __post_init__(self) -> None:
        """Refuse every other scheme here, so that no page, feed or file can carry one."""
        is_plain = self.url.startswith("https://")  # as nearly all are
        if not is_plain and not self.url[:8].lower().startswith(("http://", "https://")):
            raise ValueError(f"a link is an http or https address, not {self.url[:80]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one source said about a paper at one time.

    ``(source, source_id)`` names a record: the same pair again replaces it when its content
    differs. ``identifiers`` may be empty: then the paper is known by its title.
    """

    source: str  # "arxiv", "acl", "daily", "capture", "scifact", "specimen"
    source_id: str  # the source's own name for it, version included: "2401.01234v2"
    title: str  # as given, LaTeX and all; whitespace folded, control characters gone; never empty
    identifiers: tuple[Identifier, ...] = ()
    version: int | None = None  # >= 1
    abstract: str = ""
    authors: tuple[str, ...] = ()  # "Given Family", in the paper's order
    author_count: int | None = None  # where only the number is known
    published: date | None = None  # first version
    precision: Precision = Precision.DAY  # of `published`
    updated: date | None = None  # this version
    announced: date | None = None  # the day the source listed it
    picked: date | None = None  # the day people put it on a daily list
    categories: tuple[str, ...] = ()  # primary first
    topics: tuple[str, ...] = ()  # keywords, lower case
    venue: str = ""
    comment: str = ""  # the authors' remark: pages, "accepted at"
    summary: str = ""  # a short text by somebody else; `summary_by` says who or what
    summary_by: str = ""  # "machine" when a model wrote it
    license: str = ""
    status: Status | None = None  # None: nothing is known against it
    links: tuple[Link, ...] = ()
    signals: tuple[Signal, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)  # every other field, JSON values


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work, whatever versions and sources it has: the fold of its records."""

    key: int  # the store's row, stable for life, also the engines' document number; 0 = unsaved
    id: PaperId
    identifiers: tuple[Identifier, ...]  # best first; papers absorbed in a merge leave theirs here
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    author_count: int | None = None  # len(authors) where they are known, else what was said
    published: date | None = None
    precision: Precision = Precision.DAY
    updated: date | None = None
    announced: date | None = None  # earliest of its records
    picked: date | None = None  # earliest of its records
    day: date | None = None  # its edition: picked, else announced, else published to the day
    version: int | None = None
    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    venue: str = ""
    comment: str = ""
    summary: str = ""
    summary_by: str = ""
    license: str = ""
    status: Status | None = None  # None: nothing is known against it
    status_by: str = ""  # the source that says so
    links: tuple[Link, ...] = ()
    sources: tuple[str, ...] = ()  # of its records, sorted
    citations: int | None = None  # the most that any source counted; None: none did
    votes: int = 0  # totals of its signals, kept by the store
    comments: int = 0
    stars: int = 0
    is_specimen: bool = False

    @property
    def year(self) -> int | None:
        """The year of publication, where any part of a date is known."""
        return self.published.year if self.published else None

    def link(self, kind: str) -> str | None:
        """Return the first URL of this kind of link, or None."""
        return next((link.url for link in self.links if link.kind == kind), None)
