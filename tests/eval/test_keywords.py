"""Keyword-to-paper: a collection whose judgements follow from the papers' keywords."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.errors import FormatError
from broadsheet.eval.collection import read_collection
from broadsheet.eval.keywords import write_collection
from tests.support import record

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.model import Record

SUBJECTS = ["bees", "wells", "glaciers", "markets", "lattices"]


def papers(count: int = 200) -> list[Record]:
    """Return papers with two of five subjects each, and a keyword that all have."""
    return [
        record(
            number,
            topics=(
                "science",
                SUBJECTS[number % 5] if number % 2 else f"{SUBJECTS[number % 5][:-1]} (XY)",
                SUBJECTS[number // 5 % 5],
                f"number {number}",
            ),
        )
        for number in range(1, count + 1)
    ]


def collection(folder: Path, *, split: str = "dev", seed: int = 1, queries: int = 20) -> Path:
    """Write the collection of these papers, all of whose subjects are frequent enough."""
    write_collection(folder, papers(), queries=queries, seed=seed, split=split)
    return folder


@pytest.fixture(autouse=True)
def frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a subject of 40 % of the papers be a query."""
    monkeypatch.setattr("broadsheet.eval.keywords.MOST", 0.5)


def test_grades_are_the_share_of_the_weight(tmp_path: Path) -> None:
    """All keywords: 3; one of two of equal weight is half of it: 1; forms are one keyword."""
    found = read_collection(collection(tmp_path), split="dev")
    subjects = {
        one.source_id: {SUBJECTS[n % 5], SUBJECTS[n // 5 % 5]}
        for n, one in enumerate(papers(), start=1)
    }

    assert found.topics
    assert not found.is_pooled
    for topic in found.topics:
        asked = {next(s for s in SUBJECTS if s[:-1] in word) for word in topic.text.split()}
        grades = {
            name: 3 if asked <= have else 1 for name, have in subjects.items() if asked & have
        }
        assert topic.grades == grades


def test_keywords_are_not_in_the_documents(tmp_path: Path) -> None:
    """Or the answer would be written on the paper."""
    rows = (collection(tmp_path) / "corpus.jsonl").read_text().splitlines()

    assert len(rows) == 200
    assert all(set(json.loads(row)) == {"_id", "title", "text"} for row in rows)


def test_too_rare_and_too_common_is_not_asked(tmp_path: Path) -> None:
    """One paper's own keyword has one answer; everybody's says nothing."""
    topics = read_collection(collection(tmp_path), split="dev").topics

    assert not any("science" in one.text or "number" in one.text for one in topics)


def test_the_halves_share_no_query(tmp_path: Path) -> None:
    """What is tuned on is not reported."""
    names = {
        split: {
            one.id
            for one in read_collection(
                collection(tmp_path / split, split=split), split=split
            ).topics
        }
        for split in ("dev", "test")
    }

    assert names["dev"]
    assert names["test"]
    assert not names["dev"] & names["test"]


def test_papers_without_common_keywords_are_refused(tmp_path: Path) -> None:
    """There is nothing to ask for."""
    with pytest.raises(FormatError, match="no paper of the dev half has two keywords"):
        write_collection(tmp_path, [record(1), record(2)], queries=9, seed=1, split="dev")


def test_the_command_evaluates_and_keeps(tmp_path: Path) -> None:
    """By words alone; what it keeps is what `eval retrieval` reads."""
    lines = [
        {
            "id": one.source_id,
            "title": one.title,
            "abstract": one.abstract,
            "ai_keywords": one.topics,
        }
        for one in papers(60)
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    kept = tmp_path / "kept"
    words = ["eval", "keywords", str(tmp_path / "p.jsonl"), "--mode", "lexical", "--out", str(kept)]
    result = CliRunner().invoke(app, [*words, "--json"])

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["dataset"], told["mode"], told["documents"]) == ("kept", "lexical", 60)
    again = ["eval", "retrieval", str(kept), str(kept), "--mode", "lexical", "--json"]
    both = json.loads(CliRunner().invoke(app, again).stdout)
    assert [one["ndcg@10"] for one in both] == [told["ndcg@10"]] * 2
