"""Mail as bytes leave the house: HTML and plain text of one message, and its headers."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from broadsheet.publish import work
from broadsheet.text import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from jinja2 import Template

    from broadsheet.model import Ranked

WIDTH = 72  # characters of a line of plain text
AUTHORS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every message needs."""

    to: str
    sender: str
    title: str  # of the instance
    base_url: str  # without a final slash
    sent: datetime  # UTC, aware
    name: str  # unique within the instance: the same name is the same message


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One paper as a mail shows it."""

    rank: int
    title: str
    byline: str
    counts: str
    gist: str
    why: str
    url: str


def confirmation(
    envelope: Envelope, *, wish: str, confirm_url: str, valid_days: int
) -> EmailMessage:
    """Return the message that asks an address's owner whether digests are wanted."""
    values = {
        "title": envelope.title,
        "wish": wish,
        "confirm_url": confirm_url,
        "valid_days": valid_days,
        "host": host(envelope.base_url),
    }
    text = (
        f"Somebody, we hope you, asked {envelope.title} at {values['host']}\n"
        f"to send the trending papers to this address, {wish}.\n\n"
        f"To confirm, open this link within {valid_days} days:\n\n{confirm_url}\n\n"
        "If it was not you, do nothing: no mail will follow.\n"
    )
    return _message(
        envelope,
        f"Confirm: papers from {envelope.title}",
        text,
        _template("confirm").render(values),
    )


def digest(
    envelope: Envelope,
    *,
    heading: str,
    papers: Sequence[Ranked],
    note: str,
    page_url: str,
    leave_url: str,
    wish: str,
) -> EmailMessage:
    """Return one reader's digest; without papers it says, in ``note``, why there are none.

    Args:
        envelope: To whom, from whom, when.
        heading: The period: "Friday, 21 August 2026".
        papers: Best first; may be empty.
        note: One or two sentences about the period as a whole.
        page_url: The same edition on the page.
        leave_url: Unsubscribes by one POST (RFC 8058); a GET shows a page with a button.
        wish: When digests come, in words.
    """
    lines = [_line(ranked, envelope.base_url) for ranked in papers]
    values = {
        "title": envelope.title,
        "heading": heading,
        "note": note,
        "lines": lines,
        "page_url": page_url,
        "leave_url": leave_url,
        "wish": wish,
        "host": host(envelope.base_url),
    }
    subject = f"{envelope.title}, {heading}: " + (lines[0].title if lines else "no papers, and why")
    message = _message(
        envelope,
        _shortened(subject, 150),
        _plain_digest(values, lines),
        _template("digest").render(values),
    )
    message["List-Id"] = f"{_quoted(envelope.title)} <digest.{host(envelope.base_url)}>"
    message["List-Unsubscribe"] = f"<{leave_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1
    message["Precedence"] = "bulk"
    return message


def host(base_url: str) -> str:
    """Return the host of an address, without its port."""
    return urlsplit(base_url).hostname or "localhost"


def _message(envelope: Envelope, subject: str, text: str, html: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(_encodable(subject).split())
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Date"] = format_datetime(envelope.sent)
    message["Message-ID"] = f"<{envelope.name}@{host(envelope.base_url)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic replies, please
    message.set_content(_encodable(text))
    message.add_alternative(_encodable(html), subtype="html")
    return message


def _encodable(text: str) -> str:
    """Return text that UTF-8 can carry: a lone surrogate in one title spoils no mail."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _line(ranked: Ranked, base_url: str) -> Line:
    paper = ranked.paper
    shown = list(paper.authors[:AUTHORS_SHOWN])
    more = (paper.author_count or len(paper.authors)) - len(shown)
    names = ", ".join(shown) if shown else (f"{more} authors" if more else "")
    counts = [
        paper.categories[0] if paper.categories else "",
        _count(paper.votes, "vote"),
        _count(paper.comments, "comment"),
    ]
    return Line(
        rank=ranked.rank,
        title=work.headline(paper),
        byline=f"{names} + {more}" if shown and more > 0 else names,
        counts=", ".join(part for part in counts if part),
        gist=sentences.gist(paper.summary or work.abstract(paper)) or "No abstract at the source.",
        why=ranked.why,
        url=work.page_url(paper, base_url),
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""


def _plain_digest(values: Mapping[str, object], lines: Sequence[Line]) -> str:
    parts = [f"{values['title']}\n{values['heading']}"]
    if values["note"]:
        parts.append(textwrap.fill(str(values["note"]), WIDTH))
    parts[-1] += f"\n{values['page_url']}"
    parts += [_plain_line(line) for line in lines]
    parts.append(
        "-- \n"
        + textwrap.fill(
            f"Sent by {values['title']} at {values['host']} because you asked for it, "
            f"{values['wish']}. This mail holds no picture and no tracker.",
            WIDTH,
        )
        + f"\nLeave: {values['leave_url']}"
    )
    return "\n\n".join(parts) + "\n"


def _plain_line(line: Line) -> str:
    indent = " " * 4
    about = ". ".join(part for part in (line.byline, line.counts) if part)
    paragraphs = [line.title, about, line.gist, f"Why: {line.why}" if line.why else ""]
    blocks = [
        textwrap.fill(
            paragraph,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        for paragraph in paragraphs
        if paragraph
    ]
    text = "\n".join([*blocks, indent + line.url])
    return f"{line.rank:>2}" + text[2:]


def _shortened(text: str, limit: int) -> str:
    return textwrap.shorten(text, limit, placeholder=" ...")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "").replace('"', "") + '"'


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    source = resources.files("broadsheet.publish") / "templates" / f"{name}.html"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(source.read_text(encoding="utf-8"))
