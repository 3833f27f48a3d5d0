"""OAI-PMH read: arXiv's formats, Dublin Core, tokens that expire, records that were deleted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import BudgetSpentError, UnreachableError
from broadsheet.model import Fault, Identifier, Precision, Record, Scheme
from broadsheet.sources import oai_pmh
from broadsheet.sources._http import Client, Http
from broadsheet.sources._turns import Turns
from broadsheet.sources.oai_pmh import OaiPmh, Repository, arxiv_set
from tests.servers.arxiv import Arxiv, Preprint, arxiv
from tests.servers.http import Said
from tests.support import corpora
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = date(2026, 3, 4)
OAI = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2026-03-04T06:00:00Z</responseDate>{content}</OAI-PMH>"""
RECORD = """<ListRecords><record><header><identifier>oai:x.example:7</identifier></header>
<metadata>{metadata}</metadata></record></ListRecords>"""
DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
xmlns:dc="http://purl.org/dc/elements/1.1/">{fields}</oai_dc:dc>"""
ARXIV = """<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{id}</id><created>2026-03-02</created>
<updated>2026-03-03</updated><authors><author><keyname>Lovelace</keyname>
<forenames>Ada</forenames><suffix>II</suffix><affiliation>Bonn</affiliation></author></authors>
<title>Wells</title><categories>cs.AI math.OC</categories><comments>9 pages</comments>
<journal-ref>J. Wells 3</journal-ref><doi>10.1000/182 10.1000/183</doi>
<license>http://cc.example/by/</license><abstract>  We dig.
</abstract></arXiv>"""


def listed(metadata: str) -> bytes:
    """Return an answer of one record."""
    return OAI.format(content=RECORD.format(metadata=metadata)).encode()


def only(data: bytes) -> Record:
    """Return the one record that there must be."""
    (item,) = oai_pmh.parse(data, source="oai-x").items
    assert isinstance(item, Record), item
    return item


def dc(**fields: list[str]) -> Record:
    """Return the record of a Dublin Core element."""
    content = "".join(
        f"<dc:{name}>{value}</dc:{name}>" for name, values in fields.items() for value in values
    )
    return only(listed(DC.format(fields=content)))


@pytest.fixture
def service() -> Iterator[Arxiv]:
    """Run arXiv on loopback, with five papers."""
    with arxiv() as held:
        held.add(*(preprint(number) for number in range(1, 6)))
        yield held


@pytest.fixture
def http(tmp_path: Path) -> Http:
    """A client whose waits cost nothing."""
    fake = FakeTime()
    return Http(Client(agent="test", timing=fake.timing), Turns(tmp_path, fake.timing))


def preprint(number: int, **changes: object) -> Preprint:
    """Return a paper of today."""
    values: dict[str, object] = {"id": f"2603.{number:05d}", "title": f"Well {number}"}
    return Preprint(listed=DAY, **(values | changes))  # type: ignore[arg-type]  # its fields


def harvest(service: Arxiv, http: Http, **options: object) -> OaiPmh:
    """Return a harvest of arXiv's cs.AI."""
    assert service.server is not None
    repository = Repository(
        name="arxiv-oai",
        source="arxiv",
        url=f"{service.server.url}/oai",
        prefix="arXivRaw",
        sets=["cs:cs:AI"],
        first_days=3,
    )
    values: dict[str, object] = {"cursor": {}, "today": DAY}
    return OaiPmh(
        lambda url, params: http.get(url, params=params),
        repository,
        **(values | options),  # type: ignore[arg-type]  # its options
    )


def titles(items: Iterator[object]) -> list[str]:
    """Return the titles of the records among these."""
    return [item.title for item in items if isinstance(item, Record)]


