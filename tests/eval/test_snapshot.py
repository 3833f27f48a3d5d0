"""A made-up snapshot of arXiv is one that the real reader reads, and says what must come of it."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from broadsheet.eval import snapshot
from broadsheet.eval.snapshot import FAULTS, ids, rows, write_snapshot
from broadsheet.library.ingest import ingest
from broadsheet.model import Record, Status
from broadsheet.sources import open_files
from broadsheet.sources.arxiv_snapshot import ArxivSnapshot
from broadsheet.store import open_store, sqlite_url
from tests.support import StillClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def many_oddities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares that a few hundred papers can show."""
    monkeypatch.setattr(snapshot, "REPLACED", 0.05)
    monkeypatch.setattr(snapshot, "FAULTY", 0.05)
    monkeypatch.setattr(snapshot, "WITHDRAWN", 0.05)


def test_the_same_file_comes_every_time(tmp_path: Path) -> None:
    """Two machines measure the same work."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"

    facts = [write_snapshot(path, 200) for path in (first, second)]

    assert first.read_bytes() == second.read_bytes()
    assert facts[0].bytes == first.stat().st_size
    assert (facts[0].papers, facts[0].rows) == (200, len(first.read_bytes().splitlines()))


def test_a_row_has_the_fields_of_the_real_snapshot() -> None:
    """In its order, with its wrapped abstract."""
    (_, row) = next(rows(50))
    values = json.loads(row)

    assert list(values) == [
        *("id", "submitter", "authors", "title", "comments", "journal-ref", "doi", "report-no"),
        *("categories", "license", "abstract", "versions", "update_date", "authors_parsed"),
    ]
    assert values["abstract"].startswith("  ")
    assert values["abstract"].endswith("\n")
    assert "\n" in values["abstract"].strip()
    assert {"version", "created"} == set(values["versions"][0])


def test_an_import_keeps_what_was_promised(tmp_path: Path) -> None:
    """So many papers, the newest version of each, and every fault with its reason."""
    path = tmp_path / "snapshot.json"
    facts = write_snapshot(path, 400)
    (source,) = open_files([path])
    with closing(open_store(sqlite_url(tmp_path / "store.db"))) as store:
        report = ingest(source, store, StillClock())
        counts = store.counts()
        problems = store.check()
        papers = store.all_papers()

    assert isinstance(source, ArxivSnapshot)
    assert counts["papers"] == facts.papers == 400
    assert (report.read, report.merged) == (facts.rows, facts.replaced)
    assert counts["quarantined"] == report.quarantined == facts.faults
    assert facts.replaced > 5
    assert problems == []
    assert {reason_of(reason) for reason in report.reasons} == {reason for _, reason in FAULTS}
    assert any(paper.status is Status.WITHDRAWN for paper in papers)
    assert sum("/" in paper.id for paper in papers) == int(400 * snapshot.OLD)


def reason_of(told: str) -> str:
    """Return which of the made faults a reason speaks of."""
    return next((expected for _, expected in FAULTS if expected in told), told)


@pytest.mark.parametrize("count", [1, 300, 20_000])
def test_ids_are_all_different_and_all_ids(count: int) -> None:
    """However many are asked for, in the order of the real file."""
    import random

    found = [name for name, _ in ids(count, random.Random(1))]  # noqa: S311

    assert len(set(found)) == len(found) == count
    new = [name for name in found if "/" not in name]
    assert new == sorted(new, key=lambda name: name.partition("."))


def test_real_sentences_are_mixed(tmp_path: Path) -> None:
    """With a corpus the words are as common and as rare as its own."""
    abstract = "We dig deep wells. " * 40
    lines = [
        {"id": f"arxiv:2401.{n:05d}", "title": f"Deep wells number {n}", "abstract": abstract}
        | {"categories": ["cs.DS"]}
        for n in range(1, 9)
    ]
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("\n".join(map(json.dumps, lines)))
    path = tmp_path / "snapshot.json"

    write_snapshot(path, 20, corpus=[corpus])
    records = [one for one in open_files([path])[0].read() if isinstance(one, Record)]

    assert {record.categories for record in records} == {("cs.DS",)}
    assert all("We dig deep wells." in record.abstract for record in records)
    assert all(record.title.startswith("Deep wells number") for record in records)
