"""The public snapshot of arXiv's metadata: every paper, one JSON object per line.

Some three million lines: each is made a record directly, without the questions that JSON Lines
of unknown origin need. Dates are those of the versions; names come from ``authors_parsed``.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from broadsheet.model import Identifier, Link, Precision, Record, Scheme
from broadsheet.sources import _fields, _status
from broadsheet.sources._by_line import ByLine
from broadsheet.sources._entry import fault
from broadsheet.sources._fields import FieldError
from broadsheet.sources.jsonlines import SAMPLE_DOIS, id_links, line_problem, may_hold_address
from broadsheet.text import ids, links, normal

if TYPE_CHECKING:
    from broadsheet.model import Fault

_PARAGRAPH = re.compile(r"\n {2,}")
_CREATED = re.compile(r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})")
DAY_LENGTH = len("Mon, 22 Apr 2007")  # the longest that `_CREATED` matches
_VERSION = re.compile(r"v[1-9]\d{0,3}", re.ASCII)
PARTS = 3  # of a name: family, given, suffix
_NO_NAMES = "authors_parsed: expected lists of family, given and suffix"
_OBJECT = {dict}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def is_snapshot(values: dict[str, Any]) -> bool:
    """Tell whether an object is a line of the snapshot."""
    return "id" in values and "title" in values and not {"authors_parsed", "versions"} - set(values)


class ArxivSnapshot(ByLine):
    """The snapshot, or any part of it."""

    name = "arxiv"

    def item(self, number: int, line: bytes | Exception, /) -> Record | Fault:
        """Return the record of a line, or what is wrong with it."""
        where = f"{self.path.name} line {number}"
        if isinstance(line, Exception):
            return fault(self.name, where, line_problem(line))
        try:
            return to_record(_fields.decode(line))
        except FieldError as error:
            return fault(self.name, where, error, line[:2000].decode("utf-8", "replace"))


def to_record(values: dict[str, Any]) -> Record:
    """Return the record of a line of the snapshot.

    Raises:
        FieldError: a field cannot be used.
    """
    arxiv = ids.arxiv(str(values.get("id")))
    if arxiv is None:
        raise FieldError(f"id: {_fields.shown(values.get('id'))} is no arXiv id")
    title = _text(values, "title", _fields.MAX_TITLE)
    if not title:
        raise FieldError("title: there is none")
    abstract = _text(values, "abstract", _fields.MAX_ABSTRACT)
    comment = _text(values, "comments", _fields.MAX_TEXT)
    version, published, updated = _versions(values.get("versions"))
    extra = _extra(values)
    given = values.get("doi")
    dois = _dois(given) if given else ()
    if given and not dois:
        extra["doi"] = given
    identifiers = (arxiv, *dois)
    return Record(
        source=ArxivSnapshot.name,
        source_id=f"{arxiv.value}v{version}" if version else arxiv.value,
        title=title,
        identifiers=identifiers,
        version=version,
        abstract=abstract,
        authors=_authors(values),
        published=published,
        precision=Precision.DAY,
        updated=updated,
        categories=tuple(dict.fromkeys(_text(values, "categories", _fields.MAX_NAME).split())),
        venue=_text(values, "journal-ref", _fields.MAX_NAME),
        comment=comment,
        license=_text(values, "license", _fields.MAX_NAME),
        status=_status.withdrawn(comment, abstract),
        links=_links(identifiers, f"{comment} {abstract}"),
        extra=extra,
    )


def _text(values: dict[str, Any], name: str, limit: int) -> str:
    value = values.get(name)
    if not value:
        return ""
    if not isinstance(value, str):
        raise FieldError(f"{name}: expected text, found something else")
    if "<" in value or "&" in value:
        value = normal.strip_html(value)
    if name == "abstract":
        value = value.strip()
        if "\n  " in value:
            value = _PARAGRAPH.sub("\n\n", value)
        value = normal.clean_paragraphs(value)
    else:
        value = normal.clean(value)
    if len(value) > limit:
        raise FieldError(f"{name}: more than {limit:,} characters")
    return value


def _authors(values: dict[str, Any]) -> tuple[str, ...]:
    parsed = values.get("authors_parsed")
    if not isinstance(parsed, list) or len(parsed) > _fields.MAX_NAMES:
        raise FieldError("authors_parsed: expected a list of names")
    try:
        names = [
            _name(*parts) if type(parts) is list and len(parts) == PARTS else _unusual_name(parts)
            for parts in parsed
        ]
    except TypeError as error:  # a part that cannot even be looked up
        raise FieldError(_NO_NAMES) from error
    return tuple(filter(None, names))


@lru_cache(maxsize=64 * 1024)
def _name(family: Any, given: Any, suffix: Any) -> str:
    """Return a name as it is read; most authors come again and again.

    Raises:
        FieldError: it is none.
    """
    if not (isinstance(family, str) and isinstance(given, str) and isinstance(suffix, str)):
        raise FieldError(_NO_NAMES)
    name = normal.clean(f"{given} {family} {suffix}")
    if len(name) > _fields.MAX_NAME:
        raise FieldError(f"authors_parsed: more than {_fields.MAX_NAME:,} characters")
    return name


def _unusual_name(parts: Any) -> str:
    """Return the name of fewer parts, or of more: affiliations follow them."""
    if not isinstance(parts, list) or not all(isinstance(each, str) for each in parts):
        raise FieldError(_NO_NAMES)
    family, given, suffix = (*parts[:PARTS], "", "", "")[:PARTS]
    return _name(family, given, suffix)


def _versions(given: Any) -> tuple[int | None, date | None, date | None]:
    """Return the last version's number, the first one's day and the last one's."""
    if given == []:
        return None, None, None
    if not isinstance(given, list) or set(map(type, given)) != _OBJECT:
        raise FieldError("versions: expected a list of objects")
    label = given[-1].get("version")
    if not isinstance(label, str) or not _VERSION.fullmatch(label):
        raise FieldError(f"versions: {_fields.shown(label)} is no version like v2")
    first, last = _day(given[0].get("created")), _day(given[-1].get("created"))
    return int(label[1:]), first, last if len(given) > 1 else None


