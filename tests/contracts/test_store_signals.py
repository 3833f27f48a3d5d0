"""What every PaperStore promises about signals, merges, removals and the change log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.model import Change, Observation, Signal, SignalKind
from tests.support import NOON, record
from tests.support_papers import arxiv, paper, paper_write, save, save_papers, vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.store import SqlStore

HOUR = timedelta(hours=1)


def append(store: SqlStore, key: int, signals: Sequence[Signal]) -> set[int]:
    """Append signals in a transaction of their own; return what was touched."""
    with store.write() as writer:
        return set(writer.append_signals({key: signals}))


def votes(store: SqlStore, key: int) -> int:
    """Return a paper's total of votes."""
    (found,) = store.papers([key])
    return found.votes


@pytest.mark.parametrize(
    ("signals", "total"),
    [
        pytest.param([vote(3), vote(5, hours=1)], 5, id="the newest value counts"),
        pytest.param([vote(5), vote(3, hours=1)], 3, id="the newest, though it is smaller"),
        pytest.param([vote(5), vote(7)], 7, id="of one time the larger"),
        pytest.param([vote(5, via="page"), vote(4, hours=1, via="feed")], 4, id="via is no origin"),
        pytest.param([vote(5), vote(2, origin="specimen")], 5 + 2, id="origins add up"),
        pytest.param(
            [vote(1, origin="readers", actor=actor) for actor in "abc"], 3, id="actors add up"
        ),
        pytest.param(
            [vote(1, origin="readers", actor="a"), vote(0, hours=1, origin="readers", actor="a")],
            0,
            id="a vote taken back",
        ),
        pytest.param([vote(9, kind=SignalKind.COMMENT)], 0, id="comments are no votes"),
    ],
)
def test_totals_add_up(store: SqlStore, signals: list[Signal], total: int) -> None:
    """The formula of the Signal, whatever order they come in and however they come."""
    keys = [
        *save(store, [paper_write(1, signals=tuple(signals))]),
        *save_papers(store, range(2, 8)),
    ]

    for key, order in zip(keys[1:], permutations(signals), strict=False):
        for signal in order:
            append(store, key, [signal])

    reached = {votes(store, key) for key in keys[: 1 + len(list(permutations(signals)))]}
    assert reached == {total}


def test_each_kind_has_its_own_total(store: SqlStore) -> None:
    """Saves are signals too, but no total."""
    values = {SignalKind.VOTE: 1, SignalKind.COMMENT: 2, SignalKind.STAR: 3, SignalKind.SAVE: 4}
    signals = tuple(vote(value, kind=kind) for kind, value in values.items())

    (key,) = save(store, [paper_write(1, signals=signals)])

    (found,) = store.papers([key])
    assert (found.votes, found.comments, found.stars) == (1, 2, 3)
    assert len(store.signals([key])[key]) == 4


def test_a_signal_is_appended_once(store: SqlStore) -> None:
    """The same file imported twice counts once, and says that nothing was new."""
    (key,) = save_papers(store, [1])

    assert append(store, key, [vote(3), vote(3)]) == {key}
    assert append(store, key, [vote(3)]) == set()
    assert store.signals([key]) == {key: [vote(3)]}


def test_signals_never_overwrite_each_other(store: SqlStore) -> None:
    """The plot of a paper shows every value that was ever seen, oldest first."""
    (key,) = save_papers(store, [1])
    seen = [vote(1), vote(4, hours=1), vote(2, hours=2), vote(2, hours=2, via="feed")]

    append(store, key, list(reversed(seen)))

    assert store.signals([key, 999]) == {key: seen}


def test_a_value_beyond_any_counter_is_cut(store: SqlStore) -> None:
    """A hostile count of 10**30 must neither break the batch nor the sum."""
    (key,) = save(store, [paper_write(1, signals=(vote(10**30), vote(10**30, origin="b")))])

    assert votes(store, key) == 2 * 2**53


def test_saving_a_paper_leaves_its_totals(store: SqlStore) -> None:
    """Totals belong to the signals: what the saved Paper says of them is ignored."""
    (key,) = save(store, [paper_write(1, paper=paper(1, votes=99), signals=(vote(3),))])

    save(store, [paper_write(1, paper=paper(1, key=key, votes=99))])

    assert votes(store, key) == 3


