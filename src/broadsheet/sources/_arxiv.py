"""What arXiv's ways have in common: names of authors, ids, and what makes a record of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from broadsheet.model import Identifier, Scheme
from broadsheet.sources import _fields
from broadsheet.sources._fields import FieldError
from broadsheet.sources.jsonlines import to_record
from broadsheet.text import ids, latex

if TYPE_CHECKING:
    from broadsheet.model import Record

SOURCE = "arxiv"

_INNERMOST = re.compile(r"\([^()]*\)")
_AND = re.compile(r",\s*and\s+|,\s+|\s+and\s+|;\s+|,(?=\S)")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|PhD|MD)\.?", re.IGNORECASE)


def record(values: dict[str, Any], *, label: str) -> Record:
    """Return the record of an arXiv paper from fields named as in a JSON Lines record.

    Args:
        values: Without identity and links; names of authors as text or a list.
        label: The paper's arXiv id in any form, version included where known.

    Raises:
        FieldError: a field cannot be used; the message names it.
    """
    named = ids.parse_versioned(label)
    if named is None or named[0].scheme is not Scheme.ARXIV:
        raise FieldError(f"id: {_fields.shown(label)} is no arXiv id")
    identifier, version = named
    extra = dict(values.pop("extra", {}))
    names = values.get("authors") or []
    values["authors"] = (
        split_authors(names) if isinstance(names, str) else [_readable(name) for name in names]
    )
    if version and not values.get("version"):
        values["version"] = version
    return to_record(
        {"source": SOURCE, "id": _plain(identifier), "extra": extra} | values, shelf=SOURCE
    )


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