def _day(created: Any) -> date | None:
    """Return the day of "Mon, 2 Apr 2007 19:18:42 GMT"; the clock is UTC's."""
    if not created:
        return None
    found = _day_of(created[:DAY_LENGTH]) if isinstance(created, str) else None
    if found is None:
        raise FieldError(f"versions: {_fields.shown(created)} is no date like Mon, 2 Apr 2007")
    return found


@lru_cache(maxsize=16 * 1024)
def _day_of(text: str) -> date | None:
    """Return the day of "Mon, 2 Apr 2007", whatever follows it; arXiv has known some 12,000."""
    found = _CREATED.match(text)
    try:
        return date(int(found[3]), _MONTHS[found[2]], int(found[1])) if found else None
    except (KeyError, ValueError):
        return None


def _dois(given: Any) -> tuple[Identifier, ...]:
    """Return the DOIs in a field that may hold several."""
    found = [ids.doi(piece) for piece in given.split()] if isinstance(given, str) else []
    return tuple(
        dict.fromkeys(
            each
            for each in found
            if each and each.scheme is Scheme.DOI and each.value not in SAMPLE_DOIS
        )
    )


def _links(identifiers: tuple[Identifier, ...], said: str) -> tuple[Link, ...]:
    found = [link for each in identifiers for link in id_links(each)]
    if may_hold_address(said):
        found += links.find(said)
        found = list({link.url: link for link in found}.values())
    return tuple(found)


def _extra(values: dict[str, Any]) -> dict[str, Any]:
    extra = {}
    for name, into in (("report-no", "report_no"), ("submitter", "submitter")):
        value = values.get(name)
        if value and isinstance(value, str):
            is_short = len(value) <= _fields.MAX_NAME
            extra[into] = _fields.clean_short(value) if is_short else normal.clean(value)
    return extra