def test_arxivs_format_says_all_this() -> None:
    """Authors in parts, several DOIs, dates of the first and of this version."""
    record = only(listed(ARXIV.format(id="2603.00001")))

    assert record.source_id == "oai:x.example:7"
    assert record.identifiers == (
        Identifier(Scheme.ARXIV, "2603.00001"),
        Identifier(Scheme.DOI, "10.1000/182"),
        Identifier(Scheme.DOI, "10.1000/183"),
    )
    assert record.authors == ("Ada Lovelace II",)
    assert (record.published, record.updated) == (date(2026, 3, 2), date(2026, 3, 3))
    assert (record.title, record.abstract, record.comment) == ("Wells", "We dig.", "9 pages")
    assert (record.venue, record.license) == ("J. Wells 3", "http://cc.example/by/")
    assert record.categories == ("cs.AI", "math.OC")


def test_the_raw_format_knows_every_version(service: Arxiv) -> None:
    """Their number, and the dates of the first and the last."""
    moments = tuple(datetime(2026, month, 2, tzinfo=UTC) for month in (1, 2, 3))
    raw = service._raw(preprint(9, versions=moments))

    record = only(service._oai_body(f"<ListRecords>{raw}</ListRecords>").body)

    assert record.version == 3
    assert (record.published, record.updated) == (date(2026, 1, 2), date(2026, 3, 2))
    assert record.extra["versions"] == ["2026-01-02", "2026-02-02", "2026-03-02"]
    assert record.license == "http://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("cs.AI", "cs:cs:AI"),
        ("stat.ML", "stat:stat:ML"),
        ("hep-th", "physics:hep-th"),
        ("math.AG", "math:math:AG"),
        ("cond-mat.str-el", "physics:cond-mat:str-el"),
        ("physics.optics", "physics:physics:optics"),
        ("q-bio.BM", "q-bio:q-bio:BM"),
        ("cs", "cs:cs"),
    ],
)
def test_the_set_of_a_category(category: str, expected: str) -> None:
    """group:archive:CATEGORY."""
    assert arxiv_set(category) == expected


def test_dublin_core_says_all_this() -> None:
    """Names turned round, the earliest date, the longest description, identifiers wherever."""
    record = dc(
        title=["On  wells"],
        creator=["Lovelace, Ada", "Émilie du Châtelet"],
        description=["Short.", "A longer description of wells."],
        date=["2026-03-03", "2026-02-01T05:06:07Z"],
        identifier=["https://x.example/7", "doi:10.1000/182"],
        subject=["Hydrology", "s" * 90],
        publisher=["Wells Press"],
        rights=["CC BY"],
    )

    assert (record.source, record.source_id) == ("oai-x", "oai:x.example:7")
    assert record.identifiers == (Identifier(Scheme.DOI, "10.1000/182"),)
    assert record.title == "On wells"
    assert record.authors == ("Ada Lovelace", "Émilie du Châtelet")
    assert record.abstract == "A longer description of wells."
    assert (record.published, record.precision) == (date(2026, 2, 1), Precision.DAY)
    assert (record.topics, record.venue, record.license) == (("hydrology",), "Wells Press", "CC BY")


def test_a_record_without_any_known_identifier_goes_by_its_own() -> None:
    """And its address becomes a link."""
    record = dc(title=["On wells"], identifier=["https://x.example/7"], date=["2011"])

    assert record.identifiers == (Identifier(Scheme.LOCAL, "oai-x/oai:x.example:7"),)
    assert [link.url for link in record.links] == ["https://x.example/7"]
    assert (record.published, record.precision) == (date(2011, 1, 1), Precision.YEAR)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(RECORD.format(metadata=""), "metadata: there is none", id="empty"),
        pytest.param(
            RECORD.format(metadata="<marc>1</marc>"), "the format 'marc' is not read", id="format"
        ),
        pytest.param(
            RECORD.format(metadata=ARXIV.format(id="0811.36489")),
            "id: '0811.36489' is no arXiv id",
            id="a wrong id",
        ),
        pytest.param(
            "<record><header status='deleted'><identifier>oai:x:1</identifier></header></record>",
            "the repository has deleted this record",
            id="deleted",
        ),
        pytest.param("<record><header/></record>", "the record's header has none", id="nameless"),
    ],
)
def test_what_is_no_paper_is_a_fault_with_its_reason(content: str, reason: str) -> None:
    """It goes to quarantine; the others are read."""
    (item,) = oai_pmh.parse(OAI.format(content=content).encode(), source="oai-x").items

    assert isinstance(item, Fault)
    assert reason in item.reason


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    """Whatever comes, the answer is a page."""
    assert oai_pmh.parse(data, source="x").items == ()


