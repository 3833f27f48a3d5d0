"""What is new out there? One file per source; each yields records, observations and faults.

The parsers behind these two are imported when they are called: a search reads no file, and all
of them together took a new process half as long as everything else that it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from broadsheet.model import Fault, Observation, Record
    from broadsheet.ports import Source

__all__ = ["open_files", "reread"]


def open_files(paths: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """Return a source for each file or folder, in their order; ``detect`` says of what kind.

    Raises:
        FormatError: one of them is of no kind that Broadsheet reads; the message says what it is.
        SourceError: one of them is not there, or may not be read.
    """
    from broadsheet.sources import detect

    return detect.open_files(paths)


def reread(fault: Fault) -> Sequence[Record | Observation | Fault]:
    """Return what a piece in quarantine holds now: records, or the fault that it still is.

    Raises:
        FieldError: it is still no record.
        KeyError: it has no form that is known here.
    """
    from broadsheet.sources import rereading

    return rereading.reread(fault)
