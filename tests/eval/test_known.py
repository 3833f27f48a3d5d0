"""Known items: queries of known answer, made from any corpus."""

from __future__ import annotations

import json
import random
from datetime import date
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.eval.known import known_items, split_of, with_slip
from broadsheet.index.respelling import edits
from broadsheet.model import Mode
from tests.support_papers import paper

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS = "Gravity Radar Soil Bees Carbon Entropy Lattices Proteins Glaciers Markets".split()  # noqa: SIM905


def write(folder: Path) -> Path:
    """Write a file of twenty papers that differ."""
    path = folder / "papers.jsonl"
    with path.open("w") as file:
        for number in range(20):
            subject = SUBJECTS[number % 10]
            row = {
                "id": f"2401.{number:05}",
                "title": f"{subject} observed from {'orbit' if number < 10 else 'below'} today",
                "abstract": f"We look at {subject.lower()} number {number} again and again. Short.",
                "authors": [f"Ada {subject}son"],
                "published": f"20{10 + number // 10}-05-01",
            }
            file.write(json.dumps(row) + "\n")
    return path


def test_it_finds_what_it_asks_for(tmp_path: Path) -> None:
    """Through the command: each kind with its count, ranks and latency; the same when repeated."""
    command = ["eval", "known", str(write(tmp_path)), "--papers", "20", "--queries", "9"]
    command += ["--mode", Mode.LEXICAL.value, "--json"]

    told, again = (json.loads(CliRunner().invoke(app, command).stdout) for _ in range(2))

    assert set(told["kinds"]) == {
        "title",
        "misspelt",
        "paraphrase",
        "sentence",
        "author-year",
    }
    assert told["kinds"]["title"]["mrr"] == told["kinds"]["title"]["hit@1"] == 1
    assert told["kinds"]["misspelt"]["mrr"] >= 0.9
    assert told["kinds"]["author-year"]["mrr"] == 1
    assert told["papers"] == 20
    for kind in told["kinds"]:
        assert told["kinds"][kind]["mrr"] == again["kinds"][kind]["mrr"]


def test_the_halves_share_no_paper() -> None:
    """What is tuned on is not reported; a seed changes the choice, not the halves."""
    papers = [
        paper(n, key=n, title=f"Paper number {n} about it", published=date(2020, 1, 1))
        for n in range(1, 200)
    ]

    asked = {
        (seed, split): {
            item.paper.key for item in known_items(papers, queries=30, seed=seed, split=split)
        }
        for seed in (1, 2)
        for split in ("dev", "test")
    }

    assert not (asked[1, "dev"] | asked[2, "dev"]) & (asked[1, "test"] | asked[2, "test"])
    assert asked[1, "test"] != asked[2, "test"]
    assert 60 < sum(split_of(one) == "dev" for one in papers) < 140


def test_a_title_of_two_papers_is_no_query() -> None:
    """There would be two right answers."""
    papers = [paper(n, key=n, title="Introduction to the volume") for n in range(1, 30)]

    assert known_items(papers, queries=9, seed=1, split="dev") == []


@pytest.mark.parametrize("seed", range(30))
def test_a_slip_is_one_edit(seed: int) -> None:
    """At most: two equal letters may change places."""
    title = "Sparse attention for everyone"

    chance = random.Random(seed)  # noqa: S311  # repeatable

    assert edits(title, with_slip(title, chance), most=2) <= 1
    assert with_slip("On AI", chance) == "On AI"