def test_a_harvest_follows_its_tokens_and_the_next_begins_where_it_began(
    service: Arxiv, http: Http
) -> None:
    """From the responseDate of the first page, whatever time the last one took."""
    first = harvest(service, http)

    assert titles(first.read()) == [f"Well {number}" for number in range(1, 6)]
    assert first.cursor == {"cs:cs:AI": {"from": "2026-03-04"}}
    assert service.server is not None
    asked = [one.params for one in service.server.asked]
    assert asked[0] == {
        "verb": "ListRecords",
        "metadataPrefix": "arXivRaw",
        "from": "2026-03-01",
        "set": "cs:cs:AI",
    }
    assert [sorted(one) for one in asked[1:]] == [["resumptionToken", "verb"]] * 2

    second = harvest(service, http, cursor=first.cursor)
    assert titles(second.read()) == []
    assert service.server.asked[-1].params["from"] == "2026-03-04"


def test_a_harvest_that_breaks_off_goes_on_with_its_token(service: Arxiv, http: Http) -> None:
    """After a kill or a spent budget, not from the beginning."""
    http.requests_left = 1
    broken = harvest(service, http)
    with pytest.raises(BudgetSpentError):
        list(broken.read())
    http.requests_left = 9

    rest = harvest(service, http, cursor=broken.cursor)

    assert titles(rest.read()) == ["Well 3", "Well 4", "Well 5"]
    assert rest.cursor == {"cs:cs:AI": {"from": "2026-03-04"}}


def test_a_harvest_that_an_error_ends_goes_on_with_its_token(service: Arxiv, http: Http) -> None:
    """A page that answers 404 is no reason to read those before it again; nor is midnight."""
    assert service.server is not None
    broken = harvest(service, http)
    items = broken.read()
    first = next(items)
    service.server.faults = [Said(status=404)]
    with pytest.raises(UnreachableError, match="404"):
        list(items)
    kept = broken.cursor["cs:cs:AI"]
    service.now = datetime(2026, 3, 5, 6, tzinfo=UTC)

    rest = harvest(service, http, cursor=broken.cursor, today=date(2026, 3, 5))

    assert isinstance(first, Record)
    assert (kept["token"], kept["begun"]) == ("cs:cs:AI|2026-03-01|2", "2026-03-04")
    assert titles(rest.read()) == ["Well 3", "Well 4", "Well 5"]
    assert rest.cursor == {"cs:cs:AI": {"from": "2026-03-04"}}


def test_an_expired_token_begins_the_set_again(service: Arxiv, http: Http) -> None:
    """ArXiv's expire every day; what is read twice says nothing new."""
    http.requests_left = 1
    broken = harvest(service, http)
    with pytest.raises(BudgetSpentError):
        list(broken.read())
    http.requests_left = 9
    service.expired = {broken.cursor["cs:cs:AI"]["token"]}
    again = harvest(service, http, cursor=broken.cursor)
    items = again.read()

    first = next(items)
    service.expired = set()

    assert isinstance(first, Record)
    assert [first.title, *titles(items)] == [f"Well {number}" for number in range(1, 6)]


def test_a_token_that_always_expires_ends_the_run(service: Arxiv, http: Http) -> None:
    """One restart; then it is the repository's fault, and said."""
    service.expired = {"cs:cs:AI|2026-03-01|2"}

    with pytest.raises(UnreachableError, match="badResumptionToken"):
        list(harvest(service, http).read())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"since": date(2026, 2, 1)}, "2026-02-01", id="since a day"),
        pytest.param({"is_full": True}, None, id="everything"),
    ],
)
def test_how_far_back_is_asked(
    service: Arxiv, http: Http, options: dict[str, object], expected: str | None
) -> None:
    """And a run that was asked so and broke off goes on, asked the same again."""
    cursor = {"cs:cs:AI": {"from": "2026-03-04"}}
    http.requests_left = 1
    broken = harvest(service, http, cursor=cursor, **options)
    with pytest.raises(BudgetSpentError):
        list(broken.read())
    http.requests_left = 9

    rest = harvest(service, http, cursor=broken.cursor, **options)

    assert titles(rest.read()) == ["Well 3", "Well 4", "Well 5"]
    assert service.server is not None
    assert service.server.asked[0].params.get("from") == expected
    assert rest.cursor == {"cs:cs:AI": {"from": "2026-03-04"}}


