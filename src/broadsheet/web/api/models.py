"""What does the API answer? One envelope, one error shape, and every field explained."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from broadsheet.model import (
    Aspect,
    EditionState,
    Mode,
    Period,
    Precision,
    Reason,
    Scheme,
    SignalKind,
    Sort,
    Status,
)

T = TypeVar("T")
M = TypeVar("M")


class Model(BaseModel):
    """What every answer is made of: nothing in it changes, nothing in it is undeclared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Envelope(Model, Generic[T, M]):
    """The form of every answer that is no error."""

    data: T = Field(description="What was asked for.")
    meta: M = Field(description="What there is to say about it.")


class NoMeta(Model):
    """Nothing to say."""


class PageMeta(Model):
    """Where in a list this page is."""

    total: int = Field(ge=0, description="How many there are in all.")
    limit: int = Field(ge=1, description="The most that one page holds.")
    offset: int = Field(ge=0, description="How many come before this page.")
    next: str | None = Field(description="Address of the next page; null on the last one.")


class ErrorDetail(Model):
    """What went wrong."""

    code: str = Field(description="For programs: `not_found`, `bad_request`, `invalid`, ...")
    message: str = Field(description="For people: what happened and how to mend it.")
    field: str | None = Field(description="The parameter at fault, where there is one.")


class ErrorAnswer(Model):
    """The form of every error."""

    error: ErrorDetail


# --- papers ----------------------------------------------------------------------------------


class IdentifierOut(Model):
    """One name that a paper goes by."""

    scheme: Scheme = Field(description="The kind of identifier, best first in a list.")
    value: str = Field(description="The identifier in its normal form, without version.")


class LinkOut(Model):
    """A place where more of the paper is."""

    kind: str = Field(description="`abstract`, `pdf`, `code`, `project`, `data`, `discussion`.")
    url: str = Field(description="Its address, http or https.")


class PaperOut(Model):
    """One work, whatever versions and sources it has."""

    id: str = Field(description="`scheme:value` of the best identifier: `arxiv:2401.01234`.")
    url: str = Field(description="Address of its page here.")
    identifiers: list[IdentifierOut] = Field(description="Every name it goes by, best first.")
    title: str = Field(description="Readable Unicode, without LaTeX.")
    abstract: str = Field(description="Readable Unicode, without LaTeX; empty when unknown.")
    authors: list[str] = Field(description="`Given Family`, in the paper's order.")
    author_count: int | None = Field(description="How many; may be known where names are not.")
    published: date | None = Field(description="Day of the first version.")
    published_precision: Precision = Field(description="How much of `published` is known.")
    updated: date | None = Field(description="Day of the newest version.")
    announced: date | None = Field(description="The day a source listed it.")
    picked: date | None = Field(description="The day people put it on a daily list.")
    day: date | None = Field(description="The day whose edition it belongs to.")
    version: int | None = Field(description="The newest version known.")
    categories: list[str] = Field(description="Of its source, primary first: `cs.LG`.")
    topics: list[str] = Field(description="Keywords, lower case.")
    venue: str = Field(description="Where it appeared; empty when unknown.")
    comment: str = Field(description="The authors' remark: pages, `accepted at`.")
    summary: str = Field(description="A short text by somebody else; empty when there is none.")
    summary_by: str = Field(description="Who wrote the summary; `machine` when a model did.")
    license: str = Field(description="As the source names it; empty when unknown.")
    status: Status | None = Field(description="Withdrawn or retracted; null: neither is known.")
    status_by: str = Field(description="The source that says so; empty when none does.")
    links: list[LinkOut] = Field(description="Where more of it is.")
    sources: list[str] = Field(description="Who told of it, by name.")
    citations: int | None = Field(description="The most that any source counted; null: none did.")
    votes: int = Field(description="Sum of all counters of votes.")
    comments: int = Field(description="Sum of all counters of comments.")
    stars: int = Field(description="Stars of its code repository.")
    is_specimen: bool = Field(description="Written to show how Broadsheet works; no real paper.")


