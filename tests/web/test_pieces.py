"""Small pieces of HTML: what comes from outside is text, whatever it looks like."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from broadsheet.model import Identifier, Link, Paper, PaperId, Scheme
from broadsheet.web import pieces

HOSTILE = '"><script>alert(1)</script>'
ESCAPED = "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"


def paper(**facts: object) -> Paper:
    """Return a paper with these facts."""
    told = {"id": PaperId("arxiv:2603.00001"), "title": "A title", "key": 7, "votes": 1_234} | facts
    return Paper(identifiers=(Identifier(Scheme.ARXIV, "2603.00001"),), **told)  # type: ignore[arg-type]


def test_a_name_is_text() -> None:
    """An author may be called anything; the address says it, too."""
    made = pieces.author_list(paper(authors=(HOSTILE,)))

    assert isinstance(made, Markup)
    assert f">{ESCAPED}</a>" in made
    assert "<script" not in made


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"authors": ("A", "B", "C", "D"), "author_count": 9}, "+ 6</span>"),
        ({"author_count": 1}, "1 author, not named at the source"),
        ({}, "No authors at the source"),
        ({"authors": ("王小明",)}, '<bdi lang="zh">王小明</bdi>'),
    ],
)
def test_authors_are_told_as_far_as_they_are_known(facts: dict[str, object], shown: str) -> None:
    """Three names, and how many more; never a blank."""
    assert shown in pieces.author_list(paper(**facts))


def test_a_vote_can_be_taken_back() -> None:
    """The form says what pressing it does, and how it stands."""
    cast, taken = pieces.vote_form(paper(), is_on=False), pieces.vote_form(paper(), is_on=True)

    assert 'name="on" value="1"' in cast
    assert 'aria-pressed="false"' in cast
    assert "1,234</button>" in cast
    assert 'name="on" value="0"' in taken
    assert 'aria-pressed="true"' in taken


def test_a_shelf_is_text() -> None:
    """Shelves are named by readers."""
    made = pieces.save_form(paper(), (HOSTILE, "Other"))

    assert f'value="{ESCAPED}"' in made
    assert f'title="On the shelf {ESCAPED} and Other"' in made
    assert "saved</button>" in made
    assert f'value="{pieces.DEFAULT_SHELF}"' in pieces.save_form(paper(), ())


def test_code_is_linked_where_there_is_some() -> None:
    """The address is escaped, and its host is said to whoever cannot see where it leads."""
    there = pieces.code_link(paper(links=(Link(kind="code", url="https://x.example/a?b=1&c"),)))

    assert 'href="https://x.example/a?b=1&amp;c"' in there
    assert " at x.example</span>" in there
    assert pieces.code_link(paper()) == ""


@pytest.mark.parametrize(("value", "width"), [(-1, "0.0"), (0.256, "25.6"), (7, "100.0")])
def test_a_bar_stays_in_its_frame(value: float, width: str) -> None:
    """A cosine may be below 0, a score above 1."""
    assert f'<rect width="{width}" height="6"/>' in pieces.gauge("words", value)
