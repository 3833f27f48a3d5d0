from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from broadsheet.eval import bench
from broadsheet.eval.bench import bench_ingest, bench_search
from broadsheet.eval.synthetic import SyntheticPapers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def few_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve queries instead of hundreds."""
    monkeypatch.setattr(bench, "QUERIES", 10)
    monkeypatch.setattr(bench, "WARM_UP", 2)


def test_made_up_papers_are_always_the_same() -> None:
    """Two runs on two machines measure the same work, however many papers are asked for."""
    few, many = SyntheticPapers(5), SyntheticPapers(500)

    assert list(few.read()) == list(islice(many.read(), 5))
    assert len({record.title for record in many.read()}) == 500


def test_made_up_papers_are_as_long_as_real_ones() -> None:
    """Speed depends on length: a real abstract has some 160 words."""
    lengths = [len(record.abstract.split()) for record in SyntheticPapers(200).read()]

    assert 140 <= sum(lengths) / len(lengths) <= 180


def test_search_is_timed_in_every_mode() -> None:
    """One JSON object; how many papers can be found by meaning is part of it."""
    result = bench_search(papers=100, encode=8)

    assert json.loads(json.dumps(result)) == result
    assert (result["papers"], result["encoded"], result["queries"]) == (100, 8, 10)
    assert set(result["latency_ms"]) == {"lexical", "dense", "hybrid"}
    for times in result["latency_ms"].values():
        assert 0 < times["p50"] <= times["p95"] <= times["p99"]
    assert set(result["cpu_ms"]) == set(result["latency_ms"])
    assert result["ran_as"] == {mode: {mode: 10} for mode in ("lexical", "dense", "hybrid")}
    assert result["rss_peak_mb"] > 10
    assert set(result["disk_mb"]) >= {"store", "words", "meaning"}


def test_ingest_is_timed_twice() -> None:
    """The second time nothing is new."""
    moves: list[tuple[int, int]] = []

    result = bench_ingest(papers=100, progress=lambda done, of: moves.append((done, of)))

    assert result["records"] == result["papers"] == result["again"]["unchanged"] == 100
    assert result["ingest_records_per_s"] > 0
    assert moves[-1][0] == moves[-1][1]


def test_papers_come_from_files_when_given(tmp_path: Path) -> None:
    """Only as many as asked for, of all files together."""
    rows = [{"_id": str(n), "title": f"Paper {n}", "text": "On bees."} for n in range(30)]
    folder = tmp_path / "bees"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    result = bench_ingest(papers=12, corpus=[folder])

    assert (result["papers"], result["corpus"]) == (12, ["bees"])
