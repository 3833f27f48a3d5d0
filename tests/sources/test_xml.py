"""XML from the network: mended where it can be, refused where it means harm, bounded always."""

from __future__ import annotations

import ast
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import broadsheet
from broadsheet.sources import _xml, arxiv_atom, arxiv_rss, feed, oai_pmh
from broadsheet.sources._xml import XmlError

MB = 1024**2
PARSERS = ("xml.", "lxml", "libxml2", "bs4")
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(1, 10))
BOMBS = {
    "billion laughs": b'<!DOCTYPE x [<!ENTITY l1 "lol">' + LAUGHS + b"]>",
    "one long entity": b'<!DOCTYPE x [<!ENTITY l10 "' + b"a" * 100_000 + b'">]>',
    "a file": b'<!DOCTYPE x [<!ENTITY l10 SYSTEM "file:///etc/passwd">]>',
    "a service": b'<!DOCTYPE x [<!ENTITY l10 SYSTEM "http://127.0.0.1:1/">]>',
    "a parameter": b'<!DOCTYPE x [<!ENTITY % l SYSTEM "file:///etc/passwd"> %l;]>',
    "a document type": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
}


def wanted(data: bytes, *names: str) -> list[str]:
    """Return the texts of elements of these names in a feed."""
    return [_xml.text(one) for one in _xml.elements(data, names or ("entry",), roots=("feed",))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("é".encode(), "é", id="UTF-8"),
        pytest.param("é".encode("latin-1"), "é", id="Latin-1, not declared"),
        pytest.param("é ".encode() + "é “".encode("cp1252"), "é é “", id="both at once"),
        pytest.param(b"a\x00\x0bb&#11;&#x1F;c\xef\xbf\xbf", "ab  c", id="controls"),
    ],
)
def test_wrong_bytes_cost_no_more_than_themselves(data: bytes, expected: str) -> None:
    """One program that pastes Windows-1252 into UTF-8 is behind most of them."""
    assert wanted(b"<feed><entry>" + data + b"</entry></feed>") == [expected]


@pytest.mark.parametrize(
    ("declared", "spoken"),
    [
        pytest.param("iso-8859-1", "latin-1", id="as declared"),
        pytest.param("iso-8859-1", "utf-8", id="declared Latin-1, is UTF-8"),
        pytest.param("windows-1252", "utf-8", id="declared Windows, is UTF-8"),
        pytest.param("US-ASCII", "utf-8", id="declared ASCII, is UTF-8"),
        pytest.param("utf-8", "cp1252", id="declared UTF-8, is Windows"),
        pytest.param("utf-16", "utf-16", id="with a mark"),
        pytest.param("utf-8", "utf-8-sig", id="with a mark of UTF-8"),
    ],
)
def test_the_encoding_that_is_spoken_is_read(declared: str, spoken: str) -> None:
    """Declarations are written once and copied for years."""
    text = f'<?xml version="1.0" encoding="{declared}"?><feed><entry>Émilie ≤ü</entry></feed>'
    text = text if "utf" in spoken else text.replace("≤", "")

    assert wanted(text.encode(spoken)) == ["Émilie ≤ü" if "utf" in spoken else "Émilie ü"]


@pytest.mark.parametrize("text", ["清华大学", "東京大学"])
def test_declared_encodings_of_many_bytes_are_read(text: str) -> None:
    """They are asked before the guess is."""
    for name in ("gb18030", "shift_jis", "euc-jp", "iso-2022-jp"):
        try:
            data = f'<?xml version="1.0" encoding="{name}"?><feed><entry>{text}</entry></feed>'
            packed = data.encode(name)
        except UnicodeEncodeError:
            continue
        assert wanted(packed) == [text]


@pytest.mark.parametrize("name", ["punycode", "idna", "zlib", "rot13", "nonsense", "undefined"])
def test_an_encoding_that_is_none_of_text_is_refused(name: str) -> None:
    """Some of Python's codecs take a time that grows with the square of what they read."""
    data = f'<?xml version="1.0" encoding="{name}"?><feed>'.encode() + b"a" * 1000

    with pytest.raises(XmlError, match="encoding"):
        wanted(data)


def test_an_element_within_a_wanted_one_is_not_taken_for_one() -> None:
    """A record that holds a record, or a token, must not lead the harvest elsewhere."""
    data = b"<feed><entry>a<entry>b</entry><token>no</token></entry><token>yes</token></feed>"

    assert wanted(data, "entry", "token") == ["abno", "yes"]


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_every_way_in_refuses_bombs(bomb: bytes) -> None:
    """Nothing grows, nothing of this machine is read, nobody is asked."""
    rss = bomb + b"<rss version='2.0'><channel><item><title>&l10;</title></item></channel></rss>"
    atom = bomb + b"<feed><entry><title>&l10;</title></entry></feed>"
    oai = bomb + b"<OAI-PMH><error code='x'>&l10;</error></OAI-PMH>"
    tracemalloc.start()
    began = time.process_time()
    try:
        assert "are not read" in arxiv_rss.parse(rss).problem.replace("is not", "are not")
        assert "are not read" in arxiv_atom.parse(atom).problem.replace("is not", "are not")
        assert "are not read" in oai_pmh.parse(oai, source="x").problem.replace("is not", "are not")
        assert oai_pmh.salvage(oai, source="x").problem
        shown = [str(item) for item in feed.parse(rss).items]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert "root:" not in str(shown)
    assert len(str(shown)) < 200_000
    assert peak < 30 * MB
    assert time.process_time() - began < 10


