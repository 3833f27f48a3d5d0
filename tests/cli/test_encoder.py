"""``broadsheet encoder train``: from a file of papers to a table that a library uses."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from broadsheet.cli.encoders import texts_of
from broadsheet.library import encoding
from tests.support import run

if TYPE_CHECKING:
    from pathlib import Path


def corpus(folder: Path, count: int) -> Path:
    """Write papers, every tenth without an abstract and every seventh title twice."""
    file = folder / "papers.jsonl"
    rows = [
        {
            "id": f"2603.{number:05d}",
            "title": f"On wells of depth {number - (number % 7 == 0)} in dry valleys",
            "abstract": "" if number % 10 == 0 else f"We dig and measure {number} times.",
        }
        for number in range(1, count + 1)
    ]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return file


def test_each_title_is_read_once_and_only_with_an_abstract(tmp_path: Path) -> None:
    """Preprint and proceedings would count twice; a bare title teaches little."""
    texts = list(texts_of([corpus(tmp_path, 20)], 200))

    assert texts[:2] == [
        "On wells of depth 1 in dry valleys. We dig and measure 1 times.",
        "On wells of depth 2 in dry valleys. We dig and measure 2 times.",
    ]
    assert len(texts) == 16
    assert list(texts_of([corpus(tmp_path, 20)], 3)) == texts[:3]


@pytest.mark.slow
def test_a_library_finds_by_drafts_of_a_table_that_was_trained(tmp_path: Path) -> None:
    """The command's own output is what the setting takes."""
    file, out, data = corpus(tmp_path, 300), tmp_path / "draft", tmp_path / "data"
    few = {"BROADSHEET_ENCODER_TOKENS": "8"}
    made = run(data, "encoder", "train", str(file), "--out", str(out), "--json", **few)

    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["papers"], told["held_out"]) == (226, 5)
    assert told["cosine"] > 0.5
    drafting = few | {"BROADSHEET_DRAFT": str(out)}
    assert run(data, "import", str(file), **drafting).returncode == 0
    with closing(open_library(data, environ=drafting)) as library:
        library.catch_up(is_encoding=False)
        while encoding.draft_pending(library, 100):
            pass
        [maker] = library.engine.status().encoders

    assert maker.startswith("all-MiniLM-L6-v2/draft-")
