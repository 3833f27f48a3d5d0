"""A change of encoder: papers are read again in the background, and no search loses by it."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from broadsheet.jobs.index import IndexJob
from broadsheet.library.encoding import encode_pending
from broadsheet.model import Mode
from tests.library.fakes import ListSource
from tests.support import record
from tests.support_draft import twin_of_builtin

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.library import Library

SUBJECTS = ("petrol", "bees", "tides", "bread", "glass", "snow", "wool", "chess")
PAPERS = 40


@pytest.fixture
def twin(tmp_path: Path) -> str:
    """Return a folder with the built-in model under another name: another space."""
    return str(twin_of_builtin(tmp_path / "twin"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the data folder of papers that the built-in encoder has read."""
    folder = tmp_path / "data"
    with closing(opened(folder)) as library:
        library.ingest(
            ListSource(
                [
                    record(n, title=f"How {SUBJECTS[n % 8]} fares in year {n}", abstract="")
                    for n in range(1, PAPERS + 1)
                ]
            )
        )
        library.catch_up(is_encoding=True)
    return folder


def opened(folder: Path, encoder: str = "builtin") -> Library:
    """Open the library with an encoder and no drafts."""
    return open_library(folder, environ={"BROADSHEET_ENCODER": encoder, "BROADSHEET_DRAFT": ""})


def by_meaning(library: Library, text: str) -> list[str]:
    """Return the titles that are nearest to a text."""
    return [hit.paper.title for hit in library.search(text, mode=Mode.DENSE, limit=5).hits]


def test_the_old_meaning_serves_until_the_new_one_is_complete(data: Path, twin: str) -> None:
    """Of a query without a word in common, at every stage of reading papers again."""
    with closing(opened(data)) as library:
        before = by_meaning(library, "fuel of automobiles")
    assert all("petrol" in title for title in before)

    with closing(opened(data, twin)) as library:
        assert library.engine.status().encoded == 0
        for _ in range(4):
            found = library.search("fuel of automobiles", mode=Mode.DENSE, limit=5)
            assert [hit.paper.title for hit in found.hits] == before
            assert not found.notes
            assert encode_pending(library, PAPERS // 4) == PAPERS // 4
        assert library.engine.status().former

        job = IndexJob(library)
        while job.run_once():
            pass

        assert not library.engine.status().former
        assert by_meaning(library, "fuel of automobiles") == before


def test_papers_and_examples_are_compared_meanwhile(data: Path, twin: str) -> None:
    """Similar papers and `like:` go by the old vectors too."""
    with closing(opened(data)) as library:
        similar = [hit.paper.id for hit in library.similar("2603.00008", limit=4).hits]
        like = by_meaning(library, "like:2603.00008")

    with closing(opened(data, twin)) as library:
        assert encode_pending(library, 3) == 3
        assert [hit.paper.id for hit in library.similar("2603.00008", limit=4).hits] == similar
        assert by_meaning(library, "like:2603.00008") == like


def test_an_encoder_that_is_gone_leaves_words_and_what_is_new(data: Path, twin: str) -> None:
    """The folder of the model before was deleted: its vectors cannot be asked any more."""
    with closing(opened(data, twin)) as library:
        library.catch_up(is_encoding=True)
    shutil.rmtree(twin)

    with closing(opened(data)) as library:
        found = library.search("fuel of petrol", limit=5)

        assert "petrol" in found.hits[0].paper.title
        assert found.mode is Mode.LEXICAL
        assert "40 of 40 papers cannot be found by meaning yet." in found.notes


def test_a_paper_that_is_seen_is_read_first(data: Path, twin: str) -> None:
    """The papers of an answer get the new vectors before the rest, then those with most votes."""
    with closing(opened(data, twin)) as library:
        shown = {hit.paper.key for hit in library.search("chess", mode=Mode.LEXICAL).hits}
        assert len(shown) == 5

        assert encode_pending(library, 5) == 5
        assert set(library.engine.made_by(library.encoder.name).tolist()) == shown

        opened_paper = library.paper("2603.00001")
        encode_pending(library, 1, first=[3])
        assert opened_paper.key in library.engine.made_by(library.encoder.name)