def test_signals_since_gives_the_whole_story(store: SqlStore) -> None:
    """Heat needs what came before, of every paper that something happened to lately."""
    keys = save_papers(store, [1, 2])
    append(store, keys[0], [vote(1), vote(2, hours=5)])
    append(store, keys[1], [vote(1)])

    assert store.signals_since(NOON + 5 * HOUR) == {keys[0]: [vote(1), vote(2, hours=5)]}


def test_vote_totals_name_every_paper_that_has_votes(store: SqlStore) -> None:
    """The order by votes is made of these: origins add up, a vote taken back leaves nothing."""
    keys = save_papers(store, [1, 2, 3, 4])
    append(store, keys[0], [vote(1), vote(5, hours=1), vote(2, origin="specimen")])
    append(store, keys[1], [vote(3), vote(0, hours=1)])
    append(store, keys[2], [Signal(kind=SignalKind.STAR, value=9, at=NOON, origin="github")])

    assert store.vote_totals() == {keys[0]: 5 + 2}


def test_waiting_signals_join_their_paper(store: SqlStore) -> None:
    """Votes may come in before the paper; none is lost and none counts twice."""
    seen = Observation(source="daily", identifier=arxiv(1), signals=(vote(3), vote(4, hours=1)))
    with store.write() as writer:
        assert writer.wait_signals([seen]) == 2
        assert writer.wait_signals([seen]) == 0
    assert store.counts()["waiting"] == 2

    (key,) = save(store, [paper_write(1, signals=(vote(3),))])

    assert (store.counts()["waiting"], store.counts()["signals"]) == (0, 2)
    assert votes(store, key) == 4


def test_waiting_signals_join_by_a_later_identifier(store: SqlStore) -> None:
    """A paper that learns a new name gets what waited for that name."""
    (key,) = save_papers(store, [1])
    with store.write() as writer:
        writer.wait_signals([Observation(source="daily", identifier=arxiv(2), signals=(vote(3),))])

    save(store, [paper_write(1, paper=paper(1, key=key, identifiers=(arxiv(1), arxiv(2))))])

    assert votes(store, key) == 3


def test_a_paper_that_absorbs_another_owns_all_of_it(store: SqlStore) -> None:
    """Old URLs redirect, votes add up, shelves and deliveries follow."""
    stays, goes = save(
        store,
        [
            paper_write(1, signals=(vote(3), vote(1, origin="b"))),
            paper_write(2, signals=(vote(3), vote(5, hours=1))),
        ],
    )
    store.shelve("local", "Later", goes, at=NOON)
    merged = paper(1, key=stays, identifiers=(arxiv(1), arxiv(2)))

    save(store, [paper_write(1, paper=merged, records=(), absorbs=(goes,))])

    assert store.find([arxiv(1), arxiv(2)]) == {arxiv(1): stays, arxiv(2): stays}
    assert store.papers([stays, goes]) == [replace(merged, votes=5 + 1)]
    assert store.records(stays) == [record(1), record(2)]
    assert len(store.signals([stays])[stays]) == 3
    assert store.shelf_keys("local", "Later") == [stays]
    assert store.check() == []


def test_a_merge_of_papers_on_one_shelf_leaves_one(store: SqlStore) -> None:
    """What both papers own is there once afterwards."""
    stays, goes = save(
        store, [paper_write(1, signals=(vote(3),)), paper_write(2, signals=(vote(3),))]
    )
    for key in (stays, goes):
        store.shelve("local", "Later", key, at=NOON)

    save(store, [paper_write(1, paper=paper(1, key=stays), absorbs=(goes,))])

    assert store.shelf_keys("local", "later") == [stays]
    assert store.counts()["signals"] == 1


def test_a_new_paper_may_absorb_several(store: SqlStore) -> None:
    """A record with two real ids joins two papers that nobody knew to be one."""
    old = save_papers(store, [1, 2])
    merged = paper(3, identifiers=(arxiv(1), arxiv(2), arxiv(3)))

    (key,) = save(store, [paper_write(3, paper=merged, absorbs=tuple(old))])

    assert set(store.find([arxiv(1), arxiv(2), arxiv(3)]).values()) == {key}
    assert len(store.records(key)) == 3
    assert store.check() == []


