"""A day is complete, partial, empty for a reason, or late: values in, a sentence out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.completeness import Scene, judge, missed, part_days
from broadsheet.model import (
    FEED,
    QUERIES,
    REPOSITORY,
    EditionState,
    Holding,
    Identifier,
    Listed,
    Period,
    Scheme,
    Sync,
)

DAY = date(2026, 3, 4)  # a Wednesday
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
PARTS = ("cs.AI", "cs.CL")
HOURS = timedelta(hours=1)


def named(*numbers: int) -> frozenset[Identifier]:
    """Return the ids of arXiv papers."""
    return frozenset(Identifier(Scheme.ARXIV, f"2603.{number:05d}") for number in numbers)


def holding(
    *numbers: int,
    source: str = FEED,
    part: str = "cs.AI",
    day: date = DAY,
    missing: tuple[int, ...] = (),
) -> Holding:
    """Return what a source lists, and what of it is not here."""
    listed = Listed(source=source, day=day, part=part, papers=named(*numbers))
    return Holding(listed=listed, total=len(numbers), missing=named(*missing), at=NOON)


def scene(*holdings: Holding, **changes: Any) -> Scene:
    """Return an instance that has read arXiv for a while, at noon on the day of the edition."""
    values: dict[str, Any] = {
        "period": Period.DAY,
        "first": DAY,
        "last": DAY,
        "now": NOON,
        "zone": ZoneInfo("UTC"),
        "papers": 5,
        "is_specimen": False,
        "holdings": holdings,
        "began": dict.fromkeys(PARTS, date(2026, 2, 2)),
        "syncs": (),
        "sources": (FEED, REPOSITORY),
        "categories": PARTS,
        "delivered": NOON - HOURS,
        "trouble": "",
    }
    return Scene(**(values | changes))


def sync(**changes: Any) -> Sync:
    """Return a place in the schedule."""
    values: dict[str, Any] = {"source": FEED, "due": NOON + HOURS}
    return Sync(**(values | changes))


READING = sync(holder="me", until=NOON + HOURS)
OTHERS_READING = sync(source="acl", holder="me", until=NOON + HOURS)
OTHER = holding(part="cs.CL")
OPEN, COMPLETE = EditionState.OPEN, EditionState.COMPLETE
PARTIAL, LATE, EMPTY = EditionState.PARTIAL, EditionState.LATE, EditionState.EMPTY
MORE = " More votes may still come."


@pytest.mark.parametrize(
    ("given_", "state", "sentence"),
    [
        pytest.param(
            scene(holding(1, 2), holding(1, 2, source=REPOSITORY), OTHER), OPEN,
            f"All 2 papers that arXiv lists are here; its feed and its repository agree.{MORE}",
            id="both agree",
        ),
        pytest.param(
            scene(holding(1, 2), holding(1, 2, source=REPOSITORY), OTHER,
                  now=NOON + 24 * HOURS), COMPLETE,
            "All 2 papers that arXiv lists are here; its feed and its repository agree.",
            id="when the day is over",
        ),
        pytest.param(
            scene(holding(1), holding(1, 2, 3, source=REPOSITORY), OTHER), OPEN,
            f"All 3 papers that arXiv lists are here, 2 of which its feed lacked.{MORE}",
            id="the feed lacked some",
        ),
        pytest.param(
            scene(holding(1), holding(1, 2, source=REPOSITORY), OTHER,
                  holding(2, day=DAY + timedelta(days=1))), OPEN,
            f"All 2 papers that arXiv lists are here; its feed and its repository agree.{MORE}",
            id="moderators held one back",
        ),
        pytest.param(
            scene(holding(1), OTHER), OPEN,
            "The one paper that arXiv lists is here, as its feed says: its repository is asked "
            f"next.{MORE}",
            id="only the feed so far",
        ),
        pytest.param(
            scene(holding(1), OTHER, sources=(FEED,)), OPEN,
            f"The one paper that arXiv lists is here.{MORE}", id="only the feed at all",
        ),
        pytest.param(
            scene(holding(1, source=QUERIES), holding(source=QUERIES, part="cs.CL")), OPEN,
            f"The one paper that arXiv lists is here; its feed did not have them.{MORE}",
            id="neither told, the query API did",
        ),
        pytest.param(
            scene(sources=("https://a.example/feed",), began={}), OPEN,
            f"All that its sources delivered is here.{MORE}", id="arXiv is not read",
        ),
        pytest.param(
            scene(holding(1, 2, 3, missing=(2, 3)), OTHER, syncs=(READING,)), PARTIAL,
            "Still being read: 1 of 3 papers.", id="being read",
        ),
        pytest.param(
            scene(holding(1, 2, missing=(2,)), OTHER, syncs=(OTHERS_READING,)), PARTIAL,
            "1 of the 2 papers that arXiv lists are here; the other is asked for by name.",
            id="another source is being read",
        ),
        pytest.param(
            scene(holding(1, 2, missing=(2,)), OTHER), PARTIAL,
            "1 of the 2 papers that arXiv lists are here; the other is asked for by name.",
            id="one is missing",
        ),
        pytest.param(
            scene(holding(1, 2, 3, missing=(2, 3)), OTHER), PARTIAL,
            "1 of the 3 papers that arXiv lists are here; the other 2 are asked for by name.",
            id="two are missing",
        ),
        pytest.param(
            scene(holding(1), syncs=(sync(error="the feed still shows 2026-03-03."),)), PARTIAL,
            "arXiv's listing of cs.CL for 4 March has not come. arXiv's feed could not be "
            "read whole: the feed still shows 2026-03-03. arXiv is asked again at 13:00 (UTC).",
            id="one category is stale",
        ),
        pytest.param(
            scene(syncs=(sync(due=NOON - HOURS),)), LATE,
            "arXiv's listing of cs.AI, cs.CL for 4 March has not come. arXiv is asked again now.",
            id="papers of others, none of arXiv's",
        ),
        pytest.param(
            scene(holding(1), OTHER, period=Period.WEEK, first=date(2026, 3, 2),
                  last=date(2026, 3, 8)), PARTIAL,
            "arXiv's listing of cs.AI, cs.CL for 2 March and 3 March has not come.",
            id="a week that lacks days",
        ),
        pytest.param(
            scene(Holding(listed=holding().listed, total=7, missing=frozenset(), at=NOON),
                  now=NOON + 24 * HOURS, sources=()), COMPLETE,
            "All that arXiv listed is here.", id="long past",
        ),
        pytest.param(
            scene(is_specimen=True), EditionState.SPECIMEN,
            "These papers are specimens, written to show the page until a source delivers.",
            id="specimens",
        ),
    ],
)  # fmt: skip
def test_an_edition_with_papers(given_: Scene, state: EditionState, sentence: str) -> None:
    """What is missing is said first; where nothing is, who says so."""
    found = judge(given_)

    assert (found.state, found.sentence) == (state, sentence)
    assert found.state.is_plain == (state in {OPEN, COMPLETE})


def nothing(*holdings: Holding, **changes: Any) -> Scene:
    """Return an edition without papers."""
    return scene(*holdings, papers=0, **changes)


def on(day: date, now: datetime = NOON) -> dict[str, Any]:
    """Return what makes a scene one of another day."""
    return {"first": day, "last": day, "now": now}


@pytest.mark.parametrize(
    ("given_", "state", "sentence"),
    [
        pytest.param(
            nothing(delivered=None, sources=(), began={}), EMPTY,
            "No source has delivered yet, and the setting sources names none. Bring papers in "
            "with: broadsheet import FILE", id="nothing is configured",
        ),
        pytest.param(
            nothing(delivered=None, syncs=(READING,)), EMPTY,
            "The first papers are being read now.", id="the first reading",
        ),
        pytest.param(
            nothing(delivered=None, syncs=(sync(error="it answered 429 Too Many Requests"),)),
            EMPTY,
            "No source has delivered yet. arXiv's feed could not be read whole: it answered 429 "
            "Too Many Requests. arXiv is asked again at 13:00 (UTC). Bring papers in with: "
            "broadsheet import FILE", id="rate-limited from the start",
        ),
        pytest.param(
            nothing(**on(date(2026, 3, 6))), EMPTY, "Friday, 6 March 2026 has not come yet.",
            id="the future",
        ),
        pytest.param(
            nothing(**on(date(2026, 2, 28))), EMPTY,
            "Saturday, 28 February 2026: sources list new papers from Monday to Friday.",
            id="a week-end",
        ),
        pytest.param(
            nothing(**on(date(2026, 9, 8), datetime(2026, 9, 8, 12, tzinfo=UTC))), EMPTY,
            "Tuesday, 8 September 2026: arXiv lists nothing because it sends nothing out on Labor "
            "Day.", id="after a holiday",
        ),
        pytest.param(
            nothing(**on(date(2027, 9, 7), datetime(2027, 9, 7, 12, tzinfo=UTC))), EMPTY,
            "Tuesday, 7 September 2027: arXiv may list nothing because it sends nothing out on "
            "Labor Day.", id="perhaps after a holiday",
        ),
        pytest.param(
            nothing(now=datetime(2026, 3, 4, 1, tzinfo=UTC)), EMPTY,
            "Nothing is listed for Wednesday, 4 March 2026 yet: arXiv's listing comes at 05:00 "
            "(UTC).", id="before midnight Eastern",
        ),
        pytest.param(
            nothing(now=datetime(2026, 3, 3, 20, tzinfo=UTC), zone=ZoneInfo("Asia/Tokyo")), EMPTY,
            "Nothing is listed for Wednesday, 4 March 2026 yet: arXiv's listing comes at 14:00 "
            "(Asia/Tokyo).", id="in the readers' own time",
        ),
        pytest.param(
            nothing(now=datetime(2026, 3, 4, 6, tzinfo=UTC)), EMPTY,
            "Nothing is listed for Wednesday, 4 March 2026 yet: it comes these hours.",
            id="just out",
        ),
        pytest.param(
            nothing(syncs=(sync(due=NOON + 20 * HOURS),)), LATE,
            "arXiv's listing for Wednesday, 4 March 2026 has not come. arXiv is asked again at "
            "08:00 on Thursday (UTC).", id="late",
        ),
        pytest.param(
            nothing(syncs=(READING,)), LATE,
            "arXiv's listing for Wednesday, 4 March 2026 has not come. It is being read now.",
            id="late and being read",
        ),
        pytest.param(
            nothing(trouble=" The last reading of arxiv failed: broken."), LATE,
            "arXiv's listing for Wednesday, 4 March 2026 has not come. The last reading of arxiv "
            "failed: broken.", id="late and not in the schedule",
        ),
        pytest.param(
            nothing(holding(), OTHER), EMPTY,
            "Wednesday, 4 March 2026: arXiv lists nothing in cs.AI, cs.CL; the setting "
            "arxiv_categories may be too narrow.", id="too narrow",
        ),
        pytest.param(
            nothing(holding(1, 2, missing=(1, 2)), syncs=(READING,)), PARTIAL,
            "Still being read: 0 of 2 papers.", id="just begun",
        ),
        pytest.param(
            nothing(began={}), EMPTY, "Nothing is listed for Wednesday, 4 March 2026 yet.",
            id="arXiv was never heard",
        ),
        pytest.param(
            nothing(holding(1)), EMPTY, "Nothing is listed for Wednesday, 4 March 2026 yet.",
            id="its papers are in another edition",
        ),
        pytest.param(
            nothing(began={}, **on(date(2026, 2, 3))), EMPTY,
            "No source listed anything for Tuesday, 3 February 2026.", id="long ago",
        ),
        pytest.param(
            nothing(period=Period.WEEK, first=date(2026, 2, 2), last=date(2026, 2, 8)), EMPTY,
            "No source listed anything for the week of Monday, 2 February 2026.", id="a week",
        ),
        pytest.param(
            nothing(period=Period.MONTH, first=date(2026, 1, 1), last=date(2026, 1, 31)), EMPTY,
            "No source listed anything for January 2026.", id="a month",
        ),
        pytest.param(
            nothing(sources=("daily",), began={}, delivered=NOON - 48 * HOURS), EMPTY,
            "No source has delivered since Monday, 2 March 2026.", id="others are silent",
        ),
    ],
)  # fmt: skip
def test_an_edition_without_papers(given_: Scene, state: EditionState, sentence: str) -> None:
    """A reader can tell a holiday from a fault, and a fault from a filter."""
    found = judge(given_)

    assert (found.state, found.sentence) == (state, sentence)


def test_a_day_that_nobody_told_of_was_missed() -> None:
    """Within a fortnight, from the day on which a category was first heard, on listing days."""
    held = [holding(1, day=date(2026, 2, 27)), holding(day=DAY)]

    assert missed(held, PARTS, NOON) == [(date(2026, 3, 2), "cs.AI"), (date(2026, 3, 3), "cs.AI")]


@given(st.sets(st.integers(0, 30)), st.integers(0, 30))
def test_what_was_told_of_is_not_missed(told: set[int], back: int) -> None:
    """And all that was missed lies between the first day heard and the newest listing."""
    days = [DAY - timedelta(days=n) for n in told]
    now = NOON - timedelta(days=back)
    found = missed([holding(day=day) for day in days], ["cs.AI"], now)

    assert not {day for day, _ in found} & set(days)
    assert all(min(days) < day <= now.date() and day.weekday() < 5 for day, _ in found)
    assert len(found) == len(set(found))


def test_how_a_day_stands_in_each_category() -> None:
    """What is expected, what is here, what one of them lacked, and what is being done."""
    held = [
        holding(1),
        holding(1, 2, 3, source=REPOSITORY, missing=(3,)),
        holding(4, part="cs.CL", source=REPOSITORY, day=DAY),
    ]
    began = {"cs.AI": date(2026, 3, 3), "cs.CL": DAY, "math.OC": DAY}
    found = part_days(
        held, [DAY, date(2026, 3, 3)], categories=[*PARTS, "math.OC"], began=began, now=NOON
    )

    assert [
        (one.day.day, one.part, one.announced, one.harvested, one.held, one.expected, one.state)
        for one in found
    ] == [
        (4, "cs.AI", 1, 3, 2, 3, PARTIAL),
        (4, "cs.CL", None, 1, 1, 1, COMPLETE),
        (4, "math.OC", None, None, 0, 0, LATE),
        (3, "cs.AI", None, None, 0, 0, LATE),
    ]
    assert [one.note for one in found[:2]] == [
        "1 paper is asked for by name; the feed lacked 2",
        "the feed did not have it",
    ]


def test_a_day_whose_names_are_gone_keeps_its_number() -> None:
    """After two months only counts are left."""
    old = Holding(listed=holding().listed, total=7, missing=frozenset(), at=NOON)

    (found,) = part_days([old], [DAY], categories=["cs.AI"], began={}, now=NOON)

    assert (found.expected, found.held, found.state) == (7, 7, COMPLETE)
