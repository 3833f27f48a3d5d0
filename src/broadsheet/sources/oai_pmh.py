"""Any OAI-PMH 2.0 repository, in the formats ``oai_dc``, ``arXiv`` and ``arXivRaw``.

http://www.openarchives.org/OAI/openarchivesprotocol.html. A harvest begins at the
`responseDate` of the one before, as the protocol wants; what comes twice says nothing new. A
resumption token that has expired begins the harvest of its set again. A record that was deleted
leaves a fault that says so, for it says nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record
from broadsheet.sources import _arxiv, _entry, _plan, _xml
from broadsheet.sources._dublin_core import record as dublin_core
from broadsheet.sources._fields import FieldError
from broadsheet.sources._plan import Kind
from broadsheet.sources._trail import Trail
from broadsheet.sources.feed import source_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from broadsheet.model import Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._wire import Answer, Door

INTERVAL = timedelta(hours=12)  # a harvest is long, and repositories change slowly
FORM = "oai-pmh"
RAW_LENGTH = 500
BROKEN_ATTEMPTS = 3  # to read an answer whose XML breaks off
DELETED = "the repository has deleted this record"

_ROOTS = ("OAI-PMH",)
_NO_TOKEN = frozenset({"badResumptionToken", "noRecordsMatch"})  # that it once gave
_WANTED = frozenset({"record", "error", "responseDate", "resumptionToken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held."""

    items: tuple[Record | Fault, ...]
    at: str = ""  # responseDate
    token: str = ""  # for the next page; "" when this was the last
    error: str = ""  # the code of an error: "noRecordsMatch"
    said: str = ""  # what the repository says about the error
    problem: str = ""  # where the XML broke off
    is_blank: bool = False  # it says neither what there is nor that there is nothing


def parse(data: bytes, *, source: str, where: str = "answer") -> Page:
    """Return what an answer holds; a record that is no paper becomes a fault. Never raises.

    Args:
        data: The answer to any verb.
        source: The name that its records carry, but arXiv's, which are "arxiv".
        where: What a fault's place begins with.
    """
    return _page(_xml.elements(data, _WANTED, roots=_ROOTS), source, where)


def salvage(data: bytes, *, source: str, where: str = "answer") -> Page:
    """Return what an answer holds whose markup is wrong: a broken record is a fault too."""
    found = _xml.salvaged(data, _WANTED, pieces=("record",), roots=_ROOTS)
    return _page(found, source, where)


