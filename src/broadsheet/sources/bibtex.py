"""References in BibTeX and biblatex: one record per entry.

``@string``, ``#``, ``crossref`` and ``xdata`` are resolved, LaTeX becomes text with its formulas
kept, ``eprint``, ``journal``, ``note`` and addresses are looked through for identifiers. The key
of an entry names nothing outside its file and is kept in ``extra``. Paths on the writer's machine
are not kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from broadsheet.model import Scheme
from broadsheet.sources import _bibtex, _entry
from broadsheet.sources._bibtex import Broken, Reference
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.text import normal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Fault, Observation, Record

MAX_KEPT = 10_000  # characters of a field that is kept as it is

_NOT_PAPERS = frozenset({"xdata", "set", "control", "bibnote"})
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s{}\"<>]+")
_BRACE = re.compile(r"[{}]")
_PRIVATE = re.compile(
    r"file|bdsk-.*|local-?(?:url|file)|pdf|owner|groups|username|__markedentry|crossref|xdata|ids"
)
_VENUES = ("journal", "journaltitle", "booktitle", "eventtitle", "school", "institution")
_USED = frozenset(
    {
        *("title", "subtitle", "author", "abstract", "keywords", "keyword", "note", "primaryclass"),
        *("year", "month", "day", "date", "doi", "eprint", "archiveprefix", "eprinttype", "pmid"),
        *("url", *_VENUES),
    }
)
_LOOKED_THROUGH = ("journal", "journaltitle", "note", "howpublished", "eprint", "number", "annote")


class BibTeX:
    """A ``.bib`` file."""

    name = "bibtex"

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the entries in the file's order; what is broken becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        for line, found in _bibtex.read(self.path):
            where = f"{self.path.name} line {line}"
            if isinstance(found, Broken):
                yield _entry.fault(self.name, where, found.reason, found.raw)
            elif found.kind not in _NOT_PAPERS:
                try:
                    yield to_record(found, source=self.name)
                except FieldError as error:
                    yield _entry.fault(self.name, f"{where} ({found.key})", error, found.raw)


def to_record(entry: Reference, *, source: str = "bibtex") -> Record:
    """Return the record of an entry; ``source`` is the name that it carries.

    Raises:
        FieldError: a field cannot be used; there is no title.
    """
    fields = {name: value.strip() for name, value in entry.fields.items() if value.strip()}
    names = _names(fields)
    texts = {name: normal.clean(_entry.plain(fields.get(name, ""))) for name in _VENUES}
    return _entry.to_record(
        source,
        {
            **names.values(),
            "title": _title(fields),
            "authors": people(fields.get("author", "")),
            "abstract": _entry.plain(fields.get("abstract", "")),
            "published": _date(fields),
            "venue": next(filter(None, texts.values()), ""),
            "topics": _topics(fields.get("keywords") or fields.get("keyword") or ""),
            "comment": _entry.plain(fields.get("note", "")),
            "url": _address(fields),
            "categories": fields.get("primaryclass", "").split(),
            "extra": _extra(entry, fields),
        },
    )


def people(value: str) -> list[str]:
    """Return the names in a list of authors; "others" is nobody, a name in braces stays whole."""
    found = []
    for name in _top_level(_AND, value):
        if name.lower() == "others" or not name:
            continue
        is_whole = name.startswith("{") and name.endswith("}") and name.count("{") == 1
        if "=" in name and re.match(r"\s*(?:family|given|prefix)\s*=", name):
            parts = dict(part.strip().split("=", 1) for part in name.split(",") if "=" in part)
            kept = (parts.get(each, "") for each in ("given", "prefix", "family", "suffix"))
            found.append(_entry.plain(" ".join(part.strip("{} ") for part in kept if part)))
        elif is_whole:
            found.append(_entry.plain(name))
        else:
            found.append(" ".join(_entry.plain(_turned(name)).split()))
    return found


def _turned(name: str) -> str:
    """Return "von Family, Jr, Given" in the order of speech; commas in braces do not part."""
    pieces = list(_top_level(re.compile(r"\s*,\s*"), name))
    if len(pieces) == 1:
        return name
    family, *middle, given = pieces
    return " ".join([given, family, *middle])


def _top_level(separator: re.Pattern[str], value: str) -> Iterator[str]:
    """Yield the pieces of a value, parted where no brace is open."""
    begin = depth = at = 0
    for found in separator.finditer(value):
        depth += sum(
            1 if each[0] == "{" else -1 for each in _BRACE.finditer(value, at, found.start())
        )
        at = found.start()
        if depth <= 0:
            yield value[begin : found.start()].strip()
            begin = found.end()
    yield value[begin:].strip()


def _names(fields: dict[str, str]) -> Names:
    names = Names()
    kind = (fields.get("archiveprefix") or fields.get("eprinttype") or "").lower()
    eprint = fields.get("eprint", "")
    if kind == "pubmed":
        names.add(f"pmid:{eprint}")
    elif kind in {"arxiv", ""}:
        names.add(eprint if eprint.lower().startswith("arxiv") else f"arXiv:{eprint}")
    names.add(fields.get("volume", "").removeprefix("abs/"), only=(Scheme.ARXIV,))
    names.add(f"pmid:{fields.get('pmid', '')}")
    names.add_doi(_entry.plain(fields.get("doi", "")))
    for name in ("url", "howpublished", "ee", "link"):
        for found in _URL.finditer(fields.get(name, "")):
            names.add(_entry.plain(found[0]))
    for name in _LOOKED_THROUGH:
        if value := fields.get(name):
            names.add_from(value)
    return names


def _title(fields: dict[str, str]) -> str:
    title = _entry.plain(fields.get("title", ""))
    subtitle = _entry.plain(fields.get("subtitle", ""))
    return f"{title}: {subtitle}" if title and subtitle else title


def _date(fields: dict[str, str]) -> str:
    """Return the date, as fine as it is given: biblatex's ``date``, or ``year`` and ``month``."""
    if found := _entry.when(fields.get("date")):
        return found
    year = _entry.when(fields.get("year"))
    month = fields.get("month")
    if len(year) != len("2024") or not month:
        return year
    number = _entry.month(month)
    day = re.search(r"\d{1,2}", fields.get("day") or ("" if month.isdigit() else month))
    return _entry.when(f"{year}-{number}" + (f"-{day[0]}" if day else "")) if number else year


def _topics(value: str) -> list[str]:
    pieces = re.split(r"\s*[;\n]\s*" if ";" in value else r"\s*[,\n]\s*", _entry.plain(value))
    return [piece for piece in pieces if piece]


def _address(fields: dict[str, str]) -> str:
    """Return the address of the entry, where it gives one."""
    for name in ("url", "link", "ee", "howpublished"):
        if found := _URL.search(fields.get(name, "")):
            return found[0].replace("\\", "")
    return ""


def _extra(entry: Reference, fields: dict[str, str]) -> dict[str, Any]:
    """Return what has no place of its own, and what could not be read as what it should be."""
    kept = {
        name: normal.clean(_entry.plain(value))
        for name, value in fields.items()
        if len(value) <= MAX_KEPT and name not in _USED and not _PRIVATE.fullmatch(name)
    }
    if "year" in fields and not _entry.when(fields["year"]):
        kept["year"] = fields["year"]
    if entry.encoding:
        kept["encoding"] = entry.encoding
    return {"kind": entry.kind, "key": normal.clean(entry.key), **kept}
