"""Which paper does each record of a batch belong to?

One ``Resolver`` serves one write transaction: it looks up the whole batch with a handful of
statements, then decides record by record in memory, so that several records of one paper within
one batch meet each other as they would in two.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING

from broadsheet.library import matching, merge
from broadsheet.library.arrival import title_key
from broadsheet.model import Identifier, Paper, Record, Scheme, Signal
from broadsheet.ports import PaperWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from broadsheet.library.arrival import Arrival
    from broadsheet.ports import Writer
    from broadsheet.text.digest import Content

Name = tuple[str, str]  # (source, source_id)


class Outcome(StrEnum):
    """What became of one record or observation."""

    NEW = "new"
    MERGED = "merged"
    UNCHANGED = "unchanged"
    WAITING = "waiting"


class MisnamedError(ValueError):
    """A source used one name for two works; the message says which."""


@dataclass(eq=False, slots=True)
class Work:
    """One paper in the making: papers of the store and records of the batch that are one."""

    key: int = 0  # in the store, where it came from there
    parts: list[Paper] = field(default_factory=list)  # of the store
    records: dict[Name, Record] = field(default_factory=dict)  # all of them, by name
    changed: dict[Name, Content] = field(default_factory=dict)  # of those that the batch brought
    signals: list[Signal] = field(default_factory=list)
    identifiers: set[Identifier] = field(default_factory=set)  # all it ever had
    barred: set[Identifier] = field(default_factory=set)  # named by its records, another's
    paper: Paper | None = None  # what it is now; None: nothing yet
    title_key: str = ""
    joined: Work | None = None  # the work that took this one in

    def take(self, arrival: Arrival, /) -> None:
        """Add or replace a record and fold again."""
        self.records[arrival.name] = arrival.record
        self.changed[arrival.name] = arrival.content
        self.signals.extend(arrival.record.signals)
        keeper = min(self.parts, key=_standing, default=None)
        key = keeper.key if keeper else 0
        self.paper = merge.fold(
            self.records.values(), key=key, known=self.identifiers, barred=self.barred
        )
        self.identifiers.update(self.paper.identifiers)
        self.title_key = title_key(self.paper.title)

    def join(self, other: Work, /) -> None:
        """Take in another work, which from now on is this one."""
        self.parts += other.parts
        self.records |= other.records
        self.changed |= other.changed
        self.signals += other.signals
        self.identifiers |= other.identifiers
        self.barred = (self.barred | other.barred) - self.identifiers
        other.joined = self

    def write(self) -> PaperWrite:
        """Return what is to be saved."""
        assert self.paper is not None  # noqa: S101  # only changed works are written
        key = self.paper.key
        return PaperWrite(
            paper=self.paper,
            title_key=self.title_key,
            records=tuple(self.records[name] for name in self.changed),
            contents=tuple(self.changed.values()),
            signals=tuple(self.signals),
            absorbs=tuple(sorted(part.key for part in self.parts if part.key != key)),
        )


class Resolver:
    """Assigns the records of one batch to papers, and says what is to be written."""

    def __init__(self, writer: Writer, arrivals: Sequence[Arrival]) -> None:
        self._writer = writer
        self._digests: dict[Name, str] = {}
        self._by_key: dict[int, Work] = {}
        self._by_name: dict[Name, Work] = {}
        self._by_id: dict[Identifier, Work] = {}
        self._by_title: defaultdict[str, list[Work]] = defaultdict(list)
        self._look_up(arrivals)

    def _look_up(self, arrivals: Sequence[Arrival]) -> None:
        known = self._writer.find_records({one.name for one in arrivals})
        for name, (seen, key) in known.items():
            self._digests[name] = seen
            self._by_name[name] = self._at(key)
        changed = [one for one in arrivals if not self._is_unchanged(one)]
        owned = self._writer.find({each for one in changed for each in one.identifiers})
        titled = self._writer.find_titles({one.title_key for one in changed})
        for identifier, key in owned.items():
            self._by_id[identifier] = self._at(key)
        for key_of_title, matches in titled.items():
            self._by_title[key_of_title] += [self._at(match.key) for match in matches]
        named = {known[one.name][1] for one in changed if one.name in known}
        matched = {match.key for matches in titled.values() for match in matches}
        self._load(named | matched | set(owned.values()))

    def _load(self, keys: set[int]) -> None:
        """Learn all that the store has of the papers that may change."""
        records = self._writer.load_records(keys)
        for key, paper in self._writer.load_papers(keys).items():
            work = self._at(key)
            work.parts = [paper]
            work.paper = paper
            work.identifiers = set(paper.identifiers)
            work.title_key = title_key(paper.title)
            work.records = {(one.source, one.source_id): one for one in records.get(key, ())}
            named = {i for one in work.records.values() for i in merge.own_identifiers(one)}
            work.barred = {one for one in named if one.scheme is not Scheme.TITLE}
            work.barred -= work.identifiers

    def _at(self, key: int) -> Work:
        if key not in self._by_key:
            self._by_key[key] = Work(key=key)
        return self._by_key[key]

    def _is_unchanged(self, arrival: Arrival) -> bool:
        seen = self._digests.get(arrival.name)
        return seen is not None and seen == arrival.content.digest

    def add(self, arrival: Arrival, /) -> Outcome:
        """Assign one record.

        Raises:
            MisnamedError: the source gave this name to another work before.
        """
        if self._is_unchanged(arrival):
            _root(self._by_name[arrival.name]).signals.extend(arrival.record.signals)
            return Outcome.UNCHANGED
        identifiers = arrival.identifiers
        work, *others = self._works_of(arrival) or [Work()]
        outcome = Outcome.NEW if work.paper is None else Outcome.MERGED
        for other in others:
            work.join(other)
        work.barred |= {one for one in identifiers if self._is_anothers(one, work)}
        work.take(arrival)
        self._digests[arrival.name] = arrival.content.digest
        self._by_name[arrival.name] = work
        self._by_id.update(dict.fromkeys(set(identifiers) - work.barred, work))
        self._by_title[work.title_key].append(work)
        return outcome

    def _works_of(self, arrival: Arrival) -> list[Work]:
        """Return the works that the record speaks of, each once: by identifier, name, title."""
        identifiers = arrival.identifiers
        works = [
            work
            for one in identifiers
            if one in self._by_id
            and not matching.contradict(
                one, identifiers, (work := _root(self._by_id[one])).identifiers
            )
        ]
        if named := self._by_name.get(arrival.name):
            works.append(_root(named))
            if matching.conflict(identifiers, works[-1].identifiers):
                before = ", ".join(sorted(map(str, works[-1].identifiers)))
                raise MisnamedError(f"{arrival.record.source_id} was {before} before")
        if titled := self._titled(arrival, is_known=bool(works)):
            works.append(titled)
        return list(dict.fromkeys(works))

    def _is_anothers(self, identifier: Identifier, work: Work) -> bool:
        """Tell whether an identifier belongs to a work that the record does not speak of."""
        return identifier in self._by_id and _root(self._by_id[identifier]) is not work

    def _titled(self, arrival: Arrival, *, is_known: bool) -> Work | None:
        """Return the best work of this title; for a record whose paper is known, one without id.

        Of equally good ones that with the best kind of identifier, then the largest value.
        """
        record, key = arrival.record, arrival.title_key
        best = max(
            (
                (score, _first_id(work.paper), work)
                for work in dict.fromkeys(map(_root, self._by_title.get(key, ())))
                if work.paper
                and work.title_key == key
                and (score := _score(record, work, work.paper, is_known=is_known)) is not None
            ),
            key=itemgetter(0, 1),
            default=None,
        )
        return best[2] if best else None

    def look_up_observed(self, identifiers: Iterable[Identifier], /) -> None:
        """Learn which papers the observations of a batch speak of."""
        missing = {one for one in identifiers if one not in self._by_id}
        for identifier, key in self._writer.find(missing).items():
            self._by_id[identifier] = self._at(key)

    def observe(self, identifier: Identifier, signals: Sequence[Signal], /) -> Work | None:
        """Add signals to the work that goes by this identifier; None: it is not here."""
        if identifier not in self._by_id:
            return None
        work = _root(self._by_id[identifier])
        work.signals.extend(signals)
        return work

    def loose_signals(self) -> dict[int, list[Signal]]:
        """Return signals of papers that are otherwise as they were, by key."""
        return {
            key: work.signals
            for key, work in self._by_key.items()
            if work.joined is None and work.signals and not work.changed
        }

    def writes(self) -> list[PaperWrite]:
        """Return every paper that is new or changed, folded, in the order of the batch."""
        works = dict.fromkeys(_root(one) for one in self._by_name.values())
        return [work.write() for work in works if work.changed]


def _root(work: Work) -> Work:
    while work.joined is not None:
        work = work.joined
    return work


def _score(record: Record, work: Work, paper: Paper, *, is_known: bool) -> int | None:
    """Return how well a record fits a work of its title; None: it does not."""
    if is_known and matching.has_real_id(work.identifiers):
        return None
    if matching.conflict(record.identifiers, work.identifiers):
        return None
    return matching.agreement(
        matching.facts_of(record), matching.facts_of_paper(paper), title=record.title
    )


_ORDER = {scheme: place for place, scheme in enumerate(Scheme)}


def _first_id(paper: Paper) -> tuple[int, str]:
    """Order papers by the kind of their best identifier, the best last, then by its value."""
    return -_ORDER[paper.identifiers[0].scheme], paper.id


def _standing(paper: Paper) -> tuple[int, int]:
    """Of papers that become one, the one with the best identifier stays; then the oldest."""
    return min(_ORDER[one.scheme] for one in paper.identifiers), paper.key
