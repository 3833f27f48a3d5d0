"""``broadsheet config``: what is set, and by whom."""

from __future__ import annotations

import os
from dataclasses import Field, fields
from typing import Any

import typer

from broadsheet.cli.output import Json, note, print_json, print_table
from broadsheet.config import FILE_NAME, PREFIX, Settings, load


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(config)


def config(context: typer.Context, json: Json = False) -> None:
    """Show every setting, its value, and where the value comes from.

    Set one by environment (BROADSHEET_PORT=8080) or in config.toml in the data folder.

    Example: broadsheet config --json
    """
    from broadsheet.assemble import data_folder

    folder = context.find_root().obj or data_folder()
    settings = load(folder)
    rows = [_row(settings, setting) for setting in fields(Settings)]
    if json:
        print_json({"file": str(folder / FILE_NAME), "settings": rows})
        return
    print_table(
        ["name", "value", "from", "help"],
        [[row["name"], row["value"], row["from"], row["help"]] for row in rows],
    )
    note(f"File: {folder / FILE_NAME}")


def _row(settings: Settings, setting: Field[Any]) -> dict[str, object]:
    name = setting.name
    value = getattr(settings, name)
    origin = "default" if value == setting.default else "file"
    if name == "data":
        origin = "command or environment"
    elif PREFIX + name.upper() in os.environ:
        origin = "environment"
    if setting.metadata["is_secret"] and value:
        value = "(set)"
    text = setting.metadata["help"]
    unit = setting.metadata["unit"]
    return {
        "name": name,
        "value": value if isinstance(value, str | int | bool) else str(value),
        "from": origin,
        "unit": unit,
        "help": text,
    }
