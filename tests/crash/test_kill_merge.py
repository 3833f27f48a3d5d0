"""A kill at any moment of merges and undos takes nothing from the readers of either paper.

The child merges four papers and takes them apart, in a random order, until it is killed with
SIGKILL at a random moment; then another one goes on. Readers have votes for all four, keep them
on shelves and got some by mail. What the child has acknowledged is what it printed after the
commit of a merge or an undo.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from broadsheet.library.merging import part
from broadsheet.store import open_store, sqlite_url
from tests.support import NOON, ROOT
from tests.support_merging import (
    DAY,
    PAPERS,
    Held,
    House,
    assert_each_is_the_sum_of_its_parts,
)
from tests.support_papers import vote

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.store import SqlStore

KILLS_MANY = 100
KILLS_FEW = 10
MOST = 6  # merges and undos that a child is let do before its last moments
LAST_S = 0.05  # how long these are, at most: a few more

HELD = (
    Held(
        signals=(vote(5), vote(1, origin="x")),
        voters=("ada",),
        shelves=(("ada", "Later", 1), ("bo", "Maps", 0)),
        is_delivered=True,
    ),
    Held(
        signals=(vote(5), vote(2, origin="y", hours=1)),
        voters=("ada", "bo"),
        shelves=(("ada", "Later", 2),),
    ),
    Held(signals=(vote(3, hours=1),), shelves=(("bo", "Maps", 2),), is_delivered=True),
    Held(voters=("bo",), shelves=(("ada", "Maps", 0), ("bo", "Later", 1))),
)

# Prints "ready", then a line after each commit.
CHILD = """
import random, sys
from broadsheet.library.merging import part
from broadsheet.store import open_store
from tests.support import NOON
from tests.support_merging import DAY, PAPERS, House
house = House(open_store(sys.argv[1]), ())
chance = random.Random(int(sys.argv[2]))
print("ready", flush=True)
while True:
    merges = house.open_merges()
    if merges and chance.random() < len(merges) / PAPERS:
        part(house.store, chance.choice(merges), at=NOON + DAY)
        print("done", flush=True)
    elif house.unite(*chance.sample(range(PAPERS), 2), at=NOON + DAY):
        print("done", flush=True)
"""


def killed(url: str, *, seed: int, done: int, after: float) -> int:
    """Merge and part until killed; return how many of both were acknowledged.

    Args:
        url: The store's.
        seed: Of what is done.
        done: So many are waited for.
        after: Then it is killed, so many seconds later.
    """
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(done):
            assert process.stdout.readline() == "done\n"
        time.sleep(after)
        process.kill()
        printed, _ = process.communicate()
    assert process.returncode < 0  # it was killed, and did not stumble
    return done + printed.count("done\n")


def decisions(store: SqlStore) -> int:
    """Return how many merges and undos the store remembers."""
    merges = store.all_merges(limit=1_000_000)
    return len(merges) + sum(merge.undone is not None for merge in merges)


def kill_often(folder: Path, *, kills: int) -> None:
    """Kill so many children, look after each, then take everything apart and compare."""
    folder.mkdir()
    url = sqlite_url(folder / "broadsheet.db")
    moments = random.Random(kills)  # noqa: S311  # when to kill is no secret
    with closing(open_store(url)) as store:
        house = House(store, HELD)
        house.furnish()
        before, order, got = house.state(), house.order(), house.delivered()
        for seed in range(kills):
            known = decisions(store)
            done, after = moments.randint(0, MOST), moments.uniform(0, LAST_S)
            acknowledged = killed(url, seed=seed, done=done, after=after)
            assert decisions(store) - known in {acknowledged, acknowledged + 1}
            assert store.check() == []
            assert_each_is_the_sum_of_its_parts(house, before)
            assert got <= house.delivered()
        assert decisions(store) > kills
        while merges := house.open_merges():
            part(store, moments.choice(merges), at=NOON + DAY)
        assert house.state() == before
        assert house.order() == order
        assert got <= house.delivered()
    with closing(open_library(folder, environ={})) as library:
        library.catch_up(is_encoding=False)
        report = library.check()
        assert (report.problems, report.papers, report.indexed) == ((), PAPERS, PAPERS)


def test_killed_merges_and_undos_take_nothing_from_readers(tmp_path: Path) -> None:
    """Ten kills, in every run of the tests."""
    kill_often(tmp_path / "data", kills=KILLS_FEW)


@pytest.mark.slow
def test_many_killed_merges_and_undos_take_nothing_from_readers(tmp_path: Path) -> None:
    """A hundred kills, when there is time."""
    kill_often(tmp_path / "data", kills=KILLS_MANY)
