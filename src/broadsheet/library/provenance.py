"""Which record supplied each value of a paper, and why are its records one work? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadsheet.library import merge
from broadsheet.model import Reason, Scheme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from broadsheet.model import Merge, Paper, Record, RecordName

SINGLE = (
    *("title", "abstract", "authors", "author_count", "published", "updated", "announced"),
    *("picked", "version", "venue", "comment", "summary", "license"),
)
"""Fields that one record supplies: of those that say the same, the newest."""
SEVERAL = ("categories", "topics", "links")
"""Fields to which each record may add."""
_ONE_FILE = frozenset({Scheme.TITLE, Scheme.LOCAL})  # names that tie nothing together


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """A record that gave a value, or a part of it."""

    source: str
    source_id: str
    version: int | None
    arrived: datetime | None  # None: the store does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """One reason why records are one work."""

    text: str  # a sentence
    merge: int | None = None  # its key, where it can be undone
    at: datetime | None = None
    is_undone: bool = False


def provenance(
    paper: Paper, records: Sequence[Record], times: Mapping[RecordName, datetime], /
) -> dict[str, tuple[Supplied, ...]]:
    """Map each field that the paper has to the records that supplied it, newest first.

    Follows the rules of ``merge.fold``: where several records say the same, the newest one is
    named. Fields that are derived (``day``, ``id``) are left out.
    """
    newest = merge.newest_first(records)
    found: dict[str, tuple[Supplied, ...]] = {}
    for field in SINGLE:
        value = getattr(paper, field)
        if givers := [one for one in newest if value and _gives(one, field, paper)]:
            found[field] = (_supplied(givers[0], times),)
    for field in SEVERAL:
        if givers := _adding(newest, field, getattr(paper, field)):
            found[field] = tuple(_supplied(one, times) for one in givers)
    if paper.status:
        sayer = next(
            one for one in newest if (one.source, one.status) == (paper.status_by, paper.status)
        )
        found["status"] = (_supplied(sayer, times),)
    return found


def ties(records: Sequence[Record], merges: Sequence[Merge], /) -> list[Tie]:
    """Say why these records are one work: names that they share, then what was decided.

    A paper of one record needs no reason.
    """
    found = [Tie(text=text) for text in _shared_names(records)]
    return found + [
        Tie(
            text=sentence(one),
            merge=None if one.undone else one.key,
            at=one.at,
            is_undone=one.undone is not None,
        )
        for one in merges
    ]


def sentence(merge: Merge, /) -> str:
    """Say why records joined, with the numbers that decided."""
    joint = merge.joint
    who = _listed(sorted({f"{source} {name}" for source, name in joint.records}), limit=3)
    detail = joint.evidence.detail
    if joint.evidence.reason is Reason.HAND:
        return f"{who} joined by hand."
    if joint.evidence.reason is Reason.IDENTIFIER:
        names = _listed([str(one) for one in detail.get("identifiers", ())], limit=5)
        giver = f"{detail.get('source', '')} {detail.get('source_id', '')}".strip()
        return f"{who} joined because {giver or 'a record'} names {names}."
    kind = (
        "the titles are equal"
        if joint.evidence.reason is Reason.TITLE
        else "the titles are spellings of one"
    )
    return f"{who} joined because {kind}{_numbers(detail)}."


def _numbers(detail: Mapping[str, Any]) -> str:
    """Return the figures of a comparison as the end of a sentence."""
    figures = []
    if detail.get("authors_shared"):
        figures.append(f"{detail['authors_shared']:.0%} of the authors are shared")
    years = [year for year in detail.get("years", ()) if year]
    if len(years) == 2:  # noqa: PLR2004  # one of each side
        apart = abs(years[0] - years[1])
        figures.append("the year is the same" if not apart else f"the years are {apart} apart")
    return "".join(f", {figure}" for figure in figures)


def _gives(record: Record, field: str, paper: Paper) -> bool:
    value = getattr(paper, field)
    if field == "author_count":
        return bool(paper.authors and record.authors == paper.authors) or (
            not paper.authors and record.author_count == value
        )
    if field == "published":
        return (record.published, record.precision) == (value, paper.precision)
    if field == "summary":
        return (record.summary, record.summary_by) == (value, paper.summary_by)
    if field == "updated":
        # A version older than the paper itself is dated by the paper: merge.fold.
        is_dated = bool(value == paper.published and record.published == value)
        return is_dated or bool(record.updated == value)
    return bool(getattr(record, field) == value)


def _adding(newest: Sequence[Record], field: str, wanted: Sequence[Any]) -> list[Record]:
    """Return the records that added something, each value counted for the newest giver."""
    missing = set(wanted)
    givers = []
    for record in newest:
        added = missing.intersection(getattr(record, field))
        if added:
            givers.append(record)
            missing -= added
    return givers


def _supplied(record: Record, times: Mapping[RecordName, datetime]) -> Supplied:
    return Supplied(
        source=record.source,
        source_id=record.source_id,
        version=record.version,
        arrived=times.get((record.source, record.source_id)),
    )


def _shared_names(records: Sequence[Record]) -> list[str]:
    givers: dict[str, set[str]] = {}
    for record in records:
        for name in merge.own_identifiers(record):
            if name.scheme not in _ONE_FILE:
                givers.setdefault(str(name), set()).add(f"{record.source} {record.source_id}")
    groups: dict[tuple[str, ...], list[str]] = {}
    for label, who in givers.items():
        if len(who) > 1:
            groups.setdefault(tuple(sorted(who)), []).append(label)
    return [
        f"{_listed(who, limit=4)} name {_listed(sorted(names), limit=4)}."
        for who, names in sorted(groups.items())
    ]


def _listed(parts: Sequence[str], *, limit: int) -> str:
    shown = list(parts[:limit])
    if len(parts) > limit:
        shown.append(f"{len(parts) - limit} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
