"""The hosted site's papers API, proven by the clients that speak it: huggingface_hub and `hf`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from broadsheet.assemble import open_library
from broadsheet.model import Link
from broadsheet.web.app import create_app
from tests.support import NOON, StillClock
from tests.support_api import doi_record, fill, listed

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # before the import, which reads it

from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

if TYPE_CHECKING:
    from collections.abc import Iterator

HF = Path(sys.executable).with_name("hf")
COUNT = 7


@dataclass(frozen=True)
class Instance:
    """A running instance."""

    url: str

    @property
    def api(self) -> HfApi:
        """The client, unmodified but for its endpoint."""
        return HfApi(endpoint=self.url, token=False)

    def hf(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``hf papers`` as its user does."""
        environment = os.environ | {
            "HF_ENDPOINT": self.url,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        command = [str(HF), "papers", *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A real server on loopback, over a library with papers of three days."""
    clock = StillClock()
    library = open_library(tmp_path_factory.mktemp("hosted"), environ={}, clock=clock)
    texts = {
        "summary": "They are deep.",
        "summary_by": "machine",
        "abstract": "We measure $O(n)$ gravity wells.",
        "links": (
            Link(kind="code", url="https://github.com/wells/3"),
            Link(kind="project", url="https://wells.example"),
        ),
    }
    papers = [listed(number) for number in range(1, COUNT + 1) if number != 3]
    fill(library, [*papers, listed(3, **texts), doi_record(picked=None)], is_encoding=True)
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(library), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Instance(f"http://127.0.0.1:{opened.getsockname()[1]}")
        server.should_exit = True
        thread.join(timeout=10)
    library.close()


# --- HfApi ---


def test_the_client_lists_a_day(instance: Instance) -> None:
    """`date` is the day on the list; the papers were published ten days before."""
    papers = list(instance.api.list_daily_papers(date="2026-03-04"))

    assert [paper.id for paper in papers] == ["2603.00006", "2603.00003", "doi:10.1000/a/b"]
    paper = papers[1]
    assert paper.submitted_at == datetime(2026, 3, 4, tzinfo=UTC)
    assert paper.published_at == datetime(2026, 2, 22, tzinfo=UTC)
    assert list(instance.api.list_daily_papers(date="2026-02-22")) == []


def test_the_client_gets_every_field(instance: Instance) -> None:
    """What the client's own class names is filled where anything is known."""
    paper = next(p for p in instance.api.list_daily_papers() if p.id == "2603.00003")

    assert paper.title == "On the 3th paper about gravity wells"
    assert paper.summary == "We measure O(n) gravity wells."
    assert [author.name for author in paper.authors or ()] == ["Ada Lovelace", "Émilie du Châtelet"]
    assert (paper.upvotes, paper.comments) == (3, 2)
    assert paper.ai_summary == "They are deep."
    assert paper.ai_keywords == ["gravity", "wells"]
    assert paper.project_page == "https://wells.example"
    assert (paper.github_repo, paper.github_stars) == ("https://github.com/wells/3", 0)
    assert paper.submitted_by is None


def test_the_client_tells_no_votes_from_unknown_votes(instance: Instance) -> None:
    """0 is a number of votes; the client loses it where only the inner one is given."""
    found = {paper.id: paper for paper in instance.api.list_daily_papers(date="2026-03-04")}

    assert found["doi:10.1000/a/b"].upvotes == 0


def test_the_client_lists_the_newest_days_first(instance: Instance) -> None:
    """Without a date the days follow each other, and pages run across them."""
    everything = [paper.id for paper in instance.api.list_daily_papers(limit=100)]
    paged = [paper.id for p in range(5) for paper in instance.api.list_daily_papers(p=p, limit=2)]

    assert everything == paged
    assert len(everything) == COUNT + 1
    days = [paper.submitted_at for paper in instance.api.list_daily_papers(limit=100)]
    assert days == sorted(days, reverse=True)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param({"week": "2026-W10"}, COUNT + 1, id="week"),
        pytest.param({"month": "2026-03"}, COUNT + 1, id="month"),
        pytest.param({"month": "2026-02"}, 0, id="another month"),
        pytest.param({"sort": "trending"}, COUNT, id="trending"),
        pytest.param({"submitter": "somebody"}, 0, id="a submitter, which nobody is here"),
        pytest.param({"date": "2026-03-04", "p": 1, "limit": 2}, 1, id="a page"),
    ],
)
def test_the_client_lists_what_it_asks_for(
    instance: Instance, asked: dict[str, Any], count: int
) -> None:
    """Every parameter of the client is honoured."""
    assert len(list(instance.api.list_daily_papers(**asked))) == count


def test_the_client_sorts_a_week_by_day(instance: Instance) -> None:
    """`publishedAt` is newest first; the default is hottest first."""
    week: dict[str, Any] = {"week": "2026-W10", "limit": 100}
    by_day = list(instance.api.list_daily_papers(sort="publishedAt", **week))
    by_heat = list(instance.api.list_daily_papers(**week))

    days = [paper.submitted_at for paper in by_day]
    assert days == sorted(days, reverse=True)  # type: ignore[type-var]
    assert [p.id for p in by_day] != [p.id for p in by_heat]
    assert {p.id for p in by_day} == {p.id for p in by_heat}


