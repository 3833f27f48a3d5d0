"""What the library reports about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


MAX_RAW = 65_536
"""Characters of a faulty piece that are kept; a longer one is not read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A piece of a source that could not become a record; it goes to quarantine."""

    source: str
    where: str  # "daily.jsonl line 17"
    reason: str  # a sentence that names the field and what is wrong with it
    raw: str = ""  # what was read: whole where there is a form, else its beginning
    form: str = ""  # how raw can be read again; "": it cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A fault as the store keeps it."""

    key: int
    fault: Fault
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What became of a piece in quarantine that was read again."""

    key: int
    is_kept: bool  # it is in the library now, and left quarantine
    reason: str = ""  # why it stays, as a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the change log: this paper is new, changed, or gone."""

    seq: int  # strictly increasing
    key: int  # Paper.key
    is_gone: bool
    at: datetime  # UTC, aware; the same for all changes of one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of the records read: read = new + merged + unchanged + waiting + quarantined."""

    read: int = 0
    new: int = 0  # made a paper
    merged: int = 0  # changed a paper that was here
    unchanged: int = 0  # said nothing new
    waiting: int = 0  # signals of papers that are not here yet: kept
    quarantined: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)  # of quarantine
    seconds: float = 0.0
    papers: int = 0  # in the library now, specimens not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """One run of one source, as ``/status`` shows it."""

    key: int
    source: str
    started: datetime
    finished: datetime | None  # None: still going, or killed
    report: IngestReport
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """What one source has delivered."""

    source: str
    records: int
    papers: int
    newest: datetime | None  # when its newest record came in


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """How far the indexes have come."""

    position: int  # the last change applied
    indexed: int  # papers that can be found by word
    encoded: int  # papers that can be found by meaning
    encoders: Mapping[str, int]  # vectors by the encoder that made them
    kind: str  # "exact" or "ivf-pq"
    bytes: int  # on disk
    newest: int = 0  # the highest key of a paper that can be found
    former: Mapping[str, int] = field(default_factory=dict)
    """Vectors of the space before today's, by encoder, while they are still needed."""
    former_origin: str = ""  # the setting that opens that encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStatus:
    """Everything ``/status`` and ``/metrics`` show."""

    papers: int
    specimens: int
    records: int
    signals: int
    quarantined: int
    change: int  # the newest change
    engine: EngineStatus
    sources: tuple[SourceStatus, ...]
    runs: tuple[ImportRun, ...]  # newest first
    encoder: str = ""  # today's, whose vectors all papers shall have
    serving: int = 0  # papers that can be found by meaning, by whichever encoder
    encoded_per_s: float = 0.0  # papers that it reads now; 0: it rests, or another process reads


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Whether store, change log and indexes agree."""

    papers: int
    indexed: int
    encoded: int
    problems: tuple[str, ...]  # sentences; empty when all is well

    @property
    def ok(self) -> bool:
        """Tell whether nothing is wrong; papers still waiting to be indexed are not a problem."""
        return not self.problems
