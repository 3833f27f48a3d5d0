"""JSON from the network: mended where it can be, refused before it costs memory."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.sources import _json
from broadsheet.sources._json import JsonError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b'{"a": "\xc3\xa9"}', "é", id="UTF-8"),
        pytest.param(b'\xef\xbb\xbf{"a": "\xc3\xa9"}', "é", id="with a mark"),
        pytest.param(b'{"a": "\xe9 \x93"}', "é “", id="Windows-1252"),
        pytest.param(b'{"a": "x\ty"}', "x\ty", id="a raw tab"),
        pytest.param(b'{"a": "x\\ud800\\u0000y"}', "xy", id="half a character, and none"),
        pytest.param(b'{"a": NaN}', None, id="NaN"),
        pytest.param(b'{"a": -Infinity}', None, id="infinity"),
        pytest.param(b'{"a": 1e999}', None, id="more than any number"),
        pytest.param(b'{"a": 1.5e3}', 1500.0, id="a number"),
    ],
)
def test_what_is_wrong_costs_no_more_than_itself(data: bytes, expected: object) -> None:
    """One value of one paper must not cost an answer of a thousand."""
    assert _json.read_object(data) == {"a": expected}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"  ", "empty, not JSON", id="nothing"),
        pytest.param(b"\n<html>", "a page for people", id="a page"),
        pytest.param(b'{"a": [1', "not JSON: Expecting", id="cut"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep"),
        pytest.param(
            b"[" + b"0," * _json.MAX_PARTS + b"0]", "more than 3,000,000 parts", id="wide"
        ),
        pytest.param(b"[1, 2]", "no object in {}: [1, 2]", id="a list"),
        pytest.param(b'"' + b"x" * 500 + b'"', "x" * 99, id="a text"),
    ],
)
def test_what_is_none_is_said(data: bytes, problem: str) -> None:
    """In a sentence, with the beginning of what came, never all of it."""
    with pytest.raises(JsonError) as caught:
        _json.read_object(data)

    assert problem in str(caught.value)
    assert len(str(caught.value)) < 200


TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)


@given(JSON)
def test_what_is_right_stays_as_it_is(value: Any) -> None:
    """Whether characters are escaped or not."""
    for is_ascii in (True, False):
        assert _json.read(json.dumps(value, ensure_ascii=is_ascii).encode()) == value


@given(st.binary(max_size=100))
def test_no_bytes_break_it_otherwise(data: bytes) -> None:
    """Whatever comes, it is a value or a JsonError."""
    with suppress(JsonError):
        json.dumps(_json.read(data), allow_nan=False).encode()
