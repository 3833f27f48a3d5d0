"""References of one reader, in every format, become one library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.assemble import open_library
from broadsheet.sources import open_files
from tests.support import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library
    from broadsheet.model import IngestReport

SHA = "0c" * 20
BIBTEX = r"""
@article{wells, title = {On Counting {Wells} in the Great Desert}, author = {Lovelace, Ada},
  year = 2026, journal = {arXiv preprint arXiv:2603.00001}, abstract = {We dig for water.}}
@misc{broken, title = {Never closed,
@misc{lonely, title = {A Short History of Buckets and Ropes}, author = {Example, Bo}, year = 1987}
"""
RIS = """\
TY  - JOUR
TI  - On Counting Wells in the Great Desert
AU  - Lovelace, Ada
PY  - 2026
DO  - 10.1000/wells
UR  - https://arxiv.org/abs/2603.00001
ER  - 
TY  - BOOK
TI  - A short history of buckets and ropes
AU  - Example, Bo
PY  - 1987
ER  - 
"""  # noqa: W291
NBIB = """\
PMID- 3197
TI  - On counting wells in the great desert.
LID - 10.1000/wells [doi]
FAU - Lovelace, Ada
DP  - 2026 Apr
"""
OPENALEX: dict[str, Any] = {
    "results": [
        {
            "id": "https://openalex.org/W2741809807",
            "title": "On Counting Wells in the Great Desert",
            "doi": "https://doi.org/10.1000/wells",
            "publication_year": 2026,
        }
    ]
}
SCHOLAR: list[dict[str, Any] | None] = [
    {"paperId": SHA, "externalIds": {"PubMed": "3197"}, "title": "On Counting Wells", "year": 2026},
    None,
]


@pytest.fixture(scope="module")
def imported(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Library, list[IngestReport]]]:
    """A library into which all of it was imported, and what the imports said."""
    folder = tmp_path_factory.mktemp("references")
    files = {
        "refs.bib": BIBTEX,
        "refs.ris": RIS,
        "pubmed.nbib": NBIB,
        "works.json": json.dumps(OPENALEX, indent=1),
        "batch.json": json.dumps(SCHOLAR),
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    opened = open_library(folder / "data", environ={}, clock=StillClock())
    reports = [opened.ingest(source) for source in open_files([folder / name for name in files])]
    opened.catch_up(is_encoding=False)
    yield opened, reports
    opened.close()


@pytest.fixture(scope="module")
def library(imported: tuple[Library, list[IngestReport]]) -> Library:
    """The library."""
    return imported[0]


@pytest.mark.parametrize(
    "typed",
    [
        "2603.00001",
        "10.1000/wells",
        "PMID: 3197",
        "https://pubmed.ncbi.nlm.nih.gov/3197/",
        "https://openalex.org/W2741809807",
        f"https://www.semanticscholar.org/paper/On-Counting-Wells/{SHA}",
    ],
)
def test_one_paper_by_all_its_names(library: Library, typed: str) -> None:
    """Five sources, five identifiers, one paper."""
    paper = library.paper(typed)

    assert paper.id == "arxiv:2603.00001"
    assert len(library.records(paper)) == 5
    assert paper.sources == ("bibtex", "openalex", "pubmed", "ris", "semanticscholar")
    assert paper.abstract == "We dig for water."


def test_papers_without_identifiers_meet_by_title(library: Library) -> None:
    """Two files that spell it differently mean one book; keys and lines of files are no names."""
    (hit,) = library.search("buckets ropes").hits

    assert hit.paper.title.lower() == "a short history of buckets and ropes"
    assert len(library.records(hit.paper)) == 2


def test_what_could_not_be_read_is_said(
    imported: tuple[Library, list[IngestReport]],
) -> None:
    """The broken entry and the unknown paper are counted with their reasons."""
    reasons = [reason for report in imported[1] for reason in report.reasons]

    assert [report.quarantined for report in imported[1]] == [1, 0, 0, 0, 1]
    assert "never closed" in reasons[0]
    assert reasons[1].startswith("null: the paper")
