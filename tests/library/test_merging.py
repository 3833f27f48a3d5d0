"""Two papers become one, and two again; what people did with them is never lost."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import MergeNotFoundError, UsageError
from broadsheet.library import ingest, people
from broadsheet.library.merging import part, unite
from broadsheet.model import (
    Identifier,
    Paper,
    Period,
    Reason,
    Record,
    Scheme,
    Signal,
    SignalKind,
)
from broadsheet.store import open_store, sqlite_url
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from broadsheet.store import SqlStore

CLOCK = StillClock()
DAY = timedelta(days=1)
TITLE = "Optimising the depth of gravity wells"
DOI = Identifier(Scheme.DOI, "10.1000/x")
ACL = Identifier(Scheme.ACL, "2026.acl-long.1")
TIE = Record(  # names both paper 1 and the one that goes by the DOI
    source="openalex",
    source_id="W1",
    title="A second title of wells",
    identifiers=(Identifier(Scheme.ARXIV, "2603.00001"), DOI),
)


def bring(store: SqlStore, *records: Record) -> None:
    """Import these records."""
    ingest.ingest(ListSource(records), store, CLOCK)


def papers(store: SqlStore) -> list[Paper]:
    """Return all papers, by id."""
    return sorted(store.all_papers(), key=lambda paper: paper.id)


def vote(value: int, **changes: Any) -> Signal:
    """Return a count of votes."""
    values: dict[str, Any] = {"kind": SignalKind.VOTE, "value": value, "at": NOON, "origin": "x"}
    return Signal(**(values | changes))


def proceedings(**changes: Any) -> Record:
    """Return what the place of publication says of the same work."""
    values: dict[str, Any] = {
        "source": "acl",
        "source_id": "2026.acl-long.1",
        "identifiers": (ACL,),
        "version": None,
        "title": "Optimizing the Depth of a Gravity Well",
        "venue": "ACL",
    }
    return record(1, **(values | changes))


# --- by themselves -------------------------------------------------------------------------


@pytest.mark.parametrize("is_one_batch", [True, False], ids=["one batch", "two imports"])
@pytest.mark.parametrize("is_preprint_first", [True, False], ids=["preprint", "proceedings"])
def test_spellings_of_a_title_are_one_paper(
    store: SqlStore,
    is_one_batch: bool,  # noqa: FBT001
    is_preprint_first: bool,  # noqa: FBT001
) -> None:
    """A preprint and its proceedings version, spelt otherwise, are shown once."""
    records = [record(1, title=TITLE), proceedings()]
    records = records if is_preprint_first else records[::-1]
    for batch in [records] if is_one_batch else [[one] for one in records]:
        bring(store, *batch)
    [paper] = papers(store)

    assert paper.id == "arxiv:2603.00001"
    [merge] = store.merges([paper.key])
    assert merge.joint.evidence.reason is Reason.NEAR
    assert merge.joint.evidence.detail["authors_shared"] == 1.0
    assert store.check() == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"title": "Optimising the width of gravity wells"}, id="a word differs"),
        pytest.param({"title": TITLE + ": Part II"}, id="a second part"),
        pytest.param({"title": "Erratum: " + TITLE}, id="an erratum"),
        pytest.param({"authors": ("Ada Lovelace", "Mary Somerville")}, id="other authors"),
        pytest.param({"authors": ()}, id="nobody signs"),
        pytest.param({"published": NOON.date().replace(year=2023)}, id="years apart"),
        pytest.param({"published": None}, id="no year"),
        pytest.param({"identifiers": (Identifier(Scheme.ARXIV, "2603.9"),)}, id="another id"),
    ],
)
def test_what_differs_in_substance_stays_apart(store: SqlStore, changes: dict[str, Any]) -> None:
    """A paper that is swallowed by another one is lost, and nobody notices."""
    bring(store, record(1, title=TITLE))
    bring(store, proceedings(**changes))

    assert len(papers(store)) == 2


def test_shared_names_need_no_note(store: SqlStore) -> None:
    """Versions of one id are one paper by their name; a note on each would say nothing."""
    bring(store, record(1), record(1, source_id="2603.00001v2", version=2))
    [paper] = papers(store)

    assert store.merges([paper.key]) == []


works = st.lists(
    st.sampled_from(
        [
            (Identifier(Scheme.ARXIV, "2603.00007"), DOI),
            (Identifier(Scheme.ARXIV, "2603.00007"),),
            (DOI, Identifier(Scheme.PMID, "7")),
            (Identifier(Scheme.PMID, "7"), Identifier(Scheme.OPENALEX, "W2741809807")),
            (Identifier(Scheme.S2, "7"),),
            (Identifier(Scheme.OPENREVIEW, "abcdefg"), Identifier(Scheme.S2, "7")),
            (Identifier(Scheme.ACL, "2026.acl-long.7"), Identifier(Scheme.OPENREVIEW, "abcdefg")),
        ]
    ),
    min_size=2,
    max_size=7,
    unique=True,
)


@settings(max_examples=15, deadline=None)
@given(works, st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_order_of_arrival_never_matters_for_identifiers(
    names: list[tuple[Identifier, ...]], order: random.Random, size: int
) -> None:
    """Whoever comes first, what is tied together by names is one paper, the same one."""
    records = [
        record(number, source_id=f"r{number}", identifiers=each, authors=(f"Author {number}",))
        for number, each in enumerate(names)
    ]
    found = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(sqlite_url(Path(folder) / "x.db"))
            for start in range(0, len(records), size):
                bring(store, *records[start : start + size])
            assert store.check() == []
            found.append([replace(one, key=0) for one in papers(store)])
            store.close()
        order.shuffle(records)

    assert found[0] == found[1]


# --- by hand -------------------------------------------------------------------------------


def two(store: SqlStore) -> tuple[Paper, Paper]:
    """Return two papers that nothing ties together."""
    bring(
        store,
        record(1, signals=(vote(5), vote(1, origin="both"))),
        proceedings(title="Quite another title of wells", signals=(vote(3, origin="y"),)),
    )
    bring(
        store, proceedings(title="Quite another title of wells", signals=(vote(1, origin="both"),))
    )
    first, second = sorted(store.all_papers(), key=lambda one: one.key)
    return first, second


def test_a_merge_and_its_undo_give_back_the_two_papers(store: SqlStore) -> None:
    """Nothing of either is lost on the way there and back."""
    before = two(store)
    records = {one.id: store.records(one.key) for one in before}
    unite(store, *before, at=NOON)
    [one] = papers(store)
    assert (one.id, one.votes) == ("arxiv:2603.00001", 9)
    assert set(store.find([*before[0].identifiers, *before[1].identifiers]).values()) == {one.key}

    part(store, store.merges([one.key])[0].key, at=NOON)

    after = {paper.id: paper for paper in papers(store)}
    assert {paper.id: replace(paper, key=0) for paper in before} == {
        name: replace(paper, key=0) for name, paper in after.items()
    }
    assert {name: store.records(paper.key) for name, paper in after.items()} == records
    assert store.check() == []


def test_which_of_the_two_is_named_first_does_not_matter(store: SqlStore) -> None:
    """The better identifier stays; the undo gives each what it had."""
    first, second = two(store)
    unite(store, second, first, at=NOON)
    [one] = papers(store)
    assert one.key == first.key

    part(store, store.merges([one.key])[0].key, at=NOON)

    assert {paper.id: paper.votes for paper in papers(store)} == {first.id: 6, second.id: 4}


def test_what_readers_hold_survives_both(store: SqlStore) -> None:
    """Votes go back to where they were given, papers to their shelves; a later vote stays."""
    first, second = two(store)
    people.vote(store, first, "ada", at=NOON, is_on=True)
    people.vote(store, second, "bo", at=NOON, is_on=True)
    people.save(store, second, "Later", "ada", at=NOON)
    key = unite(store, first, second, at=NOON)
    [one] = papers(store)
    assert store.voted("ada", [key]) == store.voted("bo", [key]) == {key}
    assert store.shelf_keys("ada", "Later") == [key]
    people.vote(store, one, "cy", at=NOON + DAY, is_on=True)

    kept, parted = part(store, store.merges([key])[0].key, at=NOON + DAY)

    assert (store.voted("ada", [kept, parted]), store.voted("bo", [kept, parted])) == (
        {kept},
        {parted},
    )
    assert store.voted("cy", [kept, parted]) == {kept}
    assert store.shelf_keys("ada", "Later") == [parted]
    assert store.check() == []


def three(store: SqlStore) -> list[Paper]:
    """Return three papers with votes; the last is the oldest: it stays where others join it."""
    bring(store, record(1, signals=(vote(2),)))
    bring(store, record(2, title="A second title of wells", signals=(vote(2),)))
    bring(store, proceedings(title="A third title of wells", signals=(vote(4, origin="y"),)))
    oldest, *others = sorted(store.all_papers(), key=lambda one: one.key)
    return [*others, oldest]


def test_undos_may_come_in_the_order_of_the_merges(store: SqlStore) -> None:
    """What joined first leaves first; the second undo gives nobody what is not theirs."""
    one, two, other = three(store)
    unite(store, one, two, at=NOON)
    key = unite(store, other, store.papers([one.key])[0], at=NOON)
    first, second = sorted(merge.key for merge in store.merges([key]))
    part(store, first, at=NOON)
    assert store.check() == []
    part(store, second, at=NOON)

    assert {paper.id: (paper.votes, paper.identifiers) for paper in papers(store)} == {
        paper.id: (paper.votes, paper.identifiers) for paper in (one, two, other)
    }
    assert store.check() == []


def test_a_paper_that_left_and_came_back_is_the_others_no_more(store: SqlStore) -> None:
    """Who was said to be one with the third paper does not leave with the second."""
    one, two, other = three(store)
    unite(store, one, two, at=NOON)
    key = unite(store, other, store.papers([one.key])[0], at=NOON)
    first, second = sorted(merge.key for merge in store.merges([key]))
    _, left = part(store, first, at=NOON)
    unite(store, *store.papers([key, left]), at=NOON)
    part(store, second, at=NOON)

    assert {paper.id: paper.votes for paper in papers(store)} == {one.id: 2, other.id: 6}
    assert store.check() == []


def test_a_record_that_ties_three_at_once_lets_each_go_with_its_own(store: SqlStore) -> None:
    """One import may merge several papers; each of them can still be taken apart."""
    before = three(store)
    for paper, shelf in zip(before, ("One", "Two", "Three"), strict=True):
        people.save(store, paper, shelf, "ada", at=NOON)
    signals = store.signals([paper.key for paper in before])
    names = tuple(paper.identifiers[0] for paper in before)
    bring(store, Record(source="openalex", source_id="W1", title="Wells", identifiers=names))
    while merges := [
        merge
        for paper in papers(store)
        for merge in store.merges([paper.key])
        if merge.undone is None
    ]:
        part(store, merges[0].key, at=NOON)

    after = {paper.id: paper for paper in papers(store)}
    for paper, shelf in zip(before, ("One", "Two", "Three"), strict=True):
        now = after[paper.id]
        assert (now.votes, store.shelf_keys("ada", shelf)) == (paper.votes, [now.key])
        assert store.signals([now.key])[now.key] == signals[paper.key]
    assert store.check() == []


def test_a_name_that_is_anothers_is_no_hindrance(store: SqlStore) -> None:
    """A source that gave a paper's name to a second one does not stop hands from merging that."""
    bring(store, record(1))
    bring(store, record(2, source="crossref", identifiers=(DOI,), title="A second title of wells"))
    bring(store, TIE, record(3, title="A third title of wells"))
    one, third = papers(store)
    part(store, store.merges([one.key])[0].key, at=NOON)
    key = unite(store, store.papers([one.key])[0], third, at=NOON)
    part(store, max(merge.key for merge in store.merges([key])), at=NOON)

    assert len(papers(store)) == 3
    assert store.check() == []


