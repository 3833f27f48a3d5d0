"""Makes papers findable by meaning: what a paper's text is, and which papers wait for a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.library.facade import Library
    from broadsheet.model import Paper
    from broadsheet.ports import PaperEncoder


JOINT = ". "  # between title and abstract, for models that do not ask for anything else


def document_text(paper: Paper, joint: str = JOINT) -> str:
    """Return what an encoder reads of a paper: title and abstract, as plain Unicode."""
    return text_of(paper.title, paper.abstract, joint)


def text_of(title: str, abstract: str, joint: str = JOINT, /) -> str:
    """Return what an encoder reads of a title and an abstract, LaTeX turned into text.

    The joint stands between them where there are both.
    """
    title, abstract = to_text(title), to_text(abstract)
    return f"{title}{joint}{abstract}" if abstract else title


def encode_pending(library: Library, limit: int) -> int:
    """Encode up to ``limit`` papers that lack a vector of today's encoder, newest first.

    Killed half-way it has done nothing: vectors are stored at the end, in one step. A paper of
    no known word gets a vector of zeros, near to nothing, so that it is not asked for again.

    Returns:
        How many papers got a vector; 0 when none waits.
    """
    waiting = library.engine.pending(encoder=library.encoder.name, limit=limit)
    return _encode(library, waiting, library.encoder)


def draft_pending(library: Library, limit: int) -> int:
    """Give up to ``limit`` papers that have no vector at all, or a stale one, a draft.

    Drafts are made a hundred times as fast as vectors; ``encode_pending`` replaces them.

    Returns:
        How many papers got a draft; 0 when none waits, or no draft encoder is set.
    """
    if library.draft is None:
        return 0
    return _encode(library, library.engine.pending(encoder=None, limit=limit), library.draft)


def _encode(library: Library, waiting: Sequence[int], encoder: PaperEncoder) -> int:
    papers = library.store.papers(waiting)
    if not papers:
        return 0
    vectors = encoder.encode([document_text(paper, encoder.joint) for paper in papers])
    library.engine.put_vectors([paper.key for paper in papers], vectors, encoder=encoder.name)
    return len(papers)
