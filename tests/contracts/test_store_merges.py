"""What every PaperStore promises about papers that became one, and two again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import StoreError
from broadsheet.model import READERS, Evidence, Joint, PaperId, Reason
from broadsheet.ports import PaperWrite, TeamMatch
from tests.support import NOON, record
from tests.support_papers import arxiv, paper, paper_write, save, vote, written
from tests.support_sql import count_statements

if TYPE_CHECKING:
    from broadsheet.store import SqlStore

DAY = timedelta(days=1)
JOINT = Joint(
    evidence=Evidence(
        reason=Reason.NEAR, detail={"years": [2026, None], "titles": ["é", "\ud800"]}
    ),
    records=(("arxiv", "2603.00002v1"),),
    identifiers=(arxiv(2),),
)


def merged(store: SqlStore) -> int:
    """Return the key of paper 1 after it took in paper 2, each with signals of its own."""
    first, second = save(
        store,
        [
            paper_write(1, signals=(vote(5), vote(1, origin="both"))),
            paper_write(2, signals=(vote(3, origin="x"), vote(1, origin="both"))),
        ],
    )
    store.shelve("local", "Later", second, at=NOON)
    one = paper(1, key=first, identifiers=(arxiv(1), arxiv(2)))
    write = written(one, title_key="t", absorbs=(second,), joints=(replace(JOINT, gone=second),))
    save(store, [write], at=NOON + DAY)
    return first


def parts(key: int) -> tuple[PaperWrite, PaperWrite]:
    """Return what is left of the merged paper, and what leaves it."""
    return (
        paper_write(1, paper=paper(1, key=key), records=()),
        paper_write(2, paper=paper(2), records=(record(2),)),
    )


def test_a_merge_is_remembered_as_it_was_decided(store: SqlStore) -> None:
    """A page that cannot say why cannot be trusted."""
    key = merged(store)
    [merge] = store.merges([key])

    assert (merge.paper, merge.at, merge.undone) == (key, NOON + DAY, None)
    assert replace(merge.joint, gone=0) == JOINT
    assert store.merge(merge.key) == merge
    assert (store.all_merges(limit=9), store.all_merges(limit=9, offset=1)) == ([merge], [])
    assert (store.merge(99), store.merges([])) == (None, [])


def test_a_split_gives_each_side_its_own(store: SqlStore) -> None:
    """Records, names, votes and shelves go back; a counter that both had stays on both."""
    key = merged(store)
    assert store.papers([key])[0].votes == 9
    [merge] = store.merges([key])
    with store.write() as writer:
        new = writer.split(merge.key, *parts(key), at=NOON + 2 * DAY)

    assert [one.votes for one in store.papers([key, new])] == [6, 4]
    assert store.find([arxiv(1), arxiv(2)]) == {arxiv(1): key, arxiv(2): new}
    assert (store.records(key), store.records(new)) == ([record(1)], [record(2)])
    assert store.shelf_keys("local", "Later") == [new]
    assert (store.apart(key), store.apart(new)) == ([new], [key])
    assert store.merges([key])[0].undone == NOON + 2 * DAY
    assert store.check() == []


def test_both_stay_where_the_one_was_put_meanwhile(store: SqlStore) -> None:
    """Which of the two the reader meant cannot be told; neither may be missed."""
    key = merged(store)
    store.unshelve("local", "Later", key)
    for shelf, days in (("Later", 2), ("Maps", 3)):
        store.shelve("local", shelf, key, at=NOON + days * DAY)
    with store.write() as writer:
        new = writer.split(store.merges([key])[0].key, *parts(key), at=NOON + 4 * DAY)

    assert store.shelved("local", [key, new]) == {each: ["Later", "Maps"] for each in (key, new)}


def test_what_a_reader_took_off_a_shelf_stays_off(store: SqlStore) -> None:
    """An undo brings back no paper that somebody has done with."""
    key = merged(store)
    store.unshelve("local", "Later", key)
    with store.write() as writer:
        new = writer.split(store.merges([key])[0].key, *parts(key), at=NOON + 2 * DAY)

    assert store.shelved("local", [key, new]) == {}


def test_merges_of_older_programs_leave_both_on_the_shelf(store: SqlStore) -> None:
    """They did not note who was where; losing a reader's paper would be worse than one more."""
    key = merged(store)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE merges SET shelves = NULL")
    with store.write() as writer:
        new = writer.split(store.merges([key])[0].key, *parts(key), at=NOON + 2 * DAY)

    assert set(store.shelf_keys("local", "Later")) == {key, new}


def test_of_two_who_undo_one_wins(store: SqlStore) -> None:
    """The second finds that it is done, and nothing of its transaction stays."""
    key = merged(store)
    [merge] = store.merges([key])
    with store.write() as writer:
        writer.split(merge.key, *parts(key), at=NOON)
    before = store.all_papers()

    with pytest.raises(StoreError, match="undone before"), store.write() as writer:
        writer.split(merge.key, *parts(key), at=NOON)
    assert store.all_papers() == before


def test_a_readers_later_vote_stays(store: SqlStore) -> None:
    """It was given to the paper as it was shown then; it cannot be told apart."""
    key = merged(store)
    late = vote(1, origin=READERS, actor="ada", hours=48)
    with store.write() as writer:
        writer.append_signals({key: [late]})
        new = writer.split(store.merges([key])[0].key, *parts(key), at=NOON)

    assert late in store.signals([key])[key]
    assert late not in store.signals([new])[new]


def test_a_merge_within_a_parted_paper_leaves_with_it(store: SqlStore) -> None:
    """The page of each explains its own records."""
    key = merged(store)
    [outer] = store.merges([key])
    inner = replace(JOINT, evidence=Evidence(reason=Reason.HAND))
    save(store, [written(store.papers([key])[0], title_key="t", joints=(inner,))])
    with store.write() as writer:
        new = writer.split(outer.key, *parts(key), at=NOON)

    assert [one.joint.evidence.reason for one in store.merges([new])] == [Reason.HAND]


def test_papers_are_found_by_their_team(store: SqlStore) -> None:
    """Asked for a whole batch at once; a paper without authors has none."""
    keys = save(
        store,
        [
            paper_write(1, team=-(2**63)),
            paper_write(2, team=-(2**63), title_key="two"),
            paper_write(3, team=None),
        ],
    )
    with store.write() as writer:
        found = writer.find_teams([-(2**63), 5])

    assert found == {
        -(2**63): [
            TeamMatch(key=keys[0], title_key="paper 1"),
            TeamMatch(key=keys[1], title_key="two"),
        ]
    }


def test_a_removed_paper_leaves_no_pair_behind(store: SqlStore) -> None:
    """Specimens go when real papers come, whatever somebody did with them."""
    key = merged(store)
    with store.write() as writer:
        new = writer.split(store.merges([key])[0].key, *parts(key), at=NOON)
        writer.remove([key], at=NOON)

    assert (store.apart(new), store.all_merges(limit=9)) == ([], [])
    assert store.check() == []


@pytest.mark.parametrize("papers", [1, 40])
def test_lookups_of_a_batch_are_single_statements(store: SqlStore, papers: int) -> None:
    """Importing must not ask once per record."""
    numbers = range(1, papers + 1)
    writes = [paper_write(n, team=n, paper=paper(n, id=PaperId(str(arxiv(n))))) for n in numbers]
    keys = save(store, writes)
    with store.write() as writer, count_statements(store) as statements:
        writer.find_teams(list(numbers))
        writer.find_apart(keys)

    assert len(statements) == 2
