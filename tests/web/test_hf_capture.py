"""The hosted site's own answers, beside ours for the same days."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import zstandard

from broadsheet.sources import open_files
from tests.support import corpora

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from broadsheet.library import Library


@pytest.mark.data
@pytest.mark.parametrize("day", ["2024-05-27", "2025-02-24", "2025-11-21"])
def test_a_day_has_the_papers_that_the_hosted_site_had(
    client: TestClient, library: Library, tmp_path: Path, day: str
) -> None:
    """The same papers under the same day, published on the same day, with the same fields."""
    folder = corpora()
    kept = tmp_path / "daily.jsonl"
    with zstandard.open(
        folder / "papers" / "daily-papers.jsonl.zst", "rt", encoding="utf-8"
    ) as all_:
        kept.write_text("".join(line for line in all_ if day in line), encoding="utf-8")
    for source in open_files([kept]):
        library.ingest(source)
    capture = folder / "captures" / "daily-papers-api" / f"daily_papers_{day}.json"
    theirs = {item["paper"]["id"]: item["paper"] for item in json.loads(capture.read_bytes())}

    answer = client.get("/api/daily_papers", params={"date": day, "limit": 100}).json()
    ours = {item["paper"]["id"]: item["paper"] for item in answer}
    assert set(theirs) <= set(ours)
    for name, paper in theirs.items():
        assert ours[name]["publishedAt"][:10] == paper["publishedAt"][:10]
        assert [one["name"] for one in ours[name]["authors"]]
        assert {"id", "authors", "publishedAt", "title", "summary", "upvotes"} <= set(ours[name])
