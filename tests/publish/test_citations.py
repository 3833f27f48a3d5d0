"""BibTeX, RIS and CSL-JSON: what reference managers read back."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from broadsheet.model import Identifier, Link, Precision, Scheme
from broadsheet.publish import bibtex, csl, ris, work
from tests.support_papers import paper, papers, texts

if TYPE_CHECKING:
    from broadsheet.model import Paper

BASE = "https://papers.example"
some = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
DOI = Identifier(Scheme.DOI, "10.1000/a_b")


def parse_bibtex(text: str) -> list[dict[str, str]]:
    """Read BibTeX as BibTeX does: a braced value ends where the count of braces is zero.

    A backslash does not hide a brace from it.
    """
    entries = []
    at = 0
    while (start := text.find("@", at)) >= 0:
        head = re.compile(r"@(\w+)\{([^,\s{}]+),\s*").match(text, start)
        assert head, text[start : start + 80]
        entry = {"": head[1], "key": head[2]}
        at = head.end()
        while text[at] != "}":
            name = re.compile(r"(\w+) = ").match(text, at)
            assert name, text[at : at + 80]
            entry[name[1]], at = _value(text, name.end())
            assert text[at] == ","
            at += len(text[at:]) - len(text[at + 1 :].lstrip())
        entries.append(entry)
        at += 1
    return entries


def _value(text: str, at: int) -> tuple[str, int]:
    if text[at] != "{":
        end = text.index(",", at)
        return text[at:end], end
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[at + 1 : place], place + 1
    raise AssertionError(text[at:])


def parse_ris(text: str) -> list[list[tuple[str, str]]]:
    """Read RIS line by line; every line has a tag."""
    records: list[list[tuple[str, str]]] = []
    for line in text.split("\r\n"):
        if not line:
            continue
        found = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line)
        assert found, line
        if found[1] == "TY":
            records.append([])
        records[-1].append((found[1], found[2]))
    assert all(one[-1][0] == "ER" for one in records)
    return records


# --- BibTeX ---


def test_a_preprint_is_cited_by_its_eprint() -> None:
    """JabRef and biblatex want the arXiv id bare, without version, with its archive and class."""
    (entry,) = parse_bibtex(bibtex.render([paper(version=3)]))

    assert entry[""] == "misc"
    assert entry["eprint"] == "2603.00001"
    assert entry["archivePrefix"] == "arXiv"
    assert entry["primaryClass"] == "cs.LG"
    assert entry["author"] == "Ada Lovelace and Émilie du Châtelet"
    assert (entry["year"], entry["month"]) == ("2026", "mar")
    assert entry["url"] == "https://arxiv.org/abs/2603.00001"


@pytest.mark.parametrize(
    ("venue", "kind", "place"),
    [
        pytest.param("Journal of Wells", "article", "journal", id="a journal"),
        pytest.param("Transactions of the ACL", "article", "journal", id="transactions"),
        pytest.param("NeurIPS 2026", "inproceedings", "booktitle", id="a conference"),
    ],
)
def test_a_venue_decides_the_kind(venue: str, kind: str, place: str) -> None:
    """A published paper is cited by where it appeared, and keeps its eprint."""
    identifiers = (*paper().identifiers, DOI)
    (entry,) = parse_bibtex(bibtex.render([paper(venue=venue, identifiers=identifiers)]))

    assert entry[""] == kind
    assert entry[place] == venue
    assert entry["eprint"] == "2603.00001"
    assert entry["doi"] == r"10.1000/a\_b"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("50% of R&D_x #1", r"50\% of {R\&D\_x} \#1", id="specials"),
        pytest.param("a \\unknown{b", r"a b", id="broken LaTeX"),
        pytest.param("BERT and GPT-4o", r"{BERT} and {GPT-4o}", id="capitals"),
        pytest.param("$O(n\\log n)$ sorting", r"$O(n\log n)$ sorting", id="a formula"),
        pytest.param("$5 % 3$ left", r"5 \% 3 left", id="a formula with a comment in it"),
        pytest.param("$\\{x$ open", r"\textbraceleft{}x open", id="a formula never closed"),
        pytest.param("$\\}\\{$ x", r"\textbraceright{}\textbraceleft{} x", id="closed first"),
        pytest.param("Erd{\\H o}s numbers", "Erdős numbers", id="accents"),
    ],
)
def test_titles_survive_bibtex(title: str, expected: str) -> None:
    """What TeX would read as a command is literal, formulas stay formulas, capitals stay."""
    (entry,) = parse_bibtex(bibtex.render([paper(title=title)]))

    assert entry["title"].startswith(expected)


@some
@given(st.lists(papers, max_size=3))
def test_no_paper_breaks_a_bibliography(some_papers: list[Paper]) -> None:
    """One strange paper must not cost the others, and no two entries share a key."""
    entries = parse_bibtex(bibtex.render(some_papers, base_url=BASE))

    assert len(entries) == len(some_papers)
    assert len({entry["key"] for entry in entries}) == len(entries)
    assert all(entry["key"].isascii() for entry in entries)


@some
@given(texts.filter(str.strip))
@example("a } b { c")
@example("back\\slash")
@example("@article{x, title = {y}}")
def test_plain_titles_read_back(text: str) -> None:
    """Undoing the escapes gives the text: nothing is lost between braces."""
    escaped = bibtex.escape(text)
    (entry,) = parse_bibtex(f"@misc{{k,\n  title = {{{escaped}}},\n}}\n")

    plain = entry["title"]
    for character, escape in reversed(bibtex._ESCAPES.items()):
        plain = plain.replace(escape, f"\x00{ord(character)}\x00")
    plain = re.sub("\x00(\\d+)\x00", lambda code: chr(int(code[1])), plain)
    assert "\x00" in text or plain == " ".join(text.split())


def test_keys_are_told_apart() -> None:
    """The same author, year and word twice get letters, past "z" too."""
    text = bibtex.render([paper()] * 30)
    keys = [entry["key"] for entry in parse_bibtex(text)]

    assert keys[:3] == ["lovelace20261th", "lovelace20261tha", "lovelace20261thb"]
    assert keys[27:] == ["lovelace20261thaa", "lovelace20261thab", "lovelace20261thac"]


def test_a_made_key_never_meets_a_real_one() -> None:
    """The second "x" becomes "xa", and a paper whose own key is "xa" gets another."""
    first, second = paper(title="Wells"), paper(title="Wellsa")
    keys = [one["key"] for one in parse_bibtex(bibtex.render([first, first, second]))]

    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        pytest.param(("Foo and Bar Team", "B C"), "{Foo and Bar Team} and B C", id="a group"),
        pytest.param(("King, Jr.",), "{King, Jr.}", id="a comma"),
        pytest.param(("Sandy Andrews",), "Sandy Andrews", id="only a part of a word"),
    ],
)
def test_names_are_not_split_where_they_are_one(authors: tuple[str, ...], expected: str) -> None:
    """BibTeX splits at every "and", and reads a comma as an inverted name."""
    (entry,) = parse_bibtex(bibtex.render([paper(authors=authors)]))

    assert entry["author"] == expected


def test_a_paper_without_an_address_gets_its_page() -> None:
    """A title known from a file can be found again here."""
    name = Identifier(Scheme.TITLE, "0123")
    one = paper(id="title:0123", identifiers=(name,), published=None, authors=(), title="The 7")
    (entry,) = parse_bibtex(bibtex.render([one], base_url=BASE))

    assert entry["key"] == "anonymous7"
    assert entry["url"] == f"{BASE}/papers/title:0123"
    assert "eprint" not in entry
    assert "year" not in entry


# --- RIS ---


def test_a_record_says_all_that_zotero_reads() -> None:
    """Names are inverted, dates have their slashes, the PDF is named."""
    links = (Link(kind="pdf", url="https://arxiv.org/pdf/2603.00001"),)
    (record,) = parse_ris(ris.render([paper(venue="NeurIPS", topics=("a", "b"), links=links)]))

    assert record == [
        ("TY", "CPAPER"),
        ("TI", paper().title),
        ("AU", "Lovelace, Ada"),
        ("AU", "du Châtelet, Émilie"),
        ("PY", "2026"),
        ("DA", "2026/03/04/"),
        ("T2", "NeurIPS"),
        ("AB", paper().abstract),
        ("KW", "a"),
        ("KW", "b"),
        ("AN", "arXiv:2603.00001"),
        ("UR", "https://arxiv.org/abs/2603.00001"),
        ("L1", "https://arxiv.org/pdf/2603.00001"),
        ("ER", ""),
    ]


@pytest.mark.parametrize(
    ("precision", "stamp", "month"),
    [
        pytest.param(Precision.DAY, "2026/03/04/", "mar", id="to the day"),
        pytest.param(Precision.MONTH, "2026/03//", "mar", id="to the month"),
        pytest.param(Precision.YEAR, "2026///", None, id="to the year"),
    ],
)
def test_dates_say_no_more_than_is_known(
    precision: Precision, stamp: str, month: str | None
) -> None:
    """A paper of 2026 is not a paper of the first of January."""
    one = paper(precision=precision)
    (record,), (entry,) = parse_ris(ris.render([one])), parse_bibtex(bibtex.render([one]))

    assert dict(record)["DA"] == stamp
    assert entry.get("month") == month
    parts = csl.item(one)["issued"]["date-parts"][0]
    assert parts == [2026, 3, 4][: len(parts)]
    assert len(parts) == stamp.replace("///", "").replace("//", "").rstrip("/").count("/") + 1


@some
@given(st.lists(papers, max_size=3))
def test_no_paper_breaks_a_ris_file(some_papers: list[Paper]) -> None:
    """Whatever line ends a text holds, a value stays on its line."""
    assert len(parse_ris(ris.render(some_papers, base_url=BASE))) == len(some_papers)


# --- CSL ---


def test_an_item_is_what_citeproc_reads() -> None:
    """The names of CSL 1.0.2, and nothing that is unknown."""
    (item,) = json.loads(csl.render([paper(identifiers=(*paper().identifiers, DOI))]))

    assert item == {
        "id": "arxiv:2603.00001",
        "type": "article",
        "title": paper().title,
        "author": [
            {"family": "Lovelace", "given": "Ada"},
            {"family": "du Châtelet", "given": "Émilie"},
        ],
        "issued": {"date-parts": [[2026, 3, 4]]},
        "publisher": "arXiv",
        "number": "arXiv:2603.00001",
        "version": "1",
        "DOI": "10.1000/a_b",
        "URL": "https://arxiv.org/abs/2603.00001",
        "abstract": paper().abstract,
    }


def test_a_name_of_one_word_is_literal() -> None:
    """CSL takes a group or a mononym whole."""
    assert csl.item(paper(authors=("Plato",)))["author"] == [{"literal": "Plato"}]


@some
@given(papers)
def test_every_paper_is_an_item(one: Paper) -> None:
    """Half of a pair is the only thing that JSON cannot carry."""
    (item,) = json.loads(csl.render([one], base_url=BASE))

    assert item["title"] == work.title(one).encode("utf-8", "replace").decode()


@pytest.mark.parametrize("year", [1, 999, 1500])
def test_old_years_have_four_digits(year: int) -> None:
    """ISO 8601 and RIS want four."""
    one = paper(published=date(year, 2, 3))

    assert work.date_text(one) == f"{year:04d}-02-03"
    assert f"PY  - {year:04d}" in ris.render([one])


def test_specimens_say_so_in_every_format() -> None:
    """A specimen that lands in a bibliography must be seen there."""
    one = paper(is_specimen=True)

    for text in (bibtex.render([one]), ris.render([one]), csl.render([one]).decode()):
        assert "no real paper" in text
