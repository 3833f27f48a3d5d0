"""An OAI-PMH 2.0 repository on loopback, in Dublin Core: every verb, pages, tokens, sets."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ '
    'http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">'
)
DC = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">'
)
ALLOWED = {
    "Identify": set(),
    "ListMetadataFormats": {"identifier"},
    "ListSets": {"resumptionToken"},
    "GetRecord": {"identifier", "metadataPrefix"},
    "ListIdentifiers": {"metadataPrefix", "from", "until", "set", "resumptionToken"},
    "ListRecords": {"metadataPrefix", "from", "until", "set", "resumptionToken"},
}


@dataclass(frozen=True)
class Article:
    """What the repository holds."""

    number: int
    title: str
    day: str = "2026-03-03"
    part: str = "articles"
    is_deleted: bool = False


@dataclass
class Repository:
    """A repository, and the server that speaks for it."""

    articles: dict[int, Article] = field(default_factory=dict)
    page: int = 2
    now: datetime = datetime(2026, 3, 4, 6, tzinfo=UTC)
    server: Server | None = None

    def add(self, *articles: Article) -> None:
        """Take articles in."""
        self.articles.update({one.number: one for one in articles})

    def answer(self, asked: Asked) -> Said:
        """Answer one request as the protocol wants it."""
        given = dict(asked.params)
        verb = given.pop("verb", "")
        if verb not in ALLOWED:
            return self._said("", _error("badVerb", "there is no such verb"))
        if given.keys() - ALLOWED[verb]:
            return self._said(verb, _error("badArgument", "there is no such argument"))
        content = {
            "Identify": self._identify,
            "ListMetadataFormats": _formats,
            "ListSets": self._sets,
            "GetRecord": self._one,
        }.get(verb)
        return self._said(verb, content(given) if content else self._list(verb, given))

    def _said(self, verb: str, content: str) -> Said:
        assert self.server is not None
        request = f'<request verb="{verb}">' if verb and "<error" not in content else "<request>"
        body = (
            f"{HEAD}<responseDate>{self.now:%Y-%m-%dT%H:%M:%SZ}</responseDate>"
            f"{request}{self.server.url}/oai</request>{content}</OAI-PMH>"
        )
        return Said(body=body.encode(), headers={"Content-Type": "text/xml;charset=UTF-8"})

    def _identify(self, _given: dict[str, str]) -> str:
        assert self.server is not None
        return (
            "<Identify><repositoryName>Wells</repositoryName>"
            f"<baseURL>{self.server.url}/oai</baseURL><protocolVersion>2.0</protocolVersion>"
            "<adminEmail>wells@papers.example</adminEmail>"
            "<earliestDatestamp>2026-01-01</earliestDatestamp>"
            "<deletedRecord>persistent</deletedRecord><granularity>YYYY-MM-DD</granularity>"
            "</Identify>"
        )

    def _sets(self, _given: dict[str, str]) -> str:
        parts = sorted({one.part for one in self.articles.values()})
        sets = "".join(f"<set><setSpec>{p}</setSpec><setName>{p}</setName></set>" for p in parts)
        return f"<ListSets>{sets}</ListSets>"

    def _one(self, given: dict[str, str]) -> str:
        number = given.get("identifier", "").rpartition(":")[2]
        found = self.articles.get(int(number)) if number.isdigit() else None
        if given.get("metadataPrefix") != "oai_dc":
            return _error("cannotDisseminateFormat", "only oai_dc")
        if found is None:
            return _error("idDoesNotExist", "there is no such record")
        return f"<GetRecord>{_record(found)}</GetRecord>"

    def _list(self, verb: str, given: dict[str, str]) -> str:
        if "resumptionToken" in given:
            parts = given["resumptionToken"].split("|")
            if len(parts) != 4 or not parts[3].isdigit():  # from|until|set|start
                return _error("badResumptionToken", "this is none of ours")
            since, until, part, start = parts
        elif given.get("metadataPrefix") != "oai_dc":
            code = "cannotDisseminateFormat" if "metadataPrefix" in given else "badArgument"
            return _error(code, "metadataPrefix must be oai_dc")
        else:
            since, until = given.get("from", ""), given.get("until", "")
            part, start = given.get("set", ""), "0"
        found = [
            one
            for one in self.articles.values()
            if since <= one.day <= (until or "9") and part in {"", one.part}
        ]
        if not found:
            return _error("noRecordsMatch", "nothing changed")
        first = int(start)
        write = _record if verb == "ListRecords" else _header
        items = "".join(map(write, found[first : first + self.page]))
        following = first + self.page
        token = f"{since}|{until}|{part}|{following}" if following < len(found) else ""
        is_paged = token or first
        count = f'completeListSize="{len(found)}" cursor="{first}"'
        tail = f"<resumptionToken {count}>{token}</resumptionToken>" if is_paged else ""
        return f"<{verb}>{items}{tail}</{verb}>"


def _error(code: str, text: str) -> str:
    return f'<error code="{code}">{text}</error>'


def _formats(_given: dict[str, str]) -> str:
    return (
        "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix>"
        "<schema>http://www.openarchives.org/OAI/2.0/oai_dc.xsd</schema>"
        "<metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace>"
        "</metadataFormat></ListMetadataFormats>"
    )


def _header(one: Article) -> str:
    status = ' status="deleted"' if one.is_deleted else ""
    return (
        f"<header{status}><identifier>oai:wells.example:{one.number}</identifier>"
        f"<datestamp>{one.day}</datestamp><setSpec>{one.part}</setSpec></header>"
    )


def _record(one: Article) -> str:
    if one.is_deleted:
        return f"<record>{_header(one)}</record>"
    fields = (
        f"<dc:title>{escape(one.title)}</dc:title><dc:creator>du Châtelet, Émilie</dc:creator>"
        f"<dc:description>We dig well {one.number}.</dc:description><dc:date>{one.day}</dc:date>"
        f"<dc:identifier>https://doi.org/10.1000/wells.{one.number}</dc:identifier>"
    )
    return f"<record>{_header(one)}<metadata>{DC}{fields}</oai_dc:dc></metadata></record>"


@contextmanager
def repository() -> Iterator[Repository]:
    """Run a repository on loopback."""
    held = Repository()
    with serving(held.answer) as server:
        held.server = server
        yield held
