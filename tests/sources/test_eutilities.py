"""PubMed by E-utilities: searched by day, fetched in batches, resumed wherever it breaks off."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.assemble import open_library
from broadsheet.errors import SourceError, UnreachableError
from broadsheet.jobs.sync import sync
from broadsheet.model import Fault, Record, Status
from broadsheet.sources import eutilities
from broadsheet.sources._http import Http
from broadsheet.sources.eutilities import Found, parse_batch, parse_search
from broadsheet.sources.network import plans
from tests.servers.http import Said
from tests.servers.pubmed import DOCTYPE, Citation, PubMed, pubmed, settings
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.sources._plan import Plan
    from tests.support import StillClock

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
TODAY = NOW.date()
WELL = Citation(pmid=3197, title="On deep wells", added=date(2026, 7, 13), doi="10.5555/wells.7")


def result(**changes: Any) -> bytes:
    """Return an answer of esearch."""
    said = {"count": "3", "querykey": "1", "webenv": "MCID_1", "idlist": []} | changes
    return json.dumps({"header": {"type": "esearch"}, "esearchresult": said}).encode()


def articles(inner: str, root: str = "PubmedArticleSet") -> bytes:
    """Return an answer of efetch."""
    return f'<?xml version="1.0" ?>\n{DOCTYPE}\n<{root}>{inner}</{root}>'.encode()


ONE = (
    "<PubmedArticle><MedlineCitation><PMID>7</PMID><Article><ArticleTitle>Wells.</ArticleTitle>"
    "</Article></MedlineCitation></PubmedArticle>"
)


# --- what an answer says ---


def test_a_search_leaves_its_result_on_the_history_server() -> None:
    """Count, environment and key are all that is needed to fetch it."""
    assert parse_search(result()) == Found(count=3, env="MCID_1", key="1")
    assert parse_search(result(count="0", querykey="", webenv="")) == Found()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"<html>", "is not JSON", id="a page"),
        pytest.param(result(ERROR="Empty term"), "Empty term", id="its own error"),
        pytest.param(b'{"error":"API key invalid"}', "API key invalid", id="a wrong key"),
        pytest.param(result(count="many"), "gives no count", id="no count"),
        pytest.param(result(webenv=""), "history server", id="no history"),
        pytest.param(result(errorlist={"fieldsnotfound": ["Titel"]}), "Titel", id="wrong field"),
    ],
)
def test_a_search_that_failed_says_why(data: bytes, problem: str) -> None:
    """A field that PubMed does not know would silently find something else."""
    assert problem in parse_search(data).problem


def test_a_search_with_control_characters_is_read() -> None:
    """NCBI lets those of a query through into its JSON."""
    assert parse_search(result(querytranslation="@").replace(b"@", b"\t")).count == 3


def test_one_bad_citation_is_a_fault_and_the_next_is_read() -> None:
    """No title; a chapter of a book; a good one."""
    bad = ONE.replace("Wells.", "")

    batch = parse_batch(articles(bad + "<PubmedBookArticle/>" + ONE), where="x")

    assert [type(item) for item in batch.items] == [Fault, Fault, Record]
    assert "title" in str(batch.items[0])
    assert "chapter of a book" in str(batch.items[1])
    assert (batch.error, batch.problem) == ("", "")


def test_an_error_of_efetch_is_told_from_broken_xml() -> None:
    """The one is searched for again, the other fetched again."""
    expired = articles("<ERROR>Unable to obtain query #1</ERROR>", "eFetchResult")

    assert parse_batch(expired).error == "Unable to obtain query #1"
    cut = parse_batch(articles(ONE + ONE)[:-60])
    assert (len(cut.items), cut.error) == (1, "")
    assert "breaks" in cut.problem


@given(st.binary() | st.text(alphabet="<>&;PubmedArtice/ERO [!", max_size=60).map(str.encode))
def test_no_answer_breaks_the_parsers(data: bytes) -> None:
    """Whatever NCBI sends."""
    parse_batch(data)
    parse_search(data)


def test_a_retraction_names_its_notice() -> None:
    """The mark is the paper's; the notice says why."""
    notice = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Wells.'
        "</RefSource><PMID>9</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )

    (found,) = parse_batch(articles(ONE.replace("</Article><", f"</Article>{notice}<"))).items

    assert isinstance(found, Record)
    assert found.status is Status.RETRACTED
    assert found.extra["notices"] == [{"kind": "RetractionIn", "where": "J Wells.", "pmid": "9"}]


