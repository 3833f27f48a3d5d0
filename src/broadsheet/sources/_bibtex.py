"""What does a BibTeX file say? Blocks, strings, fields and cross-references, in bounded memory.

The file is cut where a line begins with ``@type{``; each block goes to the parser alone. So a
file as large as the ACL Anthology's needs no more memory than its largest entry, and an entry
that is broken costs itself, not its neighbours.
"""

from __future__ import annotations

import calendar
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bibtexparser.model import (
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ParsingFailedBlock,
    String,
)
from bibtexparser.splitter import Splitter

from broadsheet.sources import _lines, _text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bibtexparser.model import Block

MAX_BLOCK = 4 * 1024 * 1024  # bytes; with abstract and notes, entries have a few thousand
MAX_PARENTS = 200_000  # entries that others refer to
_MAX_ANCESTORS = 8  # parts in volumes in series; more is a cycle

# The parser logs a warning for each thing that becomes a fault here.
logging.getLogger("bibtexparser.splitter").setLevel(logging.CRITICAL)

_START = re.compile(rb"^[^\S\n]*@[^\S\n]*[A-Za-z]+[^\S\n]*[{(]", re.MULTILINE)
_REFERENCE = re.compile(rb"\b(?:crossref|xdata)\s*=\s*[{\"]?([^}\"\n]+)", re.IGNORECASE)
_KEYS = re.compile(rb"@\s*\w+\s*[{(]\s*([^,\s]+)|\bids\s*=\s*[{\"]([^}\"]+)", re.IGNORECASE)
_MARK = re.compile(r'\\.|[{}"]', re.DOTALL)
_MONTHS = {name[:3].lower(): name for name in calendar.month_name[1:]}
# What a part takes from the whole it is in: of biblatex's rules those that matter here.
_INHERITED = (
    ("booktitle", ("booktitle", "title", "maintitle")),
    ("journal", ("journal", "journaltitle")),
    ("author", ("author", "bookauthor")),
    *((name, (name,)) for name in ("date", "year", "month", "publisher", "editor", "series")),
)
_DATED = frozenset({"date", "year"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One entry; its fields have lower-case names and values without their delimiters."""

    kind: str  # "article"; lower case
    key: str
    fields: Mapping[str, str]  # in the entry's order, cross-references resolved
    raw: str
    offset: int  # lines between the block's beginning and the entry's
    encoding: str  # "" for UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What should have been an entry."""

    reason: str
    raw: str
    offset: int


def is_bibtex(sample: bytes) -> bool:
    """Tell whether an entry begins in this text."""
    return _START.search(sample.removeprefix(_text.BOM)) is not None


def read(path: Path) -> Iterator[tuple[int, Reference | Broken]]:
    """Yield (line from 1, entry or what is broken) in the file's order.

    Raises:
        SourceError: there is no such file, or it may not be read.
    """
    reader = _Reader(_parents(path))
    for line, block in _blocks(path):
        if isinstance(block, Exception):
            yield line, Broken(reason=str(block), raw="", offset=0)
            continue
        for found in reader.read(block):
            yield line + found.offset, found


def _blocks(path: Path) -> Iterator[tuple[int, bytes | Exception]]:
    """Yield (line from 1, block): first what stands before all entries, then one entry each."""
    line, rest = 1, b""
    try:
        for chunk in _lines.chunks(path):
            rest += chunk
            starts = [found.start() for found in _START.finditer(rest)]
            # The last block may go on; a start at 0 is its own.
            for begin, end in zip([0, *starts], starts, strict=False):
                if end > begin:
                    yield line, rest[begin:end]
                    line += rest.count(b"\n", begin, end)
            rest = rest[starts[-1] :] if starts else rest
            if len(rest) > MAX_BLOCK:
                yield line, _lines.CutError(f"an entry is longer than {MAX_BLOCK // 2**20} MiB")
                line += rest.count(b"\n")
                rest = b""
    except _lines.CutError as cut:
        yield line, _lines.CutError(f"{cut}; what came before it is kept")
        return
    if rest:
        yield line, rest


def _parents(path: Path) -> dict[str, Reference]:
    """Return the entries that others refer to, by key in lower case."""
    blocks = (block for _, block in _blocks(path) if not isinstance(block, Exception))
    wanted = {key for block in blocks for key in _keys_in(_REFERENCE, block)}
    found: dict[str, Reference] = {}
    if not wanted:
        return found
    reader = _Reader({})
    for _, block in _blocks(path):
        if isinstance(block, Exception) or len(found) >= MAX_PARENTS:
            continue
        if wanted.isdisjoint(_keys_in(_KEYS, block)) and b"@string" not in block[:200].lower():
            continue
        for each in reader.read(block):
            if isinstance(each, Reference):
                aliases = each.fields.get("ids", "").lower().replace(",", " ").split()
                found.update(dict.fromkeys(wanted & {each.key.lower(), *aliases}, each))
    return found


def _keys_in(pattern: re.Pattern[bytes], block: bytes) -> set[str]:
    groups = (group for found in pattern.finditer(block) for group in found.groups() if group)
    return {
        key.strip()
        for group in groups
        for key in group.decode("utf-8", "replace").lower().split(",")
    }


class _Reader:
    """Reads one block after the other; remembers strings and the encoding of the header."""

    def __init__(self, parents: Mapping[str, Reference]) -> None:
        self._parents = parents
        self._strings = dict(_MONTHS)
        self._hint: str | None = None
        self._is_first = True

    def read(self, block: bytes) -> Iterator[Reference | Broken]:
        """Yield what is in a block: an entry as a rule, more where they share a line."""
        if self._is_first:
            self._hint, self._is_first = _text.declared(block[:4096]), False
        text, encoding = _text.decode(block, hint=self._hint)
        for found in Splitter(text).split().blocks:
            yield from self._one(found, encoding)

    def _one(self, found: Block, encoding: str) -> Iterator[Reference | Broken]:
        # A field or a key given twice is read as BibTeX does: the first one counts, both papers do.
        while isinstance(found, (DuplicateBlockKeyBlock, DuplicateFieldKeyBlock)):
            inner = found.ignore_error_block
            if inner is None:
                return
            found = inner
        offset = found.start_line or 0
        if isinstance(found, String):
            self._strings[found.key.lower()] = self._value(found.value)
        elif isinstance(found, ParsingFailedBlock):
            reason = getattr(found.error, "abort_reason", str(found.error))
            if "end of file" in reason:
                reason = "the entry does not end: a brace or a quote is never closed"
            yield Broken(reason=" ".join(reason.split()), raw=found.raw or "", offset=offset)
        elif isinstance(found, Entry):
            fields: dict[str, str] = {}
            for field in found.fields:
                fields.setdefault(field.key.lower(), self._value(field.value))
            yield Reference(
                kind=found.entry_type.lower(),
                key=found.key,
                fields=self._resolved(fields),
                raw=found.raw or "",
                offset=offset,
                encoding=encoding,
            )

    def _resolved(self, fields: dict[str, str], depth: int = 0) -> dict[str, str]:
        """Return the fields with what the entries referred to lend them."""
        if depth == _MAX_ANCESTORS:
            return fields
        for key in fields.get("xdata", "").lower().split(","):
            if lender := self._parents.get(key.strip()):
                fields = {**self._resolved(dict(lender.fields), depth + 1), **fields}
        parent = self._parents.get(fields.get("crossref", "").strip().lower())
        if parent is None:
            return fields
        # The title of the whole is its own, not that of what it is part of in turn.
        own = {"booktitle": parent.fields.get("booktitle") or parent.fields.get("title", "")}
        lent = self._resolved(dict(parent.fields), depth + 1) | own
        is_dated = not _DATED.isdisjoint(fields)
        for name, sources in _INHERITED:
            value = next((lent[each] for each in sources if lent.get(each)), "")
            if value and not (is_dated and name in {*_DATED, "month"}):
                fields.setdefault(name, value)
        return fields

    def _value(self, raw: str) -> str:
        """Return a value without its delimiters: pieces joined by ``#``, strings looked up."""
        pieces, at = [], 0
        while at < len(raw):
            if raw[at] in " \t\r\n#":
                at += 1
                continue
            end = _piece_end(raw, at)
            piece = raw[at:end]
            if raw[at] in '{"':
                pieces.append(piece[1:-1] if len(piece) > 1 else "")
            else:
                word = piece.strip()
                pieces.append(self._strings.get(word.lower(), word))
            at = end
        return "".join(pieces)


def _piece_end(raw: str, start: int) -> int:
    """Return the end of the piece of a value that begins there; braces and quotes are kept."""
    if raw[start] not in '{"':
        end = raw.find("#", start)
        return end if end >= 0 else len(raw)
    depth = 0
    for mark in _MARK.finditer(raw, start + 1):
        letter = mark[0]
        if depth == 0 and letter == ("}" if raw[start] == "{" else '"'):
            return mark.end()
        depth += (letter == "{") - (letter == "}")
    return len(raw)
