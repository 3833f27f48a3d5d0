"""A kill at any moment of an import loses nothing acknowledged and doubles nothing.

The child is killed with SIGKILL at a random moment and started again on the same store, until it
comes through; then the store must hold exactly what an undisturbed import leaves. What a child
has acknowledged is what it printed after the commit of a batch, or what another process could
already read.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.model import Identifier, Scheme
from broadsheet.store import open_store, sqlite_url
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Paper

LINES = 1500
KILLS_MANY = 100
KILLS_FEW = 10

# Batches of 50, so that there are many commits to be killed in. Prints "ready", then after each
# commit how many records of the file are safe.
CHILD = """
import sys
from pathlib import Path
from broadsheet.library import ingest
from broadsheet.sources import open_files
from broadsheet.store import open_store
from tests.support import StillClock
ingest.BATCH = 50
store = open_store(sys.argv[1])
print("ready", flush=True)
for source in open_files([Path(sys.argv[2])]):
    tell = lambda report: print(report.read, flush=True)
    ingest.ingest(source, store, StillClock(), progress=tell)
store.close()
"""


def line(number: int) -> dict[str, Any]:
    """Return the object of one line: papers, corrections, papers without an id, faults."""
    paper = {
        "id": f"arxiv:2603.{number:05d}",
        "title": f"On the {number}th paper about gravity wells and what lies in them",
        "abstract": f"We study gravity well number {number} and find it deep. " * 12,
        "authors": ["Ada Lovelace", f"Author {number}"],
        "year": 2026,
        "upvotes": number % 50,
        "daily_date": "2026-03-04",
    }
    if number % 10 == 3:  # known by its title; the next line gives it an id
        return {key: value for key, value in paper.items() if key != "id"}
    if number % 10 == 4:
        return paper | {"title": line(number - 1)["title"], "authors": line(number - 1)["authors"]}
    if number % 10 == 7:  # says more about the paper before
        return line(number - 1) | {"upvotes": 60 + number % 50, "comment": "With figures."}
    if number % 100 == 99:  # no paper at all
        return {"id": paper["id"], "abstract": "No title."}
    return paper


@dataclass(frozen=True)
class Import:
    """A file to import, and what the library holds when nothing went wrong."""

    file: Path
    papers: dict[str, Paper]
    counts: dict[str, int]
    seconds: float  # from the first commit's chance to the last


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Import:
    """The outcome of an import that nobody killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    file = folder / "papers.jsonl"
    file.write_text("".join(json.dumps(line(number)) + "\n" for number in range(1, LINES + 1)))
    url = sqlite_url(folder / "store.db")
    with child(url, file) as process:
        started = time.monotonic()
        process.communicate()
        seconds = time.monotonic() - started
    assert process.returncode == 0
    with closing(open_store(url)) as store:
        assert store.check() == []
        return Import(file, contents(store.all_papers(limit=LINES)), dict(store.counts()), seconds)


def contents(papers: list[Paper]) -> dict[str, Paper]:
    """Return papers by id, without the keys that depend on the order of merges."""
    return {paper.id: replace(paper, key=0) for paper in papers}


