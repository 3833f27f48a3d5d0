"""How do the lines of a file come in? Plain, gzip or Zstandard, in bounded memory.

A compressed file is unpacked in small steps, so that one that unpacks to more than it should
costs time, never memory; a line longer than `MAX_LINE` is passed over and reported.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import TYPE_CHECKING, BinaryIO

from broadsheet.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINE = 32 * 1024 * 1024
"""Bytes; the largest record of the corpora that this was made for has 60 thousand."""

MAX_PASSED_OVER = 1024 * 1024 * 1024
"""Bytes of one line that are unpacked in the hope of its end; then the file is given up."""

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_STEP = 256 * 1024
# Zstandard writes runs as 4 bytes for 128 KiB: from 1 KiB come at most 32 MiB.
_ZSTD_STEP = 1024
_ZSTD_WINDOW = 128 * 1024 * 1024  # what `zstd --long` asks for


class CutError(Exception):
    """The file ends, or is damaged, in its middle; what came before it is good."""


class TooLongError(Exception):
    """A line is longer than `MAX_LINE`."""


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading bytes; ``-`` is standard input.

    Raises:
        SourceError: there is no such file, or it may not be read.
    """
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error


def read_lines(path: Path) -> Iterator[tuple[int, bytes | Exception]]:
    """Yield (number from 1, line without its end) to the end of the file, empty lines left out.

    Instead of a line comes a `TooLongError`, and reading goes on, or a `CutError`, the last.

    Raises:
        SourceError: there is no such file, or it may not be read.
    """
    number = 0
    rest = b""
    passed_over = 0  # bytes of a line that is too long
    try:
        for chunk in chunks(path):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                if line and not passed_over:
                    yield number, line if len(line) <= MAX_LINE else TooLongError()
                passed_over = 0
            if passed_over or len(rest) > MAX_LINE:
                if not passed_over:
                    yield number + 1, TooLongError()
                passed_over, rest = _pass_over(passed_over, rest), b""
    except CutError as cut:
        yield number + 1, cut
        return
    if rest:
        yield number + 1, rest


def _pass_over(passed_over: int, rest: bytes) -> int:
    """Return how much of a line was passed over now.

    Raises:
        CutError: it is too much to go on.
    """
    if passed_over + len(rest) > MAX_PASSED_OVER:
        raise CutError(f"one line goes on for more than {MAX_PASSED_OVER // 2**20} MiB")
    return passed_over + len(rest)


def chunks(path: Path) -> Iterator[bytes]:
    """Yield the file's content, unpacked, in pieces of bounded size.

    Raises:
        CutError: it ends in the middle, or is damaged.
        SourceError: it may not be read.
    """
    with open_binary(path) as stream:
        try:
            head = stream.peek(4)[:4] if hasattr(stream, "peek") else b""
            if head.startswith(ZSTD_MAGIC):
                yield from _unzstd(stream)
            elif head.startswith(GZIP_MAGIC):
                yield from _gunzip(stream)
            else:
                while chunk := stream.read(_STEP):
                    yield chunk
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error


def _gunzip(stream: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=stream) as packed:
        while True:
            try:
                chunk = packed.read1(_STEP)
            except EOFError as error:
                raise CutError("the compressed file ends in its middle") from error
            except (gzip.BadGzipFile, zlib.error) as error:
                raise CutError(f"the compressed file is damaged: {error}") from error
            if not chunk:
                return
            yield chunk


def _unzstd(stream: BinaryIO) -> Iterator[bytes]:
    import zstandard

    frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    unpacking = None
    while packed := stream.read(_ZSTD_STEP):
        while packed:
            unpacking = unpacking or frame.decompressobj()
            try:
                chunk = unpacking.decompress(packed)
            except zstandard.ZstdError as error:
                raise CutError(f"the compressed file is damaged: {error}") from error
            if chunk:
                yield chunk
            packed = unpacking.unused_data if unpacking.eof else b""
            if unpacking.eof:
                unpacking = None
    if unpacking is not None:
        raise CutError("the compressed file ends in its middle")
