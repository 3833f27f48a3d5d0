"""Why several records are taken for one work, and what was decided by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from broadsheet.model.paper import Identifier
    from broadsheet.model.signal import Signal

RecordName = tuple[str, str]
"""(source, source_id)"""


class Reason(StrEnum):
    """What made two records one work."""

    IDENTIFIER = "identifier"  # one record names both
    TITLE = "title"  # equal titles, and nothing speaks against it
    NEAR = "near"  # titles that differ in spelling only, and the same authors and years
    HAND = "hand"  # somebody said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why, with the numbers and names that decided."""

    reason: Reason
    detail: Mapping[str, Any] = field(default_factory=dict)  # JSON values


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Records that joined a paper for a reason other than a shared name or identifier."""

    evidence: Evidence
    records: tuple[RecordName, ...]  # those that joined; the others were there
    identifiers: tuple[Identifier, ...]  # of what joined
    signals: tuple[Signal, ...] = ()  # that came with them
    gone: int = 0  # key of the paper that they were before; 0: they came in new


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A joint as the store remembers it."""

    key: int
    paper: int  # key of the paper that they are now
    joint: Joint
    at: datetime
    undone: datetime | None = None
