"""Answers of services that were kept in files: each is known by what it says, and read."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from broadsheet.model import Fault, Record
from broadsheet.sources import open_files
from broadsheet.sources.answers import AnswerFile
from tests.servers.arxiv import Arxiv, Preprint
from tests.servers.http import Asked
from tests.support import corpora

if TYPE_CHECKING:
    from pathlib import Path

HELD = Arxiv(papers={"2603.00001": Preprint("2603.00001", "Wells", date(2026, 3, 4))})
FEED = HELD.answer(Asked("/atom/cs.AI", {}, {})).body.replace(
    b"<entry>", b"<id>http://rss.arxiv.org/atom/cs.AI</id><entry>", 1
)
QUERY = HELD.answer(Asked("/api/query", {}, {})).body.replace(
    b"<entry>", b"<id>http://arxiv.org/api/x</id><entry>", 1
)
OAI = HELD.answer(Asked("/oai", {"verb": "ListRecords"}, {})).body
RSS = (
    b"<?xml version='1.0'?><rss version='2.0'><channel>"
    b"<item><title>W</title><guid>7</guid></item></channel></rss>"
)
DAILY = json.dumps([{"paper": {"id": "2603.00001", "title": "Wells", "upvotes": 3}}]).encode()
JSON_FEED = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "7", "title": "W"}]}, indent=1
).encode()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(FEED, "arxiv_rss", id="announcements"),
        pytest.param(QUERY, "arxiv_atom", id="query"),
        pytest.param(OAI, "oai_pmh", id="OAI-PMH"),
        pytest.param(RSS, "feed", id="RSS"),
        pytest.param(DAILY, "daily_list", id="daily list"),
        pytest.param(JSON_FEED, "feed", id="JSON Feed"),
    ],
)
def test_an_answer_is_known_by_what_it_says(
    tmp_path: Path, data: bytes, kind: str, pack: type[bytes]
) -> None:
    """Whatever the file is called, packed or not."""
    path = tmp_path / "answer"
    path.write_bytes(pack(data))

    (source,) = open_files([path])
    items = list(source.read())

    assert isinstance(source, AnswerFile)
    assert source.kind == kind
    assert [type(item) for item in items] == [Record]


@pytest.mark.parametrize(
    ("data", "records", "reason"),
    [
        pytest.param(FEED[:-7], 1, "breaks off", id="cut"),
        pytest.param(gzip.compress(FEED)[:-9], 1, "ends", id="cut, packed"),
        pytest.param(
            OAI[: OAI.index(b"<ListRecords>")] + b'<error code="badVerb">what?</error></OAI-PMH>',
            0,
            "badVerb what?",
            id="an error",
        ),
    ],
)
def test_a_broken_answer_says_why(tmp_path: Path, data: bytes, records: int, reason: str) -> None:
    """What is whole is kept; the reason goes to quarantine."""
    path = tmp_path / "answer"
    path.write_bytes(data)

    items = list(open_files([path])[0].read())

    assert len([item for item in items if isinstance(item, Record)]) == records
    assert isinstance(items[-1], Fault)
    assert reason in items[-1].reason


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "pattern", "files", "records"),
    [
        ("arxiv-atom", "*.xml", 25, 245),
        ("arxiv-rss", "*.xml", 1, 7),
        ("arxiv-oai", "*.xml", 1, 999),
        ("oai-pmh", "*List*.xml", 8, 4),
        ("daily-papers-api", "*", 8, 218),
    ],
)
def test_captured_answers_are_imported(folder: str, pattern: str, files: int, records: int) -> None:
    """All of them, or a fault says why not."""
    paths = sorted((corpora() / "captures" / folder).glob(pattern))
    paths = [path for path in paths if "Broken" not in path.name]
    counts = Counter(type(item).__name__ for source in open_files(paths) for item in source.read())

    assert (len(paths), counts["Record"]) == (files, records)
