"""arXiv on loopback: its feeds, its query API and its OAI-PMH, from one list of papers."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

OAI = 'xmlns="http://www.openarchives.org/OAI/2.0/"'
FEED = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


@dataclass(frozen=True)
class Preprint:
    """A paper as arXiv knows it."""

    id: str
    title: str
    listed: date  # the day of its newest announcement
    abstract: str = "We dig wells and measure how deep they are."
    authors: tuple[str, ...] = ("Ada Lovelace", "Émilie du Châtelet")
    categories: tuple[str, ...] = ("cs.AI",)
    versions: tuple[datetime, ...] = (datetime(2026, 3, 2, 15, tzinfo=UTC),)
    comment: str = ""
    is_deleted: bool = False
    stamp: date | None = None  # OAI-PMH's; None: the day of the newest version


@dataclass
class Arxiv:
    """What arXiv holds, and what its server was asked."""

    papers: dict[str, Preprint] = field(default_factory=dict)
    day: date = date(2026, 3, 4)  # of the feeds' batch
    page: int = 2  # records of one OAI-PMH answer
    now: datetime = datetime(2026, 3, 4, 6, tzinfo=UTC)
    expired: set[str] = field(default_factory=set)  # resumption tokens
    most: int = 30_000  # entries of one query that can be reached
    stale: dict[str, date] = field(default_factory=dict)  # feeds that show an older batch as new
    is_harvested: bool = True  # False: the repository is down
    hidden: frozenset[str] = frozenset()  # papers that the repository does not have yet
    server: Server | None = None

    def add(self, *papers: Preprint) -> None:
        """Take papers, or newer versions of them, in."""
        self.papers.update({paper.id: paper for paper in papers})

    def revise(self, name: str, **changes: object) -> None:
        """Give a paper a new version, announced today."""
        old = self.papers[name]
        versions = (*old.versions, self.now)
        self.papers[name] = replace(old, listed=self.day, versions=versions, **changes)  # type: ignore[arg-type]  # fields of it

    def answer(self, asked: Asked) -> Said:
        """Answer a request to any of the three ways."""
        if asked.path.startswith("/atom/"):
            return self._feed(asked)
        if asked.path == "/api/query":
            return self._query(asked.params)
        if asked.path == "/oai":
            return self._oai(asked.params) if self.is_harvested else Said(status=500)
        return Said(status=404)

    def _feed(self, asked: Asked) -> Said:
        category = asked.path.removeprefix("/atom/")
        items = "".join(
            self._announced(paper, category)
            for paper in self.papers.values()
            if category in paper.categories and paper.listed == self.stale.get(category, self.day)
        )
        built = f"<updated>{self.day}T00:00:10-05:00</updated>"
        body = f"<?xml version='1.0'?><feed {FEED}>{built}{items}</feed>".encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == etag:
            return Said(status=304)
        return Said(body=body, headers={"ETag": etag})

    def _announced(self, paper: Preprint, category: str) -> str:
        kind = "new" if len(paper.versions) == 1 else "replace"
        if paper.categories[0] != category:
            kind = {"new": "cross", "replace": "replace-cross"}[kind]
        name = f"{paper.id}v{len(paper.versions)}"
        terms = "".join(f'<category term="{one}"/>' for one in paper.categories)
        return (
            f"<entry><id>oai:arXiv.org:{name}</id><title>{escape(paper.title)}</title>"
            f"<summary>arXiv:{name} Announce Type: {kind} \nAbstract: {escape(paper.abstract)}"
            f"</summary>{terms}<published>{self.day}T00:00:00-05:00</published>"
            f"<arxiv:announce_type>{kind}</arxiv:announce_type>"
            "<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>"
            f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></entry>"
        )

    def _query(self, params: dict[str, str]) -> Said:
        start, limit = int(params.get("start", 0)), int(params.get("max_results", 10))
        if limit > 2000 or start + limit > self.most:
            return Said(status=400, body=b"max_results is too large")
        found = self._found(params)
        entries = "".join(self._entry(paper) for paper in found[start : start + limit])
        total = f"<opensearch:totalResults>{len(found)}</opensearch:totalResults>"
        total += f"<opensearch:startIndex>{start}</opensearch:startIndex>"
        return Said(body=f"<?xml version='1.0'?><feed {FEED}>{total}{entries}</feed>".encode())

    def _found(self, params: dict[str, str]) -> list[Preprint]:
        """Return what a query finds; both its dates compare with that of the submission."""
        if params.get("id_list"):
            return [self.papers[one] for one in params["id_list"].split(",") if one in self.papers]
        asked = params.get("search_query", "")
        wanted = set(re.findall(r"cat:([\w.-]+)", asked))
        span = re.search(r"(?:submitted|lastUpdated)Date:\[(\d{12}) TO (\d{12})\]", asked)
        first, last = span.groups() if span else ("0", "9")
        version = 0 if params.get("sortBy") == "submittedDate" else -1
        return sorted(
            (
                paper
                for paper in self.papers.values()
                if (not wanted or wanted & set(paper.categories))
                and first <= f"{paper.versions[0]:%Y%m%d%H%M}" <= last
            ),
            key=lambda paper: paper.versions[version],
            reverse=params.get("sortOrder") != "ascending",
        )

    @staticmethod
    def _entry(paper: Preprint) -> str:
        authors = "".join(f"<author><name>{one}</name></author>" for one in paper.authors)
        terms = "".join(f'<category term="{one}"/>' for one in paper.categories)
        name = f"{paper.id}v{len(paper.versions)}"
        said = f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else ""
        return (
            f"<entry><id>http://arxiv.org/abs/{name}</id>"
            f"<title>{escape(paper.title)}</title><summary>{escape(paper.abstract)}</summary>"
            f"<published>{paper.versions[0]:%Y-%m-%dT%H:%M:%SZ}</published>"
            f"<updated>{paper.versions[-1]:%Y-%m-%dT%H:%M:%SZ}</updated>{authors}{said}"
            f'<link href="http://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>'
            f'<link title="pdf" href="http://arxiv.org/pdf/{name}" rel="related" '
            'type="application/pdf"/>'
            f'<arxiv:primary_category term="{paper.categories[0]}"/>{terms}</entry>'
        )

    def _oai(self, params: dict[str, str]) -> Said:
        token = params.get("resumptionToken", "")
        if token in self.expired:
            return self._oai_body('<error code="badResumptionToken">it has expired</error>')
        asked, _, start = token.rpartition("|") if token else ("", "", "0")
        wanted, since = (
            asked.split("|") if token else (params.get("set", ""), params.get("from", ""))
        )
        found = [
            paper
            for paper in self.papers.values()
            if wanted.rpartition(":")[2] in {one.rpartition(".")[2] for one in paper.categories}
            or not wanted
        ]
        found = [
            paper for paper in found if _stamped(paper) >= since and paper.id not in self.hidden
        ]
        if not found:
            return self._oai_body('<error code="noRecordsMatch"/>')
        first = int(start)
        records = "".join(map(self._raw, found[first : first + self.page]))
        is_more = first + self.page < len(found)
        following = f"{wanted}|{since}|{first + self.page}" if is_more else ""
        tokens = f"<resumptionToken>{following}</resumptionToken>"
        return self._oai_body(f"<ListRecords>{records}{tokens}</ListRecords>")

    def _oai_body(self, content: str) -> Said:
        date_ = f"<responseDate>{self.now:%Y-%m-%dT%H:%M:%SZ}</responseDate>"
        return Said(body=f"<?xml version='1.0'?><OAI-PMH {OAI}>{date_}{content}</OAI-PMH>".encode())

    @staticmethod
    def _raw(paper: Preprint) -> str:
        header = (
            f"<identifier>oai:arXiv.org:{paper.id}</identifier>"
            f"<datestamp>{_stamped(paper)}</datestamp>"
        )
        if paper.is_deleted:
            return f'<record><header status="deleted">{header}</header></record>'
        versions = "".join(
            f'<version version="v{number}"><date>{format_datetime(at, usegmt=True)}</date>'
            "<size>9kb</size></version>"
            for number, at in enumerate(paper.versions, start=1)
        )
        return (
            f"<record><header>{header}</header><metadata>"
            f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper.id}</id>'
            f"<submitter>Ada</submitter>{versions}<title>{escape(paper.title)}</title>"
            f"<authors>{escape(', '.join(paper.authors))}</authors>"
            f"<categories>{' '.join(paper.categories)}</categories>"
            f"<comments>{escape(paper.comment)}</comments>"
            "<license>http://creativecommons.org/licenses/by/4.0/</license>"
            f"<abstract>{escape(paper.abstract)}</abstract></arXivRaw></metadata></record>"
        )


def _stamped(paper: Preprint) -> str:
    return f"{paper.stamp or paper.versions[-1]:%Y-%m-%d}"


@contextmanager
def arxiv() -> Iterator[Arxiv]:
    """Run arXiv on loopback."""
    held = Arxiv()
    with serving(held.answer) as server:
        held.server = server
        yield held


def settings(server: Server) -> dict[str, str]:
    """Return the environment of an instance that reads arXiv there."""
    return {
        "BROADSHEET_SOURCES": "arxiv",
        "BROADSHEET_ARXIV_CATEGORIES": "cs.AI",
        "BROADSHEET_ARXIV_FEED_URL": server.url,
        "BROADSHEET_ARXIV_API_URL": f"{server.url}/api/query",
        "BROADSHEET_ARXIV_OAI_URL": f"{server.url}/oai",
    }
