"""JSON that strangers may send."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

_NAMES = st.sampled_from(
    [
        *("results", "meta", "next_cursor", "id", "title", "ids", "doi", "authorships", "author"),
        *(
            "message",
            "items",
            "DOI",
            "update-to",
            "relation",
            "issued",
            "date-parts",
            "next-cursor",
        ),
        *("data", "token", "paperId", "externalIds", "authors", "abstract", "notes", "content"),
        *("value", "readers", "forum", "details", "replies", "cdate", "tmdate", "invitations"),
        *("paper", "upvotes", "publishedAt", "organization", "mediaUrls"),
    ]
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=8)
    | st.just("everyone")
)

anything: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=25,
)
"""Values under names that the services use, of any kind."""


def dumped(value: Any) -> bytes:
    """Return a value as an answer's body."""
    return json.dumps(value).encode()
