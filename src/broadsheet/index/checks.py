"""Do the parts of the index agree with each other and with the store?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadsheet.index.disk import load_intent
from broadsheet.index.vectors import encoder_of

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from broadsheet.index.meaning import Meaning
    from broadsheet.index.rows import Table
    from broadsheet.index.state import State

NAMED = 5  # papers that a sentence names


def problems(opened: State, keys: Collection[int]) -> list[str]:
    """Return a sentence per problem.

    Papers beyond ``keys`` are none: they may have changed after the index's position, and the
    store says so. Neither are papers whose change a kill cut short: it will be applied again.
    """
    wanted = np.unique(np.fromiter(keys, dtype=np.int64, count=len(keys)))
    there = np.sort(opened.table.rows["key"][opened.table.is_alive])
    return [
        *_sentence("missing from the index", np.setdiff1d(wanted, there)),
        *_words(opened, there),
        *(one for meaning in opened.meanings for one in _vectors(opened.table, meaning)),
    ]


def _words(opened: State, wanted: npt.NDArray[np.int64]) -> list[str]:
    there, counts = np.unique(opened.words.keys(), return_counts=True)
    half_done = np.fromiter(load_intent(opened.folder), dtype=np.int64)
    missing = np.setdiff1d(np.setdiff1d(wanted, there), half_done)
    unknown = np.setdiff1d(np.setdiff1d(there, wanted), half_done)
    return [
        *_sentence("not found by word", missing),
        *_sentence("found by word but gone", unknown),
        *_sentence("found by word more than once", there[counts > 1]),
    ]


def _vectors(table: Table, meaning: Meaning) -> list[str]:
    rows, stamps = table.rows, meaning.vectors.marks["stamp"]
    slots = np.flatnonzero(table.is_alive & (stamps != 0))
    if not len(slots):
        return []
    unnamed = slots[encoder_of(stamps[slots]) > len(meaning.space.encoders)]
    damaged = np.array(meaning.vectors.damaged(slots), dtype=np.int64)
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
