"""Papers as JSON Lines: one object per line, plain, ``.gz`` or ``.zst``.

The fields of arXiv listings, the ACL Anthology and a hosted daily list are known by their
names; what is not known is kept in ``extra``. What becomes of times:

* ``published``: the finest date given; where a source gives only a year, or none, an arXiv id
  still names the month in which it was given out.
* ``announced``: the first day in ``listed_on``. ``picked``: ``daily_date``.
* Votes, comments and stars are totals of an unknown later moment. They are dated by
  ``daily_date``, the first day on which they can have been counted, so that heat never takes
  them for newer than they are; without such a day they are kept in ``extra``, not as signals.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from broadsheet.model import (
    MAX_RAW,
    Fault,
    Identifier,
    Link,
    Precision,
    Record,
    Scheme,
    Signal,
    SignalKind,
    Status,
)
from broadsheet.sources import _fields, _lines, _status
from broadsheet.sources._by_line import ByLine
from broadsheet.sources._fields import FieldError, Fields
from broadsheet.text import ids, links, normal

MAX_TOPICS = 50
FORM = "jsonlines"
RAW_LENGTH = 500  # characters of a line that a fault keeps

# Samples in templates that authors forget to replace: each stands on several papers.
SAMPLE_DOIS = frozenset({"10.1145/1122445.1122456", "10.1145/1235", "10.1145/nnnnnnn.nnnnnnn"})
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
_LINK_KINDS = frozenset({"abstract", "pdf", "code", "project", "data", "discussion", "doi"})
_ADDRESSES = (
    (("pdf_url",), "pdf"),
    (("url",), "abstract"),
    (("github_url", "code_url", "githubRepo"), "code"),
    (("project_page", "projectPage"), "project"),
    (("hf_url",), "discussion"),
)
_ADDRESSED = tuple(name for names, _ in _ADDRESSES for name in names)
_PAGES = {
    Scheme.OPENREVIEW: "https://openreview.net/forum?id=",
    Scheme.PMID: "https://pubmed.ncbi.nlm.nih.gov/",
}
_STATUSES = {status.value: status for status in reversed(Status)}  # the gravest first
_COUNTS = (
    (SignalKind.VOTE, "hosted", ("upvotes", "votes")),
    (SignalKind.COMMENT, "hosted", ("num_comments", "numComments")),
    (SignalKind.STAR, "github", ("github_stars", "githubStars", "stars")),
)
_COUNTED = tuple(name for *_, names in _COUNTS for name in names)


class JsonLines(ByLine):
    """A file of papers, one JSON object per line."""

    def __init__(self, path: Path, *, name: str = "jsonl") -> None:
        super().__init__(path)
        self._name = name
        self._shelf = "stdin" if str(path) == "-" else stem(path)

    @property
    def name(self) -> str:
        """The source of the file's first record; records of other sources carry their own."""
        return self._name

    def item(self, number: int, line: bytes | Exception, /) -> Record | Fault:
        """Return the record of a line, or what is wrong with it."""
        where = f"{self.path.name} line {number}"
        if isinstance(line, Exception):
            return Fault(source=self._name, where=where, reason=line_problem(line))
        try:
            return to_record(_fields.decode(line), shelf=self._shelf)
        except FieldError as error:
            return fault(self._name, where, error, line, form=FORM)


def fault(source: str, where: str, error: Exception, line: bytes, *, form: str = "") -> Fault:
    """Return the fault of a line: whole where it has a form, to be read again, else cut.

    A line that is too long to be kept has none.
    """
    form = form if len(line) <= MAX_RAW else ""
    whole = line if form else line[: 4 * RAW_LENGTH]
    raw = whole.decode("utf-8", "replace").replace("\0", "�")
    return Fault(
        source=source,
        where=where,
        reason=str(error),
        raw=raw if form else raw[:RAW_LENGTH],
        form=form,
    )


def parse_line(fault: Fault) -> Record:
    """Return the record of a line that is in quarantine.

    Raises:
        FieldError: it is none.
    """
    shelf = stem(Path(fault.where.rpartition(" line ")[0]))
    return to_record(_fields.decode(fault.raw.encode()), shelf=shelf)


def line_problem(problem: Exception) -> str:
    """Return the reason why a line could not be read, as a sentence."""
    if isinstance(problem, _lines.TooLongError):
        return f"the line is longer than {_lines.MAX_LINE // 2**20} MiB"
    return f"{problem}; what came before it is kept"


