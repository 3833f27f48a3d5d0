"""Papers as JSON Lines, whole, hostile and cut."""

from __future__ import annotations

import gzip
import io
import json
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import SourceError
from broadsheet.model import MAX_RAW, Fault, Link, Precision, Record, Signal, SignalKind, Status
from broadsheet.sources import _fields, _lines
from broadsheet.sources._fields import FieldError
from broadsheet.sources.jsonlines import JsonLines, stem, to_record

PLAIN: dict[str, Any] = {"id": "arxiv:2603.00001", "title": "On Wells", "year": 2026, "month": 3}


def read(path: Path) -> tuple[list[Record], list[Fault]]:
    """Return what a file gives, records and faults apart."""
    items = list(JsonLines(path).read())
    records = [item for item in items if isinstance(item, Record)]
    return records, [item for item in items if isinstance(item, Fault)]


def of(**changes: Any) -> Record:
    """Return the record of a plain object with changes."""
    return to_record(PLAIN | changes, shelf="shelf")


def lines(count: int) -> bytes:
    """Return that many lines, each a paper of its own."""
    papers = [PLAIN | {"id": f"arxiv:2603.{number:05d}"} for number in range(1, count + 1)]
    return "".join(json.dumps(paper) + "\n" for paper in papers).encode()


def test_an_announced_paper() -> None:
    """The fields of an arXiv listing have their places."""
    record = of(
        id="arxiv:2603.00001v2",
        abstract="We dig.\n\nCode: https://github.com/a/b",
        authors=["Ada Lovelace", " Émilie  du Châtelet "],
        venue="arXiv",
        url="https://arxiv.org/abs/2603.00001",
        categories=["cs.CV", "cs.LG"],
        primary_category="cs.LG",
        comments="12 pages",
        listed_on=["2026-03-04", "2026-03-03"],
        acm_class=None,
    )

    assert (record.source, record.source_id, record.version) == ("arxiv", "2603.00001v2", 2)
    assert [str(name) for name in record.identifiers] == ["arxiv:2603.00001"]
    assert record.authors == ("Ada Lovelace", "Émilie du Châtelet")
    assert record.categories == ("cs.LG", "cs.CV")
    assert (record.published, record.precision) == (date(2026, 3, 1), Precision.MONTH)
    assert record.announced == date(2026, 3, 3)
    assert record.extra == {"listed_on": ["2026-03-04", "2026-03-03"]}
    assert (record.comment, record.venue) == ("12 pages", "")
    assert record.abstract == "We dig.\n\nCode: https://github.com/a/b"
    assert record.links == (
        Link(kind="abstract", url="https://arxiv.org/abs/2603.00001"),
        Link(kind="pdf", url="https://arxiv.org/pdf/2603.00001"),
        Link(kind="code", url="https://github.com/a/b"),
    )


def test_an_archived_paper() -> None:
    """Created is the first version's day, updated the last one's; DOIs are names."""
    record = of(id="arxiv:cs/9902027", created="1999-02-16", updated="1999-09-10", doi="10.1038/X")

    assert (record.published, record.precision) == (date(1999, 2, 16), Precision.DAY)
    assert record.updated == date(1999, 9, 10)
    assert [str(name) for name in record.identifiers] == ["arxiv:cs/9902027", "doi:10.1038/x"]
    assert Link(kind="doi", url="https://doi.org/10.1038/x") in record.links


def test_a_picked_paper() -> None:
    """Totals are dated by the first day on which they can have been counted."""
    record = of(
        daily_date="2026-03-04",
        upvotes=7,
        num_comments=2,
        github_stars=30,
        published_at="2026-03-03T23:30:00-05:00",
        ai_keywords=["Deep Wells", "deep wells"],
        ai_summary="Wells are deep.",
        github_url="https://github.com/a/b",
        project_page="https://a.github.io/b",
        hf_url="https://huggingface.co/papers/2603.00001",
        organization="Well Works",
    )
    at = datetime(2026, 3, 4, tzinfo=UTC)

    assert (record.source, record.picked) == ("daily", date(2026, 3, 4))
    assert record.published == date(2026, 3, 4)  # in UTC
    assert record.signals == (
        Signal(kind=SignalKind.VOTE, value=7, at=at, origin="hosted", via="daily"),
        Signal(kind=SignalKind.COMMENT, value=2, at=at, origin="hosted", via="daily"),
        Signal(kind=SignalKind.STAR, value=30, at=at, origin="github", via="daily"),
    )
    assert record.topics == ("deep wells",)
    assert (record.summary, record.summary_by) == ("Wells are deep.", "machine")
    assert {link.kind for link in record.links} == {
        "abstract",
        "pdf",
        "code",
        "project",
        "discussion",
    }
    assert record.extra == {"organization": "Well Works"}


