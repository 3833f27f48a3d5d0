from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.eval import serving
from broadsheet.eval.serving import KINDS, bench_serve

if TYPE_CHECKING:
    from pathlib import Path


def test_every_kind_of_page_is_asked_of_a_real_server() -> None:
    """One JSON object; no request fails, and none is counted under another kind."""
    moves: list[tuple[int, int]] = []

    result = bench_serve(
        papers=100,
        encode=0,
        readers=4,
        requests=16,
        progress=lambda done, of: moves.append((done, of)),
    )

    assert json.loads(json.dumps(result)) == result
    assert (result["papers"], result["readers"], result["requests"]) == (100, 4, 16)
    assert (result["errors"], result["problems"]) == (0, {})
    assert set(result["latency_ms"]) == {"all", *KINDS}
    for times in result["latency_ms"].values():
        assert 0 < times["p50"] <= times["p95"] <= times["p99"]
    assert result["server_cpu_s"] > 0
    assert (16, 16) in moves


def test_what_goes_wrong_is_counted(tmp_path: Path) -> None:
    """A page that is not there is an error of its kind, and its time counts for nothing."""
    with serving._served(tmp_path) as port:  # a server without our papers
        answers = serving._asked(port, [("paper", "/papers/2401.99999")], readers=1)

    assert serving._summary(answers) == {
        "latency_ms": {},
        "errors": 1,
        "problems": {"paper: 404": 1},
    }


def test_a_server_that_cannot_start_is_no_riddle(tmp_path: Path) -> None:
    """Its own words are in the error."""
    (tmp_path / "config.toml").write_text("colour = 1\n")

    with (
        pytest.raises(BroadsheetError, match=r"did not start.*colour"),
        serving._served(tmp_path),
    ):
        pytest.fail("it started")
