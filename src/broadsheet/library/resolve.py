"""Which paper does each record of a batch belong to?

One ``Resolver`` serves one write transaction: it looks up the whole batch with a handful of
statements, then decides record by record in memory, so that several records of one paper within
one batch meet each other as they would in two.

A record goes to the works that it names: by its own name, by identifiers, else by an equal title,
else by a title that is nearly the same. Papers that somebody took apart never meet.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from heapq import nsmallest
from operator import itemgetter
from typing import TYPE_CHECKING

from broadsheet.library import matching
from broadsheet.library.arrival import Arrival, title_key
from broadsheet.library.works import Side, Work
from broadsheet.model import Evidence, Identifier, Paper, Reason, Record, RecordName, Scheme, Signal
from broadsheet.text import likeness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from broadsheet.ports import PaperWrite, TeamMatch, Writer

MAX_OF_A_TEAM = 64
"""So many titles of one team a title is compared with, those nearest in length: a collaboration of
thousands signs hundreds of papers in two years, and its newest must not wait for all of them."""


class Outcome(StrEnum):
    """What became of one record or observation."""

    NEW = "new"
    MERGED = "merged"
    UNCHANGED = "unchanged"
    WAITING = "waiting"


class MisnamedError(ValueError):
    """A source used one name for two works; the message says which."""


NAMED = Evidence(reason=Reason.IDENTIFIER)  # a shared name needs no remark of its own


class Resolver:
    """Assigns the records of one batch to papers, and says what is to be written."""

    def __init__(self, writer: Writer, arrivals: Sequence[Arrival]) -> None:
        self._writer = writer
        self._digests: dict[RecordName, str] = {}
        self._by_key: dict[int, Work] = {}
        self._by_name: dict[RecordName, Work] = {}
        self._by_id: dict[Identifier, Work] = {}
        self._by_title: defaultdict[str, list[Work]] = defaultdict(list)
        self._by_team: defaultdict[int, list[Work]] = defaultdict(list)
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
        for title, keys in titled.items():
            self._by_title[title] += map(self._at, keys)
        named = {known[one.name][1] for one in changed if one.name in known}
        matched = {key for keys in titled.values() for key in keys}
        found = named | matched | set(owned.values())
        self._load(found | self._look_up_teams(changed, set(owned)))

    def _look_up_teams(self, arrivals: Sequence[Arrival], owned: set[Identifier]) -> set[int]:
        """Return the papers whose titles are nearly those of records that nobody knows."""
        unknown = [one for one in arrivals if owned.isdisjoint(one.identifiers)]
        found = self._writer.find_teams({team for one in unknown for team in one.teams})
        near: set[int] = set()
        for one in unknown if found else ():
            for team in one.teams:
                for match in _nearest_in_length(found.get(team, ()), one.title_key):
                    if likeness.keys_are_near(one.title_key, match.title_key):
                        near.add(match.key)
                        self._by_team[team].append(self._at(match.key))
        return near

    def _load(self, keys: set[int]) -> None:
        """Learn all that the store has of the papers that may change."""
        records = self._writer.load_records(keys)
        apart = self._writer.find_apart(keys)
        for key, paper in self._writer.load_papers(keys).items():
            work = self._at(key)
            work.parts = [paper]
            work.known = paper
            work.identifiers = set(paper.identifiers)
            work.title_key = title_key(paper.title)
            work.apart = set(apart.get(key, ()))
            work.records = {one.name: one for one in map(Arrival, records.get(key, ()))}
            named = {i for one in work.records.values() for i in one.identifiers}
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
        name = arrival.name
        if self._is_unchanged(arrival):
            self._by_name[name].root.signals.extend(arrival.signals)
            return Outcome.UNCHANGED
        identifiers = arrival.identifiers
        (work, why), *others = self._works_of(arrival) or [(Work(), NAMED)]
        outcome = Outcome.MERGED if work.records or work.parts else Outcome.NEW
        if why is not NAMED:
            work.note(why, Side((), (name,), identifiers, arrival.signals))
        for other, reason in others:
            work.join(other, reason if reason is not NAMED else _both(arrival))
        work.barred |= {one for one in identifiers if self._is_anothers(one, work)}
        work.take(arrival)
        self._digests[name] = arrival.content.digest
        self._by_name[name] = work
        self._by_id.update(dict.fromkeys(set(identifiers) - work.barred, work))
        self._by_title[work.title_key].append(work)
        self._remember_team(work)
        return outcome

    def _remember_team(self, work: Work) -> None:
        if work.team is not None:
            self._by_team[work.team].append(work)

    def _works_of(self, arrival: Arrival) -> list[tuple[Work, Evidence]]:
        """Return the works that the record speaks of, each once and none apart from another."""
        found: list[tuple[Work, Evidence]] = []
        for work, why in self._spoken_of(arrival):
            if all(work is not one and not work.is_apart(one) for one, _ in found):
                found.append((work, why))
        return found

    def _spoken_of(self, arrival: Arrival) -> Iterator[tuple[Work, Evidence]]:
        """Yield them by name, by identifier, by title; the first one stays."""
        identifiers = arrival.identifiers
        named = self._by_name.get(arrival.name)
        if named:
            if matching.conflict(identifiers, named.root.identifiers):
                before = ", ".join(sorted(map(str, named.root.identifiers)))
                raise MisnamedError(f"{arrival.record.source_id} was {before} before")
            yield named.root, NAMED
        is_known = named is not None
        for one in identifiers:
            work = self._by_id[one].root if one in self._by_id else None
            if work and not matching.contradict(one, identifiers, work.identifiers):
                is_known = True
                yield work, NAMED
        if titled := self._titled(arrival, is_known=is_known):
            yield titled
        elif not is_known and (near := self._near(arrival)):
            yield near

    def _is_anothers(self, identifier: Identifier, work: Work) -> bool:
        """Tell whether an identifier belongs to a work that the record does not speak of."""
        return identifier in self._by_id and self._by_id[identifier].root is not work

    def _titled(self, arrival: Arrival, *, is_known: bool) -> tuple[Work, Evidence] | None:
        """Return the best work of this title; for a record whose paper is known, one without id.

        Of equally good ones that with the best kind of identifier, then the largest value.
        """
        key = arrival.title_key
        works = dict.fromkeys(one.root for one in self._by_title.get(key, ()))
        if not works:
            return None
        record = arrival.record
        best = max(
            (
                (score, _first_id(work.paper), work)
                for work in works
                if work.paper
                and work.title_key == key
                and (score := _score(record, work, work.paper, is_known=is_known)) is not None
            ),
            key=itemgetter(0, 1),
            default=None,
        )
        if best is None or best[2].paper is None:
            return None
        return best[2], matching.evidence(Reason.TITLE, record, best[2].paper)

    def _near(self, arrival: Arrival) -> tuple[Work, Evidence] | None:
        """Return the work whose title is another spelling of this one; ties as for titles."""
        works = dict.fromkeys(
            one.root for team in arrival.teams for one in self._by_team.get(team, ())
        )
        if not works:
            return None
        record = arrival.record
        best = max(
            (
                (_first_id(work.paper), work)
                for work in works
                if work.paper
                and likeness.keys_are_near(arrival.title_key, work.title_key)
                and not matching.conflict(record.identifiers, work.identifiers)
                and matching.is_near(record, work.paper)
            ),
            key=itemgetter(0),
            default=None,
        )
        if best is None or best[1].paper is None:
            return None
        return best[1], matching.evidence(Reason.NEAR, record, best[1].paper)

    def look_up_observed(self, identifiers: Iterable[Identifier], /) -> None:
        """Learn which papers the observations of a batch speak of."""
        missing = {one for one in identifiers if one not in self._by_id}
        for identifier, key in self._writer.find(missing).items():
            self._by_id[identifier] = self._at(key)

    def observe(self, identifier: Identifier, signals: Sequence[Signal], /) -> Work | None:
        """Add signals to the work that goes by this identifier; None: it is not here."""
        if identifier not in self._by_id:
            return None
        work = self._by_id[identifier].root
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
        works = dict.fromkeys(one.root for one in self._by_name.values())
        return [work.write() for work in works if work.changed]


def _both(arrival: Arrival) -> Evidence:
    """Return the evidence of a record that names two works."""
    source, source_id = arrival.name
    detail = {
        "source": source,
        "source_id": source_id,
        "identifiers": [str(one) for one in arrival.identifiers],
    }
    return Evidence(reason=Reason.IDENTIFIER, detail=detail)


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


def _nearest_in_length(matches: Sequence[TeamMatch], title_key: str) -> Sequence[TeamMatch]:
    """Return those titles of a team that are worth comparing, ``MAX_OF_A_TEAM`` at most."""
    if len(matches) <= MAX_OF_A_TEAM:
        return matches
    return nsmallest(
        MAX_OF_A_TEAM, matches, key=lambda match: abs(len(match.title_key) - len(title_key))
    )
