"""Answers of services and files of reference managers as they came: all read, or refused truly."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import SourceError
from broadsheet.model import Fault, Record
from broadsheet.sources.bibtex import BibTeX
from broadsheet.sources.crossref import Crossref
from broadsheet.sources.detect import open_files
from broadsheet.sources.openalex import OpenAlex
from broadsheet.sources.ris import Ris, WebOfScience, is_web_of_science
from broadsheet.sources.semantic_scholar import SemanticScholar
from tests.support import corpora

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from broadsheet.sources._json_source import JsonSource

pytestmark = pytest.mark.data

NO_TITLE = "title: there is none"


def sorted_out(items: Iterable[object]) -> tuple[list[Record], list[Fault]]:
    """Return records and faults apart."""
    found = list(items)
    return (
        [item for item in found if isinstance(item, Record)],
        [item for item in found if isinstance(item, Fault)],
    )


def test_files_of_bibtex() -> None:
    """57 files that test other readers: every entry that has a title is a record."""
    records: list[Record] = []
    faults: list[Fault] = []
    for path in sorted((corpora() / "captures" / "bibtex").glob("*.bib")):
        good, bad = sorted_out(BibTeX(path).read())
        records += good
        faults += bad

    assert (len(records), len(faults)) == (184, 27)  # of 211 entries that grep counts
    assert {fault.reason for fault in faults} == {NO_TITLE}
    # Counted another way: no entry that was refused has a field for its title.
    assert not [fault for fault in faults if re.search(r"(?mi)^\s*title\s*=", fault.raw)]
    assert sum(len(record.authors) > 0 for record in records) > 100


def test_files_of_ris() -> None:
    """15 files: those refused hold references without a title, and nothing else."""
    records: list[Record] = []
    faults: list[Fault] = []
    for path in sorted((corpora() / "captures" / "ris").iterdir()):
        kind = WebOfScience if is_web_of_science(path.read_bytes()) else Ris
        good, bad = sorted_out(kind(path).read())
        records += good
        faults += bad

    assert (len(records), len(faults)) == (20, 5)
    assert {fault.reason for fault in faults} == {NO_TITLE}
    assert not [fault for fault in faults if re.search(r"(?m)^(?:TI|T1|ST)  - \S", fault.raw)]


@pytest.mark.parametrize(
    ("folder", "ending", "records", "faults"),
    [
        pytest.param("arxiv-atom", ".xml", 245, {"arXiv answers with an error": 1}, id="arXiv"),
        # What asked, when and with which status: no papers.
        pytest.param("arxiv-atom", ".json", 0, {NO_TITLE: 20}, id="notes beside answers"),
        pytest.param("arxiv-oai", ".xml", 999, {"id: '0811.36489' is no arXiv id": 1}, id="raw"),
        pytest.param("arxiv-rss", ".xml", 7, {}, id="announcements"),
        pytest.param("bibtex", ".bib", 184, {NO_TITLE: 27, "is empty": 1}, id="BibTeX"),
        # One answer a line, each in a text of its own: `test_answers_of_services` unwraps them.
        pytest.param("crossref", ".jsonl", 0, {NO_TITLE: 170}, id="Crossref's log"),
        pytest.param("openalex", ".jsonl", 0, {NO_TITLE: 12}, id="OpenAlex's log"),
        pytest.param("semanticscholar", ".jsonl", 0, {NO_TITLE: 127}, id="Semantic Scholar's log"),
        pytest.param("daily-papers-api", ".json", 77, {}, id="daily list"),
        pytest.param("daily-papers-api", ".xml", 141, {}, id="feeds"),
        pytest.param(
            "oai-pmh",
            ".xml",
            6,
            {
                "the repository has deleted this record": 3,
                "identifier: the record's header has none": 1,
                "the service answers with an error": 7,
                "is of no kind that is known here": 1,  # it holds the words "broken xml"
            },
            id="OAI-PMH",
        ),
        pytest.param("ris", ".ris", 20, {NO_TITLE: 5}, id="RIS"),
    ],
)
def test_every_file_is_imported_or_refused_truly(
    folder: str, ending: str, records: int, faults: dict[str, int]
) -> None:
    """As `broadsheet import FILE` reads it: its kind by content, and a reason for all that is not.

    The numbers were counted by reading the files.
    """
    read = 0
    reasons: Counter[str] = Counter()
    for path in sorted((corpora() / "captures" / folder).glob(f"*{ending}")):
        try:
            (source,) = open_files([path])
        except SourceError as error:
            reasons[_told(str(error), faults)] += 1
            continue
        good, bad = sorted_out(source.read())
        read += len(good)
        reasons.update(_told(fault.reason, faults) for fault in bad)

    assert (read, dict(reasons)) == (records, faults)


def _told(reason: str, known: Iterable[str]) -> str:
    """Return which of the known reasons this is, or it as it is."""
    return next((one for one in known if one in reason), reason)


@pytest.mark.parametrize(
    ("name", "kind", "papers", "untitled"),
    [
        pytest.param("crossref", Crossref, 646, 154, id="Crossref"),
        pytest.param("openalex", OpenAlex, 9, 3, id="OpenAlex"),
        pytest.param("semanticscholar", SemanticScholar, 7_380, 9_444, id="Semantic Scholar"),
    ],
)
def test_answers_of_services(
    tmp_path: Path, name: str, kind: type[JsonSource], papers: int, untitled: int
) -> None:
    """Works are read out of every shape of answer; errors and other objects are refused."""
    path = tmp_path / "answer.json"
    records: list[Record] = []
    reasons: Counter[str] = Counter()
    with (corpora() / "captures" / name / "responses.jsonl").open(encoding="utf-8") as answers:
        for line in answers:
            answer = json.loads(line)
            path.write_text(answer["body"], encoding="utf-8")
            good, bad = sorted_out(kind(path).read())
            records += good
            reasons.update(re.sub(r"[\d,]+|: .*error.*", "", fault.reason) for fault in bad)
            assert answer["status"] == 200 or not good

    assert len(records) == papers
    assert reasons[NO_TITLE] == untitled
    known = (NO_TITLE, "null: the paper", "the source answered", "here should be", "character")
    assert all(reason.startswith(known) for reason in reasons)