def test_broken_xml_is_asked_for_again(service: Arxiv, http: Http) -> None:
    """Nothing of the broken page is taken, so nothing is taken twice."""
    assert service.server is not None
    whole = service._oai({"verb": "ListRecords", "set": "cs:cs:AI"})
    service.server.faults = [Said(body=whole.body[:-40]), Said(body=b"<html>Sorry</html>")]

    assert len(titles(harvest(service, http).read())) == 5


def test_an_error_is_said_in_the_repositorys_words(service: Arxiv, http: Http) -> None:
    """Its code and what it says."""
    assert service.server is not None
    content = '<error code="badArgument">no such set</error>'
    service.server.faults = [Said(body=OAI.format(content=content).encode())]

    with pytest.raises(UnreachableError, match="answers badArgument: no such set"):
        list(harvest(service, http).read())


def test_503_with_retry_after_is_waited_for(service: Arxiv, http: Http) -> None:
    """As the protocol asks of harvesters."""
    assert service.server is not None
    service.server.faults = [Said(status=503, headers={"Retry-After": "30"})]

    assert len(titles(harvest(service, http).read())) == 5


@pytest.mark.data
def test_every_captured_answer_is_read_or_says_why() -> None:
    """A thousand of arXiv's records, one with an id that is none; another repository's answers."""
    (raw,) = (corpora() / "captures" / "arxiv-oai").glob("*.xml")
    page = oai_pmh.parse(raw.read_bytes(), source="arxiv")
    faults = [item.reason for item in page.items if isinstance(item, Fault)]

    assert (len(page.items), page.token) == (1000, "496549|96001")
    assert faults == ["id: '0811.36489' is no arXiv id"]

    files = sorted((corpora() / "captures" / "oai-pmh").glob("*.xml"))
    pages = {file.stem: oai_pmh.parse(file.read_bytes(), source="oai-test") for file in files}
    said = {name: page.error for name, page in pages.items() if page.error}
    assert said == {name: name for name in said} | {"undefinedError": "undefinedError"}
    assert {name for name, page in pages.items() if page.problem} == {"ListRecordsBroken"}
    assert [len(pages[f"ListRecords{n}"].items) for n in ("", 2, 3, 4)] == [2, 2, 2, 2]


def test_a_harvest_over_midnight_begins_next_time_where_it_began(
    service: Arxiv, http: Http
) -> None:
    """What changed while its pages were read is in the next one."""
    source = harvest(service, http, since=date(2026, 3, 1), today=date(2026, 3, 7))
    items = source.read()
    next(items)
    service.now = datetime(2026, 3, 9, tzinfo=UTC)

    list(items)

    assert source.cursor == {"cs:cs:AI": {"from": "2026-03-04"}}


def raw(name: str, inside: str = "") -> str:
    """Return a record as arXiv gives it."""
    return f"""<record><header><identifier>oai:arXiv.org:{name}</identifier></header><metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{name}</id><version version="v1">
<date>Mon, 02 Mar 2026 15:00:00 GMT</date></version><title>Well {name[-1]}</title>
<authors>Ada Lovelace</authors><categories>cs.AI</categories><abstract>We dig.{inside}</abstract>
</arXivRaw></metadata></record>"""


