"""Write the reference pages that are made from code: commands, settings.

Run by ``make docs``; a test fails when the committed pages differ from what this writes.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import typer
from typer.main import get_command

from broadsheet.cli.app import app
from broadsheet.config import PREFIX, Settings

HERE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def commands() -> str:
    """Return the page of all commands, each as its own ``--help`` prints it."""
    lines = [
        "# Commands",
        "",
        "Made from the program by `make docs`.",
        "Every command takes `--data DIR` before its name, `--json` where it prints data,",
        "and ends with 0 (done), 1 (failed) or 2 (wrong use).",
    ]
    for path, command in _walk(get_command(app), ("broadsheet",)):
        context = typer.Context(command, info_name=" ".join(path), terminal_width=88)
        lines += ["", f"## `{' '.join(path)}`", "", "```text", command.get_help(context), "```"]
    return "\n".join(lines) + "\n"


def _walk(
    command: object, path: tuple[str, ...]
) -> list[tuple[tuple[str, ...], typer.core.TyperCommand]]:
    found = []
    for name, child in sorted(getattr(command, "commands", {}).items()):
        if getattr(child, "commands", None):
            found += _walk(child, (*path, name))
        else:
            found.append(((*path, name), child))
    return found


def settings() -> str:
    """Return the page of all settings."""
    lines = [
        "# Settings",
        "",
        "Made from the program by `make docs`; `broadsheet config` shows the values in force.",
        f"Each is set in the environment as `{PREFIX}NAME`, or by its name in `config.toml` in the",
        "data folder; the environment wins.",
        "",
        "| name | type | default | unit | meaning |",
        "|---|---|---|---|---|",
    ]
    for setting in fields(Settings):
        if setting.name == "data":
            continue
        default = f"`{setting.default}`" if setting.default != "" else "empty"
        lines.append(
            f"| `{setting.name}` | {setting.type} | {default} "
            f"| {setting.metadata['unit']} | {setting.metadata['help']} |"
        )
    return "\n".join(lines) + "\n"


PAGES = {"commands.md": commands, "settings.md": settings}


def main() -> None:
    """Write every page."""
    HERE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
