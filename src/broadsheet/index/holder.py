"""One index folder, held open by this process: who may read it, who may write it, what is in it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from broadsheet.errors import ConflictError, IndexFaultError
from broadsheet.index import disk, state
from broadsheet.index.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.index.disk import Space
    from broadsheet.index.meaning import Meaning
    from broadsheet.index.nearest import Nearest
    from broadsheet.index.rows import Slots
    from broadsheet.index.state import State

CREATION_S = 10.0  # how long to wait while another process makes the index


class Holder:
    """Any number of processes read a folder, one at a time writes; in it, any thread reads.

    A damaged folder can be held too: reading and changing it then say what is wrong.
    """

    def __init__(self, folder: Path, space: Space) -> None:
        self._folder = folder
        self._space = space  # today's encoder's
        self._lock = disk.ProcessLock(folder / disk.LOCK_FILE)
        self._writing = threading.RLock()  # one thread changes the files
        self._turns = Turns()  # many threads search, or one changes what is in memory
        self._state: State | None = None
        self._fault: IndexFaultError | None = None
        self._is_closed = False
        folder.mkdir(parents=True, exist_ok=True)
        self._make_if_missing()
        self._renew_if_old()
        self.open()

    def try_lock(self) -> bool:
        """Become the one process that may write; tell whether that worked."""
        with self._writing:
            had_it = self._lock.is_held
            if not self._lock.try_take():
                return False
            if not had_it:
                self._renew_if_old()
                self.refresh()  # the process before may have written since
        return True

    def refresh(self) -> None:
        """See what another process has written since; one ``stat`` when nothing was."""
        current = self._state
        if current is not None and disk.stamp(self._folder) == current.stamp:
            return
        with self._writing:
            self._follow()

    def close(self) -> None:
        """Let go of files and locks."""
        with self._writing, self._turns.writing():
            if self._state is not None:
                self._state.close()
            self._state = None
            self._fault = IndexFaultError("the index is closed")
            self._is_closed = True
            self._lock.release()

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Have what is open, while nobody changes it in memory."""
        with self._turns.reading():
            if self._state is None:
                raise self._fault or disk.fault("is not open")
            yield self._state

    @contextmanager
    def changing(self) -> Iterator[State]:
        """Have the right to write: of this process, and in it."""
        with self._writing:
            self._require_lock()
            if self._state is None:
                raise self._fault or disk.fault("is not open")
            yield self._state

    def _require_lock(self) -> None:
        if not self.try_lock():
            raise ConflictError("another process is writing the index; try again when it is done")

    def absorb(self, opened: State, *encoded: tuple[Meaning, Slots]) -> None:
        """Bring what is in memory in step with what was written: rows, and vectors of these."""
        with self._turns.writing():
            opened.absorb(encoded)

    def use(self, meaning: Meaning, nearest: Nearest) -> None:
        """Search a space by this from now on."""
        with self._turns.writing():
            meaning.nearest = nearest

    def _make_if_missing(self) -> None:
        """Make an empty index where there is none; let one process do it."""
        deadline = time.monotonic() + CREATION_S
        while not state.exists(self._folder):
            if self._lock.try_take():
                if not state.exists(self._folder):
                    state.create(self._folder, space=self._space, generation=0)
                self._lock.release()
            elif time.monotonic() > deadline:
                raise ConflictError("another process has been making the index for too long")
            else:
                time.sleep(0.02)

    def _renew_if_old(self) -> None:
        """Begin anew what an older program or another encoder made; opening says what is wrong.

        Of two processes one does it; where another one holds the index, it stays as it is.
        """
        with suppress(IndexFaultError, FileNotFoundError):
            had_it = self._lock.is_held
            if state.is_old(self._folder, self._space) and self._lock.try_take():
                try:
                    state.renew(self._folder, self._space)
                finally:
                    if not had_it:
                        self._lock.release()

    def clear(self) -> None:
        """Make an empty index in place of whatever is there."""
        with self._writing:
            self._require_lock()
            generation = time.time_ns()  # larger than any before, whatever is left of the old one
            state.create(self._folder, space=self._space, generation=generation)
            self.open()
            if self._fault is not None:
                raise self._fault

    def open(self) -> None:
        """Open what is in the folder in place of what was open; note what is wrong with it."""
        opened, problem = None, None
        try:
            opened = state.State.open(self._folder)
        except FileNotFoundError as error:
            problem = disk.fault(f"has lost a file ({error})")
        except IndexFaultError as error:
            problem = error
        with self._turns.writing():
            before, self._state, self._fault = self._state, opened, problem
            if before is not None:
                before.close()

    def _follow(self) -> None:
        current = self._state
        if self._is_closed:
            return
        try:
            read_at = disk.stamp(self._folder)
            if current is not None and read_at == current.stamp:
                return
            commit = disk.load_commit(self._folder)
            if current is not None and current.can_follow(commit):
                nearest = current.prepared(commit)
                with self._turns.writing():
                    current.follow(commit, read_at, nearest)
                return
        except (FileNotFoundError, IndexFaultError):
            pass  # opening says what is wrong
        self.open()
