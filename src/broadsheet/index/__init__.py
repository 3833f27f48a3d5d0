"""Find things like this: the embedded engine (words and meaning) and the encoder.

The parts behind these two are imported when they are called, so that `--help` stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.config import Settings
    from broadsheet.ports import Drafter, Encoder, Engine

__all__ = ["open_draft", "open_encoder", "open_engine"]


def open_engine(
    folder: Path, *, dim: int, exact_limit: int, threads: int, space: str = "", origin: str = ""
) -> Engine:
    """Open the embedded engine of a folder, made when missing.

    A damaged index is opened too: it answers nothing but says what is wrong, and ``clear``
    mends it.

    Args:
        folder: Where the indexes are.
        dim: The length of the encoder's vectors.
        exact_limit: Up to so many papers meaning is searched exactly.
        threads: For housekeeping; 0: one per core.
        space: The encoder's; where the index holds vectors of another, it goes on serving them
            until those of this one are complete. "": whatever comes is of one space.
        origin: The setting that opens the encoder.
    """
    from broadsheet.index.disk import Space
    from broadsheet.index.engine import EmbeddedEngine

    today = Space(name=space, dim=dim, origin=origin)
    return EmbeddedEngine(folder, today, exact_limit=exact_limit, threads=threads)


def open_encoder(settings: Settings) -> Encoder:
    """Open the encoder that the settings name.

    Raises:
        EncoderError: its files are missing, altered, or of another kind.
    """
    from broadsheet.index import encoder

    return encoder.open_encoder(settings)


def open_draft(settings: Settings) -> Drafter | None:
    """Open the draft encoder that the settings name; None where they name none.

    Raises:
        EncoderError: its files are missing, or fitted to another encoder.
    """
    if not settings.draft:
        return None
    from broadsheet.index import draft

    return draft.open_draft(settings)
