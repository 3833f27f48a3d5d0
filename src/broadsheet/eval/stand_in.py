"""Vectors for papers that nobody has time to encode: made up, near those of real papers.

A vector is a mixture of those of two encoded papers of the same category, and of noise that
varies as real vectors vary around the middle of their category. So lists, probes and distances
behave as with real vectors, and nothing can be said of quality.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.eval.bench import encode_newest
from broadsheet.library.encoding import document_text, draft_pending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from broadsheet.library import Library
    from broadsheet.model import Paper
    from broadsheet.ports import Encoder

    Progress = Callable[[int, int], None]

SEED = 17
SAMPLE = 1_000  # papers that are encoded to make up the others
MIXTURE = (0.6, 0.3)  # of the two papers' vectors; the noise has the length of real residuals
NOISE = 0.6
BATCH = 4_000  # papers given vectors at once


class StandIn:
    """Makes up vectors of an encoder's space."""

    def __init__(self, encoder: Encoder, papers: Sequence[Paper]) -> None:
        """Learn from what the encoder makes of these papers; at least one."""
        self.name = f"{encoder.space}/made-up"
        self._real = encoder.encode([document_text(paper) for paper in papers])  # (n, dim)
        self._members: dict[str, npt.NDArray[np.int64]] = {}
        categories = np.array([category_of(paper) for paper in papers])
        residuals = np.empty_like(self._real)
        for category in np.unique(categories):
            members = np.flatnonzero(categories == category)
            self._members[str(category)] = members
            residuals[members] = self._real[members] - self._real[members].mean(axis=0)
        self._everybody = np.arange(len(papers))
        values, directions = np.linalg.eigh(np.cov(residuals.T) + 1e-9 * np.eye(encoder.dim))
        self._spread = (directions * np.sqrt(np.maximum(values, 0))).T  # (dim, dim)

    def vectors_of(self, papers: Sequence[Paper]) -> npt.NDArray[np.float32]:
        """Return a vector for each, (n, dim), of unit length; the same every time."""
        chance = np.random.default_rng([SEED, papers[0].key, len(papers)])
        near = np.array([self._two_like(paper, chance) for paper in papers])  # (n, 2)
        made = MIXTURE[0] * self._real[near[:, 0]] + MIXTURE[1] * self._real[near[:, 1]]
        made += NOISE * chance.standard_normal(made.shape) @ self._spread
        lengths = np.linalg.norm(made, axis=1, keepdims=True)
        unit: npt.NDArray[np.float32] = (made / np.maximum(lengths, 1e-6)).astype(np.float32)
        return unit

    def _two_like(self, paper: Paper, chance: np.random.Generator) -> npt.NDArray[np.int64]:
        members = self._members.get(category_of(paper), self._everybody)
        return chance.choice(members, size=2)


def category_of(paper: Paper) -> str:
    """Return what its topic goes by: its first category, else its venue."""
    return paper.categories[0] if paper.categories else paper.venue


def give_vectors(library: Library, encode: int | None, progress: Progress | None) -> dict[str, Any]:
    """Give every paper a vector: the newest the encoder's, the others drafts or made-up ones.

    Args:
        library: Whose engine this process may write.
        encode: How many papers to encode; None: all. The others get drafts, where a draft
            encoder is set, else made-up vectors.
        progress: Called with (done, all).

    Returns:
        How many vectors are of which kind, and how fast they came.
    """
    facts = encode_newest(library, encode, progress)
    start = time.perf_counter()
    kind = "made up" if library.draft is None else "drafts"
    others = _drafted(library) if library.draft else _made_up(library, progress)
    taken = time.perf_counter() - start
    library.engine.optimize()
    return {
        **facts,
        "vectors": {"encoded": facts["encoded"], kind: others},
        "others_per_s": round(others / taken, 1) if others else None,
        "optimize_s": round(time.perf_counter() - start - taken + facts["optimize_s"], 1),
        "dense_index": library.engine.status().kind,
    }


def _drafted(library: Library) -> int:
    done = 0
    while made := draft_pending(library, BATCH):
        done += made
    return done


def _made_up(library: Library, progress: Progress | None) -> int:
    engine, done = library.engine, 0
    stand_in: StandIn | None = None
    while waiting := engine.pending(encoder=None, limit=BATCH):
        papers = library.store.papers(waiting)
        stand_in = stand_in or StandIn(library.encoder, _sample(library))
        engine.put_vectors(
            [paper.key for paper in papers], stand_in.vectors_of(papers), encoder=stand_in.name
        )
        done += len(papers)
        if progress:
            progress(engine.status().encoded, engine.status().indexed)
    return done


def _sample(library: Library) -> list[Paper]:
    """Return papers spread over the library."""
    newest = library.store.last_change()
    places = np.linspace(0, newest, SAMPLE, endpoint=False).astype(int).tolist()
    found = (paper for after in places for paper in library.store.all_papers(after=after, limit=1))
    return list({paper.key: paper for paper in found}.values())
