"""The ACL Anthology on loopback: the XML of collections, and the whole export in BibTeX."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.servers.http import Asked, Said


@dataclass(frozen=True)
class Talk:
    """A paper of the Anthology's."""

    number: int
    title: str  # XML: "On <fixed-case>G</fixed-case>ravity"
    abstract: str = "We dig wells, <tex-math>10^3</tex-math> of them."
    more: str = ""  # further elements


@dataclass
class Anthology:
    """What the Anthology holds: papers by volume."""

    volumes: dict[str, list[Talk]] = field(default_factory=dict)  # "2026.wells-long"
    ingested: str = "2026-03-02"

    def add(self, volume: str, *talks: Talk) -> None:
        """Take papers in."""
        self.volumes.setdefault(volume, []).extend(talks)

    def answer(self, asked: Asked) -> Said:
        """Answer a request for a file, conditionally."""
        name = asked.path.rpartition("/")[2]
        if name == "anthology+abstracts.bib.gz":
            return _file(asked, gzip.compress(self.bib(), mtime=0), "application/x-gzip")
        collection = name.removesuffix(".xml")
        if not any(volume.startswith(f"{collection}-") for volume in self.volumes):
            return Said(404, b"404: Not Found", {"Content-Type": "text/plain"})
        return _file(asked, self.xml(collection), "text/plain; charset=utf-8")

    def xml(self, collection: str) -> bytes:
        """Return the XML of a collection."""
        volumes = "".join(
            self._volume(name, talks)
            for name, talks in self.volumes.items()
            if name.startswith(f"{collection}-")
        )
        event = (
            '<event id="wells-2026"><meta><title>Wells</title><location>Bonn</location></meta>'
            f"<colocated><volume-id>{collection}-short</volume-id></colocated></event>"
        )
        return (
            f"<?xml version='1.0' encoding='UTF-8'?>\n<collection id=\"{collection}\">"
            f"{volumes}{event}</collection>"
        ).encode()

    def _volume(self, name: str, talks: list[Talk]) -> str:
        papers = "".join(
            f'<paper id="{talk.number}"><title>{talk.title}</title>'
            '<author id="ada"><first>Ada</first><last>Lovelace</last></author>'
            "<author><first>Émilie</first><last>du Châtelet</last>"
            "<affiliation>Cirey</affiliation></author>"
            f"<pages>{talk.number}-9</pages><abstract>{talk.abstract}</abstract>"
            f'<pdf hash="12345678"/><url>{name}.{talk.number}</url>'
            f"<bibkey>lovelace-{talk.number}-wells</bibkey>"
            f"<doi>10.18653/v1/{name}.{talk.number}</doi>{talk.more}</paper>"
            for talk in talks
        )
        part = name.partition("-")[2]
        return (
            f'<volume id="{part}" ingest-date="{self.ingested}" type="proceedings"><meta>'
            "<booktitle>Proceedings of <fixed-case>W</fixed-case>ells 2026</booktitle>"
            "<editor><first>Mary</first><last>Somerville</last></editor>"
            "<publisher>Association for Computational Linguistics</publisher>"
            "<month>March</month><year>2026</year>"
            f"<url>{name}</url><venue>wells</venue></meta>"
            f"<frontmatter><url>{name}.0</url><bibkey>wells-2026</bibkey>"
            f"</frontmatter>{papers}</volume>"
        )

    def bib(self) -> bytes:
        """Return the export of everything."""
        return "\n".join(
            f"@inproceedings{{lovelace-{talk.number}-wells-{name.replace('.', '-')},\n"
            f'    title = "{escape(talk.title)}",\n'
            '    author = "Lovelace, Ada  and\n      du Ch{\\^a}telet, {\\\'E}milie",\n'
            '    booktitle = "Proceedings of {W}ells 2026",\n'
            '    month = mar,\n    year = "2026",\n'
            f'    url = "https://aclanthology.org/{name}.{talk.number}/",\n'
            f'    doi = "10.18653/v1/{name}.{talk.number}",\n'
            '    abstract = "We dig wells."\n}'
            for name, talks in self.volumes.items()
            for talk in talks
        ).encode()


def _file(asked: Asked, body: bytes, kind: str) -> Said:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if asked.headers.get("if-none-match") == etag:
        return Said(status=304, headers={"ETag": etag})
    return Said(body=body, headers={"ETag": etag, "Content-Type": kind})


def settings(url: str) -> dict[str, str]:
    """Return the environment of an instance that reads the Anthology there."""
    return {
        "BROADSHEET_SOURCES": "acl:2026.wells",
        "BROADSHEET_ACL_URL": url,
        "BROADSHEET_ACL_XML_URL": f"{url}/data/xml",
    }
