"""What do files of tagged lines say? RIS, Web of Science and PubMed's nbib, record by record.

The three differ in how a tag looks and in what a line without a tag means; a `Dialect` says it.
(Readers that keep one value per tag lose what repeats, and hang the second value's continuation
on the first; here every line with a tag is a value of its own.)
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadsheet.sources import _lines, _text
from broadsheet.sources.jsonlines import line_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_RECORD = 4 * 1024 * 1024  # bytes; with thousands of authors, records have some hundred thousand


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How records and tags look."""

    start: re.Pattern[bytes]  # a record's first line
    end: re.Pattern[bytes] | None  # its last line; without one the next record ends it
    tag: re.Pattern[str]  # groups: tag, value
    lists: frozenset[str] = frozenset()  # tags of which every further line is a value


RIS = Dialect(
    start=re.compile(rb"\s*TY  ?-"),
    end=re.compile(rb"\s*ER  ?-|\s*ER\s*\Z"),
    tag=re.compile(r"([A-Z][A-Z0-9])  ?-(?: (.*)|\s*)"),
)
WEB_OF_SCIENCE = Dialect(
    start=re.compile(rb"PT\s"),
    end=re.compile(rb"ER\s*\Z"),
    tag=re.compile(r"([A-Z][A-Z0-9])(?: (.*)|\s*)"),
    lists=frozenset({"AU", "AF", "CR", "BA", "BF", "CA", "GP", "C1"}),
)
NBIB = Dialect(
    start=re.compile(rb"PMID ?- "),
    end=None,
    tag=re.compile(r"([A-Z]{2,4}) *- (.*)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """One record: the values of each tag, in order; ``encoding`` is "" for UTF-8."""

    values: Mapping[str, list[str]]
    raw: str
    encoding: str

    def first(self, *tags: str) -> str:
        """Return the first value of the first of these tags that has one, or ""."""
        return next((each for tag in tags for each in self.values.get(tag, ()) if each), "")

    def all(self, *tags: str) -> list[str]:
        """Return every value of these tags, in the order of the tags."""
        return [each for tag in tags for each in self.values.get(tag, ()) if each]


def read(path: Path, dialect: Dialect) -> Iterator[tuple[int, Tagged | Exception]]:
    """Yield (line from 1, record or why it is none) in the file's order.

    What stands between records, as the remarks of some exporters do, is passed over.

    Raises:
        SourceError: there is no such file, or it may not be read.
    """
    for line, found in _pieces(path, dialect):
        yield line, found if isinstance(found, Exception) else _tagged(found, dialect)


def _pieces(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[bytes] | Exception]]:
    """Yield the lines of each record."""
    begin, size = 0, 0
    lines: list[bytes] = []  # of the record that is open; none between two records
    for number, read_line in _lines.read_lines(path):
        if isinstance(read_line, Exception):
            yield number, _lines.CutError(line_problem(read_line))
            lines = []
            continue
        line = read_line.removeprefix(_text.BOM)
        is_start = dialect.start.match(line) is not None
        if lines and is_start:
            yield begin, lines
            lines = []
        if is_start:
            begin, size, lines = number, 0, []
        if not lines and not is_start:
            continue
        lines.append(line)
        size += len(line)
        if size > MAX_RECORD:
            yield begin, _lines.CutError(f"the record is longer than {MAX_RECORD // 2**20} MiB")
            lines = []
        elif dialect.end and dialect.end.match(line):
            yield begin, lines
            lines = []
    if lines and dialect.end:
        yield begin, _lines.CutError("the record has no ER line; the file may have been cut off")
    elif lines:
        yield begin, lines


def _tagged(lines: list[bytes], dialect: Dialect) -> Tagged:
    raw, encoding = _text.decode(b"\n".join(lines))
    values: defaultdict[str, list[str]] = defaultdict(list)
    tag = ""
    for line in raw.splitlines():
        found = dialect.tag.fullmatch(line.rstrip("\r"))
        if found:
            tag = found[1]
            values[tag].append((found[2] or "").strip())
        elif tag in dialect.lists:
            values[tag].append(line.strip())
        elif tag:
            values[tag][-1] = f"{values[tag][-1]}\n{line.strip()}".strip()
    return Tagged(values=values, raw=raw, encoding=encoding)
