"""The ACL Anthology: its XML, a file for each collection, and its export in BibTeX, whole.

The XML (https://github.com/acl-org/acl-anthology, ``data/xml``) knows retractions, revisions and
the day on which a volume came in; the export has all collections in one file. Both are read entry
by entry, whatever their size. A collection is a year of a venue ("2024.acl"), its volumes are
"2024.acl-long"; before 2020 they are "P19" and "P19-1". A revision changes the PDF of a paper,
seldom its title or abstract: it moves the day of change, and is no version that would weigh
against arXiv's.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from broadsheet.errors import SettingError, SourceError, UnreachableError
from broadsheet.sources import _entry, _http, _plan, _xml, _xml_file
from broadsheet.sources._bibtex import is_bibtex
from broadsheet.sources._fields import FieldError
from broadsheet.sources._plan import Kind
from broadsheet.sources._xml_file import XmlError, first, local, text, texts, within
from broadsheet.sources.bibtex import BibTeX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from broadsheet.model import Fault, Listed, Observation, Record
    from broadsheet.ports import Remote, Source
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._wire import Answer
    from broadsheet.sources._xml import Broken

NAME = "acl"
PAGES = "https://aclanthology.org"

_STEP = 2**20  # bytes that are unpacked at a time
_PARTS = frozenset({"meta", "paper"})
_URLS = re.compile(rb"^\s*url\s*=\s*[\"{]\s*([^\"}\s]+)", re.MULTILINE | re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,80}")
_COLLECTION = re.compile(r"((?:19|20)\d\d\.[a-z0-9_]+|[A-Z]\d\d)(-[a-z0-9_]+)?")
_EVENT = re.compile(r"([a-z0-9_]+)-((?:19|20)\d\d)")
_STATUS = (("retracted", "retracted"), ("removed", "withdrawn"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What the papers of a volume share."""

    id: str = ""  # "2024.acl-long"
    ingested: str = ""  # the day it came into the Anthology: "2024-08-01"
    venue: str = ""
    year: str = ""
    month: str = ""
    publisher: str = ""


class AclXml:
    """A file of one collection, or one volume of it."""

    name = NAME

    def __init__(self, path: Path, *, volume: str = "") -> None:
        self.path = path
        self._only = volume

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield the papers in the file's order; what is none becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        place = _Place()
        number = 0
        try:
            for element in _xml_file.read(self.path, _PARTS, opened=place.enter):
                if local(element) == "meta":
                    place.describe(element)
                    continue
                if self._only and place.volume.id != self._only:
                    continue
                number += 1
                try:
                    yield _entry.to_record(NAME, to_values(element, place.volume))
                except FieldError as error:
                    where = (
                        f"{self.path.name} {place.volume.id} paper {element.get('id') or number}"
                    )
                    yield _entry.fault(NAME, where, error, " ".join(element.itertext()))
        except XmlError as error:
            yield _entry.fault(NAME, f"{self.path.name} paper {number + 1}", error)


class AclBib(BibTeX):
    """The Anthology's export in BibTeX, or that of one of its volumes."""

    name = NAME


def is_acl_bib(sample: bytes) -> bool:
    """Tell whether the entries of a text in BibTeX are all the Anthology's."""
    found = _URLS.findall(sample) if is_bibtex(sample) else []
    return bool(found) and all(url.startswith(PAGES.encode()) for url in found)


class _Place:
    """Where in the file the reading is."""

    def __init__(self) -> None:
        self.volume = Volume()
        self._collection = ""

    def enter(self, element: Element) -> None:
        """Take note of a collection, a volume or an event that begins."""
        kind = local(element)
        if kind == "collection":
            self._collection = element.get("id") or ""
        elif kind == "volume":
            self.volume = Volume(
                id=f"{self._collection}-{element.get('id')}",
                ingested=element.get("ingest-date") or "",
            )
        elif kind == "event":
            self.volume = Volume()

    def describe(self, meta: Element) -> None:
        """Take what a volume says of itself."""
        self.volume = Volume(
            id=self.volume.id,
            ingested=self.volume.ingested,
            venue=first(meta, "journal-title") or marked_up(next(within(meta, "booktitle"), None)),
            year=first(meta, "year"),
            month=first(meta, "month"),
            publisher=first(meta, "publisher"),
        )


