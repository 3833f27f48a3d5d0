"""The development corpora: every line is a record, or has a true reason not to be."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from broadsheet.model import Fault, Record
from broadsheet.sources import open_files
from broadsheet.text import normal
from tests.support import corpora

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.data


@pytest.fixture
def pages() -> list[Path]:
    """Return the captured pages beside the corpora."""
    folder = corpora().parent / "pages"
    if not folder.is_dir():
        pytest.skip("the captured pages are not here")
    return sorted(folder.glob("*.txt"))


def test_every_paper_of_the_captured_pages_is_found(pages: list[Path]) -> None:
    """Counted another way: every line of an abstract's length is one paper."""
    listed = [list(source.read()) for source in open_files(pages)]
    papers = [item for items in listed for item in items if isinstance(item, Record)]

    assert [len(items) for items in listed] == [
        sum(len(line) > 1000 for line in page.read_text(encoding="utf-8").splitlines())
        for page in pages
    ]
    assert len(papers) == sum(map(len, listed)) == 306
    dates = sum(
        len(re.findall(r"(?m)^ +• \d+ authors$", page.read_text("utf-8"))) for page in pages
    )
    assert sum(paper.author_count is not None for paper in papers) == dates == 67
    assert sum(paper.published is not None for paper in papers) == 64
    assert sum(len(paper.signals) for paper in papers) == 2
    keys = Counter(normal.title_key(paper.title) for paper in papers)
    for items in listed:  # no page lists a paper twice
        assert len({item.title for item in items if isinstance(item, Record)}) == len(items)
    assert (len(keys), sum(count > 1 for count in keys.values())) == (243, 39)


@pytest.mark.parametrize(
    ("name", "papers", "faults"),
    [
        ("papers/daily-papers.jsonl.zst", 11_001, 0),
        ("papers/acl-anthology.jsonl.zst", 54_169, 0),
        ("papers/arxiv-daily.jsonl.zst", 54_002, 0),
        pytest.param("papers/arxiv-cs-1993-2020.jsonl.zst", 206_755, 0, marks=pytest.mark.slow),
        ("papers/daily-votes.tsv", 26_901, 0),
        ("retrieval/scifact", 5_183, 0),
        ("retrieval/cranfield", 1_398, 2),
        ("retrieval/cisi", 1_460, 0),
        ("retrieval/csfcube", 4_205, 0),
        ("retrieval/s2-search-dev", 1_000, 0),
        ("recommend/reviewer-paper-match-dev", 3_373, 1),
    ],
)
def test_every_line_is_read_or_has_a_reason(name: str, papers: int, faults: int) -> None:
    """The counts are those of the corpora; two of Cranfield's documents are empty."""
    read = refused = 0
    (source,) = open_files([corpora() / name])
    for item in source.read():
        if isinstance(item, Fault):
            refused += 1
            assert item.reason in {"title and text: both are empty", "_id: there is none"}
            continue
        read += 1
        assert not isinstance(item, Record) or json.dumps(item.extra, allow_nan=False)

    assert (read, refused) == (papers, faults)
