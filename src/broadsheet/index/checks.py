"""Do the parts of the index agree with each other and with the store?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadsheet.index.disk import load_intent
from broadsheet.index.vectors import encoder_of

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from broadsheet.index.state import State

NAMED = 5  # papers that a sentence names
UNIT_TOLERANCE = 0.01  # of a vector's length; float16 keeps it within .001


def problems(opened: State, keys: Collection[int]) -> list[str]:
    """Return a sentence per problem; papers whose change a kill cut short are none."""
    wanted = np.unique(np.fromiter(keys, dtype=np.int64, count=len(keys)))
    return [*_papers(opened, wanted), *_words(opened, wanted), *_vectors(opened)]


def _papers(opened: State, wanted: npt.NDArray[np.int64]) -> list[str]:
    there = np.sort(opened.table.rows["key"][opened.table.is_alive])
    return [
        *_sentence("missing from the index", np.setdiff1d(wanted, there)),
        *_sentence("in the index but not in the store", np.setdiff1d(there, wanted)),
    ]


def _words(opened: State, wanted: npt.NDArray[np.int64]) -> list[str]:
    there = opened.words.keys()
    half_done = np.fromiter(load_intent(opened.folder), dtype=np.int64)
    unique, counts = np.unique(there, return_counts=True)
    missing = np.setdiff1d(np.setdiff1d(wanted, unique), half_done)
    unknown = np.setdiff1d(np.setdiff1d(unique, wanted), half_done)
    return [
        *_sentence("not found by word", missing),
        *_sentence("found by word but not in the store", unknown),
        *_sentence("found by word more than once", unique[counts > 1]),
    ]


def _vectors(opened: State) -> list[str]:
    rows, stamps = opened.table.rows, opened.vectors.marks["stamp"]
    slots = np.flatnonzero(opened.table.is_alive & (stamps != 0))
    if not len(slots):
        return []
    unnamed = slots[encoder_of(stamps[slots]) > len(opened.commit.encoders)]
    damaged = np.array(opened.vectors.damaged(slots), dtype=np.int64)
    return [
        *_sentence("with a vector by an unknown encoder", rows["key"][unnamed]),
        *_sentence("with a damaged vector", rows["key"][damaged]),
    ]


def _sentence(what: str, keys: npt.NDArray[np.int64]) -> list[str]:
    if not len(keys):
        return []
    named = ", ".join(str(key) for key in keys[:NAMED].tolist())
    more = ", ..." if len(keys) > NAMED else ""
    noun = "paper is" if len(keys) == 1 else "papers are"
    if what.startswith("with"):
        noun = noun.replace(" is", " has").replace(" are", " have")
        what = what.removeprefix("with ")
    return [f"{len(keys)} {noun} {what}: {named}{more}; run `broadsheet reindex`"]
