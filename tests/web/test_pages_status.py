"""``/status``: how far the meaning of papers is known, and when all of it will be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadsheet.model import EngineStatus, LibraryStatus
from broadsheet.web import view
from broadsheet.web.pages.status_show import headline, meaning_state

FULL, DRAFT, OLD = "model/int8/128", "model/draft-1f2e3d4c/64", "older/int8/128"


def status(
    encoders: dict[str, int], *, former: dict[str, int] | None = None, per_s: float = 0
) -> LibraryStatus:
    """Return the status of 1,000 papers with these vectors."""
    engine = EngineStatus(
        position=9,
        indexed=1000,
        encoded=sum(encoders.values()),
        encoders=encoders,
        kind="exact",
        bytes=0,
        former=former or {},
    )
    return LibraryStatus(
        papers=1000,
        specimens=0,
        records=1000,
        signals=0,
        quarantined=0,
        change=9,
        engine=engine,
        sources=(),
        runs=(),
        encoder=FULL,
        serving=max(engine.encoded, sum(engine.former.values())),
        encoded_per_s=per_s,
    )


def test_drafts_are_told_from_what_the_encoder_has_read() -> None:
    """Everything is found by meaning, and gets better: how long that takes is said."""
    told = meaning_state(status({DRAFT: 760, FULL: 240}, per_s=25))

    assert (told.kind, told.word) == ("ok", "complete, getting better")
    assert told.detail.startswith(
        "760 papers yet to be read by model/int8/128, 25 a second, about 30 seconds left; "
        "1,000 papers encoded (760 by model/draft-1f2e3d4c/64; 240 by model/int8/128)"
    )


def test_a_change_of_encoder_leaves_no_paper_without_meaning() -> None:
    """The older vectors count until the new ones are there."""
    told = meaning_state(status({FULL: 100}, former={OLD: 1000}))

    assert (told.kind, told.word) == ("ok", "complete, getting better")
    assert "900 papers yet to be read by model/int8/128; 1,000 papers encoded" in told.detail
    assert "1,000 by older/int8/128" in told.detail


def test_papers_without_any_vector_are_said() -> None:
    """A library without drafts, just filled."""
    told = meaning_state(status({FULL: 400}))

    assert (told.kind, told.word) == ("warn", "catching up")
    assert told.detail.startswith("600 papers to go; 400 papers encoded")
    assert headline(status({FULL: 400}), []).endswith("600 not yet by meaning")


def test_all_read_is_complete() -> None:
    """Nothing is left to say."""
    assert meaning_state(status({FULL: 1000})).word == "complete"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "1 second"),
        (45, "45 seconds"),
        (89, "1 minute"),
        (150, "2 minutes"),
        (5400, "90 minutes"),
        (7300, "2 hours"),
        (90_000, "25 hours"),
        (400_000, "5 days"),
    ],
)
def test_a_duration_is_told_in_its_largest_fitting_unit(seconds: float, told: str) -> None:
    """Whoever reads it wants to know whether to wait or to go home."""
    assert view.duration(timedelta(seconds=seconds)) == told
