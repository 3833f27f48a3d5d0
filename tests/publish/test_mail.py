"""A digest reads well in both parts and carries the headers that mail programs ask for."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Paper, PaperId, Ranked, Status
from broadsheet.publish import mail
from tests.support import NOON

LEAVE = "https://papers.example/unsubscribe/abc.def"


def envelope(**changes: Any) -> mail.Envelope:
    """Return an envelope to Ada."""
    values: dict[str, Any] = {
        "to": "ada@example.org",
        "sender": "Broadsheet <papers@papers.example>",
        "title": "Broadsheet",
        "base_url": "https://papers.example",
        "sent": NOON,
        "name": "digest-1",
    }
    return mail.Envelope(**(values | changes))


def ranked(rank: int = 1, **changes: Any) -> Ranked:
    """Return a paper at a rank."""
    values: dict[str, Any] = {
        "key": rank,
        "id": PaperId(f"arxiv:2603.{rank:05d}"),
        "identifiers": (),
        "title": f"Paper {rank} on $O(n\\log n)$ sheep",
        "abstract": "We count sheep. Then we sleep.",
        "authors": ("Ada", "Bo", "Cy", "Di"),
        "author_count": 4,
        "categories": ("cs.LG",),
        "votes": 12,
        "comments": 1,
    }
    return Ranked(rank=rank, paper=Paper(**(values | changes)), heat=1.0, why="12 votes in a day")


def digest(*papers: Ranked, **changes: Any) -> EmailMessage:
    """Return a digest as a mail program reads it: written to bytes and read again."""
    values: dict[str, Any] = {
        "heading": "Wednesday, 4 March 2026",
        "papers": papers,
        "note": "30 announced, 4 picked, open.",
        "page_url": "https://papers.example/papers/date/2026-03-04",
        "leave_url": LEAVE,
        "wish": "daily at 07:00 (UTC)",
    }
    made = mail.digest(envelope(), **(values | changes))
    read = message_from_bytes(made.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def parts(message: EmailMessage) -> tuple[str, str]:
    """Return the plain and the HTML part."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_both_parts_tell_the_same_papers() -> None:
    """Who reads plain text misses nothing."""
    for part in parts(digest(ranked(1), ranked(2))):
        text = " ".join(part.split())
        assert "Paper 1 on O(n log n) sheep" in text
        assert "Paper 2 on O(n log n) sheep" in text
        assert "Ada, Bo, Cy + 1" in text
        assert "12 votes, 1 comment" in text
        assert "Why: 12 votes in a day" in text
        assert "https://papers.example/papers/2603.00001" in text
        assert LEAVE in text


def test_the_headers_let_a_mail_program_leave_by_one_click() -> None:
    """RFC 8058 section 3.1: both headers, an HTTPS address, and the exact word."""
    message = digest(ranked())

    assert message["List-Unsubscribe"] == f"<{LEAVE}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == '"Broadsheet" <digest.papers.example>'
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<digest-1@papers.example>"
    assert message["To"] == "ada@example.org"


def test_a_hostile_title_is_only_text() -> None:
    """A title is written by a stranger: no markup, no header, no line of its own."""
    title = 'Ends </h2><script>alert(1)</script>\r\nBcc: all@example.org "&'

    message = digest(ranked(title=title))

    _, html = parts(message)
    assert "<script>" not in html
    assert "Bcc" not in message
    assert "\n" not in str(message["Subject"])


def test_an_empty_digest_says_why() -> None:
    """A day without papers must not look like a fault of the mail."""
    message = digest(note="arXiv announces nothing on Saturdays.")

    assert "no papers, and why" in str(message["Subject"])
    for part in parts(message):
        assert "arXiv announces nothing on Saturdays." in part


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"abstract": ""}, "No abstract at the source.", id="no abstract"),
        pytest.param({"authors": (), "author_count": 6}, "6 authors", id="only a count"),
        pytest.param({"is_specimen": True}, "Specimen: ", id="specimen"),
        pytest.param({"status": Status.RETRACTED}, "Retracted: ", id="retracted"),
    ],
)
def test_nothing_is_empty_without_a_reason(changes: dict[str, Any], expected: str) -> None:
    """What the source did not give is said, and a specimen is called one."""
    for part in parts(digest(ranked(**changes))):
        assert expected in part


def test_plain_text_keeps_its_width() -> None:
    """Lines of prose fit a terminal; only links may be longer."""
    plain, _ = parts(digest(ranked(abstract="word " * 200), note="note " * 60))

    assert all(len(line) <= mail.WIDTH or "https://" in line for line in plain.splitlines())


@given(st.text(st.characters(codec=None), min_size=1, max_size=300))
def test_any_title_makes_a_mail(title: str) -> None:
    """Whatever the source wrote, the message can be sent and read."""
    message = digest(ranked(title=title, authors=(title,)))

    assert parts(message)[0].splitlines()[0] == "Broadsheet"


def test_a_confirmation_carries_its_link() -> None:
    """The link stands alone on its line, so that no mail program breaks it."""
    url = "https://papers.example/subscribe/confirm/token"

    made = mail.confirmation(envelope(), wish="daily at 07:00 (UTC)", confirm_url=url, valid_days=3)

    plain, html = parts(made)
    assert url in plain.splitlines()
    assert f'href="{url}"' in html
    assert "List-Unsubscribe" not in made