def _page(found: Iterator[Element | _xml.Broken], source: str, where: str) -> Page:
    items: list[Record | Fault] = []
    single = {"responseDate": "", "resumptionToken": ""}
    error = said = problem = ""
    has_end = False
    try:
        for element in found:
            if isinstance(element, _xml.Broken):
                items.append(_entry.broken(source, f"{where} record", element))
                continue
            place = f"{where} record {len(items) + 1}"
            kind = _xml.local(element)
            has_end = has_end or kind == "resumptionToken"
            if kind in single:
                single[kind] = _xml.text(element)
            elif kind == "error":
                error = element.get("code") or "unknown"
                said = " ".join(_xml.text(element).split())[:RAW_LENGTH]
            else:
                items.append(_item(element, source, place))
    except _xml.XmlError as broken:
        problem = str(broken)
    return Page(
        items=tuple(items),
        at=single["responseDate"],
        token=single["resumptionToken"],
        error=error,
        said=said,
        problem=problem,
        is_blank=not (items or error or problem or has_end),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a repository is, and what is wanted of it."""

    name: str  # for the schedule and `/status`
    source: str  # the name that its records carry
    url: str
    prefix: str = "oai_dc"
    sets: Sequence[str] = ("",)  # "": all
    first_days: int | None = None  # how far the first harvest goes back; None: to the beginning


class OaiPmh:
    """One repository, harvested set by set from where the last harvest began."""

    def __init__(
        self,
        get: Callable[[str, Mapping[str, str]], Answer],
        repository: Repository,
        *,
        cursor: Mapping[str, Any],
        today: date,
        since: date | None = None,
        is_full: bool = False,
    ) -> None:
        self._get = get
        self._repository = repository
        self._today = today
        self._cursor = dict(cursor)
        if since or is_full:
            self._begin_at(since.isoformat() if since else "")

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._repository.name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """By set: where the harvest began, and the token of its next page."""
        return dict(self._cursor)

    def start(self) -> str:
        """Return the day from which on every set is asked for; "" for the beginning."""
        froms = [
            str(self._cursor.get(one, {}).get("from", self._first_from()))
            for one in self._repository.sets
        ]
        return max(froms, default="") if all(froms) else ""

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what changed, set by set.

        Raises:
            SourceError: the repository does not answer, or not to this.
        """
        for one in self._repository.sets:
            yield from self._harvest(one)

    def _begin_at(self, start: str) -> None:
        """Harvest every set from this day on; one that broke off there goes on where it was."""
        asked = start or "everything"
        for one in self._repository.sets:
            if self._cursor.get(one, {}).get("asked") != asked:
                self._cursor[one] = {"from": start, "asked": asked}

    def _harvest(self, one: str) -> Iterator[Record | Fault]:
        """Yield one set; after each page the cursor knows the next."""
        known = dict(self._cursor.get(one) or {"from": self._first_from()})
        has_restarted = False
        trail = Trail(self._repository.url)
        while True:
            page = self._page(one, known)
            if page.error in _NO_TOKEN and known.get("token") and not has_restarted:
                has_restarted = True
                known = {name: known[name] for name in ("from", "asked") if name in known}
                trail = Trail(self._repository.url)
                continue
            if page.error and (page.error != "noRecordsMatch" or known.get("token")):
                raise UnreachableError(
                    f"{self._repository.url} answers {page.error}: {page.said or 'no more'}"
                )
            yield from page.items
            begun = known.get("begun") or self._begun(page.at, known["from"])
            if not page.token:
                self._cursor[one] = {"from": begun}
                return
            trail.follow(page.token, page.items)
            known |= {"token": page.token, "begun": begun}
            self._cursor[one] = dict(known)

    def _begun(self, at: str, start: str) -> str:
        """Return the day of a responseDate; never one to come, and none before the harvest's own.

        A clock that goes wrong there must not hide what changes until it is right.
        """
        today = self._today.isoformat()
        try:
            said = date.fromisoformat(at[:10]).isoformat()
        except ValueError:
            return today
        return max(min(said, today), start)

    def _first_from(self) -> str:
        days = self._repository.first_days
        return "" if days is None else (self._today - timedelta(days=days)).isoformat()

    def _page(self, name: str, known: Mapping[str, Any]) -> Page:
        """Return one page, whole.

        Raises:
            UnreachableError: its XML breaks off each time.
        """
        params = {"verb": "ListRecords"}
        if known.get("token"):
            params["resumptionToken"] = known["token"]
        else:
            params["metadataPrefix"] = self._repository.prefix
            params |= {"from": known["from"]} if known["from"] else {}
            params |= {"set": name} if name else {}
        source, where = self._repository.source, f"{name or 'all'} {self._today}"
        for _ in range(BROKEN_ATTEMPTS):
            answer = self._get(self._repository.url, params)
            page = parse(answer.body, source=source, where=where)
            if not page.problem and not page.is_blank:
                return page
        saved = salvage(answer.body, source=source, where=where)
        if saved.problem or not saved.items:
            problem = page.problem or "the answer holds neither records nor an error"
            raise UnreachableError(f"{self._repository.url}: {problem}")
        return saved


def harvest(means: Means, repository: Repository, door: Door, reading: Reading) -> Remote:
    """Return a repository as one run reads it.

    Args:
        means: What it is read with.
        repository: Which.
        door: Which addresses may be reached.
        reading: From where.
    """
    http = means.http()
    return OaiPmh(
        lambda url, params: http.get(url, params=params, door=door),
        repository,
        cursor=reading.cursor,
        today=reading.now.date(),
        since=reading.since,
        is_full=reading.is_full,
    )


def _prepare(means: Means, name: str) -> Opener:
    url, _, wanted = _plan.part(name).partition("#")
    source = source_name(_plan.host(url)).replace("feed-", "oai-", 1)
    repository = Repository(name=name, source=source, url=url, sets=[wanted])
    return partial(harvest, means, repository, means.door)


KIND = Kind(
    form="oai:https://...",
    reads="any OAI-PMH 2.0 repository, in Dublin Core; `#set` behind the address is one of its "
    "sets, and may be left out",
    example="oai:https://repository.example/oai#articles",
    prepare=_prepare,
    least=INTERVAL,
)


def arxiv_set(category: str) -> str:
    """Return the set of a category: "cs.AI" is "cs:cs:AI", "hep-th" is "physics:hep-th"."""
    archive, _, part = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    pieces = [group, archive, part] if part or group == archive else [group, archive]
    return ":".join(piece for piece in pieces if piece)


_GROUPS = frozenset({"cs", "econ", "eess", "math", "physics", "q-bio", "q-fin", "stat"})


def _item(element: Element, source: str, where: str) -> Record | Fault:
    parts = _xml.children(element)
    header = parts["header"][0] if "header" in parts else None
    said = _xml.texts(header) if header is not None else {}
    name = said["identifier"][0] if "identifier" in said else ""
    content = next(iter(parts["metadata"][0]), None) if "metadata" in parts else None
    is_deleted = header is not None and header.get("status") == "deleted"
    try:
        _check(name, is_deleted=is_deleted)
        return _content(content, name=name, source=source, sets=said.get("setSpec", []))
    except FieldError as error:
        if str(error) == DELETED:
            return Fault(source=source, where=name, reason=DELETED, raw=name)
        raw = _xml.wrapped(element, "OAI-PMH", "ListRecords")
        place = f"{where} {name}".strip()
        return Fault(source=source, where=place, reason=str(error), raw=raw, form=FORM)


def _check(name: str, *, is_deleted: bool) -> None:
    """Refuse what can be no record.

    Raises:
        FieldError: it has no name, or was deleted.
    """
    if not name:
        raise FieldError("identifier: the record's header has none")
    if is_deleted:
        raise FieldError(DELETED)


def _content(content: Element | None, *, name: str, source: str, sets: Sequence[str]) -> Record:
    """Return the record of one piece of metadata.

    Raises:
        FieldError: it is none, or of a format that is not read.
    """
    if content is None:
        raise FieldError("metadata: there is none")
    kind = _xml.local(content)
    if kind == "arXivRaw":
        return _arxiv_raw(content, name)
    if kind == "arXiv":
        return _arxiv_plain(content, name)
    if kind in {"dc", "oai_dc"}:
        return dublin_core(content, name=name, source=source, sets=sets)
    raise FieldError(f"metadata: the format {kind[:40]!r} is not read")


def _arxiv_raw(content: Element, name: str) -> Record:
    said = _xml.texts(content)
    submitted = [
        _mail_moment(_first(_xml.texts(one), "date"))
        for one in _xml.children(content).get("version", [])
    ]
    moments = [one.date().isoformat() for one in submitted]
    return _arxiv.record(
        _common(said, name)
        | {
            "authors": _first(said, "authors"),
            "version": len(moments) or None,
            "published": moments[0] if moments else None,
            "submitted": submitted[0] if submitted else None,
            "updated": moments[-1] if moments else None,
            "extra": {"versions": moments} if len(moments) > 1 else {},
        },
        label=_first(said, "id"),
    )


def _arxiv_plain(content: Element, name: str) -> Record:
    said = _xml.texts(content)
    people = _xml.children(content).get("authors", [])
    authors = [_person(_xml.texts(one)) for group in people for one in group]
    return _arxiv.record(
        _common(said, name)
        | {
            "authors": [author for author in authors if author],
            "published": _first(said, "created"),
            "updated": _first(said, "updated"),
        },
        label=_first(said, "id"),
    )


def _common(said: Mapping[str, list[str]], name: str) -> dict[str, Any]:
    classes = ("msc-class", "acm-class", "report-no", "submitter")
    return {
        "source_id": name,
        "title": _first(said, "title"),
        "abstract": _first(said, "abstract"),
        "categories": _first(said, "categories"),
        "comment": _first(said, "comments"),
        "venue": _first(said, "journal-ref"),
        "doi": _first(said, "doi"),
        "license": _first(said, "license"),
        **{one: _first(said, one) for one in classes},
    }


def _person(said: Mapping[str, list[str]]) -> str:
    names = [_first(said, "forenames"), _first(said, "keyname"), _first(said, "suffix")]
    return " ".join(name for name in names if name)


def _mail_moment(value: str) -> datetime:
    """Return a date as mail writes it, in UTC.

    Raises:
        FieldError: it is none.
    """
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError) as error:
        raise FieldError(f"version: {value[:40]!r} is no date") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _first(said: Mapping[str, list[str]], name: str) -> str:
    return said[name][0] if name in said else ""
