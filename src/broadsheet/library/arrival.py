"""What is known of a record before anyone looks into the store?

Nothing here depends on what the library holds: each answer is worked out once, when it is first
asked for, and may be worked out away from the one writer.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from broadsheet.library import merge
from broadsheet.text import digest, likeness, normal

if TYPE_CHECKING:
    from broadsheet.model import Identifier, Record
    from broadsheet.text.digest import Content

title_key = lru_cache(maxsize=4 * 1024)(normal.title_key)
"""The key of a title; that of a new paper is its record's, so it is asked for more than once."""


class Arrival:
    """A record that came in."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.name = (record.source, record.source_id)

    @cached_property
    def content(self) -> Content:
        """What it says, and the digest of that."""
        return digest.content_of(self.record)

    @cached_property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Its own identifiers and what they imply; never empty."""
        return merge.own_identifiers(self.record)

    @cached_property
    def teams(self) -> tuple[int, ...]:
        """The numbers under which works of its authors and years are looked up."""
        year = self.record.published.year if self.record.published else None
        return likeness.teams(self.record.authors, year)

    @cached_property
    def title_key(self) -> str:
        """The key under which spellings of its title meet."""
        return title_key(self.record.title)
