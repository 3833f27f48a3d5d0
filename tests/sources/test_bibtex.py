"""References in BibTeX, as people write them."""

from __future__ import annotations

import gzip
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.model import Fault, Link, Paper, PaperId, Precision, Record
from broadsheet.publish import bibtex as writer
from broadsheet.sources import _bibtex, open_files
from broadsheet.sources.bibtex import BibTeX, people
from tests.support import record

if TYPE_CHECKING:
    from pathlib import Path

WELLS = r"""
@inproceedings{lovelace-2026-wells,
  title     = "On {Wells} of Depth $O(n^2)$",
  author    = {Lovelace, Ada and Du Ch{\^a}telet, {\'E}milie and others},
  booktitle = "Proceedings of the " # conf,
  year      = 2026,
  month     = mar,
  doi       = {https://doi.org/10.1000/WELLS.1},
  url       = {https://example.org/wells\_1},
  abstract  = {We dig 50\% deeper. Code: \url{https://github.com/ada/wells}},
  keywords  = {Wells, Digging},
  pages     = {1--12},
  file      = {:/home/ada/wells.pdf:PDF},
}
"""


def read(path: Path, content: str | bytes) -> tuple[list[Record], list[Fault]]:
    """Return what a file of this content gives, records and faults apart."""
    path = path / "refs.bib"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    items = list(BibTeX(path).read())
    return (
        [item for item in items if isinstance(item, Record)],
        [item for item in items if isinstance(item, Fault)],
    )


def test_an_entry_is_a_record(tmp_path: Path) -> None:
    """Strings are joined, LaTeX is read, formulas stay, nothing of the writer's disk is kept."""
    ((record,), faults) = read(tmp_path, '@string{conf = "Conference on Wells"}' + WELLS)

    assert faults == []
    assert record.title == "On Wells of Depth $O(n^2)$"
    assert record.authors == ("Ada Lovelace", "Émilie Du Châtelet")
    assert record.venue == "Proceedings of the Conference on Wells"
    assert (record.published, record.precision) == (date(2026, 3, 1), Precision.MONTH)
    assert [str(name) for name in record.identifiers] == ["doi:10.1000/wells.1"]
    assert record.abstract == "We dig 50% deeper. Code: https://github.com/ada/wells"
    assert record.topics == ("wells", "digging")
    assert Link(kind="abstract", url="https://example.org/wells_1") in record.links
    assert Link(kind="code", url="https://github.com/ada/wells") in record.links
    assert record.extra == {
        "kind": "inproceedings",
        "key": "lovelace-2026-wells",
        "pages": "1–12",  # noqa: RUF001
    }


@pytest.mark.parametrize(
    ("fields", "names", "version"),
    [
        pytest.param(
            "eprint={2603.00001v2}, archivePrefix={arXiv}", ["arxiv:2603.00001"], 2, id="eprint"
        ),
        pytest.param(
            "eprint={hep-th/9901001}, eprinttype={arXiv}", ["arxiv:hep-th/9901001"], None, id="old"
        ),
        pytest.param(
            "journal={arXiv preprint arXiv:2603.00001}", ["arxiv:2603.00001"], None, id="journal"
        ),
        pytest.param(
            "journal={CoRR}, volume={abs/2603.00001}", ["arxiv:2603.00001"], None, id="DBLP"
        ),
        pytest.param(
            "howpublished={\\url{https://arxiv.org/abs/2603.00001}}",
            ["arxiv:2603.00001"],
            None,
            id="howpublished",
        ),
        pytest.param(
            "doi={10.48550/arXiv.2603.00001}", ["arxiv:2603.00001"], None, id="DOI of arXiv"
        ),
        pytest.param(
            "url={https://aclanthology.org/2020.acl-main.1}, doi={10.18653/v1/2020.acl-main.1}",
            ["acl:2020.acl-main.1", "doi:10.18653/v1/2020.acl-main.1"],
            None,
            id="ACL",
        ),
        pytest.param("eprint={3197}, eprinttype={pubmed}", ["pmid:3197"], None, id="PubMed"),
        pytest.param("note={PMID: 3197}", ["pmid:3197"], None, id="note"),
        pytest.param("eprint={3197}, eprinttype={jstor}", [], None, id="other archive"),
        pytest.param("doi={10.1145/1122445.1122456}", [], None, id="sample of a template"),
        pytest.param("url={https://arxiv.org/list/cs.LG/new}", [], None, id="a listing"),
        pytest.param("note={local:refs/1}, eprint={title:00}", [], None, id="names of ours"),
    ],
)
def test_identifiers_stand_in_many_fields(
    tmp_path: Path, fields: str, names: list[str], version: int | None
) -> None:
    """Every exporter has another place for the id of arXiv."""
    ((record,), _) = read(tmp_path, f"@misc{{k, title={{On Wells}}, {fields}}}")

    assert [str(name) for name in record.identifiers] == names
    assert record.version == version
    assert not record.venue.lower().startswith(("arxiv", "corr"))


