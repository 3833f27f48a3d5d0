"""Signals: dated, attributed observations of interest in a paper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.model.paper import Identifier


READERS = "readers"
"""The origin of what this instance's own readers do; the actor is the reader."""


class SignalKind(StrEnum):
    """What was counted."""

    VOTE = "vote"
    COMMENT = "comment"
    STAR = "star"  # of the paper's code repository
    SAVE = "save"  # a reader put the paper on a shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A running total that an origin reported at one time; appended, never overwritten.

    A paper's votes are the sum, over origins and actors, of the newest value of each.
    Two channels that saw the same counter (a page and a feed of one site) share an
    ``origin`` and differ in ``via``; of two values at the same time the larger counts.
    """

    kind: SignalKind
    value: int  # the total at `at`, >= 0; for one reader 1 (voted) or 0 (withdrawn)
    at: datetime  # when it was observed, UTC, aware
    origin: str  # whose counter: "hosted", "github", "readers", "specimen"
    via: str = ""  # how it was seen: a file, a feed
    actor: str = ""  # the reader, where the origin counts single readers

    def __post_init__(self) -> None:
        """Refuse what no counter can show."""
        if self.value < 0:
            raise ValueError(f"a signal's value must be >= 0, not {self.value}")
        if self.at.tzinfo is None:
            raise ValueError(f"a signal's time must be aware, not {self.at!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Signals of a paper that a source names by identifier only.

    They are kept even when the paper is not here yet, and join it when it arrives.
    """

    source: str
    identifier: Identifier
    signals: tuple[Signal, ...]
