"""Which topics rise? Shares of attention in two halves of a time, compared.

A topic's *attention* on a day is the sum over its papers of ``log2(1 + votes)``: one paper that
everybody votes for is a paper, not a topic. Its *share* is what part of all attention it got;
comparing shares keeps week-ends and imports, when everything falls or jumps at once, from making
topics rise::

    share  = (attention to the topic + PRIOR) / (attention to all papers + PRIOR)
    change = 100 * (share in the newer half / share in the older half - 1)

Topics are ordered by how sure the rise is, the change in units of its own noise (the difference
of two counts has the variance of their sum), not by the change itself: from 1 to 3 votes is
+200 % of nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PRIOR = 5.0  # some two papers of 5 votes; tames the change of a topic that had nothing before
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
    papers: defaultdict[str, list[Sequence[float]]] = defaultdict(list)
    whole = (0.0, 0.0)
    for topics, votes in rows:
        if any(votes):
            whole = _add(whole, _halves(votes))
            for topic in dict.fromkeys(topics):
                papers[topic].append(votes)
    rises = [
        rise
        for topic, days in papers.items()
        if len(days) >= MIN_PAPERS and (rise := _rise(topic, days, whole))
    ]
    return sorted(rises, key=lambda rise: (-rise.surety, rise.topic))


def _rise(topic: str, papers: Sequence[Sequence[float]], whole: tuple[float, float]) -> Rise | None:
    counts = tuple(sum(day) for day in zip(*papers, strict=True))
    older, newer = 0.0, 0.0
    for votes in papers:
        older, newer = _add((older, newer), _halves(votes))
    expected = (older + PRIOR) * (whole[1] + PRIOR) / (whole[0] + PRIOR)
    change = 100.0 * ((newer + PRIOR) / expected - 1.0)
    if sum(counts) < MIN_VOTES or change <= 0.0:
        return None
    surety = (newer + PRIOR - expected) / math.sqrt(newer + PRIOR + expected)
    return Rise(topic, counts, change, surety)


def _halves(votes: Sequence[float]) -> tuple[float, float]:
    """Return a paper's attention in the older and in the newer half of the days."""
    days = [math.log2(1.0 + count) for count in votes]
    half = len(days) // 2
    return sum(days[len(days) - 2 * half : len(days) - half]), sum(days[len(days) - half :])


def _add(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]
