"""Which topics rise? Shares of attention in two halves of a time, compared.

A topic's *share* is what part of all votes went to its papers; comparing shares instead of counts
keeps week-ends and imports, when everything falls or jumps at once, from making topics rise::

    share  = (votes of the topic + PRIOR) / (votes of all topics + PRIOR)
    change = 100 * (share in the newer half / share in the older half - 1)

Topics are ordered by how sure the rise is, the change in units of its own noise (votes taken as
Poisson counts: the difference of two has the variance of their sum), not by the change itself:
from 1 to 3 votes is +200 % of nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PRIOR = 2.0  # votes; keeps the change of a topic that nobody voted for before finite
MIN_PAPERS = 2  # one paper is a paper, not a topic
MIN_VOTES = 5.0  # within the time


@dataclass(frozen=True, slots=True)
class Rise:
    """One topic that gains attention."""

    topic: str
    counts: tuple[float, ...]  # votes on each day, oldest first
    change: float  # of its share, in percent, > 0
    surety: float  # the rise in units of its noise, > 0


def rising(rows: Iterable[tuple[Sequence[str], Sequence[float]]], /) -> list[Rise]:
    """Return the topics that rise, surest first; ties by name.

    Args:
        rows: Per paper its topics and its votes on each day, oldest first; equally many days,
            of which the newer half (of 2n + 1 days: the newest n) is compared with as many
            before it.
    """
    counts: dict[str, list[float]] = {}
    papers: defaultdict[str, int] = defaultdict(int)
    everything: list[float] = []
    for topics, votes in rows:
        everything = _sum(everything, votes)
        if not any(votes):
            continue
        for topic in dict.fromkeys(topics):
            counts[topic] = _sum(counts.get(topic, ()), votes)
            papers[topic] += 1
    whole = _halves(everything)
    rises = [
        rise
        for topic, days in counts.items()
        if papers[topic] >= MIN_PAPERS
        and sum(days) >= MIN_VOTES
        and (rise := _rise(topic, days, whole))
    ]
    return sorted(rises, key=lambda rise: (-rise.surety, rise.topic))


def _rise(topic: str, days: Sequence[float], whole: tuple[float, float]) -> Rise | None:
    older, newer = _halves(days)
    all_older, all_newer = whole
    expected = (older + PRIOR) * (all_newer + PRIOR) / (all_older + PRIOR)
    change = 100.0 * ((newer + PRIOR) / expected - 1.0)
    if change <= 0.0:
        return None
    surety = (newer + PRIOR - expected) / math.sqrt(newer + PRIOR + expected)
    return Rise(topic, tuple(days), change, surety)


def _halves(days: Sequence[float]) -> tuple[float, float]:
    half = len(days) // 2
    return sum(days[len(days) - 2 * half : len(days) - half]), sum(days[len(days) - half :])


def _sum(one: Sequence[float], other: Sequence[float]) -> list[float]:
    if not one:
        return list(other)
    return [a + b for a, b in zip(one, other, strict=True)]