@contextmanager
def child(url: str, file: Path) -> Iterator[subprocess.Popen[str]]:
    """Run an import in a process of its own, ready to commit; it is gone at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def kill_once(url: str, undisturbed: Import, *, after: float) -> tuple[bool, int]:
    """Import and kill; return whether it was in time, and how many records were acknowledged."""
    with child(url, undisturbed.file) as process:
        time.sleep(after)
        process.kill()
        printed, _ = process.communicate()
    whole = [word for word in printed.splitlines(keepends=True) if word.endswith("\n")]
    return process.returncode != 0, int(whole[-1]) if whole else 0


def assert_nothing_is_lost(url: str, acknowledged: int) -> None:
    """Every acknowledged line is there with its votes, and the store is sound."""
    with closing(open_store(url)) as store:
        assert store.check() == []
        lines = [line(number) for number in range(1, acknowledged + 1)]
        votes: dict[Identifier, int] = {}
        for one in lines:
            if "id" in one and "title" in one:
                name = Identifier(Scheme.ARXIV, one["id"].removeprefix("arxiv:"))
                votes[name] = max(votes.get(name, 0), one["upvotes"])
        keys = store.find(votes)
        assert keys.keys() == votes.keys()
        by_key = {paper.key: paper for paper in store.papers(list(keys.values()))}
        assert all(by_key[keys[name]].votes >= votes[name] for name in votes)
        faults = sum("title" not in one for one in lines)
        assert store.counts()["quarantined"] >= faults


def assert_nothing_is_doubled(url: str, undisturbed: Import) -> None:
    """After one import that came through, the store holds what it would have held at once."""
    with child(url, undisturbed.file) as process:
        process.communicate()
    assert process.returncode == 0
    with closing(open_store(url)) as store:
        assert store.check() == []
        assert contents(store.all_papers(limit=2 * LINES)) == undisturbed.papers
        assert store.counts() == undisturbed.counts


def kill_often(folder: Path, undisturbed: Import, *, kills: int) -> None:
    """Kill so many imports in time, each at a random moment of its work."""
    moments = random.Random(kills)  # noqa: S311  # when to kill is no secret
    done, rounds = 0, 0
    while done < kills:
        rounds += 1
        url = sqlite_url(folder / f"store{rounds}.db")
        was_killed = True
        while was_killed and done < kills:
            moment = moments.uniform(0, 1.1 * undisturbed.seconds)
            was_killed, acknowledged = kill_once(url, undisturbed, after=moment)
            assert_nothing_is_lost(url, acknowledged)
            done += was_killed
        assert_nothing_is_doubled(url, undisturbed)


def test_killed_imports_lose_and_double_nothing(tmp_path: Path, undisturbed: Import) -> None:
    """Ten kills, in every run of the tests."""
    kill_often(tmp_path, undisturbed, kills=KILLS_FEW)


@pytest.mark.slow
def test_many_killed_imports_lose_and_double_nothing(tmp_path: Path, undisturbed: Import) -> None:
    """A hundred kills, when there is time."""
    kill_often(tmp_path, undisturbed, kills=KILLS_MANY)


# --- the command itself, with its indexes ---------------------------------------------------


def broadsheet(folder: Path, *words: str) -> list[str]:
    """Return the command line of the program on a data folder."""
    return [sys.executable, "-m", "broadsheet", "--data", str(folder), *words]


def kill_command(folder: Path, undisturbed: Import, *, more: int, after: float) -> None:
    """Kill `broadsheet import` a moment after so many more changes can be read by others."""
    url = sqlite_url(folder / "broadsheet.db")
    with closing(open_store(url)) as store:
        goal = store.last_change() + more
        process = subprocess.Popen(
            broadsheet(folder, "import", str(undisturbed.file), "--json"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and store.last_change() < goal:
            time.sleep(0.005)
        time.sleep(after)
        seen = contents(store.all_papers(limit=2 * LINES))
        process.kill()
        process.wait()
        assert store.check() == []
        kept = contents(store.all_papers(limit=2 * LINES))
        assert all(store.find(paper.identifiers) for paper in seen.values())
        assert len(kept) >= len(seen)


def kill_commands(folder: Path, undisturbed: Import, *, kills: int) -> None:
    """Kill the command so often, then let it come through and compare."""
    folder.mkdir()
    moments = random.Random(kills)  # noqa: S311  # when to kill is no secret
    for _ in range(kills):
        more, after = moments.choice([1, 1, 500, 1000]), moments.uniform(0, 0.5)
        kill_command(folder, undisturbed, more=more, after=after)
    done = subprocess.run(
        broadsheet(folder, "import", str(undisturbed.file), "--json"),
        check=True,
        capture_output=True,
        text=True,
    )
    checked = subprocess.run(
        broadsheet(folder, "check", "--json"), check=False, capture_output=True, text=True
    )
    report = json.loads(checked.stdout)
    papers = undisturbed.counts["papers"]
    assert (report["problems"], report["papers"], report["indexed"]) == ([], papers, papers)
    assert json.loads(done.stdout)["papers"] == papers
    with closing(open_store(sqlite_url(folder / "broadsheet.db"))) as store:
        assert contents(store.all_papers(limit=2 * LINES)) == undisturbed.papers


def test_the_killed_command_leaves_store_and_indexes_sound(
    tmp_path: Path, undisturbed: Import
) -> None:
    """Three kills of the program as people run it."""
    kill_commands(tmp_path / "data", undisturbed, kills=3)


@pytest.mark.slow
def test_the_command_killed_often_leaves_store_and_indexes_sound(
    tmp_path: Path, undisturbed: Import
) -> None:
    """Thirty kills of the program as people run it."""
    kill_commands(tmp_path / "data", undisturbed, kills=30)