def test_a_count_without_a_day_is_no_signal() -> None:
    """A time must not be invented."""
    record = of(upvotes=7, hf_url="https://huggingface.co/papers/2603.00001")

    assert (record.source, record.signals, record.extra) == ("daily", (), {"upvotes": 7})
    assert of(submitted_on_daily_at="2026-03-04T01:02:03Z", upvotes=1).signals != ()


def test_a_paper_of_the_anthology() -> None:
    """What has no place of its own is kept in extra."""
    record = of(
        id="acl:2020.acl-main.1",
        venue="ACL",
        month=None,
        doi="10.18653/v1/2020.acl-main.1",
        url="https://aclanthology.org/2020.acl-main.1/",
        pdf_url="https://aclanthology.org/2020.acl-main.1.pdf",
        code_url="https://github.com/a/b",
        bibkey="ada-2020-wells",
        retracted=True,
        publisher=None,
    )

    assert (record.source, record.source_id, record.venue) == ("acl", "2020.acl-main.1", "ACL")
    assert (record.published, record.precision) == (date(2026, 1, 1), Precision.YEAR)
    assert [link.kind for link in record.links] == ["abstract", "doi", "pdf", "code"]
    assert record.extra == {"bibkey": "ada-2020-wells"}
    assert record.status is Status.RETRACTED


def test_own_records_are_read_back() -> None:
    """The names of a record's fields are known, so that an export can be imported."""
    record = of(
        id=None,
        source="thesis",
        source_id="7",
        identifiers=["doi:10.1000/x", "openreview:abcdefg"],
        version=2,
        published="2026-03-04",
        precision="month",
        announced="2026-03-05",
        picked="2026-03-06",
        author_count=3,
        topics=["wells"],
        summary="Short.",
        summary_by="editor",
        links=[{"kind": "data", "url": "https://a.org/d"}],
        extra={"shelf": "B"},
        odd={"x": [1]},
    )

    assert (record.source, record.source_id, record.version) == ("thesis", "7", 2)
    assert [str(name) for name in record.identifiers] == ["doi:10.1000/x", "openreview:abcdefg"]
    assert (record.published, record.precision) == (date(2026, 3, 4), Precision.MONTH)
    assert (record.announced, record.picked) == (date(2026, 3, 5), date(2026, 3, 6))
    assert (record.author_count, record.summary_by) == (3, "editor")
    assert Link(kind="data", url="https://a.org/d") in record.links
    assert record.extra == {"shelf": "B", "odd": {"x": [1]}}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        pytest.param({"id": "17"}, ["local:shelf/17"], id="an id of the file's own"),
        pytest.param({"id": 17, "arxiv_id": "2603.1v9", "doi": None}, None, id="no arXiv id"),
        pytest.param({"id": None}, [], id="no id"),
        pytest.param(
            {"id": None, "url": "https://arxiv.org/abs/2603.00002"},
            ["arxiv:2603.00002"],
            id="from the url",
        ),
        pytest.param(
            {"doi": "10.1000/a 10.1000/a\n 10.1000/b"},
            ["arxiv:2603.00001", "doi:10.1000/a", "doi:10.1000/b"],
            id="several",
        ),
        pytest.param(
            {"doi": "10.1000/a, may 2012"}, ["arxiv:2603.00001", "doi:10.1000/a"], id="a remark"
        ),
        pytest.param({"doi": "10.1145/1122445.1122456"}, ["arxiv:2603.00001"], id="a sample"),
        pytest.param({"doi": "1904.04794"}, ["arxiv:2603.00001"], id="no DOI"),
        pytest.param({"id": None, "acl_id": "P18-1001"}, ["acl:P18-1001"], id="own field"),
    ],
)
def test_identifiers(changes: dict[str, Any], names: list[str] | None) -> None:
    """Only what is an identifier merges papers; ids of a file count within the file."""
    if names is None:
        with pytest.raises(FieldError, match=r"^arxiv_id: '2603\.1v9' is no identifier"):
            of(**changes)
        return

    assert [str(name) for name in of(**changes).identifiers] == names