def test_the_client_searches(instance: Instance) -> None:
    """By word and by meaning, as many as asked for."""
    papers = list(instance.api.list_papers(query="gravity wells number 5", limit=3))

    assert papers[0].id == "2603.00005"
    assert len(papers) == 3
    assert papers[0].summary == "We study gravity well number 5 and find it deep."
    assert len(list(instance.api.list_papers(limit=5))) == 5


def test_the_client_shows_a_paper(instance: Instance) -> None:
    """With its comments, which the hosted site leaves out here."""
    paper = instance.api.paper_info("2603.00003")

    assert paper.id == "2603.00003"
    assert paper.comments == 2
    assert paper.published_at == datetime(2026, 2, 22, tzinfo=UTC)
    assert paper.submitted_at == datetime(2026, 3, 4, tzinfo=UTC)
    assert paper.ai_summary == "They are deep."


def test_the_client_reads_a_paper(instance: Instance) -> None:
    """As Markdown, formulas and all."""
    text = instance.api.read_paper("2603.00003")

    assert text.startswith("# On the 3th paper about gravity wells\n")
    assert "We measure $O(n)$ gravity wells." in text


def test_a_paper_without_an_arxiv_id_is_served(instance: Instance) -> None:
    """It goes by its whole id, slash and all."""
    assert instance.api.paper_info("doi:10.1000/a/b").title == "Springs, not wells"
    assert instance.api.read_paper("doi:10.1000/a/b").startswith("# Springs, not wells")


@pytest.mark.parametrize("name", ["9999.99999", "nonsense", "2603.99999"])
def test_an_unknown_paper_is_not_found(instance: Instance, name: str) -> None:
    """The client's callers look at the status."""
    for ask in (instance.api.paper_info, instance.api.read_paper):
        with pytest.raises(HfHubHTTPError) as caught:
            ask(name)
        assert caught.value.response.status_code == 404


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({"date": "today"}, "a day is written 2026-08-21", id="a word"),
        pytest.param({"date": "2026-W10"}, "date is written 2026-08-21", id="a week as a date"),
        pytest.param({"week": "2026-W99"}, "there is no 2026-W99", id="no such week"),
        pytest.param({"date": "2026-03-04", "week": "2026-W10"}, "give one of", id="two periods"),
        pytest.param({"limit": 101}, "less than or equal to 100", id="too many"),
        pytest.param({"sort": "votes"}, "publishedAt", id="no order"),
    ],
)
def test_the_client_shows_what_was_wrong(
    instance: Instance, asked: dict[str, Any], message: str
) -> None:
    """A 400 whose text reaches the person at the client."""
    with pytest.raises(BadRequestError) as caught:
        list(instance.api.list_daily_papers(**asked))

    assert message.lower() in str(caught.value).lower()


def test_every_paper_is_reached_by_the_cursor(instance: Instance) -> None:
    """The client's own pagination follows the header."""
    from huggingface_hub.utils._pagination import paginate

    found = list(paginate(f"{instance.url}/api/papers", params={"limit": 3}, headers={}))

    assert len(found) == len({paper["id"] for paper in found}) == COUNT + 1


# --- hf papers ---


def test_hf_papers_ls_prints_the_list(instance: Instance) -> None:
    """The table that people read, and the JSON that scripts do."""
    table = instance.hf("ls", "--date", "2026-03-04")
    listing = instance.hf("ls", "--month", "2026-03", "--limit", "2", "--format", "json")

    assert table.returncode == 0, table.stderr
    assert "2603.00003" in table.stdout
    assert "2026-02-22" in table.stdout
    papers = json.loads(listing.stdout)
    assert len(papers) == 2
    assert papers[0]["id"] == "2603.00007"
    assert papers[0]["upvotes"] == 7


def test_hf_papers_search_finds(instance: Instance) -> None:
    """What people type first."""
    found = instance.hf("search", "gravity wells number 5", "--limit", "1", "--format", "json")

    assert found.returncode == 0, found.stderr
    assert [paper["id"] for paper in json.loads(found.stdout)] == ["2603.00005"]


def test_hf_papers_info_shows(instance: Instance) -> None:
    """One paper, and a plain word when there is none."""
    shown = instance.hf("info", "2603.00003", "--format", "json")
    missing = instance.hf("info", "9999.99999")

    assert json.loads(shown.stdout)["id"] == "2603.00003"
    assert missing.returncode == 1
    assert "not found" in missing.stderr


def test_hf_papers_read_prints_markdown(instance: Instance) -> None:
    """A paper for the terminal, or for an agent."""
    read = instance.hf("read", "2603.00003")
    missing = instance.hf("read", "9999.99999")

    assert read.returncode == 0, read.stderr
    assert read.stdout.startswith("# On the 3th paper about gravity wells")
    assert missing.returncode == 1


def test_the_day_on_the_list_is_the_fixture(instance: Instance) -> None:
    """The trap is set: no paper here was published on the day that it was picked."""
    paper = listed(3)

    assert paper.picked == NOON.date()
    assert paper.published == NOON.date() - timedelta(days=10) == date(2026, 2, 22)