def test_neither_is_delivered_again(store: SqlStore) -> None:
    """The same paper is never delivered twice to one reader, whatever its name is today."""
    first, second = two(store)
    asked = store.subscribe("ada@example.org", period=Period.DAY, hour=7, timezone="UTC", at=NOON)
    store.activate(asked.key, period=Period.DAY, hour=7, timezone="UTC", due=NOON)
    digest = store.claim_due_digest(NOON, next_due=lambda _: NOON + DAY)
    assert digest is not None
    store.finish_digest(digest.key, state="sent", papers=[second.key], at=NOON, detail="")
    key = unite(store, first, second, at=NOON)
    assert store.delivered(asked.key, [key]) == {key}

    keys = part(store, store.merges([key])[0].key, at=NOON)

    assert store.delivered(asked.key, keys) == set(keys)


def test_what_was_taken_apart_stays_apart(store: SqlStore) -> None:
    """An undo that the next sync undoes is none."""
    both = Record(
        source="crossref",
        source_id="x",
        title=TITLE,
        identifiers=(ACL, Identifier(Scheme.ARXIV, "2603.00001")),
    )
    bring(store, record(1, title=TITLE))
    bring(store, proceedings())
    [one] = papers(store)
    part(store, store.merges([one.key])[0].key, at=NOON)
    assert len(papers(store)) == 2

    bring(store, proceedings(), record(1, title=TITLE))
    bring(store, proceedings(abstract="A new abstract."))
    bring(store, record(1, title=TITLE, abstract="Another one."))
    bring(store, record(1, source_id="2603.00001v2", version=2, title=TITLE))
    bring(store, both)

    assert [paper.id for paper in papers(store)] == ["acl:2026.acl-long.1", "arxiv:2603.00001"]
    assert [len(store.apart(paper.key)) for paper in papers(store)] == [1, 1]
    assert store.check() == []


