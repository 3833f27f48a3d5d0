"""Kinds of file are told by content."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from broadsheet.errors import FormatError, SourceError
from broadsheet.sources import open_files
from broadsheet.sources.beir import Beir
from broadsheet.sources.capture import Capture
from broadsheet.sources.jsonlines import JsonLines
from broadsheet.sources.votes import COLUMNS, Votes

PAGE = "new\n\nSubscribe\n\nDaily Papers\n\nbyAK and the research community\n\nOn Wells\n\nDeep.\n"
BARE_PAGE = "On Wells\n\nDeep.\n\n  • 3 authors\n·\nMay 4\n\nDaily Papers\n"


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        pytest.param(PAGE, Capture, "capture", id="page"),
        pytest.param(BARE_PAGE, Capture, "capture", id="page of two marks"),
        pytest.param('{"id": "arxiv:2603.00001", "title": "x"}\n', JsonLines, "arxiv", id="arXiv"),
        pytest.param('\n\ufeff{"id": "acl:P18-1001", "title": "x"}\n', JsonLines, "acl", id="ACL"),
        pytest.param('{"title": "x", "upvotes": 1}\n', JsonLines, "daily", id="daily"),
        pytest.param('{"title": "x"}\n', JsonLines, "jsonl", id="plain"),
        pytest.param('{"x": 1}\n{"title": "x"}\n', JsonLines, "jsonl", id="bad first line"),
        pytest.param('{bad}\n{"title": ""}\n', JsonLines, "jsonl", id="bad lines only"),
        pytest.param('{"_id": "1", "title": "", "text": "x"}\n', Beir, "folder", id="corpus"),
        pytest.param("\t".join(COLUMNS) + "\n", Votes, "daily", id="votes"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_a_kind_is_told_by_content(
    tmp_path: Path,
    content: str,
    kind: type,
    name: str,
    is_packed: bool,  # noqa: FBT001
) -> None:
    """Names of downloads say nothing."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "download (1).bin"
    if is_packed and kind is Capture:
        pytest.skip("a page is a text file that people save; it is small")
    path.write_bytes(gzip.compress(content.encode()) if is_packed else content.encode())

    (source,) = open_files([path])

    assert isinstance(source, kind)
    assert source.name == name


def test_folders_and_standard_input(tmp_path: Path) -> None:
    """A folder is a collection; ``-`` is JSON Lines."""
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"_id": "1", "text": "x"}))

    folder, stdin = open_files([tmp_path, "-"])

    assert isinstance(folder, Beir)
    assert isinstance(stdin, JsonLines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n \n", "is empty", id="blank"),
        pytest.param(b"%PDF-1.7\n\x00\x01", "is a PDF", id="PDF"),
        pytest.param(b"PK\x03\x04\x00", "is a ZIP archive", id="ZIP"),
        pytest.param(b"\x7fELF\x00\x00", "is binary", id="binary"),
        pytest.param(b'[{"title": "x"}]', "is a JSON array; write one object per line", id="array"),
        pytest.param(b'{\n "title": "x"\n}', "is JSON over several lines", id="pretty JSON"),
        pytest.param(b"Dear reader,\nhello\n", "is of no kind that is known here", id="letter"),
        pytest.param(gzip.compress(b"x" * 999)[:10], "ends in its middle", id="cut at once"),
    ],
)
def test_other_files_are_refused_with_what_they_are(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """The message says what the file is, and what would do."""
    path = tmp_path / "papers.jsonl"
    path.write_bytes(content)

    with pytest.raises(FormatError, match=said):
        open_files([path])


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder without corpus and a device are three different mistakes."""
    with pytest.raises(SourceError, match="there is no such file"):
        open_files([tmp_path / "none"])
    with pytest.raises(FormatError, match="is a folder without corpus"):
        open_files([tmp_path])
    with pytest.raises(FormatError, match="is no regular file"):
        open_files([Path("/dev/null")])
