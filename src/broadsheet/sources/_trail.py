"""Has this page been read before? A list that leads back to its own pages would never end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from broadsheet.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMES = 2  # that one page may come in a list: services repeat one when something moves before it


class Trail:
    """The pages of one list that a run has read, and what led on from each."""

    def __init__(self, name: str) -> None:
        """Begin to read a list; ``name`` is what an error calls it."""
        self._name = name
        self._steps: set[tuple[str, int]] = set()
        self._pages: Counter[int] = Counter()

    def follow(self, token: str, page: Sequence[object]) -> None:
        """Take note of a page, and of the token that asks for the next one.

        A token that stays while pages change is no circle; nor are empty pages, whose tokens
        change: all that was in them may be unwanted.

        Raises:
            UnreachableError: this list has had this page with this token, or too often.
        """
        mark = hash(repr(page))
        step = (token, mark)
        self._pages[mark] += bool(page)
        if step in self._steps:
            raise self.circle(f"the token {token[:80]!r} leads back to a page that was read")
        if self._pages[mark] > TIMES:
            raise self.circle("one page comes again and again")
        self._steps.add(step)

    def knows(self, page: Sequence[object]) -> bool:
        """Take note of a page; tell whether another place of this list had it. Empty ones say no.

        It is for lists whose places are counted, where no page is at two of them.
        """
        mark = hash(repr(page))
        self._pages[mark] += bool(page)
        return self._pages[mark] > 1

    def circle(self, what: str = "another place shows a page that was read") -> UnreachableError:
        """Return the error that says so."""
        return UnreachableError(
            f"{self._name} repeats itself: {what}; what comes after it is missing"
        )