def test_a_key_held_through_a_merge_still_leads_home(store: SqlStore) -> None:
    """A page that was open while papers merged can still vote and save."""
    first, second, third = save_papers(store, [1, 2, 3])
    save(store, [paper_write(2, paper=paper(2, key=second), absorbs=(first,))])
    save(store, [paper_write(3, paper=paper(3, key=third), absorbs=(second,))])

    assert append(store, first, [vote(2)]) == {first}
    assert store.shelve("local", "Later", first, at=NOON)

    assert votes(store, third) == 2
    assert store.shelf_keys("local", "Later") == [third]


def test_a_removed_paper_leaves_only_its_change_row(store: SqlStore) -> None:
    """Specimens leave without a trace in search, shelves or counts; votes on them go nowhere."""
    gone, stays = save(store, [paper_write(1, signals=(vote(1),)), paper_write(2)])
    store.shelve("local", "Later", gone, at=NOON)

    with store.write() as writer:
        writer.remove([gone, 999], at=NOON)

    assert (store.papers([gone]), store.find([arxiv(1)])) == ([], {})
    assert (store.shelves("local"), store.counts()["signals"]) == ([], 0)
    assert store.changes(after=0, limit=9) == [
        Change(seq=2, key=stays, is_gone=False, at=NOON),
        Change(seq=3, key=gone, is_gone=True, at=NOON),
    ]
    assert append(store, gone, [vote(2, hours=1)]) == set()
    assert store.check() == []


def test_keys_are_never_given_out_twice(store: SqlStore) -> None:
    """An index that still holds a removed paper must not show it under a new paper's key."""
    keys = list(save_papers(store, [1, 2]))
    with store.write() as writer:
        writer.remove(keys, at=NOON)

    (again,) = save_papers(store, [1])

    assert again > max(keys)


def test_the_log_gives_each_paper_once_at_its_last_change(store: SqlStore) -> None:
    """An indexer does not read a paper ten times because it changed ten times."""
    first, second = save_papers(store, [1, 2])
    save(store, [paper_write(1, paper=paper(1, key=first))])

    changes = store.changes(after=0, limit=9)

    assert changes == [
        Change(seq=2, key=second, is_gone=False, at=NOON),
        Change(seq=3, key=first, is_gone=False, at=NOON),
    ]
    assert store.last_change() == 3


def test_signals_alone_are_no_change(store: SqlStore) -> None:
    """A vote is no reason to index a paper again."""
    (key,) = save_papers(store, [1])
    before = store.last_change()

    append(store, key, [vote(3)])

    assert store.last_change() == before


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=12),
    limit=st.integers(1, 4),
)
def test_a_reader_of_the_log_misses_nothing(
    store: SqlStore, steps: list[tuple[int, bool]], limit: int
) -> None:
    """Whoever remembers the last seq ends with what the store has, wherever writes fall between."""
    seen: set[int] = {one.key for one in store.all_papers()}
    position = store.last_change()

    def read(most: int) -> int:
        position_now = position
        for change in store.changes(after=position, limit=most):
            (seen.discard if change.is_gone else seen.add)(change.key)
            position_now = change.seq
        return position_now

    for number, is_removal in steps:
        key = store.find([arxiv(number)]).get(arxiv(number), 0)
        if is_removal and key:
            with store.write() as writer:
                writer.remove([key], at=NOON)
        else:
            save(store, [paper_write(number, paper=paper(number, key=key))])
        position = read(limit)
    while position < store.last_change():
        position = read(limit)

    assert seen == {one.key for one in store.all_papers()}
    assert store.check() == []


def test_a_transaction_that_raises_leaves_nothing(store: SqlStore) -> None:
    """A batch is in as a whole or not at all, change log and totals included."""
    (key,) = save_papers(store, [1])
    before = (store.counts(), store.last_change(), store.papers([key]))

    def fail() -> None:
        with store.write() as writer:
            writer.save([paper_write(2)], at=NOON)
            writer.append_signals({key: [vote(3)]})
            writer.remove([key], at=NOON)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()

    assert (store.counts(), store.last_change(), store.papers([key])) == before


def test_a_writer_sees_its_own_writes_and_others_do_not_yet(store: SqlStore) -> None:
    """Ingest looks up what it has just saved; pages never show half a batch."""
    with store.write() as writer:
        (key,) = writer.save([paper_write(1)], at=NOON)

        assert writer.find([arxiv(1)]) == {arxiv(1): key}
        assert [one.key for one in writer.load_papers([key]).values()] == [key]
        assert writer.load_records([key]) == {key: [record(1)]}
        assert store.find([arxiv(1)]) == {}
    assert store.find([arxiv(1)]) == {arxiv(1): key}
