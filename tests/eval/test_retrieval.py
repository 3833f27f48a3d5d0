from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.errors import FormatError
from broadsheet.eval.collection import read_collection
from broadsheet.eval.retrieval import evaluate, temporary_settings
from broadsheet.model import Mode
from tests.support import corpora

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = [
    ("d1", "Soil moisture from orbit", "Radar reads how wet a field is."),
    ("d2", "Sparse attention with a budget", "Transformers look at less."),
    ("d3", "Petrol use of cars", "How much a vehicle burns."),
    ("d4", "Counting bees", "One bee, two bees."),
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "sparse -attention"},
    {"_id": "q2", "text": 'automobile "fuel" consumption'},
    {"_id": "q3", "text": "nobody judged this"},
]


def collection(
    folder: Path, judgements: list[tuple[str, str, int]], *, queries: list[dict[str, Any]] = QUERIES
) -> Path:
    """Write a small test collection."""
    rows = [{"_id": name, "title": title, "text": text} for name, title, text in DOCUMENTS]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    (folder / "qrels").mkdir(exist_ok=True)
    lines = ["query-id\tcorpus-id\tscore", *(f"{q}\t{d}\t{s}" for q, d, s in judgements)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_modes_are_measured_on_one_index(tmp_path: Path) -> None:
    """Words find the first query's document, meaning the second's, both find both."""
    folder = collection(tmp_path, [("q1", "d2", 1), ("q2", "d3", 2)])

    results = {one["mode"]: one for one in evaluate(folder, modes=list(Mode), environ={})}

    assert results["lexical"]["ndcg@10"] == 0.5
    assert results["dense"]["ndcg@10"] == results["hybrid"]["ndcg@10"] == 1.0
    assert results["hybrid"]["recall@10"] == results["hybrid"]["map"] == 1.0


def test_the_result_is_what_the_command_promises(tmp_path: Path) -> None:
    """Names and types of the JSON object; a query without judgements is not counted."""
    folder = collection(tmp_path, [("q1", "d2", 1)])

    (result,) = evaluate(folder, modes=[Mode.LEXICAL], environ={})

    assert json.loads(json.dumps(result)) == result
    assert result["dataset"] == tmp_path.name
    assert (result["queries"], result["documents"], result["pool"]) == (1, 4, False)
    assert result["latency_ms"]["p50"] <= result["latency_ms"]["p95"]
    assert result["docs_per_s"] > 0


def test_a_query_with_candidates_is_ranked_among_them(tmp_path: Path) -> None:
    """The best paper of all is not in the pool, so it cannot take the first place."""
    queries = [{"_id": "q1", "text": "sparse attention radar", "candidates": ["d1", "d4"]}]
    folder = collection(tmp_path, [("q1", "d1", 1)], queries=queries)

    (result,) = evaluate(folder, modes=[Mode.LEXICAL], environ={})

    assert (result["ndcg@10"], result["pool"]) == (1.0, True)


@pytest.mark.parametrize(
    ("misses", "expected"),
    [
        pytest.param(1, (), id="as many misses as hits: not a pool"),
        pytest.param(2, ("d2", "d1", "d3"), id="mostly misses: a pool"),
    ],
)
def test_mostly_misses_make_a_pool(tmp_path: Path, misses: int, expected: tuple[str, ...]) -> None:
    """Only who judges whole pools writes down mostly misses."""
    judged = [("q1", "d2", 1), *(("q1", document, 0) for document in ["d1", "d3"][:misses])]
    found = read_collection(collection(tmp_path, judged), split="test")

    assert found.topics[0].pool == expected
    assert found.is_pooled is bool(expected)


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        pytest.param("qrels/test.tsv", "q\td\ts\nq1\td2", r"line 2: expected query", id="columns"),
        pytest.param("qrels/test.tsv", "q\td\ts\nq1\td2\tx", r"line 2: expected", id="grade"),
        pytest.param("qrels/test.tsv", "q\td\ts", "no query of the test split", id="no judgement"),
        pytest.param("queries.jsonl", "{", "line 1 is no JSON", id="broken JSON"),
        pytest.param("queries.jsonl", "[]", "line 1: expected an object", id="no object"),
    ],
)
def test_a_folder_of_another_layout_is_refused(
    tmp_path: Path, file: str, text: str, complaint: str
) -> None:
    """The error names the file and the line."""
    folder = collection(tmp_path, [("q1", "d2", 1)])
    (folder / file).write_text(text, encoding="utf-8")

    with pytest.raises(FormatError, match=complaint):
        read_collection(folder, split="test")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    """Most collections have no train split."""
    with pytest.raises(FormatError, match=r"train\.tsv cannot be read"):
        read_collection(collection(tmp_path, [("q1", "d2", 1)]), split="train")


def test_measuring_never_touches_the_readers_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of the environment belongs to somebody; the encoder is what is measured."""
    monkeypatch.setenv("BROADSHEET_DATABASE", "postgresql://production")
    monkeypatch.setenv("BROADSHEET_ENCODER_TOKENS", "64")

    kept = temporary_settings()
    assert kept["BROADSHEET_ENCODER_TOKENS"] == "64"
    assert "BROADSHEET_DATABASE" not in kept


@pytest.mark.data
@pytest.mark.slow
def test_scifact_reaches_its_floors() -> None:
    """What the README claims of search by word."""
    folder = corpora() / "retrieval" / "scifact"
    (lexical,) = evaluate(folder, modes=[Mode.LEXICAL], environ={})

    assert lexical["queries"] == 300
    assert lexical["ndcg@10"] >= 0.675


@pytest.mark.data
@pytest.mark.slow
def test_hybrid_is_no_worse_than_its_better_half() -> None:
    """On the smallest collection: a thousand papers to encode."""
    folder = corpora() / "retrieval" / "s2-search-dev"
    found = {one["mode"]: one["ndcg@10"] for one in evaluate(folder, modes=list(Mode), environ={})}

    assert found["hybrid"] >= max(found["lexical"], found["dense"]) - 0.01


def test_the_command_gives_all_modes_of_one_index(tmp_path: Path) -> None:
    """A list in the order of the modes; one result alone is an object."""
    folder = str(collection(tmp_path, [("q1", "d2", 1)]))

    every = CliRunner().invoke(app, ["eval", "retrieval", folder, "--mode", "all", "--json"])
    one = CliRunner().invoke(app, ["eval", "retrieval", folder, "--mode", "lexical", "--json"])

    assert [each["mode"] for each in json.loads(every.stdout)] == ["lexical", "dense", "hybrid"]
    assert json.loads(one.stdout)["mode"] == "lexical"
