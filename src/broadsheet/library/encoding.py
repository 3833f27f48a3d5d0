"""Makes papers findable by meaning: what a paper's text is, and which papers wait for a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from broadsheet.library.facade import Library
    from broadsheet.model import Paper


def document_text(paper: Paper) -> str:
    """Return what the encoder reads of a paper: title and abstract, as plain Unicode."""
    title, abstract = to_text(paper.title), to_text(paper.abstract)
    return f"{title}. {abstract}" if abstract else title


def encode_pending(library: Library, limit: int) -> int:
    """Encode up to ``limit`` papers that lack a vector of today's encoder, newest first.

    Killed half-way it has done nothing: vectors are stored at the end, in one step. A paper of
    no known word gets a vector of zeros, near to nothing, so that it is not asked for again.

    Returns:
        How many papers got a vector; 0 when none waits.
    """
    waiting = library.engine.pending(encoder=library.encoder.name, limit=limit)
    papers = library.store.papers(waiting)
    if not papers:
        return 0
    vectors = library.encoder.encode([document_text(paper) for paper in papers])
    keys = [paper.key for paper in papers]
    library.engine.put_vectors(keys, vectors, encoder=library.encoder.name)
    return len(papers)
