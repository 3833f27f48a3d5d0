"""The documentation says what the program does: pages made from code, examples that run."""

from __future__ import annotations

import doctest
import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from broadsheet.cli.app import app
from broadsheet.config import Settings
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

PAGES = [*sorted(path for path in (ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def commands() -> list[Any]:
    """Return every command that does something."""
    found = []
    for command in get_command(app).commands.values():  # type: ignore[attr-defined]  # a group
        found += list(getattr(command, "commands", {}).values()) or [command]
    return found


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The tool that writes the reference pages."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["reference/commands.md", "reference/settings.md", "how-to/sync.md"]
)
def test_a_page_that_is_made_is_what_the_program_says(reference: ModuleType, name: str) -> None:
    """`make docs` writes it; nobody forgets to."""
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")

    assert committed == reference.PAGES[name]()


@pytest.mark.parametrize("command", commands(), ids=lambda command: str(command.name))
def test_every_command_shows_an_example(command: Any) -> None:
    """Help that shows no example sends the reader elsewhere."""
    assert "Example: broadsheet" in command.help


@pytest.mark.parametrize("command", commands(), ids=lambda command: str(command.name))
def test_every_command_that_prints_data_speaks_json(command: Any) -> None:
    """A script must never have to parse a table; what ``export`` writes is JSON Lines anyway."""
    options = {option for parameter in command.params for option in parameter.opts}

    assert "--json" in options or command.name in {"serve", "export"}


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: str(setting.name))
def test_every_setting_says_what_it_does(setting: Any) -> None:
    """A sentence, in the one table that everything else is made from."""
    assert setting.metadata["help"].endswith(".")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a page that was moved is a promise broken."""
    links = LINK.findall(page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if SHELL.search(page.read_text(encoding="utf-8"))],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    """What a reader copies from the page works, in the order of the page."""
    script = "\n".join(SHELL.findall(page.read_text(encoding="utf-8")))
    folder = os.path.dirname(sys.executable)  # noqa: PTH120  # not resolved: a venv's own
    environ = os.environ | {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "BROADSHEET_DATA": str(tmp_path / "data"),
    }

    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_session_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first Python that a stranger copies works, output and all."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BROADSHEET_")]:
        monkeypatch.delenv(name)

    failures, tried = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False, optionflags=doctest.REPORT_NDIFF
    )

    assert tried > 5
    assert failures == 0
