"""What do sources share whose every line is read by itself? They can be read in shares."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from broadsheet.sources import _lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.model import Fault, Observation, Record

    Item = Record | Observation | Fault


class ByLine:
    """A file, or standard input, with one paper a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[Item]:
        """Yield the papers in the file's order; a line that is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        for number, line in _lines.read_lines(self.path):
            if isinstance(line, Exception) or not line.isspace():
                yield self.item(number, line)

    def read_share(self, place: int, of: int, size: int, /) -> Iterator[list[Item]]:
        """Yield what stands in every ``of``-th block of ``size`` lines, from ``place`` on.

        One list for each block up to the file's end, however few items it holds.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        expected = place
        blocks = groupby(_lines.read_lines(self.path), key=lambda each: (each[0] - 1) // size)
        for block, lines in blocks:
            while expected < block:  # blocks of empty lines alone
                yield []
                expected += of
            if block % of == place:
                yield [
                    self.item(number, line)
                    for number, line in lines
                    if isinstance(line, Exception) or not line.isspace()
                ]
                expected += of

    def item(self, number: int, line: bytes | Exception, /) -> Item:
        """Return what a line is, counted from 1; instead of it comes what is wrong with it."""
        raise NotImplementedError
