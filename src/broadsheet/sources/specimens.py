"""The specimen edition: papers written for this project, dated so that they are always new.

Everything is relative to today: day offsets count back from it. Votes and comments are dated
at noon UTC of their day, today's at midnight, so that none lies ahead.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from broadsheet.model import Fault, Identifier, Link, Record, Scheme, Signal, SignalKind
from broadsheet.sources import _fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from broadsheet.model import Observation

NAME = "specimen"
NOON = 12  # o'clock, UTC
_COUNTS = (
    ("votes", SignalKind.VOTE),
    ("comments", SignalKind.COMMENT),
    ("stars", SignalKind.STAR),
)


class Specimens:
    """The specimen edition as it is on one day."""

    def __init__(self, today: date) -> None:
        self.today = today

    @property
    def name(self) -> str:
        """The name by which a library knows specimens from papers."""
        return NAME

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield one record per version, first versions first, in the file's order."""
        lines = files("broadsheet.sources").joinpath("specimens.jsonl").read_bytes().splitlines()
        for line in lines:
            if line.strip():
                yield from self._versions(_fields.decode(line))

    def _versions(self, values: dict[str, Any]) -> Iterator[Record]:
        """Yield a record for each version; the newest carries the signals."""
        first = self.today - timedelta(days=values["day_offset"])
        versions = values.get("versions") or [{"version": 1, "day_offset": values["day_offset"]}]
        versions = sorted(versions, key=lambda each: int(each["version"]))
        slug = values["id"].removeprefix("specimen:")
        for version in versions:
            number = version["version"]
            yield Record(
                source=NAME,
                source_id=f"{slug}v{number}",
                title=version.get("title") or values["title"],
                identifiers=(Identifier(Scheme.SPECIMEN, slug),),
                version=number,
                abstract=version.get("abstract", values["abstract"]),
                authors=tuple(values["authors"]),
                published=first,
                updated=self.today - timedelta(days=version["day_offset"]),
                announced=first,
                categories=tuple(values.get("categories", ())),
                topics=tuple(values.get("topics", ())),
                venue=values.get("venue") or "",
                comment=values.get("comment") or "",
                summary=values.get("summary") or "",
                license="CC0-1.0",
                links=tuple(
                    Link(kind=each["kind"], url=each["url"]) for each in values.get("links", ())
                ),
                signals=self._signals(values) if version is versions[-1] else (),
            )

    def _signals(self, values: dict[str, Any]) -> tuple[Signal, ...]:
        return tuple(
            Signal(kind=kind, value=each["value"], at=self._moment(each["day_offset"]), origin=NAME)
            for name, kind in _COUNTS
            for each in values.get(name, ())
        )

    def _moment(self, offset: int) -> datetime:
        day = self.today - timedelta(days=offset)
        return datetime.combine(day, time(NOON if offset else 0), UTC)
