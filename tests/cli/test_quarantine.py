"""``broadsheet quarantine``: seen, read again, exported, forgotten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from broadsheet.assemble import open_library, reread
from broadsheet.cli.app import app
from broadsheet.errors import BroadsheetError
from broadsheet.library import quarantine
from broadsheet.model import Fault
from broadsheet.sources import arxiv_rss, daily_list, jsonlines, oai_pmh
from broadsheet.sources._fields import FieldError
from tests.support import record
from tests.support_web import Given

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.library import Library
    from tests.support import StillClock

BAD = '{"title": "", "arxiv_id": "2603.00001"}\n'
GOOD = '{"title": "How deep is a well", "arxiv_id": "2603.00001"}\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose quarantine holds two lines of a file and a piece of a feed."""
    folder = tmp_path / "data"
    file = tmp_path / "papers.jsonl"
    file.write_text('{"title": "A good one", "arxiv_id": "2603.00009"}\n' + BAD + "{broken\n")
    assert run(folder, "import", str(file))["quarantined"] == 2
    library = open_library(folder, environ={})
    library.ingest(Given((Fault(source="feed-x", where="item 1", reason="no title", raw="a"),)))
    library.close()
    return folder


def run(data: Path, *words: str) -> Any:
    """Run a command with --json; return what it printed."""
    done = CliRunner().invoke(app, ["--data", str(data), *words, "--json"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return json.loads(done.stdout)


def keys(data: Path, *words: str) -> list[int]:
    """Return the keys that `list` shows."""
    return [one["key"] for one in run(data, "quarantine", "list", *words)["faults"]]


def mend(data: Path, raw: str) -> None:
    """Stand in for a better parser: let the piece be one that it reads."""
    library = open_library(data, environ={})
    assert library.store.database.is_sqlite  # type: ignore[attr-defined]
    with library.store.database.write() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql(
            "UPDATE quarantine SET raw = ? WHERE raw LIKE '%arxiv_id%'", (raw,)
        )
    library.close()


def test_faults_are_listed_by_source_and_reason(data: Path) -> None:
    """The newest first; a filter that matches nothing lists nothing."""
    assert len(keys(data)) == 3
    assert len(keys(data, "--source", "feed-x")) == 1
    assert len(keys(data, "--reason", "title")) == 2
    assert len(keys(data, "--reason", "100%")) == 0
    assert keys(data, "--limit", "1") == keys(data)[:1]


def test_one_is_shown_whole(data: Path) -> None:
    """With what was read, to the last letter."""
    listed = run(data, "quarantine", "list")["faults"]
    (key,) = [one["key"] for one in listed if one["raw"].strip() == BAD.strip()]

    assert run(data, "quarantine", "show", str(key))["form"] == "jsonlines"
    with pytest.raises(BroadsheetError, match="has the key 99"):
        run(data, "quarantine", "show", "99")


def test_what_can_be_read_now_leaves(data: Path) -> None:
    """The others stay, and each says why; nothing is there twice."""
    before = run(data, "quarantine", "retry")
    mend(data, GOOD)
    after = run(data, "quarantine", "retry")

    assert (before["read"], before["kept"]) == (3, 0)
    assert (after["read"], after["kept"]) == (3, 1)
    assert len(keys(data)) == 2
    assert quarantine.NOT_KEPT in after["reasons"].values()
    found = run(data, "search", "how deep", "--mode", "lexical")["papers"]
    assert [one["title"] for one in found] == ["How deep is a well"]


def test_export_is_json_lines(data: Path, tmp_path: Path) -> None:
    """As many as there are; a file that is there is not written over."""
    file = tmp_path / "faults.jsonl"
    words = ["--data", str(data), "quarantine", "export"]
    done = CliRunner().invoke(app, [*words, str(file)])
    again = CliRunner().invoke(app, [*words, str(file)])
    printed = CliRunner().invoke(app, words)

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert done.exit_code == 0
    assert again.exception is not None
    assert {line["reason"] for line in lines} >= {"no title"}
    assert printed.stdout == file.read_text()


def test_forgetting_asks_for_a_choice(data: Path) -> None:
    """A word too few must not empty it."""
    with pytest.raises(BroadsheetError, match="--all"):
        run(data, "quarantine", "forget")
    first = keys(data)[0]

    assert run(data, "quarantine", "forget", str(first))["forgotten"] == 1
    assert run(data, "quarantine", "forget", "--all")["forgotten"] == 2
    assert keys(data) == []


# --- what is kept, and what leaves ---

OAI = (
    b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header>'
    b"<identifier>oai:x:1</identifier></header><metadata>"
    b'<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title></dc:title></oai_dc:dc>'
    b"</metadata></record></ListRecords></OAI-PMH>"
)
RSS = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>oai:arXiv.org:x</id>'
    b"<title>A &lt; B</title></entry></feed>"
)


@pytest.mark.parametrize(
    "items",
    [
        pytest.param(oai_pmh.parse(OAI, source="oai-x").items, id="OAI-PMH"),
        pytest.param(arxiv_rss.parse(RSS).items, id="an announcement"),
        pytest.param(daily_list.parse(b'[{"paper": {"id": 1}}]').items, id="the daily list"),
    ],
)
def test_a_whole_piece_is_read_by_the_same_parser(items: tuple[Any, ...]) -> None:
    """What it says of the piece is what it said before: the piece is the same."""
    (fault,) = items

    (again,) = reread(fault)

    assert isinstance(again, Fault)
    assert (again.reason, again.form, again.raw) == (fault.reason, fault.form, fault.raw)


def test_a_record_that_could_not_be_kept_is_kept_whole(library: Library) -> None:
    """All its fields but signals, which have a time of their own."""
    whole = record(1, title="")
    library.ingest(Given((whole,)))
    (one,) = library.store.quarantined(limit=9)

    assert reread(one.fault) == [whole]
    told = quarantine.retry(one, library.store, library.clock, read=reread)
    assert (told.is_kept, told.reason) == (False, "title is empty")


def test_a_piece_that_is_too_long_is_not_read_again(library: Library) -> None:
    """A cut piece could become another paper."""
    line = b'{"title": 7, "x": "' + b"x" * 70_000 + b'"}'
    library.ingest(
        Given((jsonlines.fault("f", "f line 1", FieldError("x"), line, form="jsonlines"),))
    )

    (one,) = library.store.quarantined(limit=9)

    assert one.fault.form == ""
    assert one.fault.raw == line.decode()[: len(one.fault.raw)] != ""


def test_a_record_that_comes_whole_later_leaves(library: Library, clock: StillClock) -> None:
    """By any run; and a record that was here before its bad version does not hide the fault."""
    good = record(1)
    library.ingest(Given((good,)))
    library.ingest(Given((record(1, title=""),)))
    assert len(library.store.quarantined(limit=9)) == 1

    clock.advance(clock.now() - clock.now().replace(hour=1))
    library.ingest(Given((record(1, title="Another title"),)))

    assert library.store.quarantined(limit=9) == []


def test_a_parser_that_breaks_breaks_nothing(library: Library) -> None:
    """It broke on this piece before."""
    library.ingest(Given((Fault(source="x", where="y", reason="z", raw="<", form="of old"),)))
    (one,) = library.store.quarantined(limit=9)

    told = quarantine.retry(one, library.store, library.clock, read=reread)

    assert (told.is_kept, "of old" in told.reason) == (False, True)
