"""Where the reading of a source that is read again and again has come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One source's place in the schedule."""

    source: str
    due: datetime  # when it is read next
    holder: str = ""  # who reads it now; "" for nobody
    until: datetime | None = None  # when the holder's claim ends unless it is renewed
    cursor: Mapping[str, Any] = field(
        default_factory=dict
    )  # where to go on: JSON, the source's own
    finished: datetime | None = None  # when the last run ended, well or not
    failures: int = 0  # in a row
    error: str = ""  # of the last run; "" when it ended well
