"""A few papers that readers have votes for, on their shelves and in their mail, to be merged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from broadsheet.library import people
from broadsheet.library.merging import unite
from broadsheet.model import Link, Period
from tests.support import NOON, record
from tests.support_papers import arxiv, paper, paper_write, save, vote

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.model import PaperId, Record, Signal
    from broadsheet.store import SqlStore

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PAPERS = 4
READERS = ("ada", "bo")

# Of few values, so that papers often have the same: that is where an undo could go wrong.
counts = st.builds(
    lambda value, origin, hours: vote(value, origin=origin, hours=hours),
    st.integers(1, 2),
    st.sampled_from(["hosted", "x"]),
    st.integers(0, 1),
)
paper_numbers = st.integers(0, PAPERS - 1)


@dataclass(frozen=True)
class Held:
    """What one paper starts with."""

    signals: tuple[Signal, ...] = ()
    voters: tuple[str, ...] = ()
    shelves: tuple[tuple[str, str, int], ...] = ()  # reader, shelf, hours after noon
    is_delivered: bool = False


helds = st.builds(
    Held,
    signals=st.lists(counts, max_size=2, unique=True).map(tuple),
    voters=st.lists(st.sampled_from(READERS), max_size=2, unique=True).map(tuple),
    shelves=st.lists(
        st.tuples(st.sampled_from(READERS), st.sampled_from(["Later", "Maps"]), st.integers(0, 2)),
        max_size=3,
        unique_by=lambda one: one[:2],
    ).map(tuple),
    is_delivered=st.booleans(),
)


@dataclass
class House:
    """A few papers with what people did with them."""

    store: SqlStore
    held: tuple[Held, ...]
    first: int = 0  # of the numbers of its papers
    subscription: int = 0

    def furnish(self) -> None:
        """Save the papers, then let readers come; a house is furnished once."""
        keys = save(
            self.store,
            [
                paper_write(
                    self.first + number,
                    paper=paper(self.first + number, links=self.record(number).links),
                    records=(self.record(number),),
                    signals=one.signals,
                )
                for number, one in enumerate(self.held)
            ],
        )
        here = self.store.papers(list(keys))
        for number, (one, found) in enumerate(zip(self.held, here, strict=True)):
            for reader in one.voters:
                people.vote(self.store, found, reader, at=NOON, is_on=True)
            for reader, shelf, hours in one.shelves:
                at = NOON + hours * HOUR + number * MINUTE  # no two at once: keys break ties
                people.save(self.store, found, shelf, reader, at=at)
        self._deliver([key for key, one in zip(keys, self.held, strict=True) if one.is_delivered])

    def record(self, number: int) -> Record:
        """Return the one record of a paper."""
        return record(
            self.first + number, links=(Link(kind="code", url=f"https://git.example/{number}"),)
        )

    def keys(self) -> list[int]:
        """Return what each paper is now."""
        names = [arxiv(self.first + number) for number in range(PAPERS)]
        found = self.store.find(names)
        return [found[name] for name in names]

    def open_merges(self) -> list[int]:
        """Return the merges that can be undone, oldest first."""
        found = self.store.merges(list(set(self.keys())))
        return sorted(one.key for one in found if one.undone is None)

    def unite(self, one: int, other: int, *, at: datetime) -> bool:
        """Make two papers one; tell whether they were two."""
        keys = self.keys()
        if keys[one] == keys[other]:
            return False
        unite(self.store, *self.store.papers([keys[one], keys[other]]), at=at)
        return True

    def state(self) -> list[dict[str, Any]]:
        """Return everything of each paper that must come back, free of keys."""
        keys = self.keys()
        each = list(set(keys))
        signals = self.store.signals(each)
        voted = {reader: self.store.voted(reader, each) for reader in READERS}
        shelved = {reader: self.store.shelved(reader, each) for reader in READERS}
        papers = {one.key: one for one in self.store.papers(each)}
        return [
            {
                "paper": replace(papers[key], key=0),
                "signals": set(signals.get(key, ())),
                "voters": {reader for reader in READERS if key in voted[reader]},
                "shelves": {
                    (reader, shelf) for reader in READERS for shelf in shelved[reader].get(key, ())
                },
            }
            for key in keys
        ]

    def order(self) -> dict[tuple[str, str], list[PaperId]]:
        """Return the shelves with their papers, in the order that readers see."""
        names = {one.key: one.id for one in self.store.papers(self.keys())}
        found = {
            (reader, shelf.name): [
                names[key] for key in self.store.shelf_keys(reader, shelf.name) if key in names
            ]
            for reader in READERS
            for shelf in self.store.shelves(reader)
        }
        return {shelf: papers for shelf, papers in found.items() if papers}

    def delivered(self) -> set[int]:
        """Return the papers that the subscriber got."""
        keys = self.keys()
        got = self.store.delivered(self.subscription, keys)
        return {number for number, key in enumerate(keys) if key in got}

    def _deliver(self, keys: list[int]) -> None:
        asked = self.store.subscribe(
            f"reader{self.first}@example.org", period=Period.DAY, hour=7, timezone="UTC", at=NOON
        )
        self.subscription = asked.key
        self.store.activate(asked.key, period=Period.DAY, hour=7, timezone="UTC", due=NOON)
        due = self.store.claim_due_digest(NOON, next_due=lambda _: NOON + 1000 * DAY)
        assert due is not None
        self.store.finish_digest(due.key, state="sent", papers=keys, at=NOON, detail="")


def assert_each_is_the_sum_of_its_parts(house: House, before: list[dict[str, Any]]) -> None:
    """Papers that are one have what each of them had, and nothing else."""
    keys = house.keys()
    for key, now in zip(keys, house.state(), strict=True):
        parts = [had for had, other in zip(before, keys, strict=True) if other == key]
        for what in ("signals", "voters", "shelves"):
            assert now[what] == set().union(*(had[what] for had in parts)), what
        links = (link for had in parts for link in had["paper"].links)
        assert set(now["paper"].links) == set(links)