@pytest.mark.parametrize(
    ("fields", "day", "precision"),
    [
        pytest.param("year=2026", date(2026, 1, 1), Precision.YEAR, id="year"),
        pytest.param('year=2026, month="15~" # mar', date(2026, 3, 15), Precision.DAY, id="day"),
        pytest.param("year=2026, month=3, day=4", date(2026, 3, 4), Precision.DAY, id="numbers"),
        pytest.param("date={2026-03-04/2026-03-06}", date(2026, 3, 4), Precision.DAY, id="range"),
        pytest.param("year={c. 1887}", date(1887, 1, 1), Precision.YEAR, id="about"),
        pytest.param("year={in press}", None, Precision.DAY, id="none"),
        pytest.param("year=2026, month={Fall}", date(2026, 1, 1), Precision.YEAR, id="season"),
    ],
)
def test_dates_are_as_fine_as_they_are_given(
    tmp_path: Path, fields: str, day: date | None, precision: Precision
) -> None:
    """No more precision is claimed than there is; what is no date is kept as it came."""
    ((record,), _) = read(tmp_path, f"@misc{{k, title={{On Wells}}, {fields}}}")

    assert (record.published, record.precision) == (day, precision)
    assert ("year" in record.extra) == (day is None)


def test_people_in_every_order() -> None:
    """Families first, juniors, braces, biblatex's names with labels, and nobody else."""
    assert people("Ludwig van Beethoven and King, Jr., Martin AND {Wells and Sons, Inc.}") == [
        "Ludwig van Beethoven",
        "Martin King Jr.",
        "Wells and Sons, Inc.",
    ]
    assert people("family=Lovelace, given=Ada, prefix=von and others") == ["Ada von Lovelace"]
    assert people("") == []


def test_a_part_takes_from_its_whole(tmp_path: Path) -> None:
    """The whole stands behind its parts, may be part of another, and may be missing or itself."""
    (records, faults) = read(
        tmp_path,
        """
@inproceedings{a, title={Part}, author={A}, crossref={Vol2}}
@inproceedings{b, title={Lost}, crossref={nowhere}}
@inbook{c, title={Circle}, crossref={c}}
@misc{d, xdata={common, other}, title={Shared}}
@inbook{e, title={Dated}, year={2001}, crossref={series}}
@xdata{common, publisher={Well Press}, year=2020}
@proceedings{v1, ids={vol2, vol2b}, title={Volume Two}, crossref={series}}
@collection{series, title={All Volumes}, year=1999, month=may, publisher={Wells}}
""",
    )

    part, lost, circle, shared, dated, volume, _ = records
    assert faults == []
    assert (part.venue, part.published) == ("Volume Two", date(1999, 5, 1))
    assert part.extra["publisher"] == "Wells"
    assert (lost.venue, lost.published) == ("", None)
    assert circle.title == "Circle"
    assert (dated.published, dated.precision) == (date(2001, 1, 1), Precision.YEAR)
    assert (shared.extra["publisher"], shared.published) == ("Well Press", date(2020, 1, 1))
    assert (volume.title, volume.venue) == ("Volume Two", "All Volumes")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param("@misc{bad, title={Never closed,\n year=2020\n", "never closed", id="brace"),
        pytest.param('@misc{bad, title="Never closed,\n year=2020\n}', "never closed", id="quote"),
        pytest.param("@misc{bad, title {No sign}}", "Expected a `=`", id="no sign"),
        pytest.param("@misc{bad, year=2020}", "title: there is none", id="no title"),
        pytest.param("@misc{bad\n title={No comma}}", "Expected comma", id="no comma"),
        pytest.param(
            f"@misc{{bad, title={{{'a' * 2001}}}}}", "title: more than 2,000", id="long title"
        ),
    ],
)
def test_a_broken_entry_costs_itself(tmp_path: Path, broken: str, reason: str) -> None:
    """Those before and after it are read; the reason and the beginning of the entry are kept."""
    good = "@misc{%s, title={Good %s}}\n"

    (records, (fault,)) = read(tmp_path, good % ("a", "one") + broken + "\n" + good % ("b", "two"))

    assert [record.title for record in records] == ["Good one", "Good two"]
    assert reason in fault.reason
    assert fault.where.startswith("refs.bib line 2")
    assert fault.raw.startswith("@misc{bad")


