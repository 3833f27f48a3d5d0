"""The table of sources: every kind is in it once, and everything that names them is made of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from broadsheet.cli.app import app
from broadsheet.config import load
from broadsheet.errors import SettingError
from broadsheet.sources._plan import Kind
from broadsheet.sources.network import KINDS, kind_of, plans

if TYPE_CHECKING:
    from pathlib import Path

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.form)


@every_kind
def test_an_example_is_of_its_kind_and_can_be_planned(kind: Kind, tmp_path: Path) -> None:
    """What the documentation shows works as it stands there."""
    (plan,) = plans(load(tmp_path, {}), [kind.example]).values()

    assert kind_of(kind.example) is kind
    assert plan.name == kind.example
    assert plan.interval == max(kind.least, timedelta(hours=1))


def test_a_name_is_of_one_kind_only() -> None:
    """Which of two is meant must not depend on the order of the table."""
    for kind in KINDS:
        assert [one.form for one in KINDS if one.takes(kind.example)] == [kind.form]


@every_kind
def test_the_past_is_read_from_a_source_there_is(kind: Kind) -> None:
    """--since and --full go there."""
    assert not kind.past or not kind_of(kind.past).past


def test_the_error_names_every_form() -> None:
    """Whoever mistypes one learns what there is."""
    with pytest.raises(SettingError) as caught:
        kind_of("arxib")

    assert [kind.form for kind in KINDS if kind.form not in str(caught.value)] == []


def test_the_help_of_sync_names_every_form_and_what_it_reads() -> None:
    """The command line is where most people look first."""
    said = CliRunner().invoke(app, ["sync", "--help"], terminal_width=1000)
    words = " ".join(said.output.split())

    assert said.exit_code == 0
    assert [kind.form for kind in KINDS if f"{kind.form} {kind.reads}" not in words] == []


@pytest.mark.parametrize(
    ("form", "yes", "no"),
    [
        pytest.param("name", ["name"], ["name:x", "names", ""], id="a name alone"),
        pytest.param("name:PART", ["name:x", "name:a:b"], ["name", "name:", "name: "], id="must"),
        pytest.param("name[:PART]", ["name", "name:x"], ["name:", "nam"], id="may"),
        pytest.param("https://...", ["http://x/", "https://x/"], ["ftp://x/"], id="an address"),
    ],
)
def test_a_form_says_which_names_are_of_it(form: str, yes: list[str], no: list[str]) -> None:
    """An empty part is a mistake, not a wish for everything."""
    kind = Kind(form=form, reads="", example="", prepare=KINDS[0].prepare)

    assert [name for name in yes + no if kind.takes(name)] == yes