def stem(path: Path) -> str:
    """Return a file's name without its endings, fit to stand in an identifier."""
    name = path.name.split(".")[0] or path.name
    return re.sub(r"[\s/]+", "-", normal.clean(name)) or "file"


def to_record(values: dict[str, Any], *, shelf: str) -> Record:
    """Return the record that an object with the fields of a paper is.

    Args:
        values: A JSON object.
        shelf: Where ids count that are no identifiers: they become ``local:<shelf>/<id>``.

    Raises:
        FieldError: a field cannot be used.
    """
    fields = Fields(values)
    title = fields.text("title", limit=_fields.MAX_TITLE)
    if not title:
        raise FieldError("title: there is none")
    name = _identity(fields, values, shelf)
    abstract = fields.paragraphs(*_abstract_names(fields), limit=_fields.MAX_ABSTRACT)
    comment = fields.text("comment", "comments", limit=_fields.MAX_TEXT)
    summary_by = "machine" if fields.has("ai_summary") else ""
    dates = _dates(fields, name.identifiers)
    venue = fields.text("venue", "journal")
    is_arxiv = name.source == "arxiv"
    return Record(
        source=name.source,
        source_id=name.source_id,
        title=title,
        identifiers=name.identifiers,
        version=name.version,
        abstract=abstract,
        authors=fields.names("authors", "author"),
        author_count=fields.whole("author_count"),
        published=dates.published,
        precision=dates.precision,
        updated=dates.updated,
        announced=dates.announced,
        picked=dates.picked,
        categories=_categories(fields),
        topics=_topics(fields),
        venue="" if venue.casefold() == "arxiv" else venue,
        comment=comment,
        summary=fields.paragraphs("ai_summary", "summary", limit=_fields.MAX_TEXT),
        summary_by=fields.text("summary_by") or summary_by,
        license=fields.text("license"),
        status=_status_of(fields) or (_status.withdrawn(comment, abstract) if is_arxiv else None),
        links=_links(fields, name.identifiers, f"{comment} {abstract}"),
        signals=_signals(fields, dates.counted),
        extra=_extra(fields),
    )


@dataclass(frozen=True, slots=True)
class _Name:
    """How a record and its paper are called."""

    source: str
    source_id: str
    identifiers: tuple[Identifier, ...]
    version: int | None


@dataclass(frozen=True, slots=True)
class _Dates:
    """When what happened to a paper."""

    published: date | None
    precision: Precision
    updated: date | None
    announced: date | None
    picked: date | None
    counted: date | None  # the first day on which its votes can have been counted


def _abstract_names(fields: Fields) -> tuple[str, ...]:
    """Return where the abstract is: the hosted API calls it ``summary``."""
    if fields.has("abstract", "text", "summary_by"):
        return ("abstract", "text")
    return ("summary",)


def _identity(fields: Fields, values: dict[str, Any], shelf: str) -> _Name:
    _, given = fields.take("id", "_id")
    if isinstance(given, (list, dict)):
        raise FieldError("id: expected text or a number, found a list or an object")
    label = normal.clean(str(given)) if given is not None else ""
    own = ids.parse_versioned(label) if label else None
    found = [own[0]] if own else []
    found += _other_ids(fields)
    if not found and (address := ids.parse(str(values.get("url") or ""))):
        found.append(address)
    if label and not own:
        found.append(Identifier(Scheme.LOCAL, f"{shelf}/{label}"[: ids.MAX_LENGTH - 10]))
    identifiers = tuple(dict.fromkeys(found))
    source = fields.text("source") or _source(fields, identifiers)
    if not _SOURCE.fullmatch(source):
        raise FieldError(f"source: {_fields.shown(source)} is no name of a source, like arxiv")
    version = fields.whole("version", least=1, most=9999) or (own[1] if own else None)
    source_id = fields.text("source_id") or _source_id(identifiers, version, values)
    return _Name(source, source_id, identifiers, version)


