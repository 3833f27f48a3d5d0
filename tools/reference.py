"""Write the pages, and the table of sources, that are made from code.

Run by ``make docs``; a test fails when the committed pages differ from what this writes.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import typer
from typer.main import get_command

from broadsheet.cli.app import app
from broadsheet.config import PREFIX, Settings
from broadsheet.sources.network import KINDS, Kind

HERE = Path(__file__).resolve().parent.parent / "docs"
SYNC = "how-to/sync.md"
BEGIN, END = "<!-- Made from the program by `make docs`. -->\n", "<!-- End. -->\n"


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


def sync() -> str:
    """Return the page on syncing with the table of sources as the program has it."""
    before, rest = (HERE / SYNC).read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    lines = [
        "| source | what is read | example | how often |",
        "|---|---|---|---|",
        *(
            f"| `{kind.form}` | {kind.reads} | `{kind.example}` | {_how_often(kind)} |"
            for kind in KINDS
        ),
    ]
    return before + BEGIN + "\n" + "\n".join(lines) + "\n\n" + END + after


def _how_often(kind: Kind) -> str:
    hours = kind.least.total_seconds() / 3600
    return f"every {hours:g} hours" if hours else "every `sync_interval` minutes"


PAGES = {"reference/commands.md": commands, "reference/settings.md": settings, SYNC: sync}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