class ExplanationOut(Model):
    """Why a hit is where it is: every number that went into its score."""

    matched: list[str] = Field(description="Words of the query that the paper has.")
    lexical: float | None = Field(description="BM25; null: not found by word.")
    lexical_norm: float = Field(description="BM25 scaled to 0..1 among the candidates.")
    lexical_rank: int | None = Field(description="Place among those found by word, from 1.")
    lexical_weight: float = Field(description="The part that words have in the score.")
    dense: float | None = Field(description="Cosine similarity; null: not found by meaning.")
    dense_norm: float = Field(description="The similarity scaled to 0..1 among the candidates.")
    dense_rank: int | None = Field(description="Place among those found by meaning, from 1.")
    dense_weight: float = Field(description="The part that meaning has in the score.")
    citations: int | None = Field(description="Times cited; null: not known, or not counted in.")
    citations_norm: float = Field(description="The logarithm of that, scaled to 0..1.")
    citation_weight: float = Field(description="The part that citations have in the score.")
    known_item: str = Field(description="`id`, `title`, `sentence` or `author`: this match wins.")
    heat: float | None = Field(description="Where the order is by heat.")
    aspect: float | None = Field(
        description="Cosine of what is said on the chosen aspect; null: nothing, or none chosen."
    )


class MarkedOut(Model):
    """A text and where in it the words are that were searched for."""

    text: str = Field(description="Readable Unicode, without LaTeX.")
    marks: list[tuple[int, int]] = Field(
        description="Start and end of each word, in characters (code points) from 0."
    )


class HighlightOut(Model):
    """What of a hit shows why it was found."""

    title: MarkedOut = Field(description="The title.")
    abstract: MarkedOut = Field(description="The abstract; empty when unknown.")
    sentence: MarkedOut = Field(description="The sentence of the abstract nearest to the query.")
    nearness: float | None = Field(
        description="Cosine of sentence and query; null: the sentence was chosen by its words."
    )


class ReferenceIn(Model):
    """What papers are to be like, and unlike: a paper or a text at least."""

    papers: list[str] = Field(
        default_factory=list, max_length=20, description="Papers by any identifier."
    )
    text: str = Field(
        default="", max_length=20_000, description="An abstract or a draft; it is not kept."
    )
    unlike: list[str] = Field(
        default_factory=list, max_length=20, description="Papers to keep away from."
    )
    aspect: Aspect | None = Field(
        default=None, description="Alike in the task, method, data or result; null: whole."
    )


class HitOut(Model):
    """One paper found."""

    paper: PaperOut
    score: float = Field(description="Comparable within one answer only.")
    why: ExplanationOut = Field(description="How the score came about.")
    highlight: HighlightOut = Field(description="Its words and the sentence that show why.")


class SearchMeta(PageMeta):
    """How the question was understood."""

    query: str = Field(description="As asked.")
    mode: Mode = Field(description="Which retrievers answered.")
    sort: Sort = Field(description="The order of the hits.")
    as_of: int = Field(ge=0, description="The last paper that had arrived; later pages pass it on.")
    instead_of: str = Field(
        description="What to ask for the words as typed, where a slip was mended; or empty."
    )
    suggestion: str = Field(description="Another query that may have been meant; or empty.")
    notes: list[str] = Field(description="What a reader should know of this answer.")


class SuggestionOut(Model):
    """What somebody may be typing."""

    kind: str = Field(description="`title`, `author` or `topic`.")
    text: str = Field(description="How it is written, readable.")
    papers: int = Field(ge=0, description="How many papers have it; 1 for a title.")
    url: str = Field(description="The page that it leads to.")


class CountOut(Model):
    """How many hits have one value."""

    value: str = Field(description="The value, as a filter takes it.")
    papers: int = Field(ge=0, description="Hits that have it.")


class YearCountOut(Model):
    """How many hits are of one year."""

    year: int = Field(description="Of publication.")
    papers: int = Field(ge=0, description="Hits of it.")


class CountsOut(Model):
    """What all hits of a search are, not only the best; most first, years in order."""

    total: int = Field(ge=0, description="How many hits there are.")
    years: list[YearCountOut] = Field(description="Papers without a known year are in none.")
    categories: list[CountOut] = Field(description="Every category of a hit.")
    sources: list[CountOut] = Field(description="Every source that told of a hit.")
    topics: list[CountOut] = Field(description="The 40 most frequent topics.")


class RecordOut(Model):
    """What one source said about a paper."""

    source: str = Field(description="Who said it.")
    source_id: str = Field(description="The source's own name for it, version included.")
    identifiers: list[IdentifierOut] = Field(description="The names that the source gives.")
    version: int | None = Field(description="The version it tells of, from 1.")
    title: str = Field(description="As given, LaTeX and all.")
    abstract: str = Field(description="As given.")
    authors: list[str] = Field(description="As given.")
    author_count: int | None = Field(description="Where only their number is known.")
    published: date | None = Field(description="Day of the first version.")
    published_precision: Precision = Field(description="How much of `published` is known.")
    updated: date | None = Field(description="Day of this version.")
    announced: date | None = Field(description="The day the source listed it.")
    picked: date | None = Field(description="The day people put it on a daily list.")
    categories: list[str] = Field(description="Primary first.")
    topics: list[str] = Field(description="Keywords.")
    venue: str = Field(description="Where it appeared.")
    comment: str = Field(description="The authors' remark.")
    summary: str = Field(description="A short text by somebody else.")
    summary_by: str = Field(description="Who wrote the summary.")
    license: str = Field(description="As given.")
    status: Status | None = Field(description="Withdrawn or retracted, by what the source says.")
    links: list[LinkOut] = Field(description="Where more of it is.")
    extra: dict[str, Any] = Field(description="Every other field that the source gave.")


