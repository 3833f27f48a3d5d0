"""How near are papers that two encoders have read, some by one, some by the other?

Cosines of two models are on scales of their own. Where enough papers have both, the older
model's are brought to the newer one's scale by the line through their means with the ratio of
their spreads as its slope (reduced major axis: unlike least squares it keeps the spread, so that
neither kind of paper stands out for having been read by one model or the other).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

MIN_BOTH = 20  # papers that have both: fewer make no line
LEAST_SPREAD = 1e-4  # of cosines: all the same make no line


def blend(
    today: npt.NDArray[np.float32], before: npt.NDArray[np.float32], /
) -> npt.NDArray[np.float32]:
    """Return cosines on one scale, (n,).

    A paper that has both gets their mean. Where too few have both, only the older ones count: a
    paper that has none of those is NaN, and is judged by its words.

    Args:
        today: Cosines of the newer encoder, (n,); NaN where it has not read the paper.
        before: Of the older one.
    """
    has_today, has_before = np.isfinite(today), np.isfinite(before)
    has_both = has_today & has_before
    if has_both.sum() < MIN_BOTH:
        return before if has_before.any() else today
    one, other = today[has_both], before[has_both]
    spread = float(other.std())
    slope = float(one.std()) / spread if spread > LEAST_SPREAD else 0.0
    moved = one.mean() + slope * (before - other.mean())
    moved[has_both] = (moved[has_both] + one) / 2
    return np.where(has_before, moved, today).astype(np.float32)
