"""Of what kind is this file? Its content decides; names only help to tell folders apart."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import FormatError, SourceError
from broadsheet.sources import _documents, _fields, _lines, answers
from broadsheet.sources._bibtex import is_bibtex
from broadsheet.sources.acl import AclBib, AclXml, is_acl_bib
from broadsheet.sources.arxiv_snapshot import ArxivSnapshot, is_snapshot
from broadsheet.sources.beir import CORPUS, Beir
from broadsheet.sources.bibtex import BibTeX
from broadsheet.sources.capture import Capture, is_capture
from broadsheet.sources.crossref import Crossref, is_crossref
from broadsheet.sources.csl import Csl, is_csl
from broadsheet.sources.endnote import EndNote
from broadsheet.sources.jsonlines import JsonLines, to_record
from broadsheet.sources.nbib import Nbib, is_nbib
from broadsheet.sources.openalex import OpenAlex, is_openalex
from broadsheet.sources.openalex_snapshot import FILE, OpenAlexSnapshot, is_manifest
from broadsheet.sources.opml import is_opml
from broadsheet.sources.pubmed import PubMed
from broadsheet.sources.ris import Ris, WebOfScience, is_ris, is_web_of_science
from broadsheet.sources.semantic_scholar import SemanticScholar, is_semantic_scholar
from broadsheet.sources.votes import COLUMNS, Votes
from broadsheet.sources.zotero import Zotero

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from broadsheet.ports import Source

SAMPLE_LINES = 30
"""Lines that are looked at; the marks of a captured page stand in its first twenty."""

PREFACE_LINES = 5_000
"""Lines that are looked at in search of references: files of them may begin with long remarks."""

STDIN = "-"
_KINDS = (
    "Broadsheet reads JSON Lines, BibTeX, RIS, Web of Science, nbib, CSL-JSON, EndNote XML, "
    "Zotero RDF, PubMed XML, the ACL Anthology's XML, arXiv's snapshot, works of OpenAlex, "
    "Crossref and Semantic Scholar (all also .gz and .zst), feeds, answers of arXiv and OAI-PMH, "
    "captured pages (plain text), tables of votes (.tsv) and BEIR folders"
)
_REFERENCES: tuple[tuple[Callable[[bytes], bool], Callable[[Path], Source]], ...] = (
    (is_web_of_science, WebOfScience),
    (is_nbib, Nbib),
    (is_ris, Ris),
    (is_acl_bib, AclBib),
    (is_bibtex, BibTeX),
)
_OBJECTS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[Path], Source]], ...] = (
    (is_snapshot, ArxivSnapshot),
    (is_openalex, OpenAlex),
    (is_manifest, OpenAlexSnapshot),
    (is_semantic_scholar, SemanticScholar),
    (is_crossref, Crossref),
    (is_csl, Csl),
    (answers.is_daily, answers.daily),
)
_ROOTS: tuple[tuple[re.Pattern[bytes], Callable[[Path], Source]], ...] = (
    (re.compile(rb"<(?:PubmedArticleSet|MedlineCitationSet)\b"), PubMed),
    (re.compile(rb"<xml\b[^>]*>\s*<records\b"), EndNote),
    (re.compile(rb"<collection\b[^>]*\bid\s*="), AclXml),
    (re.compile(rb"<rdf:RDF\b[^>]*zotero\.org/namespaces"), Zotero),
    (re.compile(rb"<OAI-PMH\b"), answers.oai),
    (re.compile(rb"<feed\b.*?arxiv\.org/api/", re.DOTALL), answers.arxiv_answer),
    (re.compile(rb"<(?:feed|rss)\b.*?rss\.arxiv\.org/", re.DOTALL), answers.announcements),
    (re.compile(rb"<(?:feed|rss|rdf:RDF)\b"), answers.any_feed),
)
_BINARY = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"SQLite format 3": "a SQLite database",
    b"\x89PNG": "a picture",
    b"\xfd7zXZ": "an XZ archive",
    b"BZh": "a bzip2 archive",
}


def open_files(paths: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """Return a source for each file or folder, in their order; nothing is read but beginnings.

    Kinds are told apart by content, whatever the names; ``-`` is JSON Lines from standard input.

    Raises:
        FormatError: one of them is of no kind that Broadsheet reads; the message says what it is.
        SourceError: one of them is not there, or may not be read.
    """
    return [_open(Path(path)) for path in paths]


def _open(path: Path) -> Source:
    if str(path) == STDIN:
        return JsonLines(path)
    if path.is_dir():
        if (path / FILE).is_file():
            return _by_content(path / FILE, _sample(path / FILE))
        if not (path / CORPUS).is_file():
            raise FormatError(f"{path} is a folder without {CORPUS} or {FILE}; {_KINDS}")
        return Beir(path)
    if not path.exists():
        raise SourceError(f"{path}: there is no such file")
    if not path.is_file():
        raise FormatError(f"{path} is no regular file; {_KINDS}")
    return _by_content(path, _sample(path))


def _sample(path: Path, *, count: int = SAMPLE_LINES) -> list[bytes]:
    """Return the first lines that have any content."""
    lines = (line for _, line in _lines.read_lines(path) if not isinstance(line, Exception))
    found = [line for line in islice(lines, count) if line.strip()]
    if not found:
        damage = next(
            (each for _, each in _lines.read_lines(path) if isinstance(each, Exception)), None
        )
        if isinstance(damage, _lines.TooLongError):  # exporters of XML and JSON end no line
            return [next(_lines.chunks(path))]
        raise FormatError(f"{path} is empty" if damage is None else f"{path}: {damage}")
    return found


def _by_content(path: Path, sample: list[bytes]) -> Source:
    first = sample[0].removeprefix(b"\xef\xbb\xbf").strip()
    _refuse_binary(path, sample, first)
    if first.startswith(b"<") and (source := _xml(path, b"\n".join(sample))):
        return source
    if first.startswith((b"{", b"[")) and (source := _objects(path, sample)):
        return source
    if first.startswith(b"{"):
        return _json_lines(path, sample)
    if set(COLUMNS[:2]) <= set(first.decode("utf-8", "replace").split("\t")):
        return Votes(path)
    if is_capture(b"\n".join(sample).decode("utf-8", "replace")):
        return Capture(path)
    references = _references(path)
    if references:
        return references
    if first.startswith(b"["):
        raise FormatError(f"{path} is a JSON array; write one object per line instead")
    raise FormatError(f"{path} is of no kind that is known here; {_KINDS}")


def _refuse_binary(path: Path, sample: list[bytes], first: bytes) -> None:
    for magic, what in _BINARY.items():
        if first.startswith(magic):
            raise FormatError(f"{path} is {what}; {_KINDS}")
    if b"\0" in b"".join(sample):
        raise FormatError(f"{path} is binary; {_KINDS}")


def _xml(path: Path, sample: bytes) -> Source | None:
    """Return the source whose root element begins here."""
    if is_opml(sample):
        raise FormatError(f"{path} is a list of feeds (OPML); it holds no papers itself")
    return next((source(path) for root, source in _ROOTS if root.search(sample)), None)


def _objects(path: Path, sample: list[bytes]) -> Source | None:
    """Return the source whose objects the file's first ones are; JSON Lines of ours are none."""
    if answers.is_json_feed(b"\n".join(sample)):
        return answers.any_feed(path)
    for _, item, _ in islice(_documents.read(path), SAMPLE_LINES):
        if isinstance(item, dict):
            for is_kind, source in _OBJECTS:
                if is_kind(item):
                    return source(path)
    return None


def _references(path: Path) -> Source | None:
    """Return the source of a text of references, however long the remarks before them."""
    text = b"\n".join(_sample(path, count=PREFACE_LINES))
    return next((source(path) for is_kind, source in _REFERENCES if is_kind(text)), None)


def _json_lines(path: Path, sample: list[bytes]) -> Source:
    """Return the source of a file of objects; one object over several lines is none."""
    for line in sample:
        try:
            values = _fields.decode(line)
        except _fields.FieldError:
            continue
        if "_id" in values and "text" in values and "abstract" not in values:
            return Beir(path)
        try:
            return JsonLines(path, name=to_record(values, shelf="file").source)
        except _fields.FieldError:
            continue
    if sample[0].strip() == b"{":
        raise FormatError(f"{path} is JSON over several lines; write one object per line instead")
    return JsonLines(path)
