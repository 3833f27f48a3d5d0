"""What happens when somebody says that two papers are one, or that one is two?

Both are one write transaction, so a kill leaves either what was before or what was asked for.
What is taken apart is never merged again by itself; saying so by hand merges it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.errors import MergeNotFoundError, UsageError
from broadsheet.library import merge
from broadsheet.library.arrival import Arrival
from broadsheet.library.works import Work, prepare
from broadsheet.model import Evidence, Identifier, Reason, Scheme

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from broadsheet.model import Joint, Paper, Record
    from broadsheet.ports import Store, Writer


def unite(store: Store, one: Paper, other: Paper, /, *, at: datetime) -> int:
    """Make two papers one, by hand; return the key of the one that stays.

    The paper with the better kind of identifier stays, then the older one. What both own, votes,
    shelves, deliveries, is the one's from now on; the addresses of both lead to it.

    Raises:
        UsageError: both are one paper already, or one of them is gone.
    """
    if one.key == other.key:
        raise UsageError(f"{one.id} and {other.id} are one paper already", field="other")
    with store.write() as writer:
        first, second = _works(writer, one, other)
        first.join(second, Evidence(reason=Reason.HAND))
        first.fold()
        key, *_ = writer.save([first.write()], at=at)
    return key


def part(
    store: Store, merge_key: int, /, *, at: datetime, of: Paper | None = None
) -> tuple[int, int]:
    """Undo a merge; return the keys of the paper that stays and of the one that leaves.

    Each gets back its records, votes and shelves, whatever merges and undos lie between. Records
    that came later go with the side whose identifiers they name; later votes stay, and both are
    on the shelves that the one was put on meanwhile. What was delivered counts for both.

    Raises:
        MergeNotFoundError: there is no such merge.
        UsageError: it was undone before, or one of the sides has no record of its own any more.
    """
    with store.write() as writer:
        found = store.merge(merge_key)
        if found is None or (of is not None and of.key != found.paper):
            raise MergeNotFoundError(f"there is no merge {merge_key}")
        if found.undone is not None:
            raise UsageError(f"merge {merge_key} was undone before", field="merge")
        paper = writer.load_papers([found.paper])[found.paper]
        records = writer.load_records([found.paper])[found.paper]
        parted, kept = sides(records, found.joint)
        if not parted or not kept:
            raise UsageError(
                f"merge {merge_key} cannot be undone: nothing is left of one side", field="merge"
            )
        named = {i for one in records for i in merge.own_identifiers(one)}
        others = _others(writer, named | set(found.joint.identifiers), paper.key)
        leaving = {i for one in parted for i in merge.own_identifiers(one)}
        leaving -= {i for one in kept for i in merge.own_identifiers(one)}
        leaving = (leaving | set(found.joint.identifiers)) - others
        staying = set(paper.identifiers) - leaving
        new = writer.split(
            merge_key,
            prepare(_folded(kept, paper.key, staying, barred=leaving | others)),
            prepare(_folded(parted, 0, leaving, barred=staying | others), records=parted),
            at=at,
        )
    return paper.key, new


def sides(records: Sequence[Record], joint: Joint, /) -> tuple[list[Record], list[Record]]:
    """Divide a paper's records into those that joined and those that were there; pure.

    A record that is of neither goes by its identifiers: to the side that joined where it names
    one of theirs and none of the other side's.
    """
    joined = set(joint.records)
    parted = [one for one in records if (one.source, one.source_id) in joined]
    rest = [one for one in records if (one.source, one.source_id) not in joined]
    theirs = {i for one in parted for i in merge.own_identifiers(one)} | set(joint.identifiers)
    later = [one for one in rest if theirs.issuperset(merge.own_identifiers(one))]
    return [*parted, *later], [one for one in rest if one not in later]


def _works(writer: Writer, *papers: Paper) -> list[Work]:
    keys = [paper.key for paper in papers]
    here, records = writer.load_papers(keys), writer.load_records(keys)
    works = []
    for paper in papers:
        if paper.key not in here:
            raise UsageError(f"{paper.id} is gone: look it up again", field="other")
        work = Work(key=paper.key, parts=[here[paper.key]], known=here[paper.key])
        work.identifiers = set(here[paper.key].identifiers)
        work.records = {one.name: one for one in map(Arrival, records[paper.key])}
        named = {i for one in work.records.values() for i in one.identifiers}
        work.barred = _others(writer, named, *keys)
        works.append(work)
    return works


def _others(writer: Writer, names: Collection[Identifier], *keys: int) -> set[Identifier]:
    """Return those identifiers that belong to papers other than these."""
    return {name for name, key in writer.find(names).items() if key not in keys}


def _folded(
    records: Sequence[Record], key: int, known: set[Identifier], *, barred: set[Identifier]
) -> Paper:
    """Fold one side; a side whose every name is the other's goes by its place."""
    own = {i for one in records for i in merge.own_identifiers(one)} - barred
    if not own | known:
        place = min(f"{one.source}/{one.source_id}" for one in records)
        known = {Identifier(Scheme.LOCAL, place)}
    return merge.fold(records, key=key, known=known, barred=barred)