def to_values(paper: Element, volume: Volume) -> dict[str, Any]:
    """Return a paper's fields under the names of a JSON Lines record.

    Raises:
        FieldError: it has no id.
    """
    name = _id(paper, volume)
    revisions = list(within(paper, "revision"))
    day = _ingested(paper, volume)
    status = next((status for tag, status in _STATUS if _has(paper, tag)), "")
    return {
        **_names(paper, name),
        "title": marked_up(next(within(paper, "title"), None)),
        "authors": [_person(each) for each in within(paper, "author")],
        "abstract": marked_up(next(within(paper, "abstract"), None)),
        "published": _entry.when(f"{volume.month} {volume.year}") or _entry.when(volume.year),
        "announced": day,
        "updated": max((each.get("date") or "" for each in revisions), default=""),
        "venue": first(paper, "journal") or volume.venue,
        "status": status,
        "comment": first(paper, "note"),
        "links": _links(paper, name),
        "extra": {
            "key": first(paper, "bibkey"),
            "pages": first(paper, "pages"),
            "publisher": volume.publisher,
            "language": first(paper, "language"),
            "awards": texts(paper, "award"),
            "revisions": [{"id": each.get("id"), "what": text(each)} for each in revisions],
            "errata": [each.get("date") or text(each) for each in within(paper, "erratum")],
            "notice": first(paper, "retracted") or first(paper, "removed"),
            "notice_day": _notice_day(paper),
        },
    }