# --- the whole way ---


@pytest.fixture
def service() -> Iterator[PubMed]:
    """Run PubMed on loopback, with one citation."""
    with pubmed() as held:
        held.citations.append(WELL)
        yield held


@pytest.fixture
def library(service: PubMed, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads it."""
    assert service.server is not None
    clock.time = NOW
    environ = settings(service.server) | {"BROADSHEET_CONTACT_EMAIL": "wells@example.org"}
    opened = open_library(tmp_path / "data", environ=environ, clock=clock)
    yield opened
    opened.close()


def plan(library: Library, name: str = "pubmed:wells", time: FakeTime | None = None) -> Plan:
    """Return how a source is read, with a clock that nobody waits for."""
    return plans(library.settings, [name], timing=(time or FakeTime()).timing)[name]


def many(number: int) -> list[Citation]:
    """Return citations of the last days."""
    days = [TODAY - timedelta(days=n % 5) for n in range(number)]
    return [
        replace(WELL, pmid=n + 1, title=f"On {n} wells", doi="", added=day)
        for n, day in enumerate(days)
    ]


def test_a_citation_is_found_and_later_retracted(
    service: PubMed, library: Library, clock: StillClock
) -> None:
    """An old record changes: only a search by the day of change finds it."""
    assert sync(library, plan(library)).new == 1
    assert library.paper("pmid:3197").status is None
    clock.advance(timedelta(days=200))
    service.citations[0] = replace(WELL, retracted_in=9, changed=clock.now().date())

    assert sync(library, plan(library)).merged == 1

    paper = library.paper("10.5555/wells.7")
    assert (paper.status, paper.status_by) == (Status.RETRACTED, "pubmed")
    assert library.status().papers == 1


def test_pubmed_is_told_who_asks(service: PubMed, library: Library) -> None:
    """NCBI wants tool and e-mail, to write before it blocks; a key is sent where there is one."""
    sync(library, plan(library))

    assert service.server is not None
    for asked in service.server.asked:
        assert (asked.params["tool"], asked.params["email"]) == ("broadsheet", "wells@example.org")
        assert "api_key" not in asked.params
    keyed = replace(library.settings, pubmed_api_key="secret-of-wells")
    sync(library, plans(keyed, timing=FakeTime().timing)["pubmed:wells"])
    assert service.server.asked[-1].params["api_key"] == "secret-of-wells"


@pytest.mark.parametrize(("key", "per_second"), [("", 3), ("secret-of-wells", 10)])
def test_the_rate_is_ncbi_s(service: PubMed, library: Library, key: str, per_second: int) -> None:
    """Three requests a second, ten with a key."""
    time = FakeTime()
    keyed = replace(library.settings, pubmed_api_key=key)

    sync(library, plans(keyed, timing=time.timing)["pubmed:wells"])

    assert time.slept == [pytest.approx(1 / per_second, abs=1e-3)]


def test_a_key_is_in_no_message(service: PubMed, library: Library) -> None:
    """Messages are shown on /status, where everybody reads them."""
    assert service.server is not None
    refusal = b'{"error":"API key invalid","api-key":"secret-of-wells"}'
    service.server.faults = [
        Said(status=403, body=refusal, headers={"Content-Type": "application/json"})
    ]
    keyed = replace(library.settings, pubmed_api_key="secret-of-wells")

    with pytest.raises(SourceError) as caught:
        sync(library, plans(keyed, timing=FakeTime().timing)["pubmed:wells"])

    assert "API key invalid" in str(caught.value)
    assert "`pubmed_api_key`" in str(caught.value)
    assert "secret-of-wells" not in str(caught.value)
    assert "secret-of-wells" not in library.status().runs[0].error


def test_batches_are_fetched_until_all_came(
    service: PubMed, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next run searches only the last days again."""
    monkeypatch.setattr(eutilities, "BATCH", 4)
    service.citations = many(11)

    assert sync(library, plan(library)).new == 11
    assert service.server is not None
    assert [one.params["retstart"] for one in service.server.asked[1:]] == ["0", "4", "8"]
    sync(library, plan(library))
    assert service.server.asked[4].params["mindate"] == "2026/07/13"


def test_more_than_a_search_gives_is_searched_in_parts(
    service: PubMed, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days are halved until there are fewer; nothing is lost."""
    monkeypatch.setattr(eutilities, "MOST", 5)
    service.most = 5
    service.citations = many(21)

    assert sync(library, plan(library)).new == 21


def test_a_day_with_too_many_says_what_to_do(
    service: PubMed, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read some of them would look like all of them."""
    monkeypatch.setattr(eutilities, "MOST", 2)
    service.citations = many(21)

    with pytest.raises(UnreachableError, match="narrow the query"):
        sync(library, plan(library))


def test_a_result_that_expired_is_searched_for_again(
    service: PubMed, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run breaks off; hours later NCBI has forgotten the result."""
    monkeypatch.setattr(eutilities, "BATCH", 4)
    service.citations = many(11)
    with monkeypatch.context() as patched:
        patched.setattr(Http.__init__, "__kwdefaults__", {"budget": 2})
        sync(library, plan(library))
    assert library.status().papers == 4
    service.expire()

    sync(library, plan(library))

    assert library.status().papers == 11


def test_a_run_goes_on_with_the_result_it_had(
    service: PubMed, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is searched twice while NCBI keeps it."""
    monkeypatch.setattr(eutilities, "BATCH", 4)
    monkeypatch.setattr(Http.__init__, "__kwdefaults__", {"budget": 2})
    service.citations = many(11)
    counts = []
    for _ in range(2):
        sync(library, plan(library))
        counts.append(library.status().papers)

    assert (counts, service.searches) == ([4, 11], 1)


def test_a_result_that_is_never_kept_is_a_fault(service: PubMed, library: Library) -> None:
    """Not an endless loop of searches."""
    assert service.server is not None
    service.server.faults = []
    service.most = 0

    with pytest.raises(UnreachableError, match="does not keep"):
        sync(library, plan(library))
    assert service.searches == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(articles(ONE)[:-40], id="cut off"),
        pytest.param(articles(""), id="empty"),
    ],
)
def test_a_broken_batch_is_fetched_again(service: PubMed, library: Library, body: bytes) -> None:
    """The same batch, not the next one."""
    assert service.server is not None
    service.citations = many(20)
    real = service.answer
    calls = []

    def answer(asked: Any) -> Said:
        calls.append(asked.path)
        is_first = asked.path.endswith("efetch.fcgi") and calls.count(asked.path) == 1
        return Said(body=body) if is_first else real(asked)

    service.server._handler = answer

    assert sync(library, plan(library)).new == 20
    assert calls.count("/entrez/eutils/efetch.fcgi") == 2


def test_a_result_that_shows_one_batch_at_every_place_is_a_fault(
    service: PubMed, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is hidden, however often it is counted; the next run searches again."""
    monkeypatch.setattr(eutilities, "BATCH", 4)
    service.citations = many(11)
    assert service.server is not None
    service.server._handler = lambda asked: service.answer(
        replace(asked, params=asked.params | {"retstart": "0"})
    )

    with pytest.raises(UnreachableError, match="another place shows a page that was read"):
        sync(library, plan(library))
    assert library.status().papers == 4

    service.server._handler = service.answer
    sync(library, plan(library))
    assert (library.status().papers, service.searches) == (11, 2)


def test_a_citation_that_stays_broken_costs_itself(service: PubMed, library: Library) -> None:
    """Asked for again first; then the others are read, and it is in quarantine."""
    service.citations = many(4)
    assert service.server is not None
    service.server.spoil = lambda _asked, said: replace(
        said, body=said.body.replace(b"<ArticleTitle>", b"<ArticleTitle><b>", 1)
    )

    report = sync(library, plan(library))

    (held,) = library.store.quarantined(limit=5)
    assert (report.new, report.quarantined) == (3, 1)
    assert held.fault.reason.startswith("the XML is wrong: mismatched tag")
    assert len(service.server.asked) == 1 + eutilities.BROKEN_ATTEMPTS


def test_since_and_full(service: PubMed, library: Library) -> None:
    """By the day of change since a day, or by the day of entry from the beginning."""
    sync(library, plan(library), since=date(2026, 2, 1))
    sync(library, plan(library), is_full=True)

    assert service.server is not None
    searches = [one.params for one in service.server.asked if one.path.endswith("esearch.fcgi")]
    assert [(one["datetype"], one["mindate"]) for one in searches] == [
        ("mdat", "2026/02/01"),
        ("edat", "1780/01/01"),
    ]
