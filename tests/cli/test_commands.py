"""The program as it is typed: its output, its exit codes, its one line of error."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT, free_port, run

PAPERS = [
    {
        "id": "arxiv:2603.00001",
        "title": "Counting sheep with $\\ell_1$ norms",
        "abstract": "We count sheep by convex relaxation and fall asleep.",
        "authors": ["Ada Example"],
        "year": 2026,
        "month": 3,
        "categories": ["stat.ML"],
    },
    {
        "id": "doi:10.5555/wool",
        "title": "The price of wool",
        "abstract": "A history of one market over four centuries.",
        "authors": ["Bo Example"],
        "year": 2019,
    },
]


def answer(data: Path, *words: str) -> Any:
    """Run the program with --json and return the object it printed."""
    done = run(data, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def flock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two papers that can be found by word and by meaning."""
    folder = tmp_path_factory.mktemp("flock")
    file = folder / "papers.jsonl"
    file.write_text("".join(json.dumps(paper) + "\n" for paper in PAPERS))
    report = answer(folder / "data", "import", str(file), "--wait")
    assert (report["read"], report["new"], report["papers"]) == (2, 2, 2)
    return folder / "data"


def test_importing_again_changes_nothing(flock: Path) -> None:
    """An import may be repeated without a thought."""
    report = answer(flock, "import", str(flock.parent / "papers.jsonl"))

    assert (report["read"], report["unchanged"], report["papers"]) == (2, 2, 2)


@pytest.mark.parametrize("mode", ["lexical", "dense", "hybrid"])
def test_search_finds_by_word_and_by_meaning(flock: Path, mode: str) -> None:
    """Each retriever alone, and both together, put the right paper first."""
    found = answer(flock, "search", "history of a market", "--mode", mode, "--wait")

    assert found["papers"][0]["id"] == "doi:10.5555/wool"
    assert {"id", "title", "score"} <= set(found["papers"][0])


def test_an_id_finds_its_paper(flock: Path) -> None:
    """However it is written, version and all."""
    found = answer(flock, "search", "https://arxiv.org/abs/2603.00001v3")

    assert found["papers"][0]["id"] == "arxiv:2603.00001"
    assert found["papers"][0]["why"]["known_item"] == "id"


def test_why_tells_the_sentence_and_every_number(flock: Path) -> None:
    """For people beside the table, for programs in the same words as the API."""
    told = run(flock, "search", "counting sheep", "--why", "--wait").stderr
    [first, *_] = answer(flock, "search", "counting sheep")["papers"]

    assert "meaning 1.00 x 0.20" in told
    assert "BM25" in told
    assert "*" in told
    assert {"lexical_norm", "dense_norm", "lexical_rank", "dense_rank"} <= set(first["why"])
    marks = first["why"]["title_marks"]
    assert [first["title"][start:end].lower() for start, end in marks]


def test_similar_leaves_the_paper_itself_out(flock: Path) -> None:
    """The nearest paper to a paper is never that paper."""
    found = answer(flock, "similar", "2603.00001")

    assert [paper["id"] for paper in found["papers"]] == ["doi:10.5555/wool"]


def test_check_counts_what_can_be_found(flock: Path) -> None:
    """All is well, and all of it is indexed and encoded."""
    assert answer(flock, "check") == {
        "ok": True,
        "papers": 2,
        "indexed": 2,
        "encoded": 2,
        "problems": [],
    }


def test_a_pipe_gets_plain_lines(flock: Path) -> None:
    """One paper per line, tab-separated, nothing to strip."""
    lines = run(flock, "search", "sheep").stdout.splitlines()

    assert lines[0].split("\t")[1] == "arxiv:2603.00001"
    assert "\x1b" not in lines[0]


def test_dates_are_as_exact_as_the_source(flock: Path) -> None:
    """A paper of March 2026 is not called one of the first of March."""
    [sheep] = run(flock, "search", "sheep", "--mode", "lexical").stdout.splitlines()
    [paper] = answer(flock, "search", "sheep", "--mode", "lexical")["papers"]

    assert "\t2026-03\t" in sheep
    assert (paper["published"], paper["published_precision"]) == ("2026-03-01", "month")


def test_a_data_folder_may_begin_with_a_tilde(tmp_path: Path) -> None:
    """Where no shell has read it: in a unit file, in quotes."""
    run(Path("~/papers"), "check", HOME=str(tmp_path))

    assert (tmp_path / "papers").is_dir()


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    """It is said plainly, not by the number of an error."""
    (tmp_path / "papers").touch()

    assert "is a file; --data" in run(tmp_path / "papers", "check").stderr


def test_a_backup_restores_elsewhere(flock: Path, tmp_path: Path) -> None:
    """What was backed up can be searched in another folder."""
    answer(flock, "backup", str(tmp_path / "copy.db"))

    restored = answer(tmp_path / "new", "restore", str(tmp_path / "copy.db"))

    assert restored["papers"] == 2
    found = answer(tmp_path / "new", "search", "wool", "--mode", "lexical")
    assert found["papers"][0]["id"] == "doi:10.5555/wool"


