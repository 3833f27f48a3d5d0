"""What should hits be like? A query's vector, moved towards examples and away from others.

Rocchio's formula (in Salton, The SMART Retrieval System, 1971, pages 313 to 323) on unit vectors::

    vector = query + LIKE * mean(examples) - UNLIKE * mean(counterexamples)

without words the examples alone are the query. What comes out is brought to unit length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.errors import PaperNotFoundError
from broadsheet.library import looking
from broadsheet.library.encoding import document_text
from broadsheet.model import Clause, Occur

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from broadsheet.library.facade import Library
    from broadsheet.model import Example, Paper
    from broadsheet.ports import Encoder

    Vector = npt.NDArray[np.float32]

LIKE = 0.75  # the weights of Salton and Buckley, JASIS 41(4), 1990, doi:10.1002/(SICI)1097-4571
UNLIKE = 0.25  # (199006)41:4<288::AID-ASI8>3.0.CO;2-H: 0.75 and 0.25 beside a query of 1
MAX_EXAMPLES = 20  # of one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The examples of a query, looked up."""

    wanted: tuple[Vector, ...] = ()  # each (dim,), unit length
    unwanted: tuple[Vector, ...] = ()
    apart: tuple[Clause, ...] = ()  # conditions: a paper is no answer to itself
    notes: tuple[str, ...] = ()  # on those that could not be found


def look_up(library: Library, examples: Sequence[Example], encoder: Encoder, /) -> Examples:
    """Find the examples, as this encoder reads them; what is nothing here is told in the notes.

    Raises:
        EncoderError: the encoder cannot work.
    """
    found = Examples()
    for example in examples[:MAX_EXAMPLES]:
        try:
            paper = None if example.is_text else looking.paper(library.store, example.text)
        except PaperNotFoundError as error:
            note = f"Nothing can be like it: {error}."
            found = replace(found, notes=(*found.notes, note))
            continue
        vector = vector_of(library, paper, encoder) if paper else encoder.encode_query(example.text)
        if paper:
            found = replace(found, apart=(*found.apart, _not(paper)))
        side = "wanted" if example.is_wanted else "unwanted"
        if vector.any():
            found = replace(found, **{side: (*getattr(found, side), vector)})
    return found


def moved(query: Vector | None, found: Examples, /) -> Vector | None:
    """Return the query's vector, moved by the examples; None where nothing is wanted."""
    if query is None and not found.wanted:
        return None
    vector = np.zeros_like(found.wanted[0]) if query is None else query  # (dim,)
    if found.wanted:
        weight = 1.0 if query is None else LIKE
        vector = vector + weight * np.mean(found.wanted, axis=0)
    if found.unwanted:
        vector = vector - UNLIKE * np.mean(found.unwanted, axis=0)
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length else None


def _not(paper: Paper) -> Clause:
    return Clause(text=paper.id, occur=Occur.NOT, field="id")


def vector_of(library: Library, paper: Paper, encoder: Encoder, /) -> Vector:
    """Return the paper's vector, (dim,), made now when the index has none of this space yet."""
    vector: Vector = library.engine.vectors([paper.key], space=encoder.space)[0]
    if np.isfinite(vector).all():
        return vector
    made: Vector = encoder.encode([document_text(paper, encoder.joint)])[0]
    return made