def test_records_without_id_are_named_by_what_they_say() -> None:
    """Reading a file twice gives the same names; another paper has another."""
    assert of(id=None).source_id == of(id=None).source_id
    assert of(id=None).source_id != of(id=None, title="Other").source_id


@pytest.mark.parametrize(
    ("changes", "day", "precision"),
    [
        pytest.param({"month": None}, date(2026, 3, 1), Precision.MONTH, id="month of the id"),
        pytest.param(
            {"year": None, "month": None}, date(2026, 3, 1), Precision.MONTH, id="all of the id"
        ),
        pytest.param(
            {"year": 2025, "month": None}, date(2025, 1, 1), Precision.YEAR, id="another year"
        ),
        pytest.param({"year": "2026"}, date(2026, 3, 1), Precision.MONTH, id="year as text"),
        pytest.param(
            {"year": None, "month": None, "id": "x", "date": "2024-05"},
            date(2024, 5, 1),
            Precision.MONTH,
            id="month",
        ),
        pytest.param(
            {"year": None, "month": None, "id": "x", "date": "2024"},
            date(2024, 1, 1),
            Precision.YEAR,
            id="year",
        ),
        pytest.param({"year": None, "id": "x", "month": None}, None, Precision.DAY, id="nothing"),
        pytest.param(
            {"id": "cs/9902027", "year": None, "month": None},
            date(1999, 2, 1),
            Precision.MONTH,
            id="old id",
        ),
    ],
)
def test_the_finest_date_counts(
    changes: dict[str, Any], day: date | None, precision: Precision
) -> None:
    """No more precision is claimed than there is."""
    record = of(**changes)

    assert (record.published, record.precision) == (day, precision)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"title": None}, "title: there is none", id="no title"),
        pytest.param({"title": " \u200b\x00"}, "title: there is none", id="invisible title"),
        pytest.param({"title": 7}, "title: expected text, found a number (7)", id="title"),
        pytest.param({"title": "a" * 2001}, "title: more than 2,000 characters", id="long title"),
        pytest.param(
            {"abstract": "a" * 100_001},
            "abstract: more than 100,000 characters",
            id="long abstract",
        ),
        pytest.param({"abstract": ["a"]}, "abstract: expected text, found a list", id="abstract"),
        pytest.param(
            {"authors": 42}, "authors: expected a list of names, found a number (42)", id="authors"
        ),
        pytest.param(
            {"authors": [1.5]},
            "authors: expected names, found a number (1.5) among them",
            id="author",
        ),
        pytest.param(
            {"authors": ["a"] * 10_001}, "authors: 10,001 names, more than 10,000", id="a crowd"
        ),
        pytest.param({"year": 0}, "year: 0 is not between 1400 and 2100", id="year 0"),
        pytest.param({"year": 9999}, "year: 9999 is not between 1400 and 2100", id="year 9999"),
        pytest.param({"year": True}, "year: expected a whole number, found true", id="year true"),
        pytest.param(
            {"month": "May"}, "month: expected a whole number, found text ('May')", id="month"
        ),
        pytest.param({"month": 13}, "month: 13 is not between 1 and 12", id="month 13"),
        pytest.param(
            {"published_at": "9999-01-01"},
            "published_at: the year 9999 is not between 1400 and 2100",
            id="year 9999 in a date",
        ),
        pytest.param(
            {"created": "0000-01-01"},
            "created: '0000-01-01' is no date like 2026-03-04",
            id="year 0 in a date",
        ),
        pytest.param(
            {"created": "0001-01-01T00:00:00+14:00"},
            "created: '0001-01-01T00:00:00+14:00' is no date like 2026-03-04",
            id="before time",
        ),
        pytest.param(
            {"updated": "2026-02-30"},
            "updated: '2026-02-30' is no date like 2026-03-04",
            id="30 February",
        ),
        pytest.param(
            {"listed_on": [3]},
            "listed_on: expected names, found a number (3) among them",
            id="listed",
        ),
        pytest.param(
            {"upvotes": -1}, "upvotes: -1 is not between 0 and 1000000000000", id="votes below 0"
        ),
        pytest.param(
            {"upvotes": 10**30},
            "upvotes: a number of many digits is not between 0 and 1000000000000",
            id="votes of an attacker",
        ),
        pytest.param(
            {"upvotes": {}, "num_comments": {"a": 1}},
            "num_comments: expected a whole number, found an object",
            id="comments",
        ),
        pytest.param({"doi": 10.1}, "doi: expected text, found something else", id="DOI"),
        pytest.param(
            {"id": []} | {"_id": [1]},
            "id: expected text or a number, found a list or an object",
            id="id",
        ),
        pytest.param(
            {"identifiers": ["x"]}, "identifiers: 'x' is no identifier of a paper", id="identifiers"
        ),
        pytest.param(
            {"source": "My Source"},
            "source: 'My Source' is no name of a source, like arxiv",
            id="source",
        ),
        pytest.param({"version": 0}, "version: 0 is not between 1 and 9999", id="version"),
        pytest.param(
            {"links": "x"}, "links: expected a list of objects with kind and url", id="links"
        ),
        pytest.param(
            {"links": [{"kind": "code", "url": "javascript:x"}]},
            "links: {'kind': 'code', 'url': 'javascript:x'}",
            id="link",
        ),
        pytest.param({"extra": 1}, "extra: expected an object", id="extra"),
        pytest.param(
            {"odd": json.loads("[" * 30 + "]" * 30)},
            "odd: lists are nested more than 20 deep",
            id="depth",
        ),
    ],
)
def test_the_reason_names_field_and_value(changes: dict[str, Any], reason: str) -> None:
    """Whoever made the file can mend it from the message alone."""
    with pytest.raises(FieldError) as caught:
        of(**changes)

    assert str(caught.value).startswith(reason[:60])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"title": "caf\xe9"}', "the line is not UTF-8: byte 15", id="Latin-1"),
        pytest.param(b'{"title": ', "the line is not JSON: Expecting value", id="cut"),
        pytest.param(b"[1]", "the line is a list, not an object", id="a list"),
        pytest.param(b'{"title": NaN}', "the line is not JSON: NaN is no number", id="NaN"),
        pytest.param(b'{"x": 1e999}', "the line is not JSON: 1e999 is too large", id="infinity"),
        pytest.param(b'{"x": ' + b"9" * 5000 + b"}", "the line is not JSON: Exceeds", id="digits"),
        pytest.param(
            b'{"x": ' + b"[" * 100_000, "the line is nested too deeply", id="nesting bomb"
        ),
    ],
)
def test_a_line_that_is_none_stops_nothing(tmp_path: Path, line: bytes, reason: str) -> None:
    """One bad line is one fault, with its place; the lines around it are read."""
    path = tmp_path / "papers.jsonl"
    path.write_bytes(lines(1) + line + b"\n\n \n" + lines(2))

    records, faults = read(path)

    assert len(records) == 3
    assert [fault.where for fault in faults] == ["papers.jsonl line 2"]
    assert faults[0].reason.startswith(reason)
    assert len(faults[0].raw) <= (MAX_RAW if faults[0].form else 500)