def test_a_restore_forgets_the_old_index(flock: Path, tmp_path: Path) -> None:
    """An index of a store that is gone must not answer for the one that came."""
    answer(flock, "backup", str(tmp_path / "copy.db"))
    data = tmp_path / "data"
    file = tmp_path / "other.jsonl"
    file.write_text(json.dumps(PAPERS[0] | {"id": "arxiv:2603.00009", "title": "Lost goats"}))
    answer(data, "import", str(file))
    for store in data.glob("broadsheet.db*"):
        store.unlink()

    answer(data, "restore", str(tmp_path / "copy.db"))

    assert answer(data, "search", "goats", "--mode", "lexical")["papers"] == []
    assert answer(data, "check")["problems"] == []


def test_references_are_imported_and_found(tmp_path: Path) -> None:
    """A reader's own file goes in by one command and is found by word and by name."""
    file = tmp_path / "refs.bib"
    file.write_text(
        "@article{a, title={On {Camel} Counting}, author={Example, Ada}, doi={10.5555/camel},\n"
        " year=2020}\n@misc{b, year=2020}\n"
    )

    report = answer(tmp_path / "data", "import", str(file))

    assert (report["read"], report["new"], report["quarantined"]) == (2, 1, 1)
    (found,) = answer(tmp_path / "data", "search", "camel", "--mode", "lexical")["papers"]
    assert (found["id"], found["title"]) == ("doi:10.5555/camel", "On Camel Counting")


def test_editions_and_trends_are_empty_for_a_reason(flock: Path) -> None:
    """A day without papers says so instead of printing nothing."""
    empty = answer(flock, "edition", "2026-03-01")

    assert (empty["state"], empty["papers"]) == ("empty", [])
    assert empty["reason"]
    assert answer(flock, "trending", "--window", "month")["papers"] == []


def test_reindexing_loses_nothing(flock: Path) -> None:
    """Both indexes come back from the store."""
    assert answer(flock, "reindex") == {"indexed": 2, "encoded": 2}


def test_config_masks_secrets_and_names_origins(tmp_path: Path) -> None:
    """A screenshot of the settings gives no password away."""
    done = run(tmp_path, "config", "--json", BROADSHEET_SMTP_URL="smtp://u:hunter2@mail.example")

    rows = {row["name"]: row for row in json.loads(done.stdout)["settings"]}
    assert rows["smtp_url"]["value"] == "(set)"
    assert rows["smtp_url"]["from"] == "environment"
    assert rows["port"]["from"] == "default"
    assert "hunter2" not in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(["search"], 2, "QUERY", id="argument missing"),
        pytest.param(["search", "x", "--limit", "0"], 2, "limit", id="limit too small"),
        pytest.param(["search", "x", "--mode", "psychic"], 2, "mode", id="no such mode"),
        pytest.param(["edition", "2026-02-30"], 2, "2026-02-30", id="no such day"),
        pytest.param(["similar", "arxiv:2603.99999"], 1, "2603.99999", id="no such paper"),
        pytest.param(["import", "/nowhere/papers.jsonl"], 1, "/nowhere", id="no such file"),
        pytest.param(["restore", "/nowhere/copy.db"], 1, "/nowhere", id="no such backup"),
        pytest.param(["dance"], 2, "dance", id="no such command"),
    ],
)
def test_a_mistake_is_one_line_and_a_status(
    tmp_path: Path, words: list[str], status: int, said: str
) -> None:
    """1: it failed. 2: it was wrong use. Never a traceback."""
    done = run(tmp_path / "data", *words)

    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_an_object_too(tmp_path: Path) -> None:
    """A program that asked for JSON gets JSON, whatever happens."""
    done = run(tmp_path / "data", "similar", "arxiv:2603.99999", "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "PaperNotFoundError"


def test_help_answers_without_the_heavy_rooms() -> None:
    """Help must come at once: no numpy, no ONNX Runtime, no web stack."""
    program = (
        "import sys; sys.argv = ['broadsheet', '--help']\n"
        "from broadsheet.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnxruntime', 'fastapi', 'faiss', 'tantivy', 'sqlalchemy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "HEAVY []" in done.stdout


def get(url: str) -> tuple[int, str]:
    """Fetch a page, waiting up to half a minute for the server to come up."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=10) as answered:  # noqa: S310  # loopback
                return answered.status, answered.read().decode()
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} never answered")


def test_serve_on_nothing_shows_the_specimen_edition(tmp_path: Path) -> None:
    """Something to read at once, labelled for what it is, and a clean end on SIGTERM."""
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "broadsheet",
            "--data",
            str(tmp_path / "new"),
            "serve",
            "--port",
            str(port),
        ],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        status, page = get(f"http://127.0.0.1:{port}/")
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)

    assert status == 200
    assert "pecimen" in page
    assert said.splitlines()[0] == (
        f"Broadsheet shows the specimen edition at http://127.0.0.1:{port} (Ctrl-C ends it)"
    )
    assert process.returncode == 0, said


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """The commonest fault of a first start says what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(tmp_path / "data", "serve", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "taken" in done.stderr
    assert "--port" in done.stderr
