"""The ACL Anthology: its XML and its BibTeX, from files and over the network."""

from __future__ import annotations

import gzip
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import SettingError, UnreachableError
from broadsheet.model import Fault, Record, Status
from broadsheet.sources import acl
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import Turns
from broadsheet.sources.acl import AclBib, AclExport, AclXml, Export
from broadsheet.sources.bibtex import BibTeX
from broadsheet.sources.detect import open_files
from tests.servers.acl import Anthology, Talk, settings
from tests.servers.faults import SORRY
from tests.servers.http import serving
from tests.support_sync import Instance, instance
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support import StillClock

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def service() -> Anthology:
    """The Anthology, with three papers in two volumes."""
    held = Anthology()
    held.add("2026.wells-long", Talk(1, "On <fixed-case>G</fixed-case>ravity wells"))
    held.add("2026.wells-long", Talk(2, "How <i>deep</i> is <tex-math>n^2</tex-math>?"))
    held.add("2026.wells-short", Talk(1, "Wells, in short"))
    return held


@pytest.fixture
def read(service: Anthology, tmp_path: Path, clock: StillClock) -> Iterator[Instance]:
    """An instance that reads a collection of it."""
    clock.time = NOW
    with instance(service.answer, settings, folder=tmp_path, clock=clock) as opened:
        yield opened


def from_xml(tmp_path: Path, content: bytes, **options: Any) -> list[Record | Fault]:
    """Return what a file holds."""
    path = tmp_path / "file.xml"
    path.write_bytes(content)
    found = list(AclXml(path, **options).read())
    return [item for item in found if isinstance(item, (Record, Fault))]


def paper(tmp_path: Path, more: str = "", **options: Any) -> Record:
    """Return the record of one paper with further elements."""
    service = Anthology(**options)
    service.add("2026.wells-long", Talk(1, "On wells", more=more))
    (record,) = from_xml(tmp_path, service.xml("2026.wells"))
    assert isinstance(record, Record), record
    return record


def test_a_collection_is_read(read: Instance) -> None:
    """Three papers; front matter and events are none."""
    report = read.run()

    assert (report.read, report.new, report.quarantined) == (3, 3, 0)
    assert read.titles() == ["On Gravity wells", "How deep is $n^2$?", "Wells, in short"]
    assert [str(one.id) for one in read.papers()] == [
        "acl:2026.wells-long.1",
        "acl:2026.wells-long.2",
        "acl:2026.wells-short.1",
    ]
    assert read.found("gravity") == ["On Gravity wells"]
    assert not list((read.library.settings.data / "downloads").iterdir())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param("acl:2026.wells-short", 1, id="a volume"),
        pytest.param("acl:2026.wells", 3, id="a collection"),
        pytest.param("acl:wells-2026", 3, id="an event"),
        pytest.param("acl", 3, id="everything, in BibTeX"),
    ],
)
def test_what_can_be_named(
    service: Anthology, tmp_path: Path, clock: StillClock, name: str, count: int
) -> None:
    """Each gives its papers, under the source's own name."""
    with instance(service.answer, settings, folder=tmp_path, clock=clock, SOURCES=name) as read:
        assert read.run().new == count
        assert {one.sources for one in read.papers()} == {("acl",)}


def test_xml_and_bibtex_say_the_same_paper(
    service: Anthology, tmp_path: Path, clock: StillClock
) -> None:
    """Both ways name a paper alike: it is one."""
    environ = {"SOURCES": "acl,acl:2026.wells"}
    with instance(service.answer, settings, folder=tmp_path, clock=clock, **environ) as read:
        from broadsheet.jobs.sync import sync
        from broadsheet.sources.network import plans

        for plan in plans(read.library.settings, timing=read.fake.timing).values():
            sync(read.library, plan)

        assert len(read.papers()) == 3


def test_what_has_not_changed_is_not_read(read: Instance, service: Anthology) -> None:
    """The file is asked for with what its last answer was marked with."""
    read.run()
    assert read.run().read == 0
    assert read.server.asked[-1].headers["if-none-match"]

    service.add("2026.wells-short", Talk(2, "Wells, in shorter"))
    report = read.run()
    assert (report.new, report.unchanged) == (1, 3)

    assert (read.run(is_full=True).unchanged, len(read.server.asked)) == (4, 4)


def test_a_run_that_breaks_off_goes_on(service: Anthology, tmp_path: Path) -> None:
    """At the entry behind the last that was saved; of a file that changed, at its beginning."""
    fake = FakeTime()
    http = Http(Client(agent="test", timing=fake.timing), Turns(tmp_path, fake.timing))
    with serving(service.answer) as server:
        url = f"{server.url}/anthology+abstracts.bib.gz"
        export = Export(name="acl", url=url, open=AclBib, check=acl.whole_bib)
        first = AclExport(http, export, folder=tmp_path, cursor={})
        reading = first.read()
        got = [next(reading), next(reading)]
        cursor = dict(first.cursor)
        rest = list(AclExport(http, export, folder=tmp_path, cursor=cursor).read())

        service.add("2026.wells-short", Talk(2, "Wells, in shorter"))
        anew = list(AclExport(http, export, folder=tmp_path, cursor=cursor).read())

    assert len(got) == 2
    assert (len(rest), len(anew)) == (1, 4)


