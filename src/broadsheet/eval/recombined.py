"""More papers than a corpus holds: its own, then new ones put together from their sentences.

A made-up paper has the beginning of one title and the end of another, and sentences of three
papers, all of one category, so that words are as common, as rare and as often together as in
real ones. The texts mean nothing: speed and size can be measured on them, quality cannot.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadsheet.model import Identifier, Record, Scheme
from broadsheet.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from broadsheet.ports import Source

SEED = 20_261_126
KEPT = 60_000  # papers that lend their sentences, drawn evenly from all: some 150 MB
LENDERS = 3  # papers that one made-up paper is put together from
FEWEST = 20  # papers of a category; of smaller ones nothing is made


@dataclass(frozen=True, slots=True)
class _Lender:
    """What is taken from one paper."""

    category: str
    head: str  # the first half of its title
    tail: str
    sentences: tuple[str, ...]
    authors: tuple[str, ...]
    published: date | None


class RecombinedPapers:
    """A source of the papers of several sources, and of as many made from them as are missing."""

    def __init__(self, sources: Sequence[Source], count: int) -> None:
        self._sources = sources
        self._count = count
        self.made_up = 0  # so far

    @property
    def name(self) -> str:
        """The first source's name: the run is shown under it."""
        return self._sources[0].name

    def read(self) -> Iterator[Record]:
        """Yield ``count`` records, the real ones first; the same ones every time."""
        chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
        lenders: list[_Lender] = []
        seen = 0
        for record in self._real():
            if seen == self._count:
                return
            seen += 1
            _consider(lenders, record, seen, chance)
            yield record
        groups = _by_category(lenders)
        if not groups:
            return
        weights = [len(group) for group in groups]
        for number in range(self._count - seen):
            (group,) = chance.choices(groups, weights)
            self.made_up += 1
            yield _put_together(number, chance.sample(group, LENDERS), chance)

    def _real(self) -> Iterator[Record]:
        for source in self._sources:
            for item in source.read():
                if isinstance(item, Record):
                    yield item


def _consider(lenders: list[_Lender], record: Record, seen: int, chance: random.Random) -> None:
    """Keep the record, or not, so that all seen have the same chance (Vitter's algorithm R)."""
    place = len(lenders) if len(lenders) < KEPT else chance.randrange(seen)
    words = record.title.split()
    if place >= KEPT or not record.abstract or len(words) < 2:  # noqa: PLR2004  # two halves
        return
    lender = _Lender(
        category=record.categories[0] if record.categories else record.venue,
        head=" ".join(words[: len(words) // 2]),
        tail=" ".join(words[len(words) // 2 :]),
        sentences=tuple(split(record.abstract)),
        authors=record.authors,
        published=record.published,
    )
    lenders[place : place + 1] = [lender]


def _by_category(lenders: Sequence[_Lender]) -> list[list[_Lender]]:
    groups: dict[str, list[_Lender]] = {}
    for lender in lenders:
        groups.setdefault(lender.category, []).append(lender)
    return [group for _, group in sorted(groups.items()) if len(group) >= FEWEST]


def _put_together(number: int, lenders: Sequence[_Lender], chance: random.Random) -> Record:
    first, second = lenders[0], lenders[1]
    length = max(len(first.sentences), 1)
    told = [chance.choice(chance.choice(lenders).sentences) for _ in range(length)]
    names = [name for lender in lenders for name in lender.authors]
    team = chance.sample(names, min(len(names), max(1, len(first.authors))))
    return Record(
        source="recombined",
        source_id=str(number),
        identifiers=(Identifier(Scheme.LOCAL, f"recombined/{number}"),),
        title=f"{first.head} {second.tail}",
        abstract=" ".join(dict.fromkeys(told)),
        authors=tuple(dict.fromkeys(team)),
        published=first.published,
        announced=first.published,
        categories=(first.category,) if first.category else (),
    )
