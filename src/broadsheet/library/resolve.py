"""Which paper does each record of a batch belong to?

One ``Resolver`` serves one write transaction: it looks up the whole batch with a handful of
statements, then decides record by record in memory, so that several records of one paper within
one batch meet each other as they would in two.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from broadsheet.library import matching, merge
from broadsheet.model import Identifier, Paper, Record, Scheme, Signal
from broadsheet.ports import PaperWrite
from broadsheet.text import digest, normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from broadsheet.ports import Writer

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

    keys: list[int] = field(default_factory=list)  # of the store
    records: dict[Name, Record] = field(default_factory=dict)  # new or changed
    signals: list[Signal] = field(default_factory=list)
    identifiers: set[Identifier] = field(default_factory=set)
    facts: list[matching.Facts] = field(default_factory=list)  # of each part
    joined: Work | None = None  # the work that took this one in

    @property
    def has_real_id(self) -> bool:
        """Tell whether it goes by anything better than a title."""
        return matching.has_real_id(self.identifiers)


class Resolver:
    """Assigns the records of one batch to papers, and says what is to be written."""

    def __init__(self, writer: Writer, records: Sequence[Record]) -> None:
        self._writer = writer
        self._digests: dict[Name, str] = {}
        self._by_key: dict[int, Work] = {}
        self._by_name: dict[Name, Work] = {}
        self._by_id: dict[Identifier, Work] = {}
        self._by_title: defaultdict[str, list[Work]] = defaultdict(list)
        self._new_signals: defaultdict[int, list[Signal]] = defaultdict(list)
        self._look_up(records)

    def _look_up(self, records: Sequence[Record]) -> None:
        known = self._writer.find_records({(one.source, one.source_id) for one in records})
        for name, (seen, key) in known.items():
            self._digests[name] = seen
            self._by_name[name] = self._at(key)
        changed = [one for one in records if not self._is_unchanged(one)]
        owned = self._writer.find({i for one in changed for i in merge.own_identifiers(one)})
        titled = self._writer.find_titles({normal.title_key(one.title) for one in changed})
        for identifier, key in owned.items():
            self._by_id[identifier] = self._at(key)
        for title_key, matches in titled.items():
            for match in matches:
                work = self._at(match.key)
                work.facts.append(matching.facts_of_match(match))
                self._by_title[title_key].append(work)
        named = {known[n][1] for one in changed if (n := (one.source, one.source_id)) in known}
        matched = {match.key for matches in titled.values() for match in matches}
        touched = named | matched | set(owned.values())
        for key, paper in self._writer.load_papers(touched).items():
            self._by_key[key].identifiers.update(paper.identifiers)

    def _at(self, key: int) -> Work:
        if key not in self._by_key:
            self._by_key[key] = Work(keys=[key])
        return self._by_key[key]

    def _is_unchanged(self, record: Record) -> bool:
        seen = self._digests.get((record.source, record.source_id))
        return seen is not None and seen == digest.record_digest(record)

    def add(self, record: Record, /) -> Outcome:
        """Assign one record.

        Raises:
            MisnamedError: the source gave this name to another work before.
        """
        name = (record.source, record.source_id)
        if self._is_unchanged(record):
            self._add_signals(_root(self._by_name[name]), record.signals)
            return Outcome.UNCHANGED
        identifiers = merge.own_identifiers(record)
        title_key = normal.title_key(record.title)
        work = self._join(self._works_of(record, identifiers, title_key))
        outcome = Outcome.MERGED if work.keys or work.records else Outcome.NEW
        work.records[name] = record
        work.signals.extend(record.signals)
        work.identifiers.update(identifiers)
        work.facts.append(matching.facts_of(record))
        self._digests[name] = digest.record_digest(record)
        self._by_name[name] = work
        for identifier in identifiers:
            self._by_id[identifier] = work
        self._by_title[title_key].append(work)
        return outcome

    def _works_of(
        self, record: Record, identifiers: Sequence[Identifier], title_key: str
    ) -> list[Work]:
        works = [_root(self._by_id[one]) for one in identifiers if one in self._by_id]
        named = self._by_name.get((record.source, record.source_id))
        if named is not None:
            works.append(_root(named))
            if matching.conflict(identifiers, _root(named).identifiers):
                before = ", ".join(sorted(map(str, _root(named).identifiers)))
                raise MisnamedError(f"{record.source_id} was {before} before")
        if titled := self._titled(record, title_key, is_known=bool(works)):
            works.append(titled)
        return list(dict.fromkeys(works))

    def _titled(self, record: Record, title_key: str, *, is_known: bool) -> Work | None:
        """Return the best work of this title; for a record whose paper is known, one without id."""
        mine = matching.facts_of(record)
        best: tuple[int, int] | None = None
        found = None
        for place, work in enumerate(dict.fromkeys(map(_root, self._by_title[title_key]))):
            if (is_known and work.has_real_id) or matching.conflict(
                record.identifiers, work.identifiers
            ):
                continue
            scores = [matching.agreement(mine, one, title=record.title) for one in work.facts]
            if None in scores or not scores:
                continue
            score = (max(s for s in scores if s is not None), -place)
            if best is None or score > best:
                best, found = score, work
        return found

    def _join(self, works: Sequence[Work]) -> Work:
        if not works:
            return Work()
        first = works[0]
        for other in works[1:]:
            first.keys += other.keys
            first.records |= other.records
            first.signals += other.signals
            first.identifiers |= other.identifiers
            first.facts += other.facts
            other.joined = first
        return first

    def observe(self, identifier: Identifier, signals: Sequence[Signal], /) -> Work | None:
        """Add signals to the work that goes by this identifier; None: it is not here."""
        work = self._by_id.get(identifier)
        if work is not None:
            self._add_signals(_root(work), signals)
        return work

    def look_up_observed(self, identifiers: Iterable[Identifier], /) -> None:
        """Learn which papers the observations of a batch speak of."""
        missing = {one for one in identifiers if one not in self._by_id}
        for identifier, key in self._writer.find(missing).items():
            self._by_id[identifier] = self._at(key)

    def _add_signals(self, work: Work, signals: Sequence[Signal]) -> None:
        work.signals.extend(signals)

    def loose_signals(self) -> dict[int, list[Signal]]:
        """Return signals of papers that are otherwise as they were, by key."""
        works = {id(w): w for w in map(_root, self._by_key.values())}
        return {
            work.keys[0]: work.signals
            for work in works.values()
            if work.signals and not work.records
        }

    def writes(self) -> Iterator[PaperWrite]:
        """Yield every paper that is new or changed, folded."""
        works = list(dict.fromkeys(_root(one) for one in self._by_name.values()))
        changed = [work for work in works if work.records]
        keys = {key for work in changed for key in work.keys}
        records = self._writer.load_records(keys)
        papers = self._writer.load_papers(keys)
        for work in changed:
            parts = [papers[key] for key in work.keys if key in papers]
            yield _write(work, parts, [one for key in work.keys for one in records.get(key, ())])


def _root(work: Work) -> Work:
    while work.joined is not None:
        work = work.joined
    return work


def _write(work: Work, parts: Sequence[Paper], records: Sequence[Record]) -> PaperWrite:
    whole = {(one.source, one.source_id): one for one in records} | work.records
    known = [identifier for part in parts for identifier in part.identifiers]
    keeper = min(parts, key=_standing, default=None)
    key = keeper.key if keeper else 0
    paper = merge.fold(list(whole.values()), key=key, known=known)
    return PaperWrite(
        paper=paper,
        title_key=normal.title_key(paper.title),
        records=tuple(work.records.values()),
        signals=tuple(work.signals),
        absorbs=tuple(sorted(part.key for part in parts if part.key != key)),
    )


_ORDER = {scheme: place for place, scheme in enumerate(Scheme)}


def _standing(paper: Paper) -> tuple[int, int]:
    """Of papers that become one, the one with the best identifier stays; then the oldest."""
    return min(_ORDER[one.scheme] for one in paper.identifiers), paper.key
