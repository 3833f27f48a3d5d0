"""What may somebody be typing? Names, topics and titles, each with where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.library.search import check_range
from broadsheet.model import Suggestion

if TYPE_CHECKING:
    from broadsheet.library.facade import Library

MAX_SUGGESTIONS = 10  # of each kind


def complete(library: Library, text: str, /, *, limit: int = 4) -> tuple[Suggestion, ...]:
    """Return up to ``limit`` titles, authors and topics that begin as the text does.

    Raises:
        QueryError: limit is out of range.
    """
    check_range("limit", limit, 1, MAX_SUGGESTIONS)
    library.engine.refresh()
    found = library.engine.complete(text, limit=limit)
    papers = library.store.papers(list(found.titles))
    return (
        *(Suggestion(kind="title", text=paper.title, paper=paper) for paper in papers),
        *(Suggestion(kind="author", text=name, papers=n) for name, n in found.authors),
        *(Suggestion(kind="topic", text=topic, papers=n) for topic, n in found.topics),
    )
