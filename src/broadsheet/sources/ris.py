"""References in RIS, and in the tagged format of Web of Science: one record per reference.

RIS: https://en.wikipedia.org/wiki/RIS_(file_format); tags vary by exporter, so each field is
looked for under every tag that some reference manager writes it to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from broadsheet.sources import _entry, _tagged
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.text import normal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Fault, Observation, Record
    from broadsheet.sources._tagged import Tagged

_IS_RIS = re.compile(rb"^\s*TY  ?- ?", re.MULTILINE)
_IS_WEB_OF_SCIENCE = re.compile(rb"\A\s*FN .*\n\s*VR |\APT [A-Z]\s*\n[A-Z][A-Z0-9] ")
_NAMED = {
    "volume": ("VL", "VO"),
    "number": ("IS",),
    "pages": ("SP", "BP"),
    "last_page": ("EP",),
    "publisher": ("PB", "PU"),
    "issn": ("SN",),
    "language": ("LA",),
    "editors": ("A2", "ED", "BE"),
    "accession": ("AN", "UT"),
    "database": ("DB", "DP"),
}
_PUBMED = re.compile(r"pubmed|medline|nlm", re.IGNORECASE)


def is_ris(sample: bytes) -> bool:
    """Tell whether a reference in RIS begins in this text."""
    return _IS_RIS.search(sample.removeprefix(b"\xef\xbb\xbf")) is not None


def is_web_of_science(sample: bytes) -> bool:
    """Tell whether this text begins as Web of Science's exports do."""
    return _IS_WEB_OF_SCIENCE.match(sample.removeprefix(b"\xef\xbb\xbf")) is not None


class Ris:
    """A ``.ris`` file."""

    name = "ris"

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the references in the file's order; what is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        for line, found in _tagged.read(self.path, self._dialect):
            where = f"{self.path.name} line {line}"
            if isinstance(found, Exception):
                yield _entry.fault(self.name, where, found)
                continue
            try:
                yield _entry.to_record(self.name, self._values(found))
            except FieldError as error:
                yield _entry.fault(self.name, where, error, found.raw)

    _dialect = _tagged.RIS

    def _values(self, found: Tagged) -> dict[str, Any]:
        names = Names()
        for text in found.all("DO", "M3", "L3"):
            names.add_doi(text)
        addresses = [url for text in found.all("UR", "L2") for url in re.split(r"[;\s]+", text)]
        for url in addresses:
            names.add(url)
        for text in found.all("JO", "JF", "T2", "N1", "M1", "AN", "ID"):
            names.add_from(text)
        if _PUBMED.search(found.first("DB", "DP")):
            names.add(f"pmid:{found.first('AN')}")
        return {
            **names.values(),
            "title": _line(found.first("TI", "T1", "BT", "CT", "ST")),
            "authors": [_entry.turned(name) for name in found.all("AU", "A1")],
            "abstract": found.first("AB", "N2"),
            "published": _finest(found.all("DA", "PY", "Y1")),
            "venue": _line(found.first("JO", "JF", "T2", "JA", "J2", "BT")),
            "topics": [
                _line(each).strip("* ") for text in found.all("KW") for each in text.split("\n")
            ],
            "comment": _line(found.first("N1")),
            "url": next((url for url in addresses if url.startswith("http")), ""),
            "extra": _extra(found, kind="TY"),
        }


class WebOfScience(Ris):
    """A file of Web of Science's tagged format."""

    name = "wos"
    _dialect = _tagged.WEB_OF_SCIENCE

    def _values(self, found: Tagged) -> dict[str, Any]:
        names = Names()
        names.add_doi(found.first("DI"))
        names.add(f"pmid:{found.first('PM')}")
        year, day = found.first("PY"), found.first("PD")
        topics = _line("; ".join(found.all("DE") or found.all("ID"))).split("; ")
        return {
            **names.values(),
            "title": _line(found.first("TI")),
            "authors": [_entry.turned(name) for name in found.all("AF") or found.all("AU")],
            "abstract": found.first("AB"),
            "published": _entry.when(f"{day} {year}"),
            "venue": _line(found.first("SO")),
            "topics": [each for each in topics if each],
            "extra": _extra(found, kind="DT"),
        }


def _line(text: str) -> str:
    return " ".join(text.split())


def _finest(texts: list[str]) -> str:
    """Return the finest of several dates, the first of equals."""
    return max(map(_entry.when, texts), key=len, default="")


def _extra(found: Tagged, *, kind: str) -> dict[str, Any]:
    """Return the fields of a reference that have no place of their own."""
    kept: dict[str, Any] = {"kind": normal.clean(found.first(kind)), "encoding": found.encoding}
    for name, tags in _NAMED.items():
        values = [_line(value) for value in found.all(*tags)]
        kept[name] = values if len(values) > 1 else "".join(values)
    return {name: value for name, value in kept.items() if value}