def test_what_was_taken_apart_can_be_said_to_be_one_again(store: SqlStore) -> None:
    """A slip of the hand is mended by hand."""
    unite(store, *two(store), at=NOON)
    [one] = papers(store)
    part(store, store.merges([one.key])[0].key, at=NOON)
    key = unite(store, *papers(store), at=NOON)

    assert [merge.undone is None for merge in store.merges([key])] == [True, False]
    assert store.apart(key) == []


def test_a_pair_apart_follows_a_third_paper(store: SqlStore) -> None:
    """Whoever takes in one of the two must not meet the other either."""
    unite(store, *two(store), at=NOON)
    [one] = papers(store)
    kept, parted = part(store, store.merges([one.key])[0].key, at=NOON)
    bring(store, record(3, title="A third title of some wells"))
    third = next(paper for paper in papers(store) if paper.key not in {kept, parted})
    into = unite(store, third, store.papers([parted])[0], at=NOON)

    assert store.apart(kept) == [into]
    bring(
        store,
        Record(
            source="crossref",
            source_id="x",
            title="Z",
            identifiers=(ACL, Identifier(Scheme.ARXIV, "2603.00001")),
        ),
    )
    assert len(papers(store)) == 2


def test_later_records_go_with_their_side(store: SqlStore) -> None:
    """A version that came after the merge belongs to the paper whose id it names."""
    unite(store, *two(store), at=NOON)
    bring(store, record(1, source_id="2603.00001v2", version=2))
    bring(store, proceedings(source="crossref", source_id="c", title="A title of Crossref's own"))
    [one] = papers(store)
    kept, parted = part(store, store.merges([one.key])[0].key, at=NOON)

    assert [each.source for each in store.records(kept)] == ["arxiv", "arxiv"]
    assert [each.source for each in store.records(parted)] == ["acl", "crossref"]