def test_no_parser_of_xml_but_defused_ones_is_imported() -> None:
    """A new source must not bring the bombs back: types and the writer are all that is used."""
    harmless = {"Element", "ElementTree", "ParseError", "TreeBuilder", "tostring"}
    found = set()
    for file in Path(broadsheet.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
                found |= {(file.name, one) for one in names if one.startswith(PARSERS)}
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(PARSERS):
                is_source = file.parent.name == "sources"
                allowed = harmless - {"ElementTree"} if is_source else harmless
                found |= {(file.name, one.name) for one in node.names if one.name not in allowed}

    assert found == set()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"<feed>" + b"<a>" * 1_000, "nested more than 200 deep", id="deep"),
        pytest.param(
            b"<feed><entry>" + b"<a/>" * 4_000_000, "goes on for more than 8 MiB", id="wide"
        ),
        pytest.param(b"<feed><entry>" + b"a" * 9_000_000, "more than 8 MiB", id="one long text"),
        pytest.param(b"<html><body/></html>", "<html>, not <feed>", id="a page"),
        pytest.param(b"", "breaks off", id="nothing"),
        pytest.param(b"<feed><entry>", "breaks off", id="cut"),
    ],
)
def test_what_is_too_much_or_none_is_said(data: bytes, problem: str) -> None:
    """Before it costs memory."""
    with pytest.raises(XmlError, match=problem):
        wanted(data)


def test_elements_that_nobody_wants_cost_no_memory() -> None:
    """A million of them within the size of one answer."""
    data = b"<feed>" + b"<other><a/></other>" * 300_000 + b"</feed>"
    tracemalloc.start()
    try:
        assert wanted(data) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 4 * len(data)


def salvage(data: bytes) -> list[str]:
    """Return the texts of the entries, and why those are none that are broken."""
    return [
        f"! {one.reason}" if isinstance(one, _xml.Broken) else _xml.text(one)
        for one in _xml.salvaged(data, ("entry",), pieces=("entry",), roots=("feed",))
    ]


def test_one_broken_record_costs_one_record() -> None:
    """Its neighbours are read, and its reason is that of the parser."""
    data = b"<feed><entry>a</entry><entry><b>x</entry><entry>c</entry></feed>"

    broken, first, last = salvage(data)

    assert (first, last) == ("a", "c")
    assert broken.startswith("! the XML is wrong: mismatched tag")


def test_what_html_allows_is_read_as_it_was_meant() -> None:
    """The two faults that are most frequent."""
    data = b"<feed><entry>R &amp; D, R & D, &eacute;&nbsp;&unknown; &lt;&#233;</entry></feed>"

    assert salvage(data) == ["R & D, R & D, é\xa0&unknown; <é"]


def test_namespaces_of_the_root_hold_in_each_record() -> None:
    """They are declared once, at the top."""
    data = b"<o:feed xmlns:o='urn:o' xmlns:d='urn:d'><o:entry><d:t>a & b</d:t></o:entry></o:feed>"

    assert salvage(data) == ["a & b"]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        pytest.param(b"<!--<entry>no</entry>--><entry>a</entry>", ["a"], id="a comment"),
        pytest.param(
            b"<entry>a<![CDATA[</entry><entry>R & D &eacute;]]></entry>",
            ["a</entry><entry>R & D &eacute;"],
            id="a section of characters",
        ),
        pytest.param(b"<entry>a<!-- & --></entry>", ["a"], id="a comment within"),
        pytest.param(b"<entry>a</entry >", ["a"], id="a blank in the end tag"),
        pytest.param(b"<entry>a<entry>b</entry>", ["! the XML is wrong"], id="no end tag"),
    ],
)
def test_only_what_the_markup_says_is_a_record(inner: bytes, expected: list[str]) -> None:
    """What another parser would not take for a record must not become one where things broke."""
    found = salvage(b"<feed>" + inner + b"<entry>x & y</entry></feed>")

    assert [one.partition(":")[0] for one in found] == [*expected, "x & y"]


def test_the_context_of_records_stays_when_one_is_broken() -> None:
    """What stands around them is theirs: a volume's year, a channel's name."""
    data = b"<a><v id='1'><p>x & y</p><p><b></p></v><v id='2'><p>z</p></v></a>"

    whole, (broken,) = _xml.mended(data, ["p"])

    assert whole == b"<a><v id='1'><p>x &amp; y</p></v><v id='2'><p>z</p></v></a>"
    assert (broken.number, broken.raw) == (2, "<p><b></p>")


@pytest.mark.parametrize("data", [b"<feed><entry>a</entry><entry>b", b"Sorry", b"<feed><entry>&"])
def test_what_is_cut_off_is_not_salvaged(data: bytes) -> None:
    """What comes after the cut is missing: half an answer is never taken for a whole one."""
    with pytest.raises(XmlError):
        salvage(data)


def test_salvaging_takes_linear_time() -> None:
    """Neither many beginnings without an end nor many ends are looked for again and again."""
    began = time.process_time()
    for data in (
        b"<feed>" + b"<entry >" * 200_000,
        b"<feed>" + b"<entry></entry>" * 20_000,
        b"<feed>" + b"<!--" * 400_000,
        b"<feed><entry>" + b"<!--" * 400_000 + b"--></entry>",
    ):
        with pytest.raises(XmlError):
            salvage(data)

    assert time.process_time() - began < 10


@given(st.binary(max_size=200))
def test_no_bytes_break_it_otherwise(data: bytes) -> None:
    """Whatever comes, it is an XmlError or elements."""
    for text in (data, b"<feed><entry>" + data + b"</entry></feed>"):
        for read in (wanted, salvage):
            with suppress(XmlError):
                read(text)