def test_a_file_cut_off(tmp_path: Path) -> None:
    """What came before the cut is kept, in plain and in packed files."""
    many = "".join(f"@misc{{k{n}, title={{Number {n}}}}}\n" for n in range(2000)).encode()

    (plain, (cut,)) = read(tmp_path, many[:-8])
    (packed, (damage,)) = read(tmp_path, gzip.compress(many)[:-500])

    assert len(plain) == 1999
    assert cut.reason == "the entry does not end: a brace or a quote is never closed"
    assert 0 < len(packed) < 2000
    assert damage.reason == "the compressed file ends in its middle; what came before it is kept"


def test_an_entry_without_end_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by the largest entry that may be, not by the file."""
    monkeypatch.setattr(_bibtex, "MAX_BLOCK", 1000)

    endless = "@misc{bad, note={" + "x" * 600_000 + "\n"
    (records, faults) = read(tmp_path, endless + "@misc{b, title={Good}}\n")

    assert [record.title for record in records] == ["Good"]
    assert "an entry is longer than" in faults[0].reason


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param("\ufeff@misc{k, title={Tiefe Gewässer}}".encode(), None, id="mark"),
        pytest.param("@misc{k, title={Tiefe Gewässer}}".encode("latin-1"), "cp1252", id="Latin-1"),
        pytest.param("@misc{k, title={深井研究}}".encode("gbk"), "gb18030", id="Chinese"),
        pytest.param(
            "% Encoding: ISO8859_2\n@misc{k, title={Źródło głębi}}".encode("iso8859-2"),
            "iso8859-2",
            id="header",
        ),
        pytest.param(
            "% Encoding: rot13\n@misc{k, title={Gewässer}}".encode(), None, id="false header"
        ),
    ],
)
def test_encodings_are_found_out(tmp_path: Path, content: bytes, encoding: str | None) -> None:
    """Old files do not say how they are written, or say it wrongly; the guess is kept."""
    ((record,), _) = read(tmp_path, content)

    assert record.title in {"Tiefe Gewässer", "深井研究", "Źródło głębi", "Gewässer"}
    assert record.extra.get("encoding") == encoding


def test_doubles_are_two_papers_and_the_first_field_counts(tmp_path: Path) -> None:
    """People copy entries and forget to change the key."""
    (records, faults) = read(
        tmp_path,
        "@misc{k, title={One}, title={Uno}} @misc{k, title={Two}, title={Due}}\n@comment{k}\n",
    )

    assert [record.title for record in records] == ["One", "Two"]
    assert faults == []


def test_own_exports_are_read_back(tmp_path: Path) -> None:
    """What this program writes, it reads: the same names, title, people and date."""
    said = record(abstract="Depth 50% & more: $x_1$ of #wells_.")
    given = Paper(
        key=1,
        id=PaperId("arxiv:2603.00001"),
        identifiers=said.identifiers,
        title=said.title,
        abstract=said.abstract,
        authors=said.authors,
        published=said.published,
        categories=said.categories,
    )

    ((found,), faults) = read(tmp_path, writer.render([given]))

    assert faults == []
    assert set(given.identifiers) == set(found.identifiers)
    assert (found.title, found.authors) == (given.title, given.authors)
    assert found.abstract == given.abstract
    assert found.categories == given.categories


def test_long_remarks_do_not_hide_the_kind(tmp_path: Path) -> None:
    """Some files begin with a page of licence."""
    path = tmp_path / "refs.txt"
    path.write_text("% a remark\n" * 500 + WELLS)

    (source,) = open_files([path])

    assert isinstance(source, BibTeX)


@given(st.text(alphabet='@misc{}(),="#\\$ \n%ktile0é', max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_breaks_the_reader(tmp_path: Path, noise: str) -> None:
    """Whatever stands before it, an entry at the beginning of a line is read."""
    (records, _) = read(tmp_path, f"{noise}\n@misc{{k, title={{The last}}}}\n")

    assert "The last" in {record.title for record in records}