def test_a_record_whose_markup_is_wrong_costs_itself(service: Arxiv, http: Http) -> None:
    """It is asked for three times; then the others are taken, and the harvest goes on."""
    assert service.server is not None
    content = f"{raw('2603.00001')}{raw('2603.00002', '<b>')}{raw('2603.00003', '&nbsp;R & D')}"
    more = "<resumptionToken>cs:cs:AI|2026-03-01|4</resumptionToken>"
    body = OAI.format(content=f"<ListRecords>{content}{more}</ListRecords>").encode()
    service.server.faults = [Said(body=body)] * oai_pmh.BROKEN_ATTEMPTS

    items = list(harvest(service, http).read())

    (fault,) = [item for item in items if isinstance(item, Fault)]
    assert fault.reason.startswith("the XML is wrong: mismatched tag")
    assert "2603.00002" in fault.raw
    assert titles(iter(items)) == ["Well 1", "Well 3", "Well 5"]


def test_a_harvest_does_not_go_round_in_a_circle(service: Arxiv, http: Http) -> None:
    """What comes after the circle is missing: that is said, and nothing is taken for done."""
    assert service.server is not None
    tokens = ["a", "b", "c", "a"]
    bodies = [
        f"<ListRecords>{raw(f'2603.{number:05d}')}<resumptionToken>{token}</resumptionToken>"
        "</ListRecords>"
        for number, token in zip((1, 2, 3, 1), tokens, strict=True)
    ]
    service.server.faults = [Said(body=OAI.format(content=body).encode()) for body in bodies]
    source = harvest(service, http)

    with pytest.raises(UnreachableError, match="repeats itself: the token 'a'"):
        list(source.read())

    assert source.cursor["cs:cs:AI"]["token"] == tokens[2]
    assert len(service.server.asked) == 4


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-03-04T06:00:00Z", "2026-03-04", id="today"),
        pytest.param("2026-03-03T06:00:00Z", "2026-03-03", id="yesterday"),
        pytest.param("2099-01-01T00:00:00Z", "2026-03-04", id="in years"),
        pytest.param("1970-01-01T00:00:00Z", "2026-03-01", id="before the harvest's own day"),
        pytest.param("soon", "2026-03-04", id="a word"),
        pytest.param("", "2026-03-04", id="nothing"),
    ],
)
def test_a_clock_that_is_wrong_there_hides_nothing(
    service: Arxiv, http: Http, at: str, expected: str
) -> None:
    """The next harvest must not begin on a day that is still to come."""
    assert service.server is not None
    body = OAI.replace("2026-03-04T06:00:00Z", at).format(
        content=f"<ListRecords>{raw('2603.00001')}<resumptionToken/></ListRecords>"
    )
    service.server.faults = [Said(body=body.encode())]
    source = harvest(service, http)

    list(source.read())

    assert source.cursor == {"cs:cs:AI": {"from": expected}}


def test_a_token_that_leads_to_nothing_is_no_end(service: Arxiv, http: Http) -> None:
    """Some repositories say "no records" where they mean "I forgot": the set begins again."""
    assert service.server is not None
    first = OAI.format(
        content=f"<ListRecords>{raw('2603.00001')}<resumptionToken>x</resumptionToken></ListRecords>"
    )
    nothing = OAI.format(content='<error code="noRecordsMatch"/>')
    service.server.faults = [Said(body=one.encode()) for one in (first, nothing)]

    assert titles(harvest(service, http).read()) == ["Well 1"] + [f"Well {n}" for n in range(1, 6)]


def test_an_answer_that_says_nothing_is_no_end(service: Arxiv, http: Http) -> None:
    """An empty envelope is a fault: taken for the end it would hide a day's papers."""
    assert service.server is not None
    service.server.faults = [Said(body=OAI.format(content="").encode())] * 3
    source = harvest(service, http)

    with pytest.raises(UnreachableError, match="neither records nor an error"):
        list(source.read())

    assert source.cursor == {}


def test_metadata_cannot_lead_a_harvest_elsewhere() -> None:
    """A record may hold elements that are called like the protocol's own."""
    inside = "<resumptionToken>evil</resumptionToken><error code='x'/><record/>"
    content = f"<ListRecords>{raw('2603.00001', inside)}<resumptionToken/></ListRecords>"

    page = oai_pmh.parse(OAI.format(content=content).encode(), source="oai-x")

    assert (page.token, page.error, len(page.items)) == ("", "", 1)