def test_what_a_paper_says(tmp_path: Path) -> None:
    """The names, the abstract with its formulas, the days, both identifiers."""
    record = paper(tmp_path)

    assert [str(one) for one in record.identifiers] == [
        "acl:2026.wells-long.1",
        "doi:10.18653/v1/2026.wells-long.1",
    ]
    assert (record.source, record.source_id) == ("acl", "2026.wells-long.1")
    assert record.authors == ("Ada Lovelace", "Émilie du Châtelet")
    assert record.abstract == "We dig wells, $10^3$ of them."
    assert (record.published, record.precision.value) == (date(2026, 3, 1), "month")
    assert (record.announced, record.venue) == (date(2026, 3, 2), "Proceedings of Wells 2026")
    assert {(link.kind, link.url) for link in record.links} >= {
        ("abstract", "https://aclanthology.org/2026.wells-long.1/"),
        ("pdf", "https://aclanthology.org/2026.wells-long.1.pdf"),
    }
    assert record.extra["key"] == "lovelace-1-wells"


def test_a_volume_of_long_ago_was_not_announced_when_it_was_put_in(tmp_path: Path) -> None:
    """Or the day on which the sixties were scanned would be a very full edition."""
    assert paper(tmp_path, ingested="2027-01-09").announced == date(2027, 1, 9)
    assert paper(tmp_path, ingested="2029-01-09").announced is None


@pytest.mark.parametrize(
    ("more", "status", "notice"),
    [
        pytest.param(
            '<retracted date="2026-04-01">Fabricated depths.</retracted>',
            Status.RETRACTED,
            "Fabricated depths.",
            id="retracted",
        ),
        pytest.param(
            '<removed date="2026-04-01">By the authors.</removed>',
            Status.WITHDRAWN,
            "By the authors.",
            id="removed",
        ),
        pytest.param("", None, None, id="neither"),
    ],
)
def test_what_was_taken_back_is_marked(
    tmp_path: Path, more: str, status: Status | None, notice: str | None
) -> None:
    """With the reason and the day that the Anthology gives."""
    record = paper(tmp_path, more)

    assert (record.status, record.extra.get("notice")) == (status, notice)
    assert record.extra.get("notice_day") == ("2026-04-01" if notice else None)


def test_revisions_errata_awards_and_code(tmp_path: Path) -> None:
    """A revision is the day of the last change; the rest is kept beside the paper."""
    record = paper(
        tmp_path,
        '<revision id="1" href="2026.wells-long.1v1" hash="1"/>'
        '<revision id="2" href="2026.wells-long.1v2" hash="2" date="2026-05-01">Typos.</revision>'
        '<erratum id="1" hash="3" date="2026-06-01">2026.wells-long.1e1</erratum>'
        "<award>Best Paper</award>"
        '<pwccode url="https://github.com/ada/wells" additional="false">ada/wells</pwccode>',
    )

    assert (record.version, record.updated) == (None, date(2026, 5, 1))
    assert record.extra["revisions"][1] == {"id": "2", "what": "Typos."}
    assert (record.extra["errata"], record.extra["awards"]) == (["2026-06-01"], ["Best Paper"])
    assert ("code", "https://github.com/ada/wells") in {(one.kind, one.url) for one in record.links}


def test_a_paper_without_an_address_gets_one(tmp_path: Path) -> None:
    """From where it stands, as the Anthology makes its addresses since 2020."""
    xml = (
        '<collection id="2026.x"><volume id="1"><meta><booktitle>X</booktitle><year>2026</year>'
        '</meta><paper id="7"><title>Seven</title></paper></volume>'
        '<volume id="2"><paper><title>No number</title></paper></volume></collection>'
    )
    record, fault = from_xml(tmp_path, xml.encode())

    assert isinstance(record, Record)
    assert isinstance(fault, Fault)
    assert str(record.identifiers[0]) == "acl:2026.x-1.7"
    assert fault.reason.startswith("url: the paper has none")


def test_old_names_are_read(tmp_path: Path) -> None:
    """Before 2020 a letter, a year and four digits."""
    xml = (
        '<collection id="P19"><volume id="1"><meta><booktitle>X</booktitle><year>2019</year>'
        '</meta><paper id="7"><title>Seven</title><url>P19-1007</url></paper></volume></collection>'
    )
    (record,) = from_xml(tmp_path, xml.encode(), volume="P19-1")

    assert isinstance(record, Record)
    assert str(record.identifiers[0]) == "acl:P19-1007"