class SuppliedOut(Model):
    """A record that gave a value, or a part of it."""

    source: str = Field(description="Who said it.")
    source_id: str = Field(description="The source's own name for it, version included.")
    version: int | None = Field(description="The version it tells of, from 1.")
    arrived: datetime | None = Field(description="When it came in, UTC.")


class MergeOut(Model):
    """Records that became one paper without a name that all of them share."""

    merge: int = Field(ge=1, description="Its number, for undoing it.")
    reason: Reason = Field(description="What decided.")
    text: str = Field(description="The same as a sentence.")
    detail: dict[str, Any] = Field(description="The numbers and names that decided.")
    records: list[str] = Field(description="What joined: source and the source's own name.")
    at: datetime = Field(description="When, UTC.")
    undone: datetime | None = Field(description="When it was undone, UTC; null: it stands.")


class PaperMeta(Model):
    """Where what is said of a paper comes from."""

    provenance: dict[str, list[SuppliedOut]] = Field(
        description="By field: the records that supplied it."
    )
    ties: list[str] = Field(description="Why its records are one work, a sentence each.")


class SignalOut(Model):
    """A running total that an origin reported at one time."""

    kind: SignalKind = Field(description="What was counted.")
    value: int = Field(ge=0, description="The total at that time.")
    at: datetime = Field(description="When it was observed, UTC.")
    origin: str = Field(description="Whose counter it is.")
    via: str = Field(description="How it was seen: a file, a feed.")


# --- editions --------------------------------------------------------------------------------


class RankedOut(Model):
    """A paper at its place in a list."""

    rank: int = Field(ge=1, description="Its place, from 1.")
    paper: PaperOut
    heat: float = Field(description="The trending score; see `/about/ranking`.")
    why: str = Field(description="What put the paper here, in a few words.")


class EditionMeta(PageMeta):
    """Which edition this is."""

    period: Period = Field(description="Day, ISO week or month.")
    first: date = Field(description="Its first day.")
    last: date = Field(description="Its last day.")
    state: EditionState = Field(
        description="Complete; still open; partial or late, where something is known to be "
        "missing; empty; or made of specimens."
    )
    standing: str = Field(description="What is known of its being complete, in a sentence.")
    reason: str = Field(description="Why it is as it is, where there is something to explain.")
    announced: int = Field(ge=0, description="How many papers sources listed in it.")
    picked: int = Field(ge=0, description="How many papers people picked in it.")
    previous_edition: date | None = Field(description="First day of the nearest earlier one.")
    next_edition: date | None = Field(description="First day of the nearest later one.")


class TrendingMeta(Model):
    """Which part of the list this is; its end is where `next` is null."""

    window: Period = Field(description="How far back it looks.")
    limit: int = Field(ge=1, description="The most that one page holds.")
    offset: int = Field(ge=0, description="How many come before this page.")
    next: str | None = Field(description="Address of the next page; null on the last one.")


class TopicOut(Model):
    """A topic that rises."""

    name: str = Field(description="The keyword.")
    votes: list[int] = Field(description="Votes on each day, oldest first.")
    change_percent: float = Field(description="Votes of the newer half against the older half.")


# --- readers ---------------------------------------------------------------------------------


class ShelfOut(Model):
    """A named list of papers."""

    name: str = Field(description="As typed; compared without case.")
    papers: int = Field(ge=0, description="How many are on it.")
    updated: datetime = Field(description="When a paper was last put on it, UTC.")


class WatchOut(Model):
    """A search that the reader keeps under a name."""

    name: str = Field(description="As typed; compared without case.")
    q: str = Field(description="The query.")
    mode: Mode = Field(description="By word, by meaning, or both.")
    sort: Sort | None = Field(description="The order; null: as the query says.")
    url: str = Field(description="Address of the search, filters and all.")
    feed: str = Field(description="Address of its Atom feed.")
    new: int = Field(
        ge=0, description="Papers that it finds by its words and that came since `looked`."
    )
    looked: datetime = Field(description="When the reader last looked, UTC.")


