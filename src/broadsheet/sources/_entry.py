"""What do the formats of references share? Names, dates, identifiers; an entry becomes a record.

A reader of a format gives what it found under the names of a JSON Lines record, and
`to_record` checks, cleans and limits it as it does any other line. What cannot be a date or an
identifier is no reason to refuse a paper: it is kept in ``extra`` as it came.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from broadsheet.model import Fault, Identifier, Scheme
from broadsheet.sources import _fields, jsonlines
from broadsheet.text import ids, latex, normal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Record
    from broadsheet.sources._xml import Broken

SHOWN = jsonlines.RAW_LENGTH

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YMD = re.compile(r"(?<!\d)(\d{4})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{1,2})(?!\d)")
_YM = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"((?:1[4-9]|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)")
_YEAR = re.compile(r"(?<!\d)(?:1[4-9]|20)\d\d(?!\d)")
_DAY = re.compile(r"(?<!\d)([0-2]?\d|3[01])(?!\d)")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\b", re.IGNORECASE)
_ARXIV = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf)/|\s*[:.]?\s*(?:id\s*:?\s*)?|\s+e-?prints?\s+)"
    r"([a-z-]+(?:\.[a-z]{2})?/\d{7}(?:v\d+)?|\d{4}\.\d{4,5}(?:v\d+)?)",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"\b(?:pmid|pubmed id)\s*[:=]?\s*(\d{1,9})\b", re.IGNORECASE)
_PROTECTED = re.compile(r"(?<![\\\w}\]^_]){([^{}\\$]*)}")
_NO_VENUE = re.compile(r"\s*(?:arxiv\b|corr\b|abs/\d|ar\s?xiv e-prints)", re.IGNORECASE)
_JATS_TITLE = re.compile(
    r"^\s*<(?:jats:)?title>\s*(?:abstract|summary)\s*</(?:jats:)?title>", re.IGNORECASE
)
_PREAMBLE = re.compile(r"\\documentclass.*?\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_MATHML = re.compile(r"<mml:math\b.*?</mml:math>", re.DOTALL)
_JATS_BLOCK = re.compile(r"</?jats:(?:title|p|sec|list|list-item|disp-formula)\b[^<>]*>")
_JATS_SHIFT = re.compile(r"<(/?)jats:(sub|sup)>")
_JATS_TAG = re.compile(r"</?(?:jats|mml):[a-zA-Z-]+(?:\s[^<>]*)?/?>")


class Names:
    """The identifiers of one paper, gathered field by field, and the version one of them has."""

    def __init__(self) -> None:
        self.version: int | None = None
        self._found: dict[Identifier, None] = {}

    def add(self, text: object, *, only: Iterable[Scheme] = ()) -> bool:
        """Take the identifier that a whole field is; tell whether it is one (``only`` of these)."""
        versioned = ids.parse_versioned(normal.clean(text)) if isinstance(text, str) else None
        if not versioned or (only and versioned[0].scheme not in only):
            return False
        self._keep(*versioned)
        return True

    def add_doi(self, text: object) -> bool:
        """Take a DOI, in any form; tell whether the field is one. Samples of templates are none."""
        return isinstance(text, str) and (
            text.strip().lower() in jsonlines.SAMPLE_DOIS
            or self.add(text, only=(Scheme.DOI, Scheme.ARXIV))
        )

    def add_from(self, text: str) -> None:
        """Take arXiv ids and PMIDs that a remark names: "arXiv preprint arXiv:2401.01234"."""
        for found in _ARXIV.finditer(text):
            self.add(f"arXiv:{found[1]}")
        for found in _LABELLED.finditer(text):
            self.add(f"pmid:{found[1]}")

    def values(self) -> dict[str, Any]:
        """Return the fields of a record, best identifier first."""
        found = ids.best(self._found)
        return {"identifiers": [str(each) for each in found], "version": self.version}

    def _keep(self, identifier: Identifier, version: int | None) -> None:
        if identifier.scheme in {Scheme.LOCAL, Scheme.TITLE, Scheme.SPECIMEN}:
            return  # names that only we give; no file of somebody else's may claim them
        self._found.setdefault(identifier)
        if identifier.scheme is Scheme.ARXIV:
            self.version = self.version or version


def to_record(source: str, values: dict[str, Any]) -> Record:
    """Return the record of a paper of this source.

    Args:
        source: The name that the record carries.
        values: Fields of a JSON Lines record; None and "" say nothing.

    Raises:
        FieldError: a field cannot be used; there is no title.
    """
    venue = values.get("venue")
    if isinstance(venue, str) and _NO_VENUE.match(venue):
        values = values | {"venue": ""}
    return jsonlines.to_record(values | {"source": source}, shelf=source)


def fault(source: str, where: str, problem: Exception | str, raw: str = "") -> Fault:
    """Return the fault of a piece, with its beginning."""
    raw = raw[:SHOWN].encode("utf-8", "replace").decode().replace("\0", "�")
    return Fault(source=source, where=where, reason=str(problem), raw=raw)


def broken(source: str, where: str, piece: Broken) -> Fault:
    """Return the fault of a record whose markup is wrong."""
    raw = " ".join(piece.raw.split())
    return fault(source, f"{where} {piece.number}", piece.reason, raw)


def when(text: object) -> str:
    """Return the date that a text names as "2024", "2024-03" or "2024-03-04"; "" for none.

    What is impossible, as a 31st of February, is cut off; of two dates the first counts.
    """
    text = str(text) if isinstance(text, (str, int)) else ""
    found = _YMD.search(text) or _COMPACT.fullmatch(text.strip())
    if found:
        return _iso(*found.groups())
    found = _YM.search(text)
    if found and 1 <= int(found[2]) <= len(_MONTHS):
        return _iso(found[1], found[2])
    year = _YEAR.search(text)
    if not year:
        return ""
    rest = text[: year.start()] + " " + text[year.end() :]
    name = _MONTH.search(rest)
    if not name:
        return _iso(year[0])
    day = _DAY.search(rest)
    return _iso(year[0], str(month(name[0])), day[1] if day else None)


def month(text: object) -> int | None:
    """Return the month, 1 to 12, that a text names or numbers."""
    text = str(text).strip() if isinstance(text, (str, int)) else ""
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 2 and 1 <= int(text) <= len(_MONTHS) else None  # noqa: PLR2004
    found = _MONTH.search(text)
    return _MONTHS.index(found[1].lower()) + 1 if found else None


def from_parts(parts: Any) -> str:
    """Return the date of CSL's and Crossref's ``{"date-parts": [[2024, 3, 4]]}``; "" for none."""
    if not isinstance(parts, dict):
        return ""
    given = parts.get("date-parts")
    first = given[0] if isinstance(given, list) and given else None
    if isinstance(first, list) and first and all(isinstance(each, (int, str)) for each in first):
        pieces = [str(each).strip() for each in first[:3]]
        digits = [each for each in pieces if each.isascii() and each.isdigit()]
        if digits and digits == pieces[: len(digits)]:
            return _iso(*digits)
    return when(parts.get("raw") or parts.get("literal") or "")


def turned(name: str) -> str:
    """Return "Family, Given" as "Given Family", and "Family, Jr, Given" as "Given Family Jr"."""
    pieces = [piece.strip() for piece in name.split(",")]
    if len(pieces) == 1 or not all(pieces[:2]):
        return normal.clean(name).strip(" ,")
    family, *middle, given = pieces if pieces[-1] else pieces[:-1]
    return normal.clean(" ".join([given, family, *middle]))


def plain(source: str) -> str:
    """Return the text of LaTeX: accents and braces read, formulas kept in dollars."""
    if not any(mark in source for mark in "\\{}$~") and "--" not in source:
        return source
    if "," in source:  # or braces around a list would be taken for a set's
        source = _PROTECTED.sub(r"\1", _PROTECTED.sub(r"\1", source))
    return "".join(
        f"${each.tex}$" if each.kind == "math" else each.text for each in latex.segments(source)
    )


def plain_jats(text: str) -> str:
    """Return an abstract in JATS, as Crossref has it, with its paragraphs and without its tags."""
    text = _JATS_TITLE.sub("", text)
    if "tex-math>" in text:  # the same formula twice
        text = _PREAMBLE.sub(r"\1", _MATHML.sub("", text))
    text = _JATS_SHIFT.sub(r"<\1\2>", _JATS_BLOCK.sub("\n\n", text))
    return _JATS_TAG.sub("", text)


def _iso(year: str, of_month: str | None = None, day: str | None = None) -> str:
    """Return as much of a date as there can be."""
    if not _fields.MIN_YEAR <= int(year) <= _fields.MAX_YEAR:
        return ""
    if not of_month or not 1 <= int(of_month) <= len(_MONTHS):
        return f"{int(year):04}"
    try:
        return date(int(year), int(of_month), int(day or 0)).isoformat()
    except ValueError:
        return f"{int(year):04}-{int(of_month):02}"
