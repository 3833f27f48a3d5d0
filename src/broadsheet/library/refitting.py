"""Drafts of this library's own: the table is fitted to what the encoder has read here.

A table fitted to other papers knows little of a field that it never saw; a thousand papers of it,
read by the encoder itself, mend that (docs/encoder.md).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from broadsheet.library.encoding import document_text

if TYPE_CHECKING:
    from broadsheet.library.facade import Library
    from broadsheet.ports import Refit

MIN_PAPERS = 200  # that the encoder has read; fewer teach nothing
MAX_PAPERS = 20_000  # fitted in half a minute
GROWTH = 1.5  # a fit is due again when half as many more have been read
READ_AT_ONCE = 500  # papers from the store


def is_due(library: Library, /) -> bool:
    """Tell whether the encoder has read enough papers since the last fit."""
    if library.draft is None:
        return False
    read = library.engine.status().encoders.get(library.encoder.name, 0)
    fitted = library.draft.own_papers
    return read >= MIN_PAPERS and min(read, MAX_PAPERS) >= fitted * GROWTH


def refit(library: Library, /) -> Refit | None:
    """Fit the drafts to a sample of what the encoder has read; None where nothing is due."""
    if library.draft is None or not is_due(library):
        return None
    keys = library.engine.made_by(library.encoder.name).tolist()
    if len(keys) > MAX_PAPERS:
        keys = sorted(random.Random(len(keys)).sample(keys, MAX_PAPERS))  # noqa: S311  # no secret
    texts: dict[int, str] = {}
    for start in range(0, len(keys), READ_AT_ONCE):
        papers = library.store.papers(keys[start : start + READ_AT_ONCE])
        texts.update({paper.key: document_text(paper) for paper in papers})
    there = list(texts)
    return library.draft.refit(list(texts.values()), library.engine.vectors(there))
