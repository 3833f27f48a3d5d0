"""``broadsheet merges``, ``merge`` and ``unmerge`` on a library of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from broadsheet.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path

LINES = (
    '{"id": "arxiv:2603.00001", "title": "On wells", "authors": ["Ada L"], "year": 2026}\n'
    '{"id": "acl:2026.acl-long.1", "title": "On ropes", "authors": ["Bo C"], "year": 2026}\n'
)


def test_a_merge_by_command_and_its_undo(tmp_path: Path) -> None:
    """The commands work where the page lets nobody."""
    file = tmp_path / "two.jsonl"
    file.write_text(LINES)
    run = CliRunner()

    def ask(*words: str) -> dict[str, object]:
        done = run.invoke(app, ["--data", str(tmp_path / "data"), *words, "--json"])
        assert done.exit_code == 0, done.output
        found: dict[str, object] = json.loads(done.stdout)
        return found

    ask("import", str(file))
    made = ask("merge", "arXiv:2603.00001", "acl:2026.acl-long.1")
    assert made == {"paper": "arxiv:2603.00001", "merge": 1}
    assert ask("check")["papers"] == 1
    listed = ask("merges", "2603.00001")["merges"]
    assert isinstance(listed, list)
    assert (listed[0]["reason"], listed[0]["undone"]) == ("hand", None)

    assert ask("unmerge", "1") == {"kept": "arxiv:2603.00001", "parted": "acl:2026.acl-long.1"}
    told = ask("check")
    assert (told["papers"], told["indexed"], told["ok"]) == (2, 2, True)
    assert ask("import", str(file))["papers"] == 2
    text = run.invoke(app, ["--data", str(tmp_path / "data"), "merges"]).stdout
    assert "joined by hand. (undone" in text
