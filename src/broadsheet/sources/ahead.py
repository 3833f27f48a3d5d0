"""Read ahead: another process reads and prepares a large file while this one saves.

Reading is half the work of an import, and one Python process uses one core. The reader is a
fresh interpreter that gets the source over a pipe and answers with batches; it is not forked, so
threads and databases of this process stay here, and it never imports the caller's own program.
The pipe is the bounded queue. When this process ends, however, the reader's pipe breaks and
it ends too. Small files, and sources that are no files, are read here: a start costs a second.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from broadsheet.errors import SourceError
from broadsheet.library import arrival
from broadsheet.sources._by_line import ByLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library.arrival import Incoming
    from broadsheet.ports import Source

OBJECTS = 50_000  # new ones between two looks for cycles; a batch of papers has some 20,000
LARGE = 24 * 1024 * 1024
"""Bytes: some ten thousand papers, which take this process two seconds to read."""

PACKED = 4  # packed files are as many times larger inside
MOST = 3  # readers; one keeps one writer busy, two where it is quick
WAITING = 2  # batches per reader that are read ahead of need
HEADER = struct.Struct(">Q")
_PACKED_ENDINGS = (".gz", ".zst")


def batches(source: Source, size: int, /) -> Iterator[list[Incoming]]:
    """Yield what a source has in pieces, as ``arrival.batches`` does; a large file is read ahead.

    Raises:
        SourceError: nothing more can be read, or a reader was killed.
    """
    if not is_large(source):
        return arrival.batches(source, size)
    readers = min(MOST, (os.cpu_count() or 1) - 1) if isinstance(source, ByLine) else 1
    return ahead(source, size, readers=max(1, readers))


@contextmanager
def few_cycles() -> Iterator[None]:
    """Look for garbage in cycles seldom, and never among what is loaded by now.

    For a process that does nothing but read papers or save them: it makes millions of objects,
    next to none of them in cycles, and looking costs a fifth of its time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def is_large(source: Source, /) -> bool:
    """Tell whether a source is a file for which a reader of its own is worth its start."""
    path = getattr(source, "path", None)
    if not isinstance(path, Path) or not path.is_file() or (os.cpu_count() or 1) == 1:
        return False
    size = path.stat().st_size
    return size * (PACKED if path.name.endswith(_PACKED_ENDINGS) else 1) >= LARGE


def ahead(source: Source, size: int, /, *, readers: int) -> Iterator[list[Incoming]]:
    """Yield a source's batches in its order, read by so many processes.

    Raises:
        SourceError: nothing more can be read, or a reader was killed.
    """
    with ExitStack() as stack:
        running = [
            stack.enter_context(_Reader(source, size, place, readers)) for place in range(readers)
        ]
        for number in count():
            batch = running[number % readers].next()
            if batch is None:
                return
            if batch:
                yield batch


class _Reader:
    """One process that reads every n-th block of a source."""

    def __init__(self, source: Source, size: int, place: int, of: int) -> None:
        self._order = pickle.dumps((source, size, place, of))
        self._ready: queue.Queue[bytes] = queue.Queue(WAITING)
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        """Start the process."""
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, this module
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdin is not None  # noqa: S101  # both are pipes
        _send(self._process.stdin, self._order)
        self._thread = threading.Thread(target=self._fetch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._is_over.set()
        self._process.kill()
        while self._thread.is_alive():  # it may wait for room
            with suppress(queue.Empty):
                self._ready.get_nowait()
            self._thread.join(0.01)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def next(self) -> list[Incoming] | None:
        """Return the next batch; None at the end.

        Raises:
            SourceError: nothing more can be read, or the process was killed.
        """
        packed = self._ready.get()
        if not packed:
            raise SourceError(f"the process that read ahead ended early ({self._process.wait()})")
        kind, content = pickle.loads(packed)  # noqa: S301  # from this program over its own pipe
        if kind == "error":
            raise content
        batch: list[Incoming] | None = content
        return batch

    def _fetch(self) -> None:
        """Take answers off the pipe, so that the process need not wait for us; b"" is its end."""
        assert self._process.stdout is not None  # noqa: S101  # a pipe
        while True:
            packed = _receive(self._process.stdout)
            self._ready.put(packed)
            if not packed or self._is_over.is_set():
                return


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(HEADER.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """Return what was sent next; b"" when the pipe ended, before or within it."""
    header = pipe.read(HEADER.size)
    if len(header) < HEADER.size:
        return b""
    (length,) = HEADER.unpack(header)
    content = pipe.read(length)
    return content if len(content) == length else b""


# --- the reader ------------------------------------------------------------------------------


def _answers(order: bytes) -> Iterator[tuple[str, Any]]:
    """Yield ("batch", items), then ("end", None) or ("error", exception)."""
    source, size, place, of = pickle.loads(order)  # noqa: S301  # from this program
    try:
        if of == 1:
            found = arrival.batches(source, size)
        else:
            shares = source.read_share(place, of, size)
            found = ([arrival.received(item) for item in items] for items in shares)
        for batch in found:
            yield "batch", batch
    except Exception as error:  # noqa: BLE001  # whatever it is, it is raised in the other process
        yield "error", error
        return
    yield "end", None


def _read_ahead() -> None:
    """Answer the one order on standard input, until the pipe ends or breaks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process decides
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may come between the answers
    try:
        with few_cycles():
            for answer in _answers(_receive(sys.stdin.buffer)):
                _send(answers, pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
    except BrokenPipeError:
        os._exit(1)  # nobody waits any more


if __name__ == "__main__":
    _read_ahead()
