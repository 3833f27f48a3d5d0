"""Which papers are like these, or like a text, and unlike those? As a whole, or in one aspect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.errors import UsageError
from broadsheet.library import candidates, looking, spaces
from broadsheet.library.candidates import Former, Ranking, Request
from broadsheet.library.examples import MAX_EXAMPLES, Examples, moved, vector_of
from broadsheet.library.search import MAX_LIMIT, check_range, plain
from broadsheet.model import Filters, Hit, Mode, Query, Results
from broadsheet.text import aspects, sentences
from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from broadsheet.library.facade import Library
    from broadsheet.model import Aspect, Paper, Reference
    from broadsheet.ports import Encoder, PaperEncoder

    Vector = npt.NDArray[np.float32]

MAX_TEXT = 20_000  # characters of a text; 3,000 words
PIECE = 800  # characters of a text that are read as one; an encoder reads about so many
MAX_PIECES = 16  # the beginning and the next pages of a draft
ASPECT_WEIGHT = 0.3  # of a score, beside the whole paper; chosen on half of CSFCube's queries
ASPECT_CANDIDATES = 200  # nearest papers whose abstracts are looked at
ASPECT_CANDIDATES_READ = 50  # without a draft table: the encoder needs half a second for these


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A reference with its papers."""

    wanted: tuple[Paper, ...]
    unwanted: tuple[Paper, ...]
    text: str

    @property
    def keys(self) -> npt.NDArray[np.int64]:
        """Of the papers, which are no answer to themselves."""
        return np.array([paper.key for paper in (*self.wanted, *self.unwanted)], dtype=np.int64)


def similar(
    library: Library,
    reference: Reference,
    /,
    *,
    filters: Filters | None = None,
    limit: int = 10,
) -> Results:
    """Return the papers nearest in meaning to a reference, without those that it names.

    Several examples count by their mean, those that are unwanted by Rocchio's formula, as in
    ``examples``. While no vectors can be compared, papers that share words with it.

    Raises:
        PaperNotFoundError: a paper is not here.
        UsageError: nothing is given that papers could be like, or too much.
        QueryError: limit is out of range.
        EncoderError: the encoder cannot work.
    """
    check_range("limit", limit, 1, MAX_LIMIT)
    named = _named(library, reference)
    library.engine.refresh()
    if not spaces.serving(library):
        return _by_words(library, named, filters or Filters(), limit)
    return _by_meaning(library, named, reference.aspect, filters or Filters(), limit)


def _named(library: Library, reference: Reference) -> _Named:
    text = to_text(reference.text).strip()
    if len(reference.text) > MAX_TEXT:
        raise UsageError(
            f"the text has {len(reference.text):,} characters; at most {MAX_TEXT:,} are read",
            field="text",
        )
    for field, names in (("to", reference.papers), ("unlike", reference.unlike)):
        if len(names) > MAX_EXAMPLES:
            raise UsageError(f"{field} takes at most {MAX_EXAMPLES} papers", field=field)
    if not reference.papers and not any(map(str.isalnum, text)):
        raise UsageError("name a paper, or give a text, that papers are to be like", field="to")
    return _Named(
        wanted=tuple(looking.paper(library.store, name) for name in reference.papers),
        unwanted=tuple(looking.paper(library.store, name) for name in reference.unlike),
        text=text,
    )


def _by_words(library: Library, named: _Named, filters: Filters, limit: int) -> Results:
    words = " ".join([*(to_text(paper.title) for paper in named.wanted), named.text])
    asked = Request(query=plain(words), filters=filters)
    count = limit + len(named.keys)
    return _results(library, asked, candidates.by_words(library.engine, asked, count=count), named)


def _by_meaning(
    library: Library, named: _Named, aspect: Aspect | None, filters: Filters, limit: int
) -> Results:
    vector = _vector(library, named, library.encoder)
    query = Query(text=named.wanted[0].title if named.wanted else named.text[:200])
    former = _former(library, named)
    asked = Request(query=query, filters=filters, vector=vector, former=former)
    depth = limit if aspect is None else max(limit, _looked_at(library))
    ranking = candidates.by_meaning(library.engine, asked, count=depth + len(named.keys))
    if aspect is None:
        return _results(library, asked, ranking, named, limit=limit)
    return _in_aspect(library, named, aspect, _results(library, asked, ranking, named), limit)


def _looked_at(library: Library) -> int:
    return ASPECT_CANDIDATES if library.draft else ASPECT_CANDIDATES_READ


def _vector(library: Library, named: _Named, encoder: Encoder) -> Vector | None:
    """Return what a reference means to an encoder, (dim,); None where it means nothing."""
    wanted = [vector_of(library, paper, encoder) for paper in named.wanted]
    if named.text:
        wanted.append(_of_text(encoder, named.text))
    return _moved(wanted, [vector_of(library, paper, encoder) for paper in named.unwanted])


