"""How does search compare? Other systems and this one, side by side: same data, machine, queries.

::

    make peers ARGS="DIR... [--systems 'bm25s,Broadsheet hybrid'] [--json FILE]"

Each system runs over each collection (in BEIR's layout) in a process of its own, one after the
other, so that memory is its own and a failure is one line. What is not installed is a gap.
Prints a table in Markdown; with ``--json`` also writes all figures, and what that file holds of
other systems or collections stays.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLUMNS = {
    "ndcg@10": "nDCG@10",
    "recall@100": "recall@100",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "cpu_p50_ms": "CPU p50 ms",
    "build_s": "build s",
    "build_cpu_s": "CPU build s",
    "peak_mb": "peak MB",
    "disk_mb": "disk MB",
}
NAMES = (
    "bm25s",
    "bm25s as Pyserini",
    "SQLite FTS5",
    "sentence-transformers",
    "txtai hybrid",
    "LanceDB hybrid",
    "Broadsheet lexical",
    "Broadsheet hybrid",
)


def run(name: str, folder: Path, scratch: Path, *, timeout_s: float) -> dict[str, Any]:
    """Measure one system over one collection; what went wrong is a gap."""
    place = scratch / name.replace(" ", "-")
    command = [sys.executable, str(HERE / "peer_systems.py"), name, str(folder), str(place)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        return {"gap": f"not done in {timeout_s:,.0f} s"}
    finally:
        shutil.rmtree(place, ignore_errors=True)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    try:
        told: dict[str, Any] = json.loads(last)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"gap": f"failed with {done.returncode}: {said[:300]}"}
    return told


def table(results: dict[str, Any]) -> str:
    """Return one table in Markdown for each collection."""
    lines = []
    for dataset, systems in results["collections"].items():
        lines += [f"**{dataset}**", "", f"| system | {' | '.join(COLUMNS.values())} |"]
        lines.append("|---" * (len(COLUMNS) + 1) + "|")
        for name, told in systems.items():
            cells = [str(told.get(column, "")) for column in COLUMNS]
            if "gap" in told:
                cells[0] = f"not measured: {told['gap']}"
            version = f" {told['version']}" if told.get("version") else ""
            lines.append(f"| {name}{version} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Measure, keep, print."""
    parser = argparse.ArgumentParser(prog="make peers", description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--systems", default=",".join(NAMES), help="separated by commas")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--timeout", type=float, default=3600.0, metavar="SECONDS")
    given = parser.parse_args()
    wanted = [name.strip() for name in given.systems.split(",")]
    if unknown := sorted(set(wanted) - set(NAMES)):
        parser.error(f"--systems knows {', '.join(NAMES)}; not {', '.join(unknown)}")
    results: dict[str, Any] = {"collections": {}}
    if given.json and given.json.exists():
        results = json.loads(given.json.read_text(encoding="utf-8"))
    results["machine"] = f"{platform.machine()}, {os.cpu_count()} processors, {platform.platform()}"
    results["measured"] = datetime.now(UTC).isoformat(timespec="minutes")
    for folder in given.folders:
        told = results["collections"].setdefault(folder.resolve().name, {})
        with tempfile.TemporaryDirectory(prefix="broadsheet-peers-") as scratch:
            for name in wanted:
                load = os.getloadavg()[0]
                told[name] = run(name, folder, Path(scratch), timeout_s=given.timeout)
                told[name]["load"] = round(load, 1)
                print(f"{folder.name}: {name}: {told[name]}", file=sys.stderr, flush=True)
        if given.json:
            given.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
