"""Which words say that a paper was withdrawn or retracted?"""

from __future__ import annotations

import re

from broadsheet.model import Status

ABSTRACT_READ = 500  # characters: a notice stands at the beginning, in place of the abstract

_WORKS = "paper|article|submission|manuscript|work|preprint|draft|report|note|version"
_WITHDRAWN = re.compile(
    rf"\b(?:this|the)(?: \w+)? (?:{_WORKS}) (?:has been|is|was) (?:\w+ )?withdrawn\b"
    r"|\bwithdrawn by (?:the )?(?:first )?(?:author|arxiv|submitter)"
    rf"|\bauthors? (?:has|have) withdrawn (?:this|the) (?:{_WORKS})"
    r"|\A\W*(?:paper )?withdrawn\b",
    re.IGNORECASE,
)


def withdrawn(comment: str, abstract: str = "") -> Status | None:
    """Return WITHDRAWN where the authors' remark, or the abstract's beginning, says so.

    arXiv has no field for it: the notice is the new version's comment, and often stands in
    place of its abstract.
    """
    # Looking for the word first spares nearly every paper the expression.
    for text in (comment, abstract[:ABSTRACT_READ]):
        if "ithdrawn" in text and _WITHDRAWN.search(text):
            return Status.WITHDRAWN
    return None
