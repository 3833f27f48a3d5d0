"""PubMed by NCBI's E-utilities: what a query finds that was added or changed, retractions too.

https://www.ncbi.nlm.nih.gov/books/NBK25499/. A search (esearch) leaves its result on NCBI's
history server, whence it is fetched (efetch) in batches; a result that has expired there is
searched for again. Only 9,999 citations of one search can be fetched: days of which there are
more are halved until there are fewer. Three requests a second are allowed, ten with a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import tostring

from broadsheet.errors import UnreachableError
from broadsheet.model import Record
from broadsheet.sources import _entry, _json, _plan, _xml, _xml_file
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import mapping, text, texts
from broadsheet.sources._plan import Kind
from broadsheet.sources._trail import Trail
from broadsheet.sources._turns import Site
from broadsheet.sources._walk import day_of
from broadsheet.sources._xml_file import XmlError
from broadsheet.sources.pubmed import PubMed, to_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from broadsheet.config import Settings
    from broadsheet.model import Fault, Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

TOOL = "broadsheet"
BATCH = 200  # citations of one answer, some 2 MB
MOST = 9_999  # of one search
LEAST = timedelta(hours=6)  # PubMed is updated once a day
BEGAN = date(1780, 1, 1)  # the oldest citations are of 1781
FIRST_DAYS = 7  # how far the first reading goes back
LOOK_BACK = 2  # days that are read again
BROKEN_ATTEMPTS = 3  # to read an answer whose XML breaks off, or that is empty before its time
SLACK = 10  # citations that are counted and not given: they were deleted
RAW_LENGTH = 300
KEPT = ("from", "asked")  # of a cursor whose result is of no use
BOOK = "PubmedBookArticle"

_CHANGED, _ADDED = "mdat", "edat"  # dates that a search can be limited by


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A result that lies on the history server."""

    count: int = 0
    env: str = ""
    key: str = ""
    problem: str = ""  # why it is no result


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one answer of efetch held."""

    items: tuple[Record | Fault, ...]
    error: str = ""  # what NCBI says is wrong: the result has expired
    problem: str = ""  # where the XML breaks off


class _ExpiredError(Exception):
    """The result is not on the history server any more."""


def parse_search(data: bytes) -> Found:
    """Return what esearch answers as JSON. Never raises."""
    try:
        answer = _json.read_object(data)
    except JsonError as error:
        return Found(problem=str(error))
    said = mapping(answer.get("esearchresult"))
    problem = text(said.get("ERROR")) or text(answer.get("error"))
    unknown = texts(mapping(said.get("errorlist")).get("fieldsnotfound"))
    if unknown:
        problem = f"the query has fields that PubMed does not know: {', '.join(unknown)}"
    count = text(said.get("count"))
    if problem or not (count.isascii() and count.isdigit()):
        return Found(problem=(problem or "it gives no count")[:RAW_LENGTH])
    env, key = text(said.get("webenv")), text(said.get("querykey"))
    if int(count) and not (env and key):
        return Found(problem="it left nothing on the history server")
    return Found(count=int(count), env=env, key=key)


def parse_batch(data: bytes, *, where: str = "answer") -> Batch:
    """Return what efetch answers; a citation that is no paper is a fault. Never raises."""
    items: list[Record | Fault] = []
    wanted = PubMed.elements | {BOOK, "ERROR"}
    try:
        for element in _xml_file.read_bytes(data, wanted):
            if _xml_file.local(element) == "ERROR":
                return Batch(items=(), error=_xml_file.text(element)[:RAW_LENGTH] or "an error")
            place = f"{where} citation {len(items) + 1}"
            try:
                items.append(_record(element))
            except FieldError as error:
                raw = tostring(element, encoding="unicode")
                items.append(_entry.fault(PubMed.name, place, error, raw))
    except XmlError as error:
        return Batch(items=tuple(items), problem=str(error))
    return Batch(items=tuple(items))


def salvage(data: bytes, *, where: str = "answer") -> Batch:
    """Return what efetch answers whose markup is wrong: a broken citation is a fault too."""
    try:
        whole, broken = _xml.mended(data, PubMed.elements | {BOOK})
    except XmlError as error:
        return Batch(items=(), problem=str(error))
    faults = [_entry.broken(PubMed.name, f"{where} citation", one) for one in broken]
    batch = parse_batch(whole, where=where)
    return replace(batch, items=(*faults, *batch.items))


def _record(element: Element) -> Record:
    """Return the record of a citation.

    Raises:
        FieldError: it is none.
    """
    if _xml_file.local(element) == BOOK:
        raise FieldError("this is a chapter of a book, which is not read")
    return _entry.to_record(PubMed.name, to_values(element))


class PubMedQuery:
    """A query to PubMed, read from the day where the last reading ended to today."""

    def __init__(
        self, http: Http, url: str, *, query: str, keys: Mapping[str, str], reading: Reading
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._query = query
        self._keys = dict(keys)
        self._today = reading.now.date()
        asked = "everything" if reading.is_full else str(reading.since or "")
        known = dict(reading.cursor)
        if asked and known.get("asked") != asked:  # else it goes on where it broke off
            known = {"from": str(reading.since or BEGAN), "asked": asked}
        start = day_of(known.get("from")) or self._today - timedelta(days=FIRST_DAYS)
        self._cursor = known | {"from": min(start, self._today).isoformat()}

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return f"pubmed:{self._query}"

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The day, and which result is being fetched, how far."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what was added or changed, some days at a time.

        Raises:
            SourceError: PubMed does not answer, or not to this query.
        """
        asked = self._cursor.get("asked")
        kept = {"asked": asked} if asked else {}
        first = date.fromisoformat(self._cursor["from"])
        has_expired = False
        while first <= self._today:
            last, found = self._place(first)
            try:
                yield from self._fetch(last, found)
            except _ExpiredError as error:
                if has_expired:
                    raise UnreachableError(f"PubMed does not keep its result: {error}") from error
                has_expired = True
            else:
                has_expired = False
                first = last + timedelta(days=1)
            self._cursor = {"from": first.isoformat()} | kept
        self._cursor = {"from": (self._today - timedelta(days=LOOK_BACK)).isoformat()}

    def _place(self, first: date) -> tuple[date, Found]:
        """Return the result that the last run was fetching, else that of the next days."""
        last, env = day_of(self._cursor.get("until")), self._cursor.get("env")
        if last and env:
            count, key = int(self._cursor["count"]), str(self._cursor["key"])
            return last, Found(count=count, env=str(env), key=key)
        return self._search(first)

    def _search(self, first: date) -> tuple[date, Found]:
        """Return as many days as one search can give, and their result.

        Raises:
            UnreachableError: even one day has too many citations.
        """
        last = self._today
        while True:
            found = self._search_days(first, last)
            if found.count <= MOST:
                return last, found
            if first == last:
                raise UnreachableError(
                    f"PubMed has {found.count:,} citations for {self._query[:80]!r} on {first} "
                    f"alone, and gives {MOST:,} of a search at most: narrow the query"
                )
            last = first + (last - first) // 2

    def _search_days(self, first: date, last: date) -> Found:
        params = {
            "db": "pubmed",
            "term": self._query,
            "usehistory": "y",
            "retmax": "0",
            "retmode": "json",
            "datetype": _ADDED if self._cursor.get("asked") == "everything" else _CHANGED,
            "mindate": f"{first:%Y/%m/%d}",
            "maxdate": f"{last:%Y/%m/%d}",
        }
        found = parse_search(self._get("esearch.fcgi", params))
        if found.problem:
            raise UnreachableError(f"PubMed's answer to {self._query[:80]!r}: {found.problem}")
        return found

    def _fetch(self, last: date, found: Found) -> Iterator[Record | Fault]:
        """Yield a result from where the last run was; after each batch the cursor knows the next.

        Raises:
            _ExpiredError: it lies on the history server no more.
            UnreachableError: a batch stands at two places, so others are hidden; the next reading
                searches again.
        """
        offset = int(self._cursor.get("offset", 0))
        trail = Trail(f"PubMed's result for {self._query[:80]!r}")
        while offset < found.count:
            batch = self._batch(found, offset)
            if trail.knows([one for one in batch.items if isinstance(one, Record)]):
                self._cursor = {name: self._cursor[name] for name in KEPT if name in self._cursor}
                raise trail.circle()
            yield from batch.items
            offset += BATCH
            self._cursor |= {
                "until": last.isoformat(),
                "env": found.env,
                "key": found.key,
                "count": found.count,
                "offset": offset,
            }

    def _batch(self, found: Found, offset: int) -> Batch:
        """Return one batch, whole, but for citations that stay broken.

        Raises:
            _ExpiredError: NCBI does not know the result.
            UnreachableError: the batch breaks off, or is empty, each time.
        """
        where = f"{self._query[:60]} {self._cursor['from']} from {offset}"
        left = found.count - offset
        for _ in range(BROKEN_ATTEMPTS):
            answer = self._ask(found, offset)
            batch = parse_batch(answer, where=where)
            if batch.error:
                raise _ExpiredError(batch.error)
            if not batch.problem and batch.items:
                return batch
        if not batch.problem and left <= SLACK:
            return batch
        saved = salvage(answer, where=where)
        if saved.items and not saved.problem:
            return saved
        what = batch.problem or f"it is empty, and {left:,} citations are missing"
        raise UnreachableError(f"PubMed's answer from {offset} on cannot be used: {what}")

    def _ask(self, found: Found, offset: int) -> bytes:
        params = {
            "db": "pubmed",
            "WebEnv": found.env,
            "query_key": found.key,
            "retstart": str(offset),
            "retmax": str(BATCH),
            "retmode": "xml",
        }
        try:
            return self._get("efetch.fcgi", params)
        except UnreachableError as error:
            if error.status == 400:  # noqa: PLR2004  # so an expired result is answered, too
                raise _ExpiredError(str(error)) from error
            raise

    def _get(self, program: str, params: Mapping[str, str]) -> bytes:
        """Return what a program answers.

        Raises:
            SourceError: it does not.
        """
        asked = {**params, **self._keys}
        return self._http.get(f"{self._url}/{program}", params=asked, key="pubmed_api_key").body


def _prepare(means: Means, name: str) -> Opener:
    settings = means.settings
    given = {"api_key": settings.pubmed_api_key, "email": settings.contact_email}
    keys = {"tool": TOOL} | {key: value for key, value in given.items() if value}

    def opened(reading: Reading) -> Remote:
        return PubMedQuery(
            means.http(),
            settings.pubmed_api_url,
            query=_plan.part(name),
            keys=keys,
            reading=reading,
        )

    return opened


def _sites(settings: Settings) -> Mapping[str, Site]:
    per_second = 10 if settings.pubmed_api_key else 3
    return _plan.one_site(Site("ncbi.nlm.nih.gov", 1 / per_second), [settings.pubmed_api_url])


KIND = Kind(
    form="pubmed:QUERY",
    reads="what a query in PubMed's language finds among citations that were added or changed; "
    "retracted papers are marked",
    example="pubmed:crispr[Title] AND review[Publication Type]",
    prepare=_prepare,
    least=LEAST,
    sites=_sites,
)
