"""What every Store promises to several threads and processes at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import ConflictError, StoreError
from broadsheet.model import Period
from broadsheet.store import open_store
from tests.support import NOON, ROOT
from tests.support_papers import arxiv, paper, paper_write, save, save_papers, vote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from broadsheet.model import Subscription
    from broadsheet.store import SqlStore

DAY = timedelta(days=1)

# Saves papers 1 to 60 in batches of 5 unless they are there, each with one vote of its own.
IMPORT = """
import sys
from broadsheet.store import open_store
from tests.support import NOON
from tests.support_papers import arxiv, paper, paper_write, vote
url, name = sys.argv[1:]
store = open_store(url)
for first in range(1, 61, 5):
    numbers = range(first, first + 5)
    with store.write() as writer:
        known = writer.find([arxiv(number) for number in numbers])
        mine = vote(1, origin="readers", actor=name)
        writer.save(
            [
                paper_write(
                    number, paper=paper(number, key=known.get(arxiv(number), 0)), signals=(mine,)
                )
                for number in numbers
            ],
            at=NOON,
        )
store.close()
"""

# Claims whatever is due, printing the address of each.
CLAIM = """
import sys
from datetime import timedelta
from broadsheet.store import open_store
from tests.support import NOON
store = open_store(sys.argv[1])
while digest := store.claim_due_digest(NOON, next_due=lambda one: one.due + timedelta(days=1)):
    print(digest.subscription.email)
store.close()
"""


def run_at_once(script: str, arguments: Sequence[Sequence[str]]) -> list[str]:
    """Run a script in several processes at once; return what each printed."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, *some], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for some in arguments
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return outputs


def tomorrow(subscription: Subscription) -> datetime:
    """Return the due time after this one."""
    assert subscription.due is not None
    return subscription.due + DAY


def subscribe_many(store: SqlStore, number: int) -> set[str]:
    """Make active subscriptions that are all due at noon; return their addresses."""
    emails = {f"reader{one}@example.org" for one in range(number)}
    for email in emails:
        made = store.subscribe(email, period=Period.DAY, hour=7, timezone="UTC", at=NOON)
        store.activate(made.key, period=Period.DAY, hour=7, timezone="UTC", due=NOON)
    return emails


def test_two_processes_import_the_same_papers(store_url: str) -> None:
    """Find and save are one transaction: no paper is made twice, no vote is lost.

    Both processes also open an empty database at once: one migrates, the other waits.
    """
    run_at_once(IMPORT, [(store_url, "ada"), (store_url, "bob")])

    store = open_store(store_url)
    papers = store.all_papers()
    problems = store.check()
    store.close()
    assert len(papers) == 60
    assert {one.votes for one in papers} == {2}
    assert problems == []


def test_two_threads_import_the_same_papers(store: SqlStore) -> None:
    """The same promise within one process."""

    def work(name: str) -> None:
        for number in range(1, 31):
            with store.write() as writer:
                key = writer.find([arxiv(number)]).get(arxiv(number), 0)
                mine = vote(1, origin="readers", actor=name)
                writer.save(
                    [paper_write(number, paper=paper(number, key=key), signals=(mine,))], at=NOON
                )

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, ["ada", "bob", "eve"]))

    assert [one.votes for one in store.all_papers()] == [3] * 30
    assert store.check() == []


def test_two_processes_claim_each_digest_once(store: SqlStore, store_url: str) -> None:
    """No digest goes twice and none is left behind."""
    emails = subscribe_many(store, 40)

    outputs = run_at_once(CLAIM, [(store_url,), (store_url,)])

    claimed = [email for output in outputs for email in output.split()]
    assert sorted(claimed) == sorted(emails)


def test_many_threads_claim_each_digest_once(store: SqlStore) -> None:
    """Threads that start at one moment share the due digests between them."""
    emails = subscribe_many(store, 20)
    barrier = threading.Barrier(4)

    def work(_: int) -> list[str]:
        barrier.wait()
        claimed = []
        while digest := store.claim_due_digest(NOON, next_due=tomorrow):
            claimed.append(digest.subscription.email)
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [email for part in pool.map(work, range(4)) for email in part]

    assert sorted(claimed) == sorted(emails)


def test_one_link_works_once_for_many_threads(store: SqlStore) -> None:
    """A confirmation that is clicked twice at once counts once."""
    barrier = threading.Barrier(4)

    def work(_: int) -> bool:
        barrier.wait()
        return store.use_token("one", at=NOON)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 1


def test_pages_read_while_a_batch_is_written(store: SqlStore) -> None:
    """A long import never keeps a reader waiting."""
    (key,) = save_papers(store, [1])

    with store.write() as writer:
        writer.save([paper_write(1, paper=paper(1, key=key, title="Half a batch"))], at=NOON)
        (seen,) = store.papers([key])

    assert seen.title == paper(1).title


def test_a_vote_gets_its_turn_during_an_import(store: SqlStore) -> None:
    """Writers queue: one that writes batch after batch cannot starve the others."""
    (key,) = save_papers(store, [1])
    is_done = threading.Event()

    def work() -> None:
        number = 2
        while not is_done.is_set():
            save(store, [paper_write(one) for one in range(number, number + 20)])
            number += 20

    importer = threading.Thread(target=work)
    importer.start()
    waits = []
    for hour in range(5):
        started = time.monotonic()
        with store.write() as writer:
            writer.append_signals({key: [vote(1, hours=hour)]})
        waits.append(time.monotonic() - started)
    is_done.set()
    importer.join()

    assert max(waits) < 5
    assert len(store.signals([key])[key]) == 5


def test_a_writer_that_waits_too_long_is_told(store: SqlStore, store_url: str) -> None:
    """Another process holds the store: the caller may try again."""
    other = open_store(store_url, patience_s=0.2)

    with store.write() as writer:
        writer.save([paper_write(1)], at=NOON)
        with pytest.raises(ConflictError, match="try again"), other.write():
            pass

    other.close()
    assert store.counts()["papers"] == 1


def test_a_thread_that_waits_too_long_is_told(store_url: str) -> None:
    """Within one process too."""
    store = open_store(store_url, patience_s=0.2)
    with store.write(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(save, store, [paper_write(1)])

        with pytest.raises(ConflictError, match="try again"):
            waiting.result()
    store.close()


def test_a_write_within_a_write_is_a_mistake_that_is_told(store: SqlStore) -> None:
    """It would wait for itself; the second says so at once, the first goes on."""
    with store.write() as writer:
        with pytest.raises(StoreError, match="open already"), store.write():
            pass
        writer.save([paper_write(1)], at=NOON)

    assert store.counts()["papers"] == 1
