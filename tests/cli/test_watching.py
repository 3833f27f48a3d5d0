"""``broadsheet watch``: searches kept under a name, and what came since somebody looked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.errors import UsageError, WatchNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., Any]

WELL = '{{"id": "local:{0}", "title": "Wells and pumps {0}", "year": 2026}}\n'


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A command on a library of its own, with ``--json``; its output."""
    run = CliRunner()

    def asked(*words: str) -> Any:
        done = run.invoke(app, ["--data", str(tmp_path / "data"), *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return asked


def _import(ask: Ask, folder: Path, number: int) -> None:
    file = folder / f"{number}.jsonl"
    file.write_text(WELL.format(number))
    ask("import", str(file))


def test_what_is_new_is_new_until_somebody_looks(ask: Ask, tmp_path: Path) -> None:
    """A paper that arrives counts until the search was looked at, under whatever name."""
    _import(ask, tmp_path, 1)
    kept = ask("watch", "keep", "wells", "pumps", "cat:eess", "--mode", "lexical", "--sort", "date")
    assert (kept["query"], kept["mode"], kept["sort"]) == ("pumps cat:eess", "lexical", "date")
    ask("watch", "keep", "wells", "pumps")  # in its place
    _import(ask, tmp_path, 2)
    ask("watch", "rename", "Wells", "water")
    (watch,) = ask("watch", "list")["watches"]
    assert (watch["name"], watch["query"], watch["sort"], watch["new"]) == (
        "water",
        "pumps",
        None,
        1,
    )
    ask("watch", "look", "water")
    assert ask("watch", "list")["watches"][0]["new"] == 0
    ask("watch", "drop", "water")
    assert ask("watch", "list") == {"watches": []}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("look", "nothing"), WatchNotFoundError),
        (("drop", "nothing"), WatchNotFoundError),
        (("rename", "nothing", "something"), WatchNotFoundError),
        (("keep", "empty", " "), UsageError),
        (("keep", "x" * 81, "pumps"), UsageError),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, words: tuple[str, ...], fault: type[Exception]
) -> None:
    """A name that is missing or too long, and a search of nothing, are refused."""
    done = CliRunner().invoke(app, ["--data", str(tmp_path / "data"), "watch", *words])
    assert isinstance(done.exception, fault)