def test_what_databases_refuse_is_taken_out(tmp_path: Path) -> None:
    r"""``\ud800`` and ``\u0000`` are JSON, and no text."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(
        rb'{"id":"1","title":"a\ud800b","authors":["c\u0000"],"note":{"x\udfff":["\u0000y", 1]}}'
    )

    (record,), _ = read(path)

    assert (record.title, record.authors, record.extra) == ("ab", ("c",), {"note": {"x": ["y", 1]}})


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_all_packings_say_the_same(tmp_path: Path, ending: str) -> None:
    """A file is unpacked by its content, whatever its name; a byte order mark is no fault."""
    content = b"\xef\xbb\xbf" + lines(3)
    packed = {"": content, ".gz": gzip.compress(content), ".zst": zstandard.compress(content)}
    path = tmp_path / "papers.data"
    path.write_bytes(packed[ending])

    records, faults = read(path)

    assert [record.source_id for record in records] == [f"2603.{n:05d}" for n in (1, 2, 3)]
    assert faults == []


def test_frames_that_follow_one_another_are_one_file(tmp_path: Path) -> None:
    """``cat a.zst b.zst`` is a Zstandard file."""
    path = tmp_path / "papers.jsonl.zst"
    path.write_bytes(zstandard.compress(lines(1)) + zstandard.compress(lines(2)))

    assert len(read(path)[0]) == 3


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("is_damaged", [False, True], ids=["cut", "damaged"])
def test_what_came_before_a_cut_is_kept(tmp_path: Path, ending: str, is_damaged: bool) -> None:  # noqa: FBT001
    """A download that broke off is worth what it brought, and says so."""
    noise = random.Random(7)  # noqa: S311  # the same noise every time
    papers = (PLAIN | {"abstract": noise.randbytes(40).hex()} for _ in range(20_000))
    content = "".join(json.dumps(paper) + "\n" for paper in papers).encode()
    packed = gzip.compress(content) if ending == ".gz" else zstandard.compress(content)
    half = len(packed) // 2
    end = bytes(each ^ 0x55 for each in packed[half:]) if is_damaged else b""
    path = tmp_path / f"papers.jsonl{ending}"
    path.write_bytes(packed[:half] + end)

    records, faults = read(path)

    assert 0 < len(records) < 20_000
    assert faults[-1].reason.startswith(
        "the compressed file is damaged" if is_damaged else "the compressed file ends in its middle"
    )


def test_a_bomb_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that goes on for ever is given up; one that is only too long is passed over."""
    monkeypatch.setattr(_lines, "MAX_LINE", 1 << 20)
    monkeypatch.setattr(_lines, "MAX_PASSED_OVER", 8 << 20)
    path = tmp_path / "bomb.jsonl.zst"
    path.write_bytes(zstandard.compress(lines(1) + b"x" * (4 << 20) + b"\n" + lines(1)))
    records, faults = read(path)
    assert (len(records), [fault.reason for fault in faults]) == (
        2,
        ["the line is longer than 1 MiB"],
    )

    path.write_bytes(zstandard.compress(lines(1) + b"\0" * (64 << 20)))
    records, faults = read(path)

    assert len(records) == 1
    assert faults[-1].reason == "one line goes on for more than 8 MiB; what came before it is kept"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """Nothing was read: that is no fault of a record."""
    with pytest.raises(SourceError, match="No such file"):
        list(JsonLines(tmp_path / "none.jsonl").read())


