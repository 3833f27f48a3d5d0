"""References in RIS and in the tagged format of Web of Science."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import rispy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.model import Fault, Link, Paper, PaperId, Precision, Record
from broadsheet.publish import ris as writer
from broadsheet.sources import _tagged, open_files
from broadsheet.sources.ris import Ris, WebOfScience
from tests.support import record

if TYPE_CHECKING:
    from pathlib import Path

WELLS = """\
TY  - JOUR
TI  - On Wells of
      Great Depth
AU  - Lovelace, Ada
A1  - Du Châtelet, Émilie
AB  - We dig.
And dig deeper.
PY  - 2026
DA  - 2026/03/04/
T2  - Journal of Wells
KW  - Wells
KW  - Digging
DO  - https://doi.org/10.1000/WELLS
UR  - https://arxiv.org/abs/2603.00001v2; https://example.org/wells
SP  - 1
EP  - 12
ER  -
"""
CLARIVATE = """\
FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Lovelace, A
   Du Chatelet, E
AF Lovelace, Ada
   Du Chatelet, Emilie
TI On Wells of
   Great Depth
SO JOURNAL OF WELLS
DE wells; deep
   digging
AB We dig.
PD MAR 4
PY 2026
DI 10.1000/WELLS
PM 3197
UT WOS:000
ER

EF
"""


def read(path: Path, content: str | bytes) -> tuple[list[Record], list[Fault]]:
    """Return what a file of this content gives, records and faults apart."""
    path = path / "refs.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (source,) = open_files([path])
    items = list(source.read())
    return (
        [item for item in items if isinstance(item, Record)],
        [item for item in items if isinstance(item, Fault)],
    )


def test_a_reference_is_a_record(tmp_path: Path) -> None:
    """Lines without a tag go on with the value before them."""
    ((found,), faults) = read(tmp_path, WELLS)

    assert faults == []
    assert (found.source, found.title) == ("ris", "On Wells of Great Depth")
    assert found.authors == ("Ada Lovelace", "Émilie Du Châtelet")
    assert (found.published, found.precision) == (date(2026, 3, 4), Precision.DAY)
    assert [str(name) for name in found.identifiers] == ["arxiv:2603.00001", "doi:10.1000/wells"]
    assert (found.version, found.venue) == (2, "Journal of Wells")
    assert found.abstract == "We dig. And dig deeper."
    assert found.topics == ("wells", "digging")
    assert Link(kind="doi", url="https://doi.org/10.1000/wells") in found.links
    assert found.extra == {"kind": "JOUR", "pages": "1", "last_page": "12"}


def test_a_reference_of_web_of_science(tmp_path: Path) -> None:
    """Full names before short ones; every further line of a list is one more."""
    ((found,), faults) = read(tmp_path, CLARIVATE)

    assert faults == []
    assert (found.source, found.title) == ("wos", "On Wells of Great Depth")
    assert found.authors == ("Ada Lovelace", "Emilie Du Chatelet")
    assert [str(name) for name in found.identifiers] == ["doi:10.1000/wells", "pmid:3197"]
    assert (found.published, found.topics) == (date(2026, 3, 4), ("wells", "deep digging"))


@pytest.mark.parametrize(
    ("line", "names"),
    [
        pytest.param("JO  - arXiv:2603.00001 [cs.LG]", ["arxiv:2603.00001"], id="journal"),
        pytest.param("N1  - arXiv: 2603.00001", ["arxiv:2603.00001"], id="note"),
        pytest.param("DO  - 10.48550/ARXIV.2603.00001", ["arxiv:2603.00001"], id="DOI of arXiv"),
        pytest.param("AN  - 3197\nDB  - PubMed", ["pmid:3197"], id="PubMed"),
        pytest.param("AN  - 3197\nDB  - Scopus", [], id="another database"),
        pytest.param("DO  - none", [], id="no DOI"),
    ],
)
def test_identifiers(tmp_path: Path, line: str, names: list[str]) -> None:
    """Exporters differ in where they put them."""
    ((found,), _) = read(tmp_path, f"TY  - JOUR\nTI  - On Wells\n{line}\nER  -\n")

    assert [str(name) for name in found.identifiers] == names


def test_good_references_survive_bad_ones(tmp_path: Path) -> None:
    """No title, no end line between two, remarks between them, and a file that is cut."""
    good = "TY  - JOUR\nTI  - Good {}\n"
    content = "Record 1 of 3\n" + good.format(1) + "ER  - \n\nTY  - JOUR\nPY  - 2020\nER  - \n"
    (records, faults) = read(tmp_path, content + good.format(2) + good.format(3))

    assert [found.title for found in records] == ["Good 1", "Good 2"]
    assert [fault.reason for fault in faults] == [
        "title: there is none",
        "the record has no ER line; the file may have been cut off",
    ]
    assert faults[0].where == "refs.txt line 6"
    assert faults[0].raw.startswith("TY  - JOUR\nPY")


def test_a_reference_without_end_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by the largest reference that may be."""
    monkeypatch.setattr(_tagged, "MAX_RECORD", 1000)

    endless = "TY  - JOUR\nTI  - Bad\n" + "AB  - more\n" * 200
    (records, (fault,)) = read(tmp_path, endless + WELLS)

    assert [found.title for found in records] == ["On Wells of Great Depth"]
    assert "the record is longer than" in fault.reason


