"""What is on disk, and how far it counts: one commit file, written by rename.

Every other file only counts as far as the commit file says, so that a process killed at any
moment leaves either the old state or the new one.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from broadsheet.errors import IndexFaultError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 2  # raise it when the layout of a file of papers or vectors changes; see `older`
LEXICON = 4  # raise it when fields, or the way texts become words, change: words are indexed anew
COMMIT_FILE = "commit.json"
INTENT_FILE = "intent.json"
LOCK_FILE = "lock"
REPAIR = "run `broadsheet reindex` to rebuild it from the store"


def fault(what: str) -> IndexFaultError:
    """Return the error that says what is wrong with the index and how to mend it."""
    return IndexFaultError(f"the index {what}; {REPAIR}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The vectors of one model, of which one may be compared with the other."""

    dim: int  # of a vector
    name: str = ""  # the model's; "": of an index that is never asked for another
    origin: str = ""  # the setting that opens its encoder
    folder: str = ""  # beneath that of the papers; "": that one itself
    meaning: str = ""  # file of the approximate index; empty: none
    encoders: tuple[str, ...] = ()  # a vector's mark holds 1 + the place of its encoder here

    def holds(self, encoder: str) -> bool:
        """Tell whether an encoder of this name makes vectors of this space."""
        return not self.name or encoder.startswith(f"{self.name}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The state that counts."""

    spaces: tuple[Space, ...]  # today's, then the one before, while today's is not complete
    generation: int = 0  # grows with every commit, so that readers see that something changed
    position: int = 0  # the last change applied
    rows: int = 0  # of the table of papers; what lies beyond is left over from a kill
    words: str = "words-0"  # folder of the lexical index
    papers: str = "papers-0"  # folder of the table of papers and their vectors
    format: int = FORMAT
    lexicon: int = 1  # commit files without it are older than it

    def next(self, **changes: object) -> Self:
        """Return the state that follows this one."""
        values = {"generation": self.generation + 1, **changes}
        return replace(self, **values)  # type: ignore[arg-type]  # the fields are checked there


def load_commit(folder: Path) -> Commit:
    """Read the commit file.

    Raises:
        FileNotFoundError: there is none yet.
        IndexFaultError: it cannot be read, or speaks of another format.
    """
    path = folder / COMMIT_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if "spaces" not in values:
            values["spaces"] = [_only(values)]
        values["spaces"] = tuple(_space(one) for one in values["spaces"])
        commit = Commit(**values)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise fault(f"has a {COMMIT_FILE} that cannot be read ({error})") from error
    if commit.format > FORMAT:
        raise fault(f"has format {commit.format}, and this program reads {FORMAT}")
    if commit.lexicon > LEXICON:
        raise fault(f"has words of form {commit.lexicon}, and this program reads {LEXICON}")
    return commit


def _space(values: dict[str, Any]) -> Space:
    return Space(**{**values, "encoders": tuple(values["encoders"])})


def _only(values: dict[str, Any]) -> dict[str, Any]:
    """Take the one space out of what a program wrote that knew of no others."""
    only: dict[str, Any] = {name: values.pop(name) for name in ("dim", "meaning", "encoders")}
    return {**only, "name": only["encoders"][0].rsplit("/", 2)[0] if only["encoders"] else ""}


def save_commit(folder: Path, commit: Commit) -> None:
    """Make a state count: durable when this returns."""
    write_file(folder / COMMIT_FILE, json.dumps(asdict(commit), indent=1).encode())


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole, by rename, durably."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def save_intent(folder: Path, keys: set[int]) -> None:
    """Note which papers are half done, so that ``check`` can tell a kill from damage."""
    if keys:
        write_file(folder / INTENT_FILE, json.dumps(sorted(keys)).encode())
    else:
        (folder / INTENT_FILE).unlink(missing_ok=True)


def load_intent(folder: Path) -> set[int]:
    """Return the papers whose change was begun and never finished."""
    try:
        return set(json.loads((folder / INTENT_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError) as error:
        raise fault(f"has an {INTENT_FILE} that cannot be read ({error})") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def stamp(folder: Path) -> tuple[int, int, int]:
    """Return what changes when the commit file is replaced; cheap enough for every search."""
    try:
        stat = (folder / COMMIT_FILE).stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (stat.st_mtime_ns, stat.st_ino, stat.st_size)


def size_on_disk(folder: Path) -> int:
    """Return the bytes that a folder's files take; a hole in a file takes nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH116, PTH118
            except FileNotFoundError:  # merged away meanwhile
                continue
    return total


class ProcessLock:
    """A lock on a file, held by one process at a time and let go when that process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    @property
    def is_held(self) -> bool:
        """Tell whether this object holds the lock."""
        return self._handle is not None

    def try_take(self) -> bool:
        """Take the lock, or tell that another holds it."""
        if self._handle is not None:
            return True
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        except OSError:  # a disk without locks
            os.close(handle)
            raise
        self._handle = handle
        return True

    def release(self) -> None:
        """Let go; no harm when it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
