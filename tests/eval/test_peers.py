"""Side by side with other systems: each in a process of its own, and gaps are said."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.eval.test_retrieval import collection
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FIGURES = {"ndcg@10", "recall@100", "p50_ms", "p95_ms", "build_s", "peak_mb", "disk_mb"}


def peers(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the comparison as `make peers` does."""
    command = [sys.executable, str(ROOT / "tools" / "peers.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def told(file: Path) -> dict[str, Any]:
    """Return the systems of the one collection in a file of results."""
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    (found,) = results["collections"].values()
    return dict(found)


def test_systems_are_measured_side_by_side(tmp_path: Path) -> None:
    """A database and this program on the same four documents, with every figure."""
    folder, out = collection(tmp_path, [("q1", "d2", 1), ("q2", "d3", 1)]), tmp_path / "out.json"
    done = peers(str(folder), "--systems", "SQLite FTS5,Broadsheet lexical", "--json", str(out))

    assert done.returncode == 0, done.stderr
    for system in told(out).values():
        assert system.keys() >= FIGURES, system
        assert (system["ndcg@10"], system["recall@100"]) == (0.5, 0.5)
        assert system["p50_ms"] <= system["p95_ms"]
        assert system["peak_mb"] > 10
    assert told(out)["Broadsheet lexical"]["disk_mb"] > 0.1
    assert "| Broadsheet lexical" in done.stdout
    assert done.stdout.count("| 0.5 |") >= 2


def test_a_missing_package_is_a_gap(tmp_path: Path) -> None:
    """It is said in the table; the others are measured, and what the file held stays."""
    folder, out = collection(tmp_path, [("q1", "d2", 1)]), tmp_path / "out.json"
    held = {"collections": {folder.name: {"another": {"ndcg@10": 1.0}}}}
    out.write_text(json.dumps(held), encoding="utf-8")
    done = peers(str(folder), "--systems", "txtai hybrid,SQLite FTS5", "--json", str(out))

    assert done.returncode == 0, done.stderr
    assert told(out)["txtai hybrid"]["gap"] == "No module named 'txtai'"
    assert "not measured: No module named 'txtai'" in done.stdout
    assert told(out)["SQLite FTS5"]["ndcg@10"] == 1.0
    assert told(out)["another"] == {"ndcg@10": 1.0}


def test_a_crash_is_a_gap(tmp_path: Path) -> None:
    """A system that cannot read the collection takes nobody with it."""
    folder = collection(tmp_path, [("q1", "d2", 1)])
    (folder / "corpus.jsonl").write_text("{", encoding="utf-8")
    done = peers(str(folder), "--systems", "SQLite FTS5")

    assert done.returncode == 0
    assert "not measured: failed with 1: json.decoder.JSONDecodeError" in done.stdout


def test_an_unknown_system_is_refused(tmp_path: Path) -> None:
    """With the names that are known."""
    done = peers(str(tmp_path), "--systems", "grep")

    assert done.returncode == 2
    assert "knows bm25s, bm25s as Pyserini" in " ".join(done.stderr.split())
