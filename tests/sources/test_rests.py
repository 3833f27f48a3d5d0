"""What rest an answer asks for, in each dialect and in none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.sources import _rests

NOW = 1_772_600_000.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("0", 0.0, id="now"),
        pytest.param(" 120 ", 120.0, id="seconds"),
        pytest.param("999999999999999999999", _rests.MAX_RETRY_AFTER_S, id="for ever"),
        pytest.param("-5", None, id="negative"),
        pytest.param("soon", None, id="a word"),
        pytest.param("Thu, 01 Jan 1970 00:01:00 GMT", 60.0 - 10.0, id="a date"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", 0.0, id="a date gone by"),
        pytest.param("١٢", None, id="digits of another script"),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    """Seconds, a date, or nonsense; the time is ten seconds past 1970."""
    assert _rests.retry_after(value, 10.0) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, None, id="nothing is said"),
        pytest.param({"retry-after": "7", "x-ratelimit-remaining": "0"}, 7.0, id="Retry-After"),
        pytest.param({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "60"}, None, id="3 left"),
        pytest.param({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}, 60.0, id="a span"),
        pytest.param({"ratelimit-remaining": "0", "ratelimit-reset": "60"}, 60.0, id="no X"),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW + 60:.0f}"},
            60.0,
            id="a moment",
        ),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW - 60:.0f}"},
            0.0,
            id="a moment gone by",
        ),
        pytest.param({"x-ratelimit-remaining": "0"}, None, id="spent, but until when"),
        pytest.param(
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"},
            _rests.MAX_RETRY_AFTER_S,
            id="for ever",
        ),
        pytest.param({"ratelimit": '"api";r=0;t=55'}, 55.0, id="one field"),
        pytest.param({"ratelimit": '"api";r=12;t=55'}, None, id="one field, 12 left"),
        pytest.param(
            {"x-ratelimit-remaining": "nan", "x-ratelimit-reset": "inf"}, None, id="nonsense"
        ),
    ],
)
def test_what_a_refusal_or_a_spent_counter_asks_for(
    headers: dict[str, str], expected: float | None
) -> None:
    """A service that counts for us must not have to refuse us first."""
    assert _rests.asked_rest(headers, NOW) == expected


@pytest.mark.parametrize(
    ("limit", "interval", "expected"),
    [
        pytest.param("50", "1s", 0.02, id="50 a second"),
        pytest.param("1", "3s", 3.0, id="one in 3 seconds"),
        pytest.param("10", "1m", 6.0, id="10 a minute"),
        pytest.param("1", "24h", _rests.MAX_SPACING_S, id="one a day"),
        pytest.param("0", "1s", 0.0, id="none: nonsense"),
        pytest.param("50", "soon", 0.0, id="no span"),
        pytest.param("", "1s", 0.0, id="no limit"),
    ],
)
def test_how_far_apart_requests_may_be(limit: str, interval: str, expected: float) -> None:
    """Crossref says so in two headers."""
    headers = {"x-rate-limit-limit": limit, "x-rate-limit-interval": interval}

    assert _rests.spacing(headers) == pytest.approx(expected)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "ratelimit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "x-rate-limit-limit",
                "x-rate-limit-interval",
            ]
        ),
        st.text(max_size=40),
    )
)
def test_no_header_breaks_it(headers: dict[str, str]) -> None:
    """A rest is none, or from now on at most for a day."""
    rest = _rests.asked_rest(headers, NOW)

    assert rest is None or 0 <= rest <= _rests.MAX_RETRY_AFTER_S
    assert 0 <= _rests.spacing(headers) <= _rests.MAX_SPACING_S
