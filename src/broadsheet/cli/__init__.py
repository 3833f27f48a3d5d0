"""What do I type? One file per group of commands; heavy rooms are imported when a command runs."""

from broadsheet.cli.app import main

__all__ = ["main"]
