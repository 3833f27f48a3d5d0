"""What of a hit shows why it was found? Its words, and the sentence nearest to the question.

The nearest sentence is found by meaning where a draft table is set, which reads the sentences of
a page in a few milliseconds. The full encoder would need a quarter of a second for them, longer
than the search itself: without a table the sentence is the one with the most words of the query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.errors import EncoderError
from broadsheet.model import Highlight, Marked, Mode
from broadsheet.text import sentences
from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from broadsheet.library.facade import Library
    from broadsheet.model import Hit, Query, Results
    from broadsheet.ports import PaperEncoder

MAX_SENTENCES = 40  # of one abstract: longer ones are no abstracts
WORD = 0.015  # of a cosine: what a matching word is worth, for drafts are not exact
BEGINNING = 240  # characters, where no sentence is nearer than another

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A hit's texts as they are looked at."""

    title: Marked
    abstract: Marked
    spans: tuple[Span, ...]  # of the abstract's sentences


def highlights(library: Library, results: Results, /) -> tuple[Highlight, ...]:
    """Return for each hit, in their order, what shows why it was found."""
    read = [_read(library, results.query, hit) for hit in results.hits]
    nearness = _nearness(library, results, read)
    return tuple(_highlight(one, near) for one, near in zip(read, nearness, strict=True))


def _read(library: Library, query: Query, hit: Hit) -> _Read:
    title, abstract = to_text(hit.paper.title), to_text(hit.paper.abstract)
    return _Read(
        title=Marked(text=title, marks=library.engine.marks(query, title, field="title")),
        abstract=Marked(
            text=abstract, marks=library.engine.marks(query, abstract, field="abstract")
        ),
        spans=tuple(sentences.spans(abstract)[:MAX_SENTENCES]),
    )


def _nearness(
    library: Library, results: Results, read: Sequence[_Read]
) -> list[npt.NDArray[np.float32] | None]:
    """Return the cosines of each abstract's sentences with the question; None: not comparable."""
    draft, vector = library.draft, results.vector
    if draft is None or vector is None or results.mode is Mode.LEXICAL:
        return [None] * len(read)
    texts = [one.abstract.text[start:end] for one in read for start, end in one.spans]
    try:
        cosines = draft.encode(texts) @ _question(draft, results.query, vector)  # (sentences,)
    except EncoderError:  # of a damaged table: words choose the sentence, and indexing says why
        return [None] * len(read)
    ends = np.cumsum([len(one.spans) for one in read])
    return list(np.split(cosines, ends[:-1])) if len(read) else []


def _question(
    draft: PaperEncoder, query: Query, vector: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return what sentences are compared with, (dim,): the mean of what both encoders make of it.

    Drafts err alike on query and sentence, so the draft of the query is nearer to the right one.
    """
    if not query.meaning:
        return vector
    both = vector + draft.encode([query.meaning])[0]
    length = float(np.linalg.norm(both))
    return both / length if length else vector


def _highlight(read: _Read, nearness: npt.NDArray[np.float32] | None) -> Highlight:
    if nearness is None or not nearness.any():  # the first of equals, as below
        return Highlight(title=read.title, abstract=read.abstract, sentence=_by_words(read))
    pieces = [_piece(read.abstract, span) for span in read.spans]
    shown = nearness + WORD * np.array([_different_words(one) for one in pieces])  # (sentences,)
    best = int(np.argmax(shown))
    return Highlight(
        title=read.title,
        abstract=read.abstract,
        sentence=pieces[best],
        nearness=float(nearness[best]),
    )


def _by_words(read: _Read) -> Marked:
    """Return the sentence with the most different words of the query; else the beginning."""
    pieces = [_piece(read.abstract, span) for span in read.spans]
    best = max(pieces, key=_different_words, default=Marked())
    if best.marks:
        return best
    return Marked(text=sentences.gist(read.abstract.text, limit=BEGINNING))


def _different_words(piece: Marked) -> int:
    return len({piece.text[start:end].casefold() for start, end in piece.marks})


def _piece(whole: Marked, span: Span) -> Marked:
    """Return a part of a marked text with its marks."""
    first, last = span
    inside = [(start - first, end - first) for start, end in whole.marks if first <= start < last]
    return Marked(text=whole.text[first:last], marks=tuple(inside))