def test_file_names_become_shelves() -> None:
    """Ids of a file's own carry the file's name."""
    assert stem(Path("/x/My papers.jsonl.zst")) == "My-papers"
    assert stem(Path(".jsonl")) == ".jsonl"


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """``zcat papers.gz | broadsheet import -`` needs no file."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(lines(2)))))

    assert len(read(Path("-"))[0]) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "id",
        "title",
        "abstract",
        "authors",
        "year",
        "month",
        "doi",
        "url",
        "categories",
        "links",
        "extra",
        "daily_date",
        "upvotes",
        "ai_keywords",
        "ai_summary",
        "listed_on",
        "comments",
        "version",
        "x",
    ]
)


@given(st.dictionaries(names, json_values))
def test_any_object_is_a_record_or_has_a_reason(values: dict[str, Any]) -> None:
    """Whatever JSON holds, the batch goes on."""
    try:
        record = to_record(values, shelf="shelf")
    except FieldError:
        return

    assert record.title
    assert record.source_id


def test_a_day_may_be_a_moment() -> None:
    """Moments without a zone are taken as UTC; wild ones are refused."""
    assert _fields.moment_of("at", "2026-03-04T05:06:07+02:00") == datetime(
        2026, 3, 4, 3, 6, 7, tzinfo=UTC
    )
    with pytest.raises(FieldError, match=r"^at: 'soon' is no time"):
        _fields.moment_of("at", "soon")
