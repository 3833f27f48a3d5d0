"""Digests go out by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.library import digest

if TYPE_CHECKING:
    from broadsheet.library import Library


class DigestJob:
    """Sends what is due, one digest at a time."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def run_once(self) -> bool:
        """Send one due digest; return False when there is none."""
        return digest.send_due(self._library)
