"""A short soak does everything that the long one does."""

from __future__ import annotations

import json

import pytest

from broadsheet.eval import soaking, stand_in
from broadsheet.eval.soaking import soak
from broadsheet.jobs.index import IndexJob, TidyJob


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few queries, small samples, no breath."""
    monkeypatch.setattr(soaking, "QUERIES", 6)
    monkeypatch.setattr(soaking, "SAMPLE_S", 0.1)
    monkeypatch.setattr(soaking, "BREATH_S", 0.0)
    monkeypatch.setattr(stand_in, "SAMPLE", 8)


def test_reads_and_writes_go_on_without_an_error() -> None:
    """What is found wrong at the end is found in a library that all of them used at once."""
    moves: list[tuple[int, int]] = []

    result = soak(
        minutes=0.1,
        papers=120,
        indexers=[IndexJob, TidyJob],
        progress=lambda done, of: moves.append((done, of)),
    )

    assert json.loads(json.dumps(result)) == result
    assert (result["errors"], result["told"], result["problems"]) == (0, {}, [])
    assert result["done"]["search"] > 0
    assert result["done"]["import"] > 0
    assert 60 < result["papers_at_the_end"] <= 120
    assert sum(result["vectors"].values()) == 120
    assert result["private_memory"]["peak_mb"] > 10
    assert moves[-1][1] == 6


class _Broken:
    """A job that fails."""

    def run_once(self) -> bool:
        """Fail."""
        raise ValueError("out of luck")


def test_errors_are_counted_and_told() -> None:
    """One failing job ends nothing and is not passed over in silence."""
    result = soak(minutes=0.02, papers=100, indexers=[lambda _: _Broken()])

    assert result["errors"] >= 1
    assert set(result["told"]) == {"job steps: ValueError: out of luck"}
