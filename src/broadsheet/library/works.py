"""A paper in the making: papers of the store and records of a batch that are one work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from broadsheet.library import merge
from broadsheet.library.arrival import title_key
from broadsheet.model import Evidence, Identifier, Joint, Paper, Record, RecordName, Scheme, Signal
from broadsheet.ports import PaperWrite
from broadsheet.text import digest, ids, likeness
from broadsheet.text.sheet import sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.library.arrival import Arrival
    from broadsheet.text.digest import Content

_ORDER = {scheme: place for place, scheme in enumerate(Scheme)}


@dataclass(frozen=True, slots=True)
class Side:
    """What one of two works was when they became one."""

    keys: tuple[int, ...]  # the one that the others joined first
    records: tuple[RecordName, ...]
    identifiers: tuple[Identifier, ...]
    signals: tuple[Signal, ...] = ()  # that no paper of the store has yet


@dataclass(eq=False, slots=True)
class Work:
    """One paper in the making."""

    key: int = 0  # in the store, where it came from there
    parts: list[Paper] = field(default_factory=list)  # of the store
    records: dict[RecordName, Arrival] = field(default_factory=dict)  # all of them, by name
    changed: dict[RecordName, Content] = field(default_factory=dict)  # of those of the batch
    signals: list[Signal] = field(default_factory=list)
    identifiers: set[Identifier] = field(default_factory=set)  # all it ever had
    barred: set[Identifier] = field(default_factory=set)  # named by its records, another's
    apart: set[int] = field(default_factory=set)  # papers that it must not become one with
    joints: list[tuple[Evidence, Side, Side]] = field(default_factory=list)  # was here, came
    known: Paper | None = None  # what it is now, where that was worked out
    sole: Arrival | None = None  # all that it is made of, where that is a new paper of one record
    title_key: str = ""
    team: int | None = None  # the number that it is kept under
    joined: Work | None = None  # the work that took this one in

    @property
    def root(self) -> Work:
        """The work that this one is now."""
        work = self
        while work.joined is not None:
            work = work.joined
        return work

    @property
    def keys(self) -> frozenset[int]:
        """The papers of the store that it is made of."""
        return frozenset(part.key for part in self.parts)

    @property
    def paper(self) -> Paper | None:
        """What it is now; None: nothing yet.

        Most new papers are never asked for it: they are saved as they arrived.
        """
        if self.known is None and self.sole is not None:
            self.known = merge.fold([self.sole.record])
        return self.known

    def is_apart(self, other: Work, /) -> bool:
        """Tell whether somebody took the two apart."""
        return not self.apart.isdisjoint(other.keys) or not other.apart.isdisjoint(self.keys)

    def side(self) -> Side:
        """Return what it is now, for a joint."""
        return Side(
            tuple(part.key for part in self.parts),
            tuple(self.records),
            ids.best(self.identifiers),  # of a work that just took another one in, both's
            tuple(self.signals),
        )

    def note(self, evidence: Evidence, came: Side, /) -> None:
        """Remember why something is about to join."""
        self.joints.append((evidence, self.side(), came))

    def take(self, arrival: Arrival, /) -> None:
        """Add or replace a record and fold again."""
        is_sole = not (self.records or self.parts or self.identifiers or self.barred)
        self.records[arrival.name] = arrival
        self.changed[arrival.name] = arrival.content
        self.signals.extend(arrival.signals)
        if is_sole:
            self.sole = arrival
            self.identifiers.update(arrival.identifiers)
            self.title_key = arrival.title_key
            self.team = next(iter(arrival.teams), None)
        else:
            self.fold()

    def fold(self) -> None:
        """Make the paper of all the records."""
        self.sole = None
        paper = self.known = merge.fold(
            [one.record for one in self.records.values()],
            key=self._keeper(),
            known=self.identifiers,
            barred=self.barred,
        )
        self.identifiers.update(paper.identifiers)
        self.title_key = title_key(paper.title)
        self.team = likeness.team(paper.authors, paper.year)

    def join(self, other: Work, evidence: Evidence, /) -> None:
        """Take in another work, which from now on is this one."""
        if other.paper is not None and self.paper is not None:
            self.note(evidence, other.side())
        self.sole = None  # whoever joins folds
        self.parts += other.parts
        self.records |= other.records
        self.changed |= other.changed
        self.signals += other.signals
        self.identifiers |= other.identifiers
        self.joints += other.joints
        self.apart |= other.apart
        self.barred = (self.barred | other.barred) - self.identifiers
        other.joined = self

    def write(self) -> PaperWrite:
        """Return what is to be saved."""
        key, sheet = 0, self.sole.sheet if self.sole else None
        if sheet is None:
            assert self.known is not None  # noqa: S101  # only changed works are written
            key, sheet = self.known.key, sheet_of(self.known)
        return PaperWrite(
            key=key,
            sheet=sheet,
            title_key=self.title_key,
            team=self.team,
            records=self.changed,
            signals=tuple(self.signals),
            absorbs=tuple(sorted(self.keys - {key})),
            joints=tuple(_joint(*one, keeper=key) for one in self.joints),
        )

    def _keeper(self) -> int:
        """Of papers that become one, that with the best identifier stays; then the oldest."""
        keeper = min(self.parts, key=_standing, default=None)
        return keeper.key if keeper else 0


def prepare(paper: Paper, /, *, records: Iterable[Record] = ()) -> PaperWrite:
    """Return what saves a paper, with the keys that it is looked up by."""
    return PaperWrite(
        key=paper.key,
        sheet=sheet_of(paper),
        title_key=title_key(paper.title),
        team=likeness.team(paper.authors, paper.year),
        records={(one.source, one.source_id): digest.content_of(one) for one in records},
    )


def _joint(evidence: Evidence, here: Side, came: Side, *, keeper: int) -> Joint:
    """Return a joint as seen from the paper that stays, whichever side that was on."""
    if keeper in came.keys:
        here, came = came, here
    return Joint(
        evidence=evidence,
        records=came.records,
        identifiers=came.identifiers,
        signals=came.signals,
        gone=came.keys[0] if came.keys else 0,
    )


def _standing(paper: Paper) -> tuple[int, int]:
    return min(_ORDER[one.scheme] for one in paper.identifiers), paper.key
