"""The draft table is fitted to this library's own papers, by night."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.jobs.refit import RefitJob
from broadsheet.library import refitting
from broadsheet.library.encoding import draft_pending, encode_pending
from tests.library.fakes import ListSource
from tests.support import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from broadsheet.library import Library
    from tests.support import StillClock

NIGHT, DAY = datetime(2026, 3, 5, 3, tzinfo=UTC), datetime(2026, 3, 5, 14, tzinfo=UTC)
PAPERS = 12


@dataclass
class Fit:
    """What a refit tells."""

    before: float = 0.8
    after: float = 0.9
    is_kept: bool = True


@dataclass
class Drafts:
    """Drafts that count their fits; all vectors are the same."""

    space: str
    own_papers: int = 0
    fits: list[list[str]] = field(default_factory=list)
    dim: int = 384
    joint: str = ". "

    @property
    def name(self) -> str:
        """Another name after each fit."""
        return f"{self.space}/draft-{len(self.fits)}/64"

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return the same vector for every text."""
        return np.full((len(texts), self.dim), self.dim**-0.5, dtype=np.float32)

    def refit(self, texts: Sequence[str], vectors: npt.NDArray[np.float32], /) -> Fit:
        """Remember what it was fitted to."""
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-2)
        self.fits.append(list(texts))
        self.own_papers = len(texts)
        return Fit()


@pytest.fixture
def drafts(library: Library, monkeypatch: pytest.MonkeyPatch) -> Drafts:
    """A library whose papers have drafts, eight of them read by the encoder."""
    monkeypatch.setattr(refitting, "MIN_PAPERS", 8)
    made = Drafts(space=library.encoder.space)
    library.draft = made
    library.ingest(ListSource([record(n, title=f"On wells {n}") for n in range(1, PAPERS + 1)]))
    library.catch_up(is_encoding=False)
    assert draft_pending(library, 99) == PAPERS
    assert encode_pending(library, 8) == 8
    return made


def test_a_fit_comes_by_night_once(library: Library, drafts: Drafts, clock: StillClock) -> None:
    """With what the encoder has read, title and abstract; then not before much more is read."""
    job = RefitJob(library)
    clock.time = DAY
    assert not job.run_once()

    clock.time = NIGHT
    assert job.run_once()
    assert not job.run_once()

    [texts] = drafts.fits
    assert len(texts) == 8
    assert texts[0].startswith("On wells")
    assert not RefitJob(library).run_once()  # after a restart: nothing new was read
    encode_pending(library, 4)
    assert RefitJob(library).run_once()
    assert len(drafts.fits[1]) == 12


def test_older_drafts_are_made_anew_after_a_fit(
    library: Library, drafts: Drafts, clock: StillClock
) -> None:
    """What the encoder has read stays as it is."""
    clock.time = NIGHT
    RefitJob(library).run_once()

    assert draft_pending(library, 99) == PAPERS - 8
    assert draft_pending(library, 99) == 0
    assert library.engine.status().encoders == {library.encoder.name: 8, drafts.name: 4}


def test_too_few_papers_teach_nothing(
    library: Library, drafts: Drafts, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new library keeps the table as it came."""
    monkeypatch.setattr(refitting, "MIN_PAPERS", 9)
    clock.time = NIGHT

    assert not RefitJob(library).run_once()
    assert drafts.fits == []


def test_a_library_without_drafts_has_nothing_to_fit(library: Library, clock: StillClock) -> None:
    """The setting is empty, or the encoder another."""
    library.draft = None
    clock.time = NIGHT

    assert not RefitJob(library).run_once()