def _other_ids(fields: Fields) -> list[Identifier]:
    """Return the identifiers that stand in fields of their own."""
    if not fields.has("doi", "DOI", "arxiv_id", "acl_id", "openreview_id", "identifiers"):
        return []
    found = _dois(fields)
    for name in ("arxiv_id", "acl_id", "openreview_id"):
        value = fields.text(name)
        identifier = ids.parse(value) if value else None
        if value and not identifier:
            raise FieldError(f"{name}: {_fields.shown(value)} is no identifier of a paper")
        if identifier:
            found.append(identifier)
    for value in fields.names("identifiers"):
        identifier = ids.parse(value)
        if not identifier:
            raise FieldError(f"identifiers: {_fields.shown(value)} is no identifier of a paper")
        found.append(identifier)
    return found


def _dois(fields: Fields) -> list[Identifier]:
    """Return the DOIs; some sources write several into one field. What is none is kept."""
    name, value = fields.take("doi", "DOI")
    if not name:
        return []
    if not isinstance(value, str):
        raise FieldError(f"{name}: expected text, found something else")
    pieces = re.split(r"[\s,;]+(?=10\.|https?://)", value.strip())
    parsed = [ids.parse(piece.split()[0]) for piece in pieces if piece.split()]
    found = [
        each
        for each in parsed
        if each and each.scheme in {Scheme.DOI, Scheme.ARXIV} and "10." in value
        if each.value not in SAMPLE_DOIS
    ]
    if not found:
        fields.put(name, value)
    return found


def _source(fields: Fields, identifiers: tuple[Identifier, ...]) -> str:
    schemes = {each.scheme for each in identifiers}
    if fields.has("daily_date", "upvotes", "hf_url"):
        return "daily"
    if Scheme.ACL in schemes:
        return "acl"
    return "arxiv" if Scheme.ARXIV in schemes else "jsonl"


def _source_id(
    identifiers: tuple[Identifier, ...], version: int | None, values: dict[str, Any]
) -> str:
    """Return the source's own name for the record; a digest where it has no id at all."""
    if identifiers:
        return identifiers[0].value + (f"v{version}" if version else "")
    said = [str(values.get(name)) for name in ("title", "authors", "year", "url")]
    return hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()[:20]


def _status_of(fields: Fields) -> Status | None:
    """Return what ``status`` says, or a field that is true under the status's own name."""
    if not fields.has("status", *_STATUSES):
        return None
    marks = [name for name in _STATUSES if fields.has(name) and fields.take(name)[1] is True]
    _, said = fields.take("status")
    if isinstance(said, str) and said.casefold() in _STATUSES:
        marks.append(said.casefold())
    elif said:
        fields.put("status", said)  # a word for something else
    return _STATUSES[min(marks, key=list(_STATUSES).index)] if marks else None


def _dates(fields: Fields, identifiers: tuple[Identifier, ...]) -> _Dates:
    published, precision = _published(fields, identifiers)
    updated = fields.day("updated", "updated_at")
    listed = [_fields.day_of("listed_on", each)[0] for each in fields.names("listed_on")]
    announced = fields.day("announced")
    picked = fields.day("picked", "daily_date")
    if not picked and fields.has("submitted_on_daily_at"):
        picked = fields.day("submitted_on_daily_at")
    if len(listed) > 1:
        fields.put("listed_on", [day.isoformat() for day in listed])
    return _Dates(
        published=published,
        precision=precision,
        updated=updated[0] if updated else None,
        announced=announced[0] if announced else min(listed, default=None),
        picked=picked[0] if picked else None,
        counted=picked[0] if picked else None,
    )


def _published(
    fields: Fields, identifiers: tuple[Identifier, ...]
) -> tuple[date | None, Precision]:
    """Return the finest date that is given, and how fine it is."""
    given = fields.day("published", "published_at", "publishedAt", "created", "date")
    year = fields.whole("year", least=_fields.MIN_YEAR, most=_fields.MAX_YEAR)
    month = fields.whole("month", least=1, most=12)
    precision = fields.text("precision")
    if given and given[1] is Precision.DAY:
        return given[0], Precision(precision) if precision in set(Precision) else Precision.DAY
    if year and month:
        return date(year, month, 1), Precision.MONTH
    if given and given[1] is Precision.MONTH:
        return given
    known = date(year, 1, 1) if year else given[0] if given else None
    from_id = _month_of_id(identifiers)
    if from_id and (known is None or known.year == from_id.year):
        return from_id, Precision.MONTH
    return known, Precision.YEAR if known else Precision.DAY