@pytest.mark.parametrize("mark", ["\ufeff", ""], ids=["mark", "none"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_files_of_every_system(tmp_path: Path, mark: str, encoding: str, end: str) -> None:
    """Line ends, a byte order mark, and the encoding of old Windows."""
    mark = mark if encoding == "utf-8" else ""

    ((found,), _) = read(tmp_path, (mark + WELLS).replace("\n", end).encode(encoding))

    assert found.authors[1] == "Émilie Du Châtelet"
    assert found.extra.get("encoding", "utf-8") == encoding


def test_own_exports_are_read_back(tmp_path: Path) -> None:
    """What this program writes, it reads."""
    said = record()
    given_paper = Paper(
        key=1,
        id=PaperId("arxiv:2603.00001"),
        identifiers=said.identifiers,
        title=said.title,
        abstract=said.abstract,
        authors=said.authors,
        published=said.published,
    )

    ((found,), _) = read(tmp_path, writer.render([given_paper]))

    assert set(found.identifiers) == set(said.identifiers)
    assert (found.title, found.authors) == (said.title, said.authors)
    assert (found.abstract, found.published) == (said.abstract, said.published)


words = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=1, max_size=12)


@given(
    st.lists(st.tuples(words, st.lists(words, max_size=3), words), min_size=1, max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_another_reader_finds_the_same(
    tmp_path: Path, papers: list[tuple[str, list[str], str]]
) -> None:
    """On files without traps two readers agree about titles, people and keywords."""
    content = "".join(
        f"TY  - JOUR\nTI  - {title}\n"
        + "".join(f"AU  - {name}\n" for name in people)
        + f"KW  - {topic}\nER  - \n"
        for title, people, topic in papers
    )
    path = tmp_path / "refs.ris"
    path.write_text(content, encoding="utf-8")

    mine = [
        item.values
        for _, item in _tagged.read(path, _tagged.RIS)
        if not isinstance(item, Exception)
    ]

    assert [(each["TI"], each.get("AU", []), each["KW"]) for each in mine] == [
        ([each["title"]], each.get("authors", []), each["keywords"])
        for each in rispy.loads(content)
    ]


@given(st.text(alphabet="TYERAU  -\n{}éx", max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_breaks_the_reader(tmp_path: Path, noise: str) -> None:
    """Whatever stands before it, a reference is read."""
    (tmp_path / "refs.ris").write_text(f"{noise}\n{WELLS}", encoding="utf-8")

    found = [item for item in Ris(tmp_path / "refs.ris").read() if isinstance(item, Record)]

    assert found[-1].title == "On Wells of Great Depth"
    assert list(WebOfScience(tmp_path / "refs.ris").read()) is not None