def test_a_record_that_named_both_can_be_taken_apart(store: SqlStore) -> None:
    """A source that ties two works together by mistake is overruled for good."""
    bring(store, record(1))
    bring(store, record(2, source="crossref", identifiers=(DOI,), title="A second title of wells"))
    bring(store, TIE)
    [one] = papers(store)
    [merge] = store.merges([one.key])
    assert merge.joint.evidence.reason is Reason.IDENTIFIER
    part(store, merge.key, at=NOON)
    bring(store, TIE, replace(TIE, abstract="Said again."))

    assert [paper.id for paper in papers(store)] == ["arxiv:2603.00001", "doi:10.1000/x"]
    assert store.check() == []


def test_a_capture_that_joined_by_title_leaves_again(store: SqlStore) -> None:
    """A record without any id is a paper of its own after the undo, and stays one."""
    page = record(
        9,
        source="capture",
        source_id="page 1",
        identifiers=(),
        authors=(),
        version=None,
        title=TITLE,
    )
    bring(store, record(1, title=TITLE))
    bring(store, page)
    [one] = papers(store)
    part(store, store.merges([one.key])[0].key, at=NOON)
    bring(store, page, replace(page, abstract="Seen again."))

    assert [paper.sources for paper in papers(store)] == [("arxiv",), ("capture",)]
    assert store.check() == []


def test_mistakes_are_told(store: SqlStore) -> None:
    """Nothing happens silently when there is nothing to do."""
    first, second = two(store)
    with pytest.raises(UsageError, match="one paper already"):
        unite(store, first, first, at=NOON)
    with pytest.raises(MergeNotFoundError, match="no merge 7"):
        part(store, 7, at=NOON)
    key = unite(store, first, second, at=NOON)
    number = store.merges([key])[0].key
    with pytest.raises(UsageError, match="is gone"):
        unite(store, store.papers([key])[0], second, at=NOON)
    part(store, number, at=NOON)
    with pytest.raises(UsageError, match="undone before"):
        part(store, number, at=NOON)


def test_each_change_reaches_the_indexes(store: SqlStore) -> None:
    """The page that a search finds must be the paper as it is now."""
    key = unite(store, *two(store), at=NOON)
    seen = store.last_change()
    kept, parted = part(store, store.merges([key])[0].key, at=NOON)
    changes: Sequence[Any] = store.changes(after=seen, limit=9)

    assert {one.key for one in changes if not one.is_gone} == {kept, parted}