def _former(library: Library, named: _Named) -> Former | None:
    """Return the reference as the encoder before today's reads it, while its vectors serve."""
    encoder = spaces.before(library)
    vector = _vector(library, named, encoder) if encoder else None
    if encoder is None or vector is None:
        return None
    return Former(space=encoder.space, vector=vector)


def _moved(wanted: Sequence[Vector], unwanted: Sequence[Vector]) -> Vector | None:
    found = Examples(
        wanted=tuple(one for one in wanted if one.any()),
        unwanted=tuple(one for one in unwanted if one.any()),
    )
    return moved(None, found)


def _of_text(encoder: PaperEncoder, text: str) -> Vector:
    """Return the mean of what the pieces of a text mean, (dim,), of unit length or zero.

    An encoder reads the beginning of a text only; so a draft is read piece by piece.
    """
    pieces = [""]
    for sentence in sentences.split(text):
        if pieces[-1] and len(pieces[-1]) + len(sentence) > PIECE:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {sentence}".strip()
    mean = encoder.encode(pieces[:MAX_PIECES]).sum(axis=0)  # (dim,)
    length = float(np.linalg.norm(mean))
    vector: Vector = mean / length if length else mean
    return vector


def _results(
    library: Library, asked: Request, ranking: Ranking, named: _Named, *, limit: int | None = None
) -> Results:
    is_other = ~np.isin(ranking.keys, named.keys)
    keys, scores = ranking.keys[is_other].tolist(), ranking.scores[is_other].tolist()
    score = dict(zip(keys, scores, strict=True))
    papers = library.store.papers(keys[:limit])
    words = library.engine.matched_words(asked.query, [one.key for one in papers])
    hits = tuple(
        Hit(paper=one, score=score[one.key], why=ranking.explain(one.key, matched=matched))
        for one, matched in zip(papers, words, strict=True)
    )
    mode = Mode.DENSE if asked.vector is not None else Mode.LEXICAL
    return Results(
        query=asked.query,
        mode=mode,
        total=len(hits),
        hits=hits,
        limit=limit or max(1, len(hits)),
        vector=asked.vector,
    )


# --- in one aspect ---


def _in_aspect(
    library: Library, named: _Named, aspect: Aspect, whole: Results, limit: int
) -> Results:
    """Order the nearest papers anew, by what their abstracts say on an aspect, too.

    An abstract that keeps silent on it counts as much as the others do on average. Equal scores
    stay in the order of the whole papers.
    """
    encoder = library.draft or library.encoder
    wanted = [*(_abstract(paper) for paper in named.wanted), named.text]
    unwanted = [_abstract(paper) for paper in named.unwanted]
    vector = _moved(
        list(_passages(encoder, wanted, aspect)), list(_passages(encoder, unwanted, aspect))
    )
    if vector is None:
        note = f"Nothing in the reference speaks of the {aspect}: whole papers were compared."
        shown = whole.hits[:limit]
        return replace(whole, hits=shown, total=len(shown), limit=limit, notes=(note,))
    looked_at = whole.hits[: _looked_at(library)]
    said = _passages(encoder, [_abstract(hit.paper) for hit in looked_at], aspect)  # (n, dim)
    cosines = [float(row @ vector) if row.any() else None for row in said]  # (n,)
    told = [cosine for cosine in cosines if cosine is not None]
    mean = sum(told) / len(told) if told else 0.0
    again = [
        _scored_again(hit, cosine, mean) for hit, cosine in zip(looked_at, cosines, strict=True)
    ]
    hits = tuple(sorted(again, key=lambda hit: -hit.score)[:limit])
    return replace(whole, hits=hits, total=len(hits), limit=limit)


def _scored_again(hit: Hit, cosine: float | None, mean: float) -> Hit:
    score = ASPECT_WEIGHT * (mean if cosine is None else cosine) + (1 - ASPECT_WEIGHT) * hit.score
    why = replace(hit.why, aspect=cosine, dense_weight=1 - ASPECT_WEIGHT)
    return replace(hit, score=score, why=why)


def _passages(encoder: PaperEncoder, texts: Sequence[str], aspect: Aspect) -> Vector:
    """Return what each text says on an aspect, (texts, dim); a silent one has a row of zeros."""
    said = [aspects.passage(sentences.split(text), aspect) for text in texts]
    vectors = np.zeros((len(texts), encoder.dim), dtype=np.float32)
    speaking = [number for number, passage in enumerate(said) if passage]
    if speaking:
        vectors[speaking] = encoder.encode([said[number] for number in speaking])
    return vectors


def _abstract(paper: Paper) -> str:
    return to_text(paper.abstract)