def _month_of_id(identifiers: tuple[Identifier, ...]) -> date | None:
    """Return the first day of the month in which arXiv gave out the id."""
    for identifier in identifiers:
        if identifier.scheme is Scheme.ARXIV:
            digits = identifier.value.rpartition("/")[2]
            year, month = int(digits[:2]), int(digits[2:4])
            return date(1900 + year if year > 90 else 2000 + year, month, 1)  # noqa: PLR2004
    return None


def _categories(fields: Fields) -> tuple[str, ...]:
    primary = fields.text("primary_category")
    name, value = fields.take("categories")
    if name:
        fields.put(name, value.split() if isinstance(value, str) else value)
    found = fields.names("categories")
    return tuple(dict.fromkeys((primary, *found) if primary else found))


def _topics(fields: Fields) -> tuple[str, ...]:
    names = fields.names("ai_keywords", "topics", "keywords", "tags")
    return tuple(dict.fromkeys(name.lower() for name in names))[:MAX_TOPICS]


def _signals(fields: Fields, counted: date | None) -> tuple[Signal, ...]:
    """Return the totals as signals of the day on which they can first have been counted."""
    found: list[Signal] = []
    for kind, origin, names in _COUNTS if fields.has(*_COUNTED) else ():
        value = fields.whole(*names)
        if value is None:
            continue
        if counted is None:
            fields.put(names[0], value)
            continue
        at = datetime.combine(counted, time(), UTC)
        found.append(Signal(kind=kind, value=value, at=at, origin=origin, via="daily"))
    return tuple(found)


def _links(fields: Fields, identifiers: tuple[Identifier, ...], said: str) -> tuple[Link, ...]:
    """Return the links of fields that hold addresses, of the identifiers, and of the text."""
    found: list[Link] = []
    for identifier in identifiers:
        found += id_links(identifier)
    for names, kind in _ADDRESSES if fields.has(*_ADDRESSED) else ():
        name, value = fields.take(*names)
        if not name:
            continue
        url = links.address(value) if isinstance(value, str) else None
        if url:
            found.append(Link(kind=kind, url=url))
        else:
            fields.put(name, value)
    found += _given_links(fields)
    if may_hold_address(said):
        found += links.find(said)
    unique: dict[str, Link] = {}
    for link in found:
        unique.setdefault(link.url.rstrip("/").lower(), link)
    return tuple(unique.values())


def may_hold_address(text: str) -> bool:
    """Tell whether a text is worth looking through for addresses; written out, for speed."""
    return (
        "http" in text
        or "www." in text
        or ".io" in text
        or ".com/" in text
        or ".org/" in text
        or ".co/" in text
    )


def id_links(identifier: Identifier) -> tuple[Link, ...]:
    """Return where the paper of this name is to be found."""
    value = identifier.value
    if identifier.scheme is Scheme.ARXIV:
        return (
            Link(kind="abstract", url=f"https://arxiv.org/abs/{value}"),
            Link(kind="pdf", url=f"https://arxiv.org/pdf/{value}"),
        )
    if identifier.scheme is Scheme.DOI:
        return (Link(kind="doi", url=f"https://doi.org/{quote(value, safe='/:;().,-_')}"),)
    if identifier.scheme is Scheme.ACL:
        return (Link(kind="abstract", url=f"https://aclanthology.org/{value}/"),)
    page = _PAGES.get(identifier.scheme)
    return (Link(kind="abstract", url=page + value),) if page else ()


def _given_links(fields: Fields) -> list[Link]:
    """Return the links of a list of objects with ``kind`` and ``url``."""
    _, given = fields.take("links")
    if given is None:
        return []
    if not isinstance(given, list):
        raise FieldError("links: expected a list of objects with kind and url")
    found: list[Link] = []
    for each in given:
        kind, text = (each.get("kind"), each.get("url")) if isinstance(each, dict) else (None, None)
        url = links.address(text) if isinstance(text, str) else None
        if not url or kind not in _LINK_KINDS:
            raise FieldError(f"links: {str(each)[: _fields.SHOWN]} has no kind and url of a link")
        found.append(Link(kind=kind, url=url))
    return found


def _extra(fields: Fields) -> dict[str, Any]:
    _, extra = fields.take("extra")
    if extra is not None and not isinstance(extra, dict):
        raise FieldError("extra: expected an object")
    return {**fields.rest(), **Fields(extra or {}).rest()}
