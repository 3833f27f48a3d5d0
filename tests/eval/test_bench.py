from __future__ import annotations

import json
from itertools import islice

import pytest

from broadsheet.eval import bench
from broadsheet.eval.bench import bench_search
from broadsheet.eval.synthetic import SyntheticPapers


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
