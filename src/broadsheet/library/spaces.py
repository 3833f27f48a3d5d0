"""After a change of encoder: how is meaning searched while papers are read again?

The engine keeps the vectors of the space before, and each query is read by both encoders, until
the new one has read every paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.errors import EncoderError
from broadsheet.library.candidates import Former

if TYPE_CHECKING:
    from broadsheet.library.facade import Library
    from broadsheet.ports import Encoder


def before(library: Library, /) -> Encoder | None:
    """Return the encoder before today's, while its vectors serve; None where there is none.

    Nor where it cannot be opened any more: then only what today's has read is compared.
    """
    state = library.engine.status()
    if not state.former:
        return None
    try:
        encoder = library.reopen(state.former_origin)
        is_its = any(name.startswith(f"{encoder.space}/") for name in state.former)
    except EncoderError:
        return None
    return encoder if is_its else None


def former(library: Library, meaning: str, /) -> Former | None:
    """Return the query as the encoder before today's reads it, while its vectors serve."""
    encoder = before(library)
    if encoder is None:
        return None
    try:
        vector = encoder.encode_query(meaning)
    except EncoderError:
        return None
    return Former(space=encoder.space, vector=vector) if vector.any() else None


def serving(library: Library, /) -> int:
    """Return how many papers can be found by meaning, by whichever encoder."""
    state = library.engine.status()
    if state.encoded < state.indexed and before(library) is not None:
        return max(state.encoded, sum(state.former.values()))
    return state.encoded


def retire(library: Library, /) -> bool:
    """Forget the space before today's once every paper has a vector of today's encoder.

    Only for the holder of the write lock, when no paper waits; tell whether there was one.
    """
    state = library.engine.status()
    if not state.former or state.encoded < state.indexed:
        return False
    library.engine.retire()
    return True
