"""Settings come from one table and refuse what cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadsheet import config
from broadsheet.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """An administrator can override a file for one run."""
    (tmp_path / "config.toml").write_text('port = 9000\ntitle = "Ours"\n')

    settings = config.load(tmp_path, {"BROADSHEET_PORT": "9001"})

    assert (settings.port, settings.title) == (9001, "Ours")


@pytest.mark.parametrize(
    ("environ", "field"),
    [
        pytest.param({"BROADSHEET_PORT": "eighty"}, "port", id="not a number"),
        pytest.param({"BROADSHEET_PORT": "70000"}, "port", id="out of range"),
        pytest.param({"BROADSHEET_TIMEZONE": "Mars/Olympus"}, "timezone", id="no such zone"),
        pytest.param({"BROADSHEET_LOG_LEVEL": "loud"}, "log_level", id="no such level"),
        pytest.param({"BROADSHEET_SPECIMENS": "perhaps"}, "specimens", id="not a boolean"),
        pytest.param({"BROADSHEET_ADMIN_TOKEN": "word"}, "admin_token", id="soon guessed"),
    ],
)
def test_a_bad_value_names_its_setting(tmp_path: Path, environ: dict[str, str], field: str) -> None:
    """The error says which setting to mend."""
    with pytest.raises(SettingError) as caught:
        config.load(tmp_path, environ)

    assert caught.value.field == field
    assert field in str(caught.value)


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    """A misspelt setting must not be silently ignored."""
    (tmp_path / "config.toml").write_text("prot = 9000\n")

    with pytest.raises(SettingError, match="prot"):
        config.load(tmp_path, {})