def marked_up(element: Element | None) -> str:
    """Return a text with its formulas in dollars; marks of case and of fonts go."""
    if element is None:
        return ""
    pieces = [element.text or ""]
    for child in element:
        kind = local(child)
        if kind == "tex-math":
            pieces.append(f"${text(child)}$")
        elif kind == "par":
            pieces.append("\n\n")
        else:
            pieces.append(marked_up(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _id(paper: Element, volume: Volume) -> str:
    """Return the paper's id: its address, which is its id, else made of where it stands."""
    given = first(paper, "url").removeprefix(PAGES).strip("/")
    if _ID.fullmatch(given):
        return given
    number = paper.get("id") or ""
    if volume.id and number and volume.id[:1].isdigit():
        return f"{volume.id}.{number}"
    raise FieldError("url: the paper has none, and no id can be made of where it stands")


def _names(paper: Element, name: str) -> dict[str, Any]:
    names = _entry.Names()
    if not names.add(f"acl:{name}"):
        raise FieldError(f"url: {name[:80]!r} is no id of the Anthology's")
    names.add_doi(first(paper, "doi"))
    return names.values()


def _ingested(paper: Element, volume: Volume) -> str:
    """Return the day on which a paper came in, where that is when it was new.

    Volumes of the last century were put in much later: that day announces nothing.
    """
    day = _entry.when(paper.get("ingest-date") or volume.ingested)
    is_new = day[:4].isdigit() and volume.year.isdigit() and int(day[:4]) - int(volume.year) <= 1
    return day if is_new else ""


def _notice_day(paper: Element) -> str:
    notices = (each for tag, _ in _STATUS for each in within(paper, tag))
    return next((each.get("date") or "" for each in notices), "")


def _has(paper: Element, tag: str) -> bool:
    """Tell whether a paper has an element; an empty one is false, and there all the same."""
    return next(within(paper, tag), None) is not None


def _person(author: Element) -> str:
    return " ".join(part for part in (first(author, "first"), first(author, "last")) if part)


def _links(paper: Element, name: str) -> list[Mapping[str, str]]:
    has_pdf = _has(paper, "pdf") or _has(paper, "url")  # old files have only a url
    found = [{"kind": "pdf", "url": f"{PAGES}/{name}.pdf"}] if has_pdf else []
    for tag, kind in (("pwccode", "code"), ("pwcdataset", "data")):
        for each in within(paper, tag):
            url = each.get("url") or ""
            if url.startswith("http"):
                found.append({"kind": kind, "url": url})
    return list(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file of the Anthology's on the network."""

    name: str  # "acl:2024.acl-long"
    url: str
    open: Callable[[Path], Source]
    check: Callable[[bytes], tuple[bytes, list[Broken]]]  # as `whole_xml` does


def whole_xml(data: bytes) -> tuple[bytes, list[Broken]]:
    """Return a collection in UTF-8 that can be read to its end, and the papers that cannot.

    Raises:
        XmlError: it is none, or breaks off.
    """
    text = _xml.utf8(data)
    broken: list[Broken] = []
    try:
        _read_through(text)
    except XmlError:
        text, broken = _xml.mended(data, _PARTS)
        _read_through(text)
    return codecs.BOM_UTF8 + text, broken  # a mark, for it may declare another encoding


def whole_bib(data: bytes) -> tuple[bytes, list[Broken]]:
    """Return the export in BibTeX as it is, if it can be unpacked to its end.

    Raises:
        XmlError: it cannot.
    """
    try:
        with gzip.open(io.BytesIO(data)) as file:
            while file.read(_STEP):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise XmlError(f"the packed file is damaged: {error}") from error
    return data, []


def _read_through(text: bytes) -> None:
    for _ in _xml.elements(text, _PARTS, roots=("collection",)):
        pass


class AclExport:
    """A file that is fetched when it has changed, and read on from where the last run came to."""

    def __init__(
        self,
        http: Http,
        export: Export,
        *,
        folder: Path,
        cursor: Mapping[str, Any],
        is_full: bool = False,
    ) -> None:
        self._http = http
        self._export = export
        self._path = folder / re.sub(r"[^A-Za-z0-9.-]+", "_", export.name)[:100]
        self._cursor = dict(cursor)
        self._is_full = is_full

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._export.name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """What to ask with next time; of a file that is half read, its mark and the place."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield the papers of the file, unless nothing in it has changed.

        Raises:
            SourceError: there is no such file, or it does not come.
        """
        is_half_read = "done" in self._cursor
        asked = {} if is_half_read or self._is_full else _http.conditional(self._cursor)
        # It is packed already, and unpacked in small steps.
        answer = self._get({**asked, "Accept-Encoding": "identity"})
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return
        mark = hashlib.sha256(answer.body).hexdigest()[:32]
        is_same = mark == self._cursor.get("mark")
        if is_same and not is_half_read and not self._is_full:
            return
        done = int(self._cursor.get("done", 0)) if is_same else 0
        validators = _http.validators(answer)
        body = answer.body
        del answer
        number = 0
        for number, item in enumerate(self._items(body), start=1):
            if number > done:
                self._cursor = {"mark": mark, "done": number}
                yield item
        if not number:
            raise UnreachableError(f"{self._export.url} holds no papers of {self.name}")
        self._cursor = {**validators, "mark": mark}

    def _items(self, body: bytes) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield what the file holds, first the papers that are broken.

        Raises:
            SourceError: it is no such file, breaks off, or cannot be put on the disk.
        """
        try:
            whole, broken = self._export.check(body)
        except XmlError as error:
            raise UnreachableError(f"{self._export.url}: {error}") from error
        del body
        for one in broken:
            yield _entry.broken(NAME, f"{self.name} paper", one)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._path.write_bytes(whole)
            del whole
            yield from self._export.open(self._path).read()
        except OSError as error:
            raise SourceError(f"{self._path} cannot be written: {error.strerror}") from error
        finally:
            self._path.unlink(missing_ok=True)

    def _get(self, headers: Mapping[str, str]) -> Answer:
        try:
            return self._http.get(self._export.url, headers=headers)
        except UnreachableError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise UnreachableError(
                    f"the ACL Anthology has no {self._export.url}: a collection is named as in "
                    "acl:2024.acl, a volume as in acl:2024.acl-long, an event as in acl:acl-2024",
                    status=error.status,
                ) from error
            raise


def _prepare(means: Means, name: str) -> Opener:
    export = _export(means, name)

    def opened(reading: Reading) -> Remote:
        return AclExport(
            means.http(),
            export,
            folder=means.settings.data / "downloads",
            cursor=reading.cursor,
            is_full=reading.is_full,
        )

    return opened


def _export(means: Means, name: str) -> Export:
    """Return the file that a name stands for.

    Raises:
        SettingError: it is no name of the Anthology's.
    """
    part = _plan.part(name)
    if not part:
        url = means.settings.acl_url.rstrip("/") + "/anthology+abstracts.bib.gz"
        return Export(name=name, url=url, open=AclBib, check=whole_bib)
    event = _EVENT.fullmatch(part)
    found = _COLLECTION.fullmatch(f"{event[2]}.{event[1]}" if event else part)
    if not found:
        raise SettingError(
            f"sources: {part[:40]!r} is no collection (2024.acl), volume (2024.acl-long) or event "
            "(acl-2024) of the ACL Anthology",
            field="sources",
        )
    url = f"{means.settings.acl_xml_url.rstrip('/')}/{found[1]}.xml"
    volume = found[0] if found[2] else ""
    return Export(name=name, url=url, open=partial(AclXml, volume=volume), check=whole_xml)


KIND = Kind(
    form="acl[:VOLUME]",
    reads="the ACL Anthology: all of it, or a collection (`acl:2024.acl`), a volume "
    "(`acl:2024.acl-long`) or an event (`acl:acl-2024`), when it has changed",
    example="acl:2024.acl-long",
    prepare=_prepare,
    least=timedelta(hours=24),
)
