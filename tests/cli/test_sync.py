"""``broadsheet sync`` as a shell sees it, against arXiv on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.assemble import open_library
from broadsheet.text import arxiv_calendar
from tests import support
from tests.servers.arxiv import Arxiv, Preprint, arxiv, settings
from tests.servers.feeds import feeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC)  # the program's own clock is the machine's
WELL = Preprint(
    id="2603.00001",
    title="How deep is a gravity well",
    listed=arxiv_calendar.newest_due(NOW),
    versions=(NOW - timedelta(days=1),),
)


@pytest.fixture
def service() -> Iterator[Arxiv]:
    """Run arXiv on loopback, with one paper of the newest listing."""
    with arxiv() as held:
        held.day = WELL.listed
        held.now = NOW
        held.add(WELL)
        yield held


def run(
    data: Path, service: Arxiv, *words: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the program on a data folder; it reads arXiv there."""
    assert service.server is not None
    return support.run(data, *words, **(settings(service.server) | environ))


def answer(data: Path, service: Arxiv, *words: str) -> Any:
    """Run the program with --json and return the object it printed."""
    done = run(data, service, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_sync_search_and_sync_again(service: Arxiv, tmp_path: Path) -> None:
    """The same counts as an import, and nothing new the second time."""
    first = answer(tmp_path, service, "sync")
    found = answer(tmp_path, service, "search", "gravity", "--mode", "lexical")
    second = answer(tmp_path, service, "sync", "arxiv")

    assert {name: first[name] for name in ("read", "new", "quarantined", "papers", "errors")} == {
        "read": 1,
        "new": 1,
        "quarantined": 0,
        "papers": 1,
        "errors": [],
    }
    assert [paper["title"] for paper in found["papers"]] == [WELL.title]
    assert (second["read"], second["new"], second["papers"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("option", "asked"), [("--since=2026-03-01", "2026-03-01"), ("--full", None)]
)
def test_the_past_is_read_from_the_repository(
    service: Arxiv, tmp_path: Path, option: str, asked: str | None
) -> None:
    """The announcements hold only the newest day."""
    report = answer(tmp_path, service, "sync", "arxiv", option)

    assert report["new"] == 1
    assert service.server is not None
    (request,) = service.server.asked
    assert (request.path, request.params.get("from")) == ("/oai", asked)


@pytest.mark.parametrize(
    ("words", "environ", "field"),
    [
        pytest.param(["sync"], {"BROADSHEET_SOURCES": ""}, "sources", id="none is set"),
        pytest.param(["sync", "arxib"], {}, "sources", id="none of that name"),
        pytest.param(["sync", "--full", "--since=2026-03-01"], {}, "since", id="both"),
    ],
)
def test_wrong_use_is_named(
    service: Arxiv, tmp_path: Path, words: list[str], environ: dict[str, str], field: str
) -> None:
    """Exit code 2, and the field as JSON."""
    done = run(tmp_path, service, *words, "--json", **environ)

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["field"] == field


def test_one_dead_source_is_said_and_the_others_are_read(service: Arxiv, tmp_path: Path) -> None:
    """Exit code 1, and both on the report."""
    done = run(tmp_path, service, "sync", "http://127.0.0.1:9/feed", "arxiv", "--json")

    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["new"] == 1
    assert len(report["errors"]) == 1
    assert "allow_private_sources" in report["errors"][0]


def test_a_list_of_feeds_is_read_with_its_feeds(service: Arxiv, tmp_path: Path) -> None:
    """The list first, then each feed; a dead one is said by its own address."""
    with feeds() as held:
        held.dead.add("/dead")
        urls = [held.address("/dead"), held.put_feed("/a", "On deep wells here")]
        name = "opml:" + held.put_list("/list.opml", urls)

        done = run(
            tmp_path, service, "sync", name, "--json", BROADSHEET_ALLOW_PRIVATE_SOURCES="true"
        )

        report = json.loads(done.stdout)
        assert (done.returncode, report["new"]) == (1, 1)
        assert [error.partition(": ")[0] for error in report["errors"]] == [urls[0]]


def test_sources_are_read_side_by_side(service: Arxiv, tmp_path: Path) -> None:
    """A source that is slow keeps no other waiting: this one answers once arXiv was asked."""
    assert service.server is not None
    server = service.server

    def arxiv_was_asked() -> bool:
        deadline = time.monotonic() + 60
        while not server.asked and time.monotonic() < deadline:
            time.sleep(0.02)
        return bool(server.asked)

    with feeds() as held:
        held.gate = arxiv_was_asked
        name = held.put_feed("/slow", "On deep wells here")
        words = ("sync", name, "arxiv", "--json")
        done = run(tmp_path, service, *words, BROADSHEET_ALLOW_PRIVATE_SOURCES="true")

    report = json.loads(done.stdout)
    assert (done.returncode, report["new"], report["errors"]) == (0, 2, [])


def test_a_report_for_people(service: Arxiv, tmp_path: Path) -> None:
    """In words."""
    done = run(tmp_path, service, "sync")

    assert "1 new, 0 merged" in done.stdout
    assert "The library holds 1 papers." in done.stdout


# --- ending what goes on ---


@contextmanager
def harvesting(data: Path, service: Arxiv) -> Iterator[subprocess.Popen[str]]:
    """Start a long harvest; the block begins when it has asked twice."""
    assert service.server is not None
    service.page = 1
    papers = (replace(WELL, id=f"2603.{n:05d}", title=f"Well {n}") for n in range(1, 60))
    service.add(*papers)
    kept = {name: value for name, value in os.environ.items() if name[:11] != "BROADSHEET_"}
    command = [sys.executable, "-m", "broadsheet", "--data", str(data)]
    process = subprocess.Popen(
        [*command, "sync", "arxiv-oai", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=kept | settings(service.server),
    )
    try:
        deadline = time.monotonic() + 60
        while len(service.server.asked) < 2 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def test_one_ctrl_c_saves_and_ends(service: Arxiv, tmp_path: Path) -> None:
    """What was read is there, the claim is given back, and the next sync goes on."""
    with harvesting(tmp_path, service) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    report = json.loads(out)
    assert process.returncode == 1
    assert 1 <= report["new"] < 59
    assert "Ctrl-C again ends at once" in err
    assert "the next sync goes on there" in report["errors"][0]
    library = open_library(tmp_path, environ={})
    (row,) = library.store.syncs()
    assert (row.holder, row.error, library.status().papers) == ("", "", report["papers"])
    library.close()


def test_a_second_ctrl_c_ends_at_once(service: Arxiv, tmp_path: Path) -> None:
    """Also while nothing can be saved; the claim runs out by itself."""
    with harvesting(tmp_path, service) as process:
        assert service.server is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "Ctrl-C again" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)

    assert process.returncode in {1, 130}


def test_another_process_ends_a_reading(service: Arxiv, tmp_path: Path) -> None:
    """By a wish in the store, seen within a beat; it is no failure."""
    with harvesting(tmp_path, service) as process:
        done = run(tmp_path, service, "sync", "--cancel", "--json")
        out, _ = process.communicate(timeout=60)

    assert json.loads(done.stdout) == {"cancelled": ["arxiv-oai"]}
    assert 1 <= json.loads(out)["new"] < 59
    library = open_library(tmp_path, environ={})
    (row,) = library.store.syncs()
    assert (row.holder, row.is_cancelled, row.failures) == ("", True, 0)
    library.close()
