from __future__ import annotations

import numpy as np
import pytest

from broadsheet.rank.spaces import MIN_BOTH, blend

NAN = float("nan")


def cosines(*values: float) -> np.ndarray:
    """Return float32 cosines."""
    return np.array(values, dtype=np.float32)


def test_older_cosines_are_brought_to_the_newer_scale() -> None:
    """A paper that only the older encoder has read stands where both would have put it."""
    before = np.linspace(0.1, 0.6, 40, dtype=np.float32)
    today = 0.7 + 0.2 * before
    today[::2] = NAN

    found = blend(today, before)

    assert found == pytest.approx(0.7 + 0.2 * before, abs=0.01)
    assert (np.diff(found) > 0).all()


def test_a_paper_of_the_newer_encoder_alone_keeps_its_cosine() -> None:
    """It arrived after the change, and is compared with the rest."""
    before = np.append(np.linspace(0.1, 0.6, MIN_BOTH), NAN).astype(np.float32)
    today = np.append(np.linspace(0.7, 0.8, MIN_BOTH), 0.75).astype(np.float32)

    assert blend(today, before)[-1] == pytest.approx(0.75)


def test_with_few_in_common_the_older_ones_count() -> None:
    """Three papers make no scale: what has no older cosine is judged by its words."""
    found = blend(cosines(0.9, 0.8, NAN, 0.7), cosines(0.5, 0.4, 0.3, NAN))

    assert found[:3] == pytest.approx([0.5, 0.4, 0.3])
    assert np.isnan(found[3])


def test_without_any_older_one_the_newer_ones_count() -> None:
    """A library whose old vectors are gone."""
    assert blend(cosines(0.9, NAN), cosines(NAN, NAN))[0] == pytest.approx(0.9)


def test_equal_cosines_make_no_line() -> None:
    """Forty times the same: no spread to go by, and no division by it."""
    found = blend(np.full(40, 0.8, dtype=np.float32), np.full(40, 0.3, dtype=np.float32))

    assert found == pytest.approx(np.full(40, 0.8))
