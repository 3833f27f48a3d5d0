"""Which paper is meant?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.errors import PaperNotFoundError
from broadsheet.text import ids

if TYPE_CHECKING:
    from broadsheet.model import Paper
    from broadsheet.ports import Store

SHOWN = 80  # characters of a name that an error repeats


def paper(store: Store, name: str, /) -> Paper:
    """Return the paper that goes by this id, in any form that people type.

    Raises:
        PaperNotFoundError: no paper has this identifier, or it is none.
    """
    identifier = ids.parse(name)
    if identifier is None:
        raise PaperNotFoundError(f"{name[:SHOWN]!r} is not an identifier of a paper")
    key = store.find([identifier]).get(identifier)
    found = store.papers([key]) if key is not None else []
    if not found:
        raise PaperNotFoundError(f"no paper here goes by {str(identifier)[:SHOWN]}")
    return found[0]
