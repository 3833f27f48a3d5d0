"""References in PubMed's nbib (the MEDLINE format): one record per citation.

Tags: https://www.nlm.nih.gov/bsd/mms/medlineelements.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from broadsheet.sources import _entry, _tagged
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Fault, Observation, Record
    from broadsheet.sources._tagged import Tagged

_IS_NBIB = re.compile(rb"^PMID ?- \d", re.MULTILINE)
_DOI = re.compile(r"(\S+) \[doi\]")
RETRACTED = "Retracted Publication"


def is_nbib(sample: bytes) -> bool:
    """Tell whether a citation begins in this text."""
    return _IS_NBIB.search(sample.removeprefix(b"\xef\xbb\xbf")) is not None


class Nbib:
    """A ``.nbib`` file; its records come from PubMed."""

    name = "pubmed"

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the citations in the file's order; what is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        for line, found in _tagged.read(self.path, _tagged.NBIB):
            where = f"{self.path.name} line {line}"
            if isinstance(found, Exception):
                yield _entry.fault(self.name, where, found)
                continue
            try:
                yield _entry.to_record(self.name, _values(found))
            except FieldError as error:
                yield _entry.fault(self.name, where, error, found.raw)


def without_stop(title: str) -> str:
    """Return a title without the full stop that PubMed ends titles with."""
    title = " ".join(title.split())
    return title[:-1] if title.endswith(".") and not title.endswith("..") else title


def heading(text: str) -> str:
    """Return a MeSH heading without the star of a major topic and without its qualifiers."""
    return text.partition("/")[0].strip("* ")


def _values(found: Tagged) -> dict[str, Any]:
    names = Names()
    names.add(f"pmid:{found.first('PMID')}")
    for text in found.all("LID", "AID"):
        if doi := _DOI.fullmatch(text):
            names.add_doi(doi[1])
    kinds = found.all("PT")
    people = [_entry.turned(name) for name in found.all("FAU") or found.all("AU")]
    return {
        **names.values(),
        "title": without_stop(found.first("TI", "BTI", "TT")),
        "authors": people + found.all("CN"),
        "abstract": " ".join(found.first("AB").split()),
        "published": _entry.when(found.first("DEP")) or _entry.when(found.first("DP")),
        "venue": " ".join(found.first("JT", "TA").split()),
        "topics": [*found.all("OT"), *map(heading, found.all("MH"))],
        "status": "retracted" if RETRACTED in kinds else "",
        "extra": {
            "kind": kinds,
            "language": found.first("LA"),
            "pmc": found.first("PMC"),
            "volume": found.first("VI"),
            "number": found.first("IP"),
            "pages": found.first("PG"),
            "encoding": found.encoding,
        },
    }
