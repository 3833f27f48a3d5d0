"""Answers are kept while they hold, and no longer."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from broadsheet.library.memo import LIFE, Memo
from tests.support import NOON


def test_an_answer_is_kept_while_state_and_minute_last() -> None:
    """A change, a minute or a clock set back make it stale."""
    memo, numbers = Memo(), count()

    def ask(state: int = 1, age: timedelta = timedelta()) -> int:
        return memo.get("q", lambda: next(numbers), state=state, now=NOON + age)

    assert [ask(), ask(), ask(age=LIFE)] == [0, 0, 0]
    assert ask(state=2) == 1
    assert ask(state=2, age=LIFE + timedelta(seconds=1)) == 2
    assert ask(state=2) == 3


def test_the_answer_asked_for_longest_ago_goes_first() -> None:
    """Memory is bounded."""
    memo, numbers = Memo(size=2), count()
    asked = [memo.get(name, lambda: next(numbers), state=1, now=NOON) for name in "abaca"]

    assert asked == [0, 1, 0, 2, 0]
    assert memo.get("b", lambda: next(numbers), state=1, now=NOON) == 3
