"""Test collections in the BEIR layout."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.model import Fault, Identifier, Precision, Record, Scheme
from broadsheet.sources.beir import CORPUS, TITLE_FROM_TEXT, Beir

if TYPE_CHECKING:
    from pathlib import Path


def folder(tmp_path: Path, *documents: Any, name: str = "Wells 2020") -> Path:
    """Return a folder with a corpus of these documents."""
    path = tmp_path / name
    path.mkdir()
    lines = (each if isinstance(each, str) else json.dumps(each) for each in documents)
    (path / CORPUS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_document_is_a_record_of_its_folder(tmp_path: Path) -> None:
    """Ids of two collections do not meet; other fields are kept."""
    path = folder(
        tmp_path, {"_id": "4983", "title": "On Wells", "text": "Deep.", "metadata": {"a": 1}}
    )

    for source in (Beir(path), Beir(path / CORPUS)):
        assert source.name == "wells-2020"
        assert list(source.read()) == [
            Record(
                source="wells-2020",
                source_id="4983",
                title="On Wells",
                identifiers=(Identifier(Scheme.LOCAL, "wells-2020/4983"),),
                abstract="Deep.",
                extra={"metadata": {"a": 1}},
            )
        ]


def test_what_else_is_known_of_a_document_is_read(tmp_path: Path) -> None:
    """Collections of papers often say who wrote them, where, when, and how often they are cited."""
    said = {"authors": ["Ada L", "Bo C"], "venue": "ACL", "year": 2019, "n_citations": 12}
    known, not_known, wrong = Beir(
        folder(
            tmp_path,
            {"_id": "1", "title": "On Wells", "text": "Deep.", "x": 1} | said,
            {"_id": "2", "title": "On Wells", "authors": [], "venue": None, "year": None},
            {
                "_id": "3",
                "title": "On Wells",
                "year": 801,
                "authors": 3,
                "venue": [],
                "n_citations": "x",
            },
        )
    ).read()

    assert isinstance(known, Record)
    assert (known.authors, known.venue) == (("Ada L", "Bo C"), "ACL")
    assert (known.published, known.precision) == (date(2019, 1, 1), Precision.YEAR)
    assert known.extra == {"x": 1, "citations": 12}
    assert isinstance(not_known, Record)
    assert (not_known.authors, not_known.venue, not_known.published) == ((), "", None)
    assert not_known.extra == {}
    assert isinstance(wrong, Record)
    assert (wrong.authors, wrong.venue, wrong.published) == ((), "", None)
    assert wrong.extra == {"year": 801, "authors": 3, "n_citations": "x"}


def test_a_text_without_title_is_called_by_its_first_words(tmp_path: Path) -> None:
    """Some collections have no titles at all; a title without text is enough, too."""
    path = folder(
        tmp_path, {"_id": 7, "text": "Words and " * 40}, {"_id": "8", "title": "T", "text": ""}
    )

    first, second = Beir(path).read()

    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.title.startswith("Words and Words")
    assert len(first.title) <= TITLE_FROM_TEXT
    assert first.extra == {"title_from": "text"}
    assert (second.title, second.abstract) == ("T", "")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param(
            {"_id": "1", "title": " ", "text": ""}, "title and text: both are empty", id="empty"
        ),
        pytest.param({"_id": None, "title": "x"}, "_id: there is none", id="no id"),
        pytest.param(
            {"_id": "1", "title": 3}, "title: expected text, found a number (3)", id="type"
        ),
        pytest.param("{", "the line is not JSON", id="no JSON"),
    ],
)
def test_a_bad_document_is_a_fault(tmp_path: Path, document: Any, reason: str) -> None:
    """It is named by collection, file and line; the rest is read."""
    good = {"_id": "2", "title": "On Wells"}

    fault, record = Beir(folder(tmp_path, document, " ", good, name="x")).read()

    assert isinstance(fault, Fault)
    assert (fault.source, fault.where) == ("x", "x/corpus.jsonl line 1")
    assert fault.reason.startswith(reason)
    assert isinstance(record, Record)


def test_a_line_too_long_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is passed over."""
    monkeypatch.setattr("broadsheet.sources._lines.MAX_LINE", 100)

    (fault,) = Beir(folder(tmp_path, {"_id": "1", "text": "x" * 200})).read()

    assert isinstance(fault, Fault)
    assert fault.reason.startswith("the line is longer than")
