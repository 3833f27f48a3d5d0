"""What is asked of a library, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, timedelta

    import numpy as np
    import numpy.typing as npt

    from broadsheet.model.paper import Identifier, Paper


class Mode(StrEnum):
    """Which retrievers answer."""

    LEXICAL = "lexical"
    DENSE = "dense"
    HYBRID = "hybrid"


class Sort(StrEnum):
    """The order of the hits."""

    RELEVANCE = "relevance"
    DATE = "date"  # newest first
    VOTES = "votes"  # most first
    HEAT = "heat"  # hottest first


class Aspect(StrEnum):
    """In what papers may be alike."""

    TASK = "task"  # the problem, and what was known of it before
    METHOD = "method"
    DATA = "data"  # what was looked at or learnt from
    RESULT = "result"


class ClauseKind(StrEnum):
    """How a clause's text is compared."""

    WORD = "word"  # any form of it
    PHRASE = "phrase"  # the words as they were quoted, side by side
    PREFIX = "prefix"  # whatever begins so
    FILTER = "filter"  # conditions, not words
    ALL = "all"  # every part
    ANY = "any"  # one part at least


class Occur(StrEnum):
    """What a clause demands of a hit."""

    SHOULD = "should"  # counts towards the score
    MUST = "must"
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Conditions that every hit meets; values within one field are alternatives."""

    since: date | None = None  # first day, on `Paper.published` (unknown dates never pass)
    until: date | None = None  # last day, inclusive
    sources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()  # "cs.LG", or "cs" for the whole archive
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()  # every word of a name must be in one author's name
    has: tuple[str, ...] = ()  # kinds of link that must be there: "code", "data"; all of them
    last_key: int | None = None  # only papers that had arrived by then: keys up to this one

    def __bool__(self) -> bool:
        """Tell whether any condition is set."""
        return self != Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One part of a query as it was understood: a leaf, or a group of parts."""

    text: str  # "" for groups and filters
    kind: ClauseKind = ClauseKind.WORD
    occur: Occur = Occur.SHOULD  # within a group MUST or NOT: the part itself, or its opposite
    field: str | None = None  # "title", "abstract", "author", "venue", "id"; None: anywhere
    typed: str = ""  # the piece of the query it came from, so that a page can drop it
    parts: tuple[Clause, ...] = ()  # of ALL and ANY, in their order
    filters: Filters | None = None  # of FILTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What hits are to be like, or unlike."""

    text: str  # an identifier as typed, or words
    is_text: bool = False  # words to be read; else the name of a paper
    is_wanted: bool = True  # False: the less like this, the better
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query, read; made by ``text.query.parse``."""

    text: str  # as typed
    clauses: tuple[Clause, ...] = ()
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    examples: tuple[Example, ...] = ()
    window: timedelta | None = None  # only papers of so many days up to today
    identifier: Identifier | None = None  # the whole query is one identifier, URL or DOI
    meaning: str = ""  # what the encoder reads: the words without operators and filters


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What papers are to be like, and unlike."""

    papers: tuple[str, ...] = ()  # by any identifier
    text: str = ""  # an abstract or a draft; read, never kept
    unlike: tuple[str, ...] = ()
    aspect: Aspect | None = None  # None: as a whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a hit is where it is: every number that went into its score."""

    matched: tuple[str, ...] = ()  # words of the query that the paper has, as typed
    lexical: float | None = None  # raw BM25; None: not among the lexical candidates
    lexical_norm: float = 0.0  # after min-max, in [0, 1]
    lexical_rank: int | None = None  # from 1
    dense: float | None = None  # cosine similarity, in [-1, 1]
    dense_norm: float = 0.0
    dense_rank: int | None = None
    lexical_weight: float = 0.0
    dense_weight: float = 0.0
    citations: int | None = None  # times cited; None: not known, or none of the candidates is
    citations_norm: float = 0.0  # in [0, 1]
    citation_weight: float = 0.0
    known_item: str = ""  # "id", "title", "sentence" or "author": this wins
    heat: float | None = None  # where the order is by heat
    aspect: float | None = None  # cosine of what is said on the aspect that was chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One paper found."""

    paper: Paper
    score: float  # comparable within one answer only; ties are broken by newer, then by id
    why: Explanation = field(default_factory=Explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A plain text and where in it the words are that were searched for."""

    text: str = ""
    marks: tuple[tuple[int, int], ...] = ()  # (start, end) in characters, ascending, apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """What of a hit shows why it was found."""

    title: Marked
    abstract: Marked
    sentence: Marked  # of the abstract: the one nearest to the query; without an abstract empty
    nearness: float | None = None  # cosine of sentence and query; None: chosen by its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What somebody may be typing."""

    kind: str  # "title", "author" or "topic"
    text: str
    paper: Paper | None = None  # of a title
    papers: int = 1  # of an author or topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What all hits of a query are: how many have each value, most first; ties by value."""

    total: int = 0
    years: tuple[tuple[int, int], ...] = ()  # by year; papers without a known one are in none
    categories: tuple[tuple[str, int], ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    topics: tuple[tuple[str, int], ...] = ()  # the most frequent ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of an answer."""

    query: Query
    mode: Mode
    total: int  # papers that match; in dense and hybrid mode the number of candidates
    hits: tuple[Hit, ...]
    offset: int = 0
    limit: int = 20
    as_of: int = 0  # the key of the last paper that had arrived: `Filters.last_key` of later pages
    counts: Counts | None = None  # of all hits, where they were asked for
    instead_of: str = ""  # what was typed, quoted as it is, where a slip in it was mended
    suggestion: str = ""  # another query that may have been meant
    notes: tuple[str, ...] = ()  # sentences for the reader: "412 of 9,000 papers ... not yet"
    vector: npt.NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    # (dim,) what meanings were compared with; None: none were
