"""The documentation and the program agree: pages, metrics, feeds, targets, promises, clients."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from broadsheet.web.feeds import ROUTERS as FEEDS
from tests.support import ROOT
from tests.support_server import serving
from tests.web.conftest import reader, specimens

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from broadsheet.library import Library

__all__ = ["reader", "specimens"]  # fixtures of the web tests, used here too

DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
TOLD = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(DOCS / page for page in PAGES)]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def text_of(page: str) -> str:
    """Return a page of the documentation."""
    return (DOCS / page).read_text(encoding="utf-8")


# --- pages ---


def test_every_page_is_in_the_navigation() -> None:
    """A page that nothing leads to is not read, and not kept true."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"[\w/-]+\.md$", navigation, re.MULTILINE)

    assert sorted(named) == PAGES


@pytest.mark.parametrize("page", TOLD, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_exists(page: Path) -> None:
    """`make something` that make does not know is the worst first minute."""
    named = re.findall(r"(?:`|^|&& )make ([a-z][a-z-]+)", page.read_text("utf-8"), re.MULTILINE)

    assert set(named) <= TARGETS


def test_every_phony_target_has_a_rule() -> None:
    """Make calls a phony target without a rule done, and does nothing."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)

    assert set(phony.split()) <= TARGETS


@pytest.mark.parametrize("page", PAGES)
def test_every_address_that_is_named_answers(reader: TestClient, page: str) -> None:
    """An address in backquotes is one that the reader will type; one with a final slash is none."""
    named = re.findall(r"`(/[a-z][\w/.?=&-]*)(?<!/)`", text_of(page))

    for address in named:
        assert reader.get(address).status_code == 200, address


# --- the reference ---


def test_every_metric_is_documented_as_it_is(reader: TestClient) -> None:
    """Name and kind, both ways: no metric untold, none told that is not there."""
    exposed = dict(re.findall(r"^# TYPE (\S+) (\w+)$", reader.get("/metrics").text, re.MULTILINE))
    real = {name: kind for name, kind in exposed.items() if not name.endswith("_created")}
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", text_of("reference/metrics.md"), re.MULTILINE)

    assert dict(rows) == real


@pytest.mark.parametrize(
    "path", sorted({getattr(route, "path", "") for router in FEEDS for route in router.routes})
)
def test_every_feed_is_documented(path: str) -> None:
    """Feeds are no part of the OpenAPI, so the page is all there is."""
    text = text_of("reference/api.md")
    shown = re.sub(r":\w+", "", path)
    ending = shown.rpartition(".")[2]
    as_atom = shown.removesuffix(ending) + "atom"

    assert f"`{shown}" in text or (f"`{as_atom}" in text and f"(`.{ending}`)" in text)


# --- security ---

PROMISED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text_of("security.md"))))


@pytest.mark.parametrize(("file", "name"), PROMISED, ids=[name for _, name in PROMISED])
def test_every_promise_has_its_test(file: str, name: str) -> None:
    """A promise whose test was renamed away is only a claim."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))

    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_line_of_the_table_names_a_test() -> None:
    """And no line stands there without one."""
    rows = [line for line in text_of("security.md").splitlines() if re.match(r"\| V\d", line)]

    assert len(rows) > 30
    assert [row for row in rows if "::test_" not in row] == []


@pytest.mark.parametrize(
    "file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda f: f.name
)
def test_every_requirement_has_a_hash(file: Path) -> None:
    """Then nothing but the bytes that were locked can be installed."""
    lines = re.sub(r"\\\n", " ", file.read_text(encoding="utf-8")).splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]

    assert wanted
    assert [
        line for line in wanted if not re.search(r"==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ] == []
    assert "://" not in file.read_text(encoding="utf-8")


def test_every_install_asks_for_hashes() -> None:
    """Exceptions: the project itself, which brings nothing with it, and what `make peers` measures.

    The latter stands in an environment of its own that nothing else runs in.
    """
    folded = re.sub(r"\\\n", " ", MAKEFILE)
    installs = [line for line in folded.splitlines() if "pip" in line and " install" in line]

    assert len(installs) >= 3
    for line in installs:
        is_peers = line.strip().startswith("@.venv-peers/bin/python ")
        assert "--require-hashes" in line or "--no-deps" in line or is_peers, line


# --- clients ---


def example(page: str, language: str) -> str:
    """Return a page's examples in one language, one after the other."""
    found = re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


def test_the_session_of_the_reference_runs(tmp_path: Path) -> None:
    """The first lines of the Python page, in an empty folder."""
    script = example("reference/python.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "papers" / "broadsheet.db").exists()


@pytest.mark.parametrize("language", ["bash", "python"])
def test_clients_work_as_shown(specimens: Library, tmp_path: Path, language: str) -> None:
    """Each command of the page, unmodified, against a running instance; a 404 fails it."""
    with serving(specimens) as served:
        script = example("how-to/client.md", language).replace("http://127.0.0.1:8000", served.url)
        strict = 'set -euo pipefail\ncurl() { command curl --fail "$@"; echo; }\n'
        command = (
            ["bash", "-c", strict + script]
            if language == "bash"
            else [sys.executable, "-c", script]
        )
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
            env=os.environ
            | {
                "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",  # noqa: PTH120
                "HF_HOME": str(tmp_path),
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            },
        )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "specimen:" in done.stdout
