"""What arXiv's ways have in common: names of authors, ids, and what makes a record of them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from broadsheet.library.merge import IN_TIME_FOR
from broadsheet.model import Identifier, Scheme
from broadsheet.sources import _fields
from broadsheet.sources._fields import FieldError
from broadsheet.sources.jsonlines import to_record
from broadsheet.text import arxiv_calendar, ids, latex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Record

SOURCE = "arxiv"
FIRST_YEAR = min(arxiv_calendar.KNOWN_YEARS)  # before it the deadlines of a day are not known

_INNERMOST = re.compile(r"\([^()]*\)")
_AND = re.compile(r",\s*and\s+|,\s+|\s+and\s+|;\s+|,(?=\S)")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|PhD|MD)\.?", re.IGNORECASE)


def record(values: dict[str, Any], *, label: str) -> Record:
    """Return the record of an arXiv paper from fields named as in a JSON Lines record.

    Args:
        values: Without identity and links; names of authors as text or a list. `submitted` is
            the moment of version 1, from which the listing follows that it was in time for.
        label: The paper's arXiv id in any form, version included where known.

    Raises:
        FieldError: a field cannot be used; the message names it.
    """
    named = ids.parse_versioned(label)
    if named is None or named[0].scheme is not Scheme.ARXIV:
        raise FieldError(f"id: {_fields.shown(label)} is no arXiv id")
    identifier, version = named
    extra = dict(values.pop("extra", {}))
    submitted: datetime | None = values.pop("submitted", None)
    if submitted and submitted.year >= FIRST_YEAR:
        extra[IN_TIME_FOR] = arxiv_calendar.listing_of(submitted).isoformat()
    names = values.get("authors") or []
    values["authors"] = (
        split_authors(names) if isinstance(names, str) else [_readable(name) for name in names]
    )
    if version and not values.get("version"):
        values["version"] = version
    return to_record(
        {"source": SOURCE, "id": _plain(identifier), "extra": extra} | values, shelf=SOURCE
    )


def named(text: str) -> Identifier | None:
    """Return the arXiv id that a text is, without its version, or None."""
    found = ids.parse_versioned(text)
    return found[0] if found and found[0].scheme is Scheme.ARXIV else None


def is_in(part: str, categories: Iterable[str]) -> bool:
    """Tell whether a paper of these categories stands in the listing of one, or of an archive."""
    return any(one == part or one.startswith(f"{part}.") for one in categories)


def in_time_for(record: Record) -> date | None:
    """Return the listing that a paper's first version was in time for, where that is known."""
    said = record.extra.get(IN_TIME_FOR)
    return date.fromisoformat(str(said)) if said else None


def split_authors(text: str) -> list[str]:
    """Return the names in a list as arXiv writes it: "A. B. (1), C. D. and E. F. ((1) Bonn)".

    Affiliations in parentheses go; "Jr." stays with its name; TeX accents become letters.
    """
    plain = _readable(text)
    while (shorter := _INNERMOST.sub(" ", plain)) != plain:
        plain = shorter
    names: list[str] = []
    for piece in _AND.split(plain):
        name = " ".join(piece.split()).strip(" ,;")
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f", {name}"
        elif name:
            names.append(name)
    return names


def _readable(name: str) -> str:
    return latex.to_text(name) if "\\" in name or "{" in name else name


def _plain(identifier: Identifier) -> str:
    return f"arXiv:{identifier.value}"
