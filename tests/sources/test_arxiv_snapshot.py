"""The snapshot of arXiv's metadata."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.model import Fault, Link, Precision, Record, Status
from broadsheet.sources import open_files
from broadsheet.sources._fields import FieldError
from broadsheet.sources.arxiv_snapshot import ArxivSnapshot, to_record
from broadsheet.sources.jsonlines import to_record as of_any_line

if TYPE_CHECKING:
    from pathlib import Path

LINE: dict[str, Any] = {
    "id": "0704.0001",
    "submitter": "Ada Lovelace",
    "authors": "A. Lovelace, \\'E. du Ch\\^atelet",
    "title": "On wells of depth\n  $O(n^2)$",
    "comments": "12 pages; code at https://github.com/ada/wells",
    "journal-ref": "J.Wells 7:1-12,2007",
    "doi": "10.1000/WELLS.7",
    "report-no": "WELL-07-1",
    "categories": "cs.DS math.CO",
    "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
    "abstract": "  We dig\ndeep.\n  And < deeper.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Lovelace", "A.", ""], ["du Châtelet", "É.", "Jr"]],
}


def of(**changes: Any) -> Record:
    """Return the record of a line with changes."""
    return to_record(LINE | changes)


def test_a_line_is_a_record() -> None:
    """Dates are those of the versions, paragraphs those that arXiv indents."""
    record = of()

    assert (record.source, record.source_id, record.version) == ("arxiv", "0704.0001v2", 2)
    assert [str(name) for name in record.identifiers] == ["arxiv:0704.0001", "doi:10.1000/wells.7"]
    assert record.title == "On wells of depth $O(n^2)$"
    assert record.abstract == "We dig deep.\n\nAnd < deeper."
    assert record.authors == ("A. Lovelace", "É. du Châtelet Jr")
    assert (record.published, record.updated) == (date(2007, 4, 2), date(2007, 7, 24))
    assert record.precision is Precision.DAY
    assert record.categories == ("cs.DS", "math.CO")
    assert (record.venue, record.license) == ("J.Wells 7:1-12,2007", LINE["license"])
    assert record.extra == {"report_no": "WELL-07-1", "submitter": "Ada Lovelace"}
    assert Link(kind="code", url="https://github.com/ada/wells") in record.links
    assert Link(kind="pdf", url="https://arxiv.org/pdf/0704.0001") in record.links


def test_the_quick_way_gives_what_the_careful_one_gives() -> None:
    """Both ways of reading a paper of arXiv agree about it."""
    quick = of()

    careful = of_any_line(
        {
            "id": "arXiv:0704.0001v2",
            "title": LINE["title"],
            "authors": list(quick.authors),
            "comments": LINE["comments"],
            "abstract": "We dig\ndeep.\n\nAnd < deeper.",
            "doi": LINE["doi"],
            "categories": LINE["categories"],
            "published": "2007-04-02",
            "updated": "2007-07-24",
            "venue": LINE["journal-ref"],
            "license": LINE["license"],
            "report_no": LINE["report-no"],
            "submitter": LINE["submitter"],
        },
        shelf="",
    )

    assert quick == careful


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"id": "704.1"}, "id: '704.1' is no arXiv id", id="id"),
        pytest.param({"id": None}, "id: None is no arXiv id", id="no id"),
        pytest.param({"title": " \n"}, "title: there is none", id="title"),
        pytest.param({"title": 7}, "title: expected text", id="a number"),
        pytest.param({"abstract": "a" * 100_001}, "abstract: more than 100,000", id="abstract"),
        pytest.param({"versions": "v1"}, "versions: expected a list", id="versions"),
        pytest.param({"versions": [{"version": "2"}]}, "is no version like v2", id="version"),
        pytest.param(
            {"versions": [{"version": "v1", "created": "Mon, 31 Feb 2007"}]}, "no date", id="day"
        ),
        pytest.param({"authors_parsed": None}, "authors_parsed: expected a list", id="authors"),
        pytest.param({"authors_parsed": [["A", 1]]}, "expected lists of family", id="parts"),
        pytest.param({"authors_parsed": ["Ada"]}, "expected lists of family", id="a name"),
        pytest.param({"authors_parsed": [["A", "B", 1]]}, "expected lists of family", id="suffix"),
        pytest.param({"authors_parsed": [["A", "B", "", 1]]}, "expected lists", id="affiliation"),
        pytest.param(
            {"authors_parsed": [["A" * 1001, "B", ""]]}, "more than 1,000 characters", id="long"
        ),
    ],
)
def test_what_cannot_be_used_is_named(changes: dict[str, Any], reason: str) -> None:
    """A fault says which field, and what was found."""
    with pytest.raises(FieldError, match=reason):
        of(**changes)


def test_less_is_enough() -> None:
    """Old lines have neither DOI nor licence; some DOIs are none, some fields hold two."""
    bare = of(doi=None, license=None, comments=None, versions=[], **{"journal-ref": None})

    assert (bare.version, bare.published, bare.source_id) == (None, None, "0704.0001")
    assert of(versions=LINE["versions"][:1]).updated is None
    assert of(doi="hello").extra["doi"] == "hello"
    assert len(of(doi="10.1000/a 10.1000/b").identifiers) == 3
    assert of(id="hep-th/9901001").links[0].url == "https://arxiv.org/abs/hep-th/9901001"
    assert of(comments="This paper has been withdrawn by the author").status is Status.WITHDRAWN


def test_names_have_as_many_parts_as_their_owners_wish() -> None:
    """Family alone, with an affiliation behind, or nothing at all."""
    parsed = [["Lovelace"], ["Bo", "C.", "", "Bonn"], ["", "", ""], ["Cy", "D.", "III"]]

    assert of(authors_parsed=parsed).authors == ("Lovelace", "C. Bo", "D. Cy III")


def test_a_file_of_lines(tmp_path: Path) -> None:
    """The kind is told by content; a bad line costs itself."""
    path = tmp_path / "arxiv-metadata-oai-snapshot.json"
    path.write_text(f"{json.dumps(LINE)}\n{{bad\n\n{json.dumps(LINE | {'id': '0704.0002'})}\n")

    (source,) = open_files([path])
    first, bad, last = source.read()

    assert isinstance(source, ArxivSnapshot)
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(bad, Fault)
    assert (bad.where, bad.raw) == (f"{path.name} line 2", "{bad")
    assert last.source_id == "0704.0002v2"
