"""Makes papers findable by meaning: what a paper's text is, and which papers wait for a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from broadsheet.library.facade import Library
    from broadsheet.model import Paper
    from broadsheet.ports import PaperEncoder


TOGETHER = 8  # papers between two looks at whether readers wait: 50 ms on two cores with AVX-512
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


def encode_pending(
    library: Library,
    limit: int,
    *,
    first: Sequence[int] = (),
    may_go_on: Callable[[], bool] | None = None,
) -> int:
    """Encode up to ``limit`` papers that lack a vector of today's encoder.

    First those that somebody saw since, then those of ``first``, then the newest. Killed half-way
    it has done nothing: vectors are stored at the end, in one step. A paper of no known word gets
    a vector of zeros, near to nothing, so that it is not asked for again.

    Args:
        library: Of which this process holds the engine's write lock.
        limit: At most so many.
        first: Papers to prefer.
        may_go_on: Asked before every few papers, and may wait: where it says no, the step ends.
            None: all are encoded together.

    Returns:
        How many papers got a vector; 0 when none waits, or it may not begin.
    """
    if may_go_on and not may_go_on():
        return 0
    name = library.encoder.name
    waiting = library.engine.pending(encoder=name, limit=limit, first=first)
    return _encode(library, waiting, library.encoder, may_go_on)


def most_read(library: Library, count: int, /) -> list[int]:
    """Return the papers with most votes, best first, ``count`` at most; ties: the newer arrival.

    Nobody's reading is watched: votes are what tells which papers are read.
    """
    votes = library.store.vote_totals()
    ranked = sorted(votes, key=lambda key: (-votes[key], -key))
    return [key for key in ranked[:count] if votes[key]]


def draft_pending(library: Library, limit: int) -> int:
    """Give up to ``limit`` papers that have no vector at all, or a stale one, a draft.

    Drafts are made a hundred times as fast as vectors; ``encode_pending`` replaces them. When no
    paper is without, drafts of an older table are made anew.

    Returns:
        How many papers got a draft; 0 when none waits, or no draft encoder is set.
    """
    draft = library.draft
    if draft is None:
        return 0
    waiting = library.engine.pending(encoder=None, limit=limit)
    if not waiting:
        made_by = library.engine.status().encoders
        old = {name for name in made_by if is_draft(library, name)} - {draft.name}
        if old:
            waiting = library.engine.pending(encoder=draft.name, limit=limit, instead_of=old)
    return _encode(library, waiting, draft)


def is_draft(library: Library, name: str, /) -> bool:
    """Tell whether an encoder of today's space is a draft table."""
    return name.startswith(f"{library.encoder.space}/draft-")


def _encode(
    library: Library,
    waiting: Sequence[int],
    encoder: PaperEncoder,
    may_go_on: Callable[[], bool] | None = None,
) -> int:
    papers = library.store.papers(waiting)
    if not papers:
        return 0
    together = TOGETHER if may_go_on else len(papers)
    made: list[npt.NDArray[np.float32]] = []
    for start in range(0, len(papers), together):
        if start and may_go_on and not may_go_on():
            break
        part = papers[start : start + together]
        made.append(encoder.encode([document_text(paper, encoder.joint) for paper in part]))
    vectors = np.concatenate(made)
    done = [paper.key for paper in papers[: len(vectors)]]
    library.engine.put_vectors(done, vectors, encoder=encoder.name)
    return len(done)