class OpinionOut(Model):
    """How the reader stands to a paper now."""

    id: str = Field(description="The paper's id.")
    votes: int = Field(description="Its votes now.")
    is_voted: bool = Field(description="Whether the reader's own vote is among them.")
    shelves: list[str] = Field(description="The reader's shelves that hold it.")


# --- itself ----------------------------------------------------------------------------------


class EngineOut(Model):
    """How far the indexes have come."""

    position: int = Field(ge=0, description="The last change they have seen.")
    lag: int = Field(ge=0, description="Changes that they have not seen yet.")
    indexed: int = Field(ge=0, description="Papers that can be found by word.")
    encoded: int = Field(ge=0, description="Papers that can be found by meaning.")
    encoder: str = Field(description="Today's encoder.")
    encoders: dict[str, int] = Field(
        description="Vectors by the encoder that made them, drafts and the encoder before too."
    )
    encoded_per_second: float = Field(
        ge=0, description="Papers that the encoder reads now; 0: none, or in another process."
    )
    kind: str = Field(description="How meaning is searched: `exact` or `ivf-pq`.")
    bytes: int = Field(ge=0, description="Size on disk.")


class SourceOut(Model):
    """What one source has delivered."""

    source: str = Field(description="Its name.")
    records: int = Field(ge=0, description="How many records.")
    papers: int = Field(ge=0, description="How many papers these belong to.")
    newest: datetime | None = Field(description="When its newest record came in, UTC.")


class PartDayOut(Model):
    """How one day of arXiv's stands in one category."""

    day: date = Field(description="Of the listing.")
    category: str = Field(description="ArXiv's.")
    announced: int | None = Field(description="Papers that its feed announced; null: not told.")
    harvested: int | None = Field(
        description="Papers that its repository, or its query API, lists; null: not told."
    )
    expected: int = Field(ge=0, description="Papers that any of these names.")
    held: int = Field(ge=0, description="How many of them are here.")
    state: EditionState = Field(description="Complete, partial or late.")
    note: str = Field(description="What one of them lacked, and what is being done.")


class StatusOut(Model):
    """What is here and how fresh it is."""

    version: str = Field(description="Of Broadsheet.")
    papers: int = Field(ge=0, description="Specimens not counted.")
    specimens: int = Field(ge=0, description="Papers written for show.")
    records: int = Field(ge=0, description="What sources said.")
    signals: int = Field(ge=0, description="Votes, comments and stars seen.")
    quarantined: int = Field(ge=0, description="Pieces that could not be read.")
    engine: EngineOut
    sources: list[SourceOut] = Field(description="By name.")
    listings: list[PartDayOut] = Field(
        description="The last seven listings of arXiv's, newest first, by category."
    )


# --- answers ---------------------------------------------------------------------------------


class SearchAnswer(Envelope[list[HitOut], SearchMeta]):
    """Papers found, best first."""


class CountsAnswer(Envelope[CountsOut, NoMeta]):
    """What the hits are."""


class SuggestionListAnswer(Envelope[list[SuggestionOut], NoMeta]):
    """Titles first, then authors and topics, most papers first."""


class SimilarAnswer(Envelope[list[HitOut], NoMeta]):
    """Papers near another one, nearest first."""


class PaperAnswer(Envelope[PaperOut, NoMeta]):
    """One paper."""


class PaperFileAnswer(Envelope[PaperOut, PaperMeta]):
    """One paper, with where each value comes from."""


class MergeListAnswer(Envelope[list[MergeOut], NoMeta]):
    """Merges, newest first."""


class PaperListAnswer(Envelope[list[PaperOut], NoMeta]):
    """Papers."""


class RecordListAnswer(Envelope[list[RecordOut], NoMeta]):
    """What sources said, oldest first."""


class SignalListAnswer(Envelope[list[SignalOut], NoMeta]):
    """Signals, oldest first."""


class EditionAnswer(Envelope[list[RankedOut], EditionMeta]):
    """The papers of a period, hottest first."""


class TrendingAnswer(Envelope[list[RankedOut], TrendingMeta]):
    """The hottest papers, hottest first."""


class TopicListAnswer(Envelope[list[TopicOut], NoMeta]):
    """Rising topics, fastest first."""


class ShelfListAnswer(Envelope[list[ShelfOut], NoMeta]):
    """The reader's shelves, by name."""


class WatchListAnswer(Envelope[list[WatchOut], NoMeta]):
    """The reader's watches, by name."""


class WatchAnswer(Envelope[WatchOut, NoMeta]):
    """One watch."""


class OpinionAnswer(Envelope[OpinionOut, NoMeta]):
    """How the reader stands to a paper after the change."""


class StatusAnswer(Envelope[StatusOut, NoMeta]):
    """The state of the library."""
