"""Who holds what when papers become one, and who gets it back: values in, values out.

A paper that others joined holds things of its own (the first paper's) and things that came with
each merge. Merges nest: what B brought to A goes along when A joins C. Each open merge remembers
what came with it, and of each thing whether the paper that it joined held that by itself too, so
that undos may come in any order and each paper gets back what it had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from broadsheet.model import Joint, RecordName

Thing = Any
"""A signal, as its row; or a shelf, as its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What came with one merge."""

    merge: int
    at: datetime
    joint: Joint
    records: frozenset[RecordName]  # the joint's
    signals: Mapping[Thing, bool]  # -> did the paper that they joined have the same by itself?
    shelves: Mapping[Thing, bool]
    since: Mapping[Thing, datetime]  # shelf -> when it was put there
    knows_shelves: bool = True  # False: made by a program that did not remember them


def tops(memories: Iterable[Memory], /) -> list[Memory]:
    """Return the merges that are not part of another one."""
    found = list(memories)
    return [one for one in found if not any(one.records < other.records for other in found)]


def own(held: Collection[Thing], came: Iterable[Mapping[Thing, bool]], /) -> set[Thing]:
    """Return what a paper holds by itself.

    Args:
        held: All that it holds.
        came: What came with each of its merges that are not part of another one.
    """
    said: dict[Thing, bool] = {}
    for one in came:
        for thing, is_own in one.items():
            said[thing] = said.get(thing, False) or is_own
    return {thing for thing in held if said.get(thing, True)}


@dataclass(frozen=True, slots=True)
class Parting:
    """What an undo does to the paper that was joined."""

    stays: frozenset[Thing]  # of what leaves: what the paper keeps too
    others: Sequence[Mapping[Thing, bool]]  # what its other merges brought, from now on


def parting(
    leaving: Mapping[Thing, bool],
    records: frozenset[RecordName],
    others: Sequence[tuple[frozenset[RecordName], Mapping[Thing, bool]]],
    /,
) -> Parting:
    """Decide what a paper keeps of what leaves it.

    It keeps what it held by itself, and what another merge brought as well. A merge that this
    one was part of did not bring what only this one brought.

    Args:
        leaving: What came with the merge that is undone.
        records: Its records.
        others: Records and things of the paper's other merges; without those that are part of
            the one that is undone, for these leave with it.
    """
    beside = [one for one in others if not records < one[0]]
    outer = sorted(
        (place for place, one in enumerate(others) if records < one[0]),
        key=lambda place: len(others[place][0]),
    )
    rest = [dict(things) for _, things in others]
    stays = set()
    for thing, is_own in leaving.items():
        is_kept = is_own
        for place in outer:
            inside = (b for b in beside if b[0] < others[place][0])
            is_kept = is_kept or any(thing in things for _, things in inside)
            is_outers = rest[place].get(thing, False)
            if not is_kept:
                rest[place].pop(thing, None)
            is_kept = is_kept or is_outers
        if is_kept or any(thing in things for _, things in beside):
            stays.add(thing)
    return Parting(frozenset(stays), rest)


@dataclass(frozen=True, slots=True)
class Shelving:
    """What an undo does to shelves."""

    put: Mapping[Thing, datetime]  # on which the paper that leaves is put, and since when
    taken: frozenset[Thing]  # from which the paper that stays is taken
    others: Sequence[Memory]


def shelving(
    leaving: Memory, held: Mapping[Thing, datetime], others: Sequence[Memory], /
) -> Shelving:
    """Divide the shelves; where somebody put the one paper meanwhile, both stay.

    Args:
        leaving: The merge that is undone.
        held: The shelves that the paper is on, and since when.
        others: Its other merges, as in ``parting``.
    """
    if not leaving.knows_shelves:
        return Shelving(held, frozenset(), others)
    decided = parting(
        leaving.shelves, leaving.records, [(one.records, one.shelves) for one in others]
    )
    put, taken = {}, set()
    for shelf, since in held.items():
        if _is_later(shelf, since, leaving, others):
            put[shelf] = since
        elif shelf in leaving.shelves:
            put[shelf] = leaving.since[shelf]
            if shelf not in decided.stays:
                taken.add(shelf)
    rest = [
        replace(one, shelves=shelves) for one, shelves in zip(others, decided.others, strict=True)
    ]
    return Shelving(put, frozenset(taken), rest)


def _is_later(shelf: Thing, since: datetime, leaving: Memory, others: Sequence[Memory]) -> bool:
    """Tell whether the paper was put there after the merge, as the one that it was then."""
    if since <= leaving.at:
        return False
    for one in others:
        if one.knows_shelves and one.at >= since:
            came_with_it = one.since.get(shelf) == since
            if came_with_it is not (leaving.records < one.records):
                return False
    return True
