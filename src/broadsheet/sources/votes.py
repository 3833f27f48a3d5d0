"""Votes over time: a table with a row for each time that a paper's counters were read.

Tab-separated, with the columns ``observed_at``, ``arxiv_id``, ``upvotes``, ``num_comments``,
``github_stars`` and ``source``, of which the first two must hold something. A day without a time
counts from its beginning, UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.model import Fault, Observation, Scheme, Signal, SignalKind
from broadsheet.sources import _fields, _lines
from broadsheet.sources._fields import FieldError, Fields
from broadsheet.sources.jsonlines import fault, line_problem
from broadsheet.text import ids, normal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Record

COLUMNS = ("observed_at", "arxiv_id", "upvotes", "num_comments", "github_stars", "source")
_COUNTS = (
    ("upvotes", SignalKind.VOTE, "hosted"),
    ("num_comments", SignalKind.COMMENT, "hosted"),
    ("github_stars", SignalKind.STAR, "github"),
)


class Votes:
    """A table of votes over time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Whose counters the table holds: those of the daily list."""
        return "daily"

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield one observation per row; a row that is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        columns: list[str] = []
        for number, line in _lines.read_lines(self.path):
            where = f"{self.path.name} line {number}"
            if isinstance(line, Exception):
                yield Fault(source=self.name, where=where, reason=line_problem(line))
                continue
            cells = line.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r").split("\t")
            if not columns:
                columns = cells
                continue
            try:
                yield self._observation(
                    dict(zip(columns, cells, strict=False)), len(cells), columns
                )
            except FieldError as error:
                yield fault(self.name, where, error, line)

    def _observation(self, row: dict[str, str], cells: int, columns: list[str]) -> Observation:
        if cells != len(columns):
            raise FieldError(f"the row has {cells} cells, not {len(columns)}")
        fields = Fields(row)
        identifier = ids.parse(row["arxiv_id"])
        if not identifier or identifier.scheme is not Scheme.ARXIV:
            raise FieldError(f"arxiv_id: {_fields.shown(row['arxiv_id'])} is no arXiv id")
        at = _fields.moment_of("observed_at", row["observed_at"])
        via = normal.clean(row.get("source", ""))[: _fields.MAX_NAME]
        signals = tuple(
            Signal(kind=kind, value=value, at=at, origin=origin, via=via)
            for name, kind, origin in _COUNTS
            if (value := fields.whole(name)) is not None
        )
        if not signals:
            raise FieldError("upvotes, num_comments, github_stars: the row counts nothing")
        return Observation(source=self.name, identifier=identifier, signals=signals)