def test_one_bad_paper_costs_itself(tmp_path: Path, service: Anthology) -> None:
    """And XML that breaks off gives what it has."""
    whole = service.xml("2026.wells")
    spoilt = whole.replace(b"<title>Wells, in short</title>", b"<title/>")
    cut = whole[: whole.index(b"<title>Wells, in short") + 10]

    *_, fault = from_xml(tmp_path, spoilt)
    assert isinstance(fault, Fault)
    assert (fault.where, fault.reason) == (
        "file.xml 2026.wells-short paper 1",
        "title: there is none",
    )
    first, second, broken = from_xml(tmp_path, cut)
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert isinstance(broken, Fault)
    assert "XML breaks" in broken.reason


def test_the_export_needs_little_memory(tmp_path: Path) -> None:
    """It has 100,000 entries and more; twice as many of them need no more memory."""
    peaks = [_peak(tmp_path / f"{count}.bib.gz", count) for count in (1_500, 3_000)]

    assert peaks[1] < 1.2 * peaks[0], peaks


def _peak(path: Path, count: int) -> int:
    """Return the bytes that reading so many entries takes at most."""
    service = Anthology()
    service.add("2026.wells-long", *(Talk(one, f"Well {one}") for one in range(1, count + 1)))
    path.write_bytes(gzip.compress(service.bib(), compresslevel=1))
    tracemalloc.start()
    read = sum(isinstance(item, Record) for item in AclBib(path).read())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read == count
    return peak


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        pytest.param("a.xml", "xml", AclXml, id="its XML"),
        pytest.param("a.bib", "bib", AclBib, id="its BibTeX"),
        pytest.param("b.bib", "mixed", BibTeX, id="somebody's references"),
    ],
)
def test_files_are_told_apart(
    tmp_path: Path, service: Anthology, name: str, content: str, kind: type
) -> None:
    """Somebody's own list that quotes a paper of the Anthology's is not the Anthology."""
    mine = b'@misc{x, title = "X",\n  url = "https://x.example/"\n}\n'
    bodies = {
        "xml": service.xml("2026.wells"),
        "bib": service.bib(),
        "mixed": service.bib() + mine,
    }
    path = tmp_path / name
    path.write_bytes(bodies[content])

    (source,) = open_files([path])
    assert type(source) is kind


def test_a_file_that_is_not_there_is_explained(
    service: Anthology, tmp_path: Path, clock: StillClock
) -> None:
    """With how collections, volumes and events are named."""
    environ = {"SOURCES": "acl:2031.wells"}
    with (
        instance(service.answer, settings, folder=tmp_path, clock=clock, **environ) as read,
        pytest.raises(UnreachableError, match="a volume as in acl:2024"),
    ):
        read.run()


@pytest.mark.parametrize(
    ("source", "change", "says"),
    [
        pytest.param("acl:2026.wells", lambda body: body[:-40], "breaks off", id="cut"),
        pytest.param("acl:2026.wells", lambda _body: SORRY, "document type", id="a page"),
        pytest.param("acl:2026.wells", lambda _body: b"", "no element", id="nothing"),
        pytest.param("acl:2026.wells-art", lambda body: body, "holds no papers", id="no volume"),
        pytest.param("acl", lambda body: body[:-40], "is damaged", id="cut when packed"),
        pytest.param("acl", lambda _body: SORRY, "is damaged", id="a page, not packed"),
    ],
)
def test_what_is_no_whole_file_is_a_fault_and_asked_for_again(  # a row for each way to be none
    service: Anthology,
    tmp_path: Path,
    clock: StillClock,
    *,
    source: str,
    change: Callable[[bytes], bytes],
    says: str,
) -> None:
    """Taken for whole, it would not be asked for until it changes, and papers be missing."""
    with instance(service.answer, settings, folder=tmp_path, clock=clock, SOURCES=source) as read:
        read.server.spoil = lambda _asked, said: replace(said, body=change(said.body))
        with pytest.raises(UnreachableError, match=says):
            read.run()

        read.server.spoil = None
        if source != "acl:2026.wells-art":
            read.run()
            assert len(read.papers()) == 3


def test_a_paper_with_wrong_markup_costs_itself(read: Instance) -> None:
    """Its neighbours are read, with the venue and the year of their volume."""
    read.server.spoil = lambda _asked, said: replace(
        said, body=said.body.replace(b"<title>Wells, in short", b"<title><b>Wells, in short")
    )

    report = read.run()

    (held,) = read.library.store.quarantined(limit=5)
    assert (report.new, report.quarantined) == (2, 1)
    assert held.fault.reason.startswith("the XML is wrong: mismatched tag")
    assert {paper.venue for paper in read.papers()} == {"Proceedings of Wells 2026"}


def test_what_is_no_name_is_refused(service: Anthology, tmp_path: Path, clock: StillClock) -> None:
    """Before anything is asked."""
    environ = {"SOURCES": "acl:../../etc"}
    with (
        instance(service.answer, settings, folder=tmp_path, clock=clock, **environ) as read,
        pytest.raises(SettingError, match="no collection"),
    ):
        read.run()


@given(st.binary(max_size=300))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """Whatever a file holds is records and faults."""
    whole = b'<collection id="2026.x"><volume id="1"><paper id="1">' + body
    from_xml(tmp_path_factory.mktemp("acl"), whole)
    assert acl.is_acl_bib(body) in {True, False}
