"""Papers survive the way into text and back, whatever they hold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.store.bodies import storable
from broadsheet.text.sheet import paper_of, sheet_of
from tests.support_papers import paper, papers

if TYPE_CHECKING:
    from broadsheet.model import Paper

counts = st.integers(0, 2**53)


@given(papers, st.tuples(counts, counts, counts), st.integers(1))
def test_a_paper_comes_back(one: Paper, totals: tuple[int, int, int], key: int) -> None:
    """Emoji, right-to-left marks, NUL, half pairs: no string is changed on the way."""
    body = storable(sheet_of(one).body)

    votes, comments, stars = totals
    back = replace(one, key=key, votes=votes, comments=comments, stars=stars)
    assert paper_of(key, body, totals) == back
    body.encode()  # fits into UTF-8, which both databases demand
    assert "\0" not in body  # which PostgreSQL demands


@given(papers)
def test_a_sheet_says_what_is_asked_for_without_reading_it(one: Paper) -> None:
    """Its columns are what a day's edition is looked up by."""
    sheet = sheet_of(one)

    assert sheet.names == tuple(map(str, one.identifiers))
    assert (sheet.day, sheet.announced, sheet.picked) == (one.day, one.announced, one.picked)
    assert sheet.is_specimen is one.is_specimen
    assert sheet.citations == one.citations


def test_a_body_holds_no_defaults() -> None:
    """What says nothing takes no room, and a new field needs no migration."""
    body = json.loads(sheet_of(paper(1, venue="", is_specimen=False)).body)

    assert "venue" not in body
    assert "is_specimen" not in body
