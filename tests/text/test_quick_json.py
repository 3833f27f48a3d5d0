"""Is fast JSON the standard library's JSON? Digests of whole libraries depend on it."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import quick_json

WHOLE = st.integers(-(2**70), 2**70)
LEAVES = st.none() | st.booleans() | WHOLE | st.text(st.characters(), max_size=20)
VALUES = st.recursive(
    LEAVES | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


class Word(StrEnum):
    """A text that is also a member of something."""

    ONE = "one"


def written(value: Any) -> str:
    """Return what the standard library writes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(VALUES)
def test_what_is_exact_is_written_as_the_standard_library_writes_it(value: Any) -> None:
    """One other character would make every record of a library look changed."""
    if quick_json.is_exact(value):
        assert quick_json.dumps(value, is_sorted=True) == written(value)
    assert quick_json.plainly(value, is_sorted=True) == written(value)


@given(value=VALUES, is_ascii=st.booleans())
def test_text_is_read_as_the_standard_library_reads_it(value: Any, *, is_ascii: bool) -> None:
    """Numbers beyond 64 bits, NaN and halves of pairs come back as what they were."""
    body = json.dumps(value, ensure_ascii=is_ascii)
    assert repr(quick_json.loads(body)) == repr(json.loads(body))


@pytest.mark.parametrize(
    "body",
    [
        *("-9999999999999999999", "1" * 40, "1e400", "NaN", '"\\ud83d"', "-0", "-0.0", "1E5"),
        *(str(2**63), str(-(2**63) - 1), str(2**64), '{"a":1,"a":2}', '"\ud83d"', " [1]\n"),
        "null",
    ],
)
def test_where_orjson_differs_the_standard_library_reads(body: str) -> None:
    """Each of these is read otherwise, or not at all, by one of the two."""
    assert repr(quick_json.loads(body)) == repr(json.loads(body))


@pytest.mark.parametrize("value", [1.5, [1e16], {"a": float("nan")}, (1,), {"a": Word.ONE}])
def test_what_may_be_written_otherwise_is_not_exact(value: Any) -> None:
    """Floats are written differently, and subclasses may be."""
    assert not quick_json.is_exact(value)


@pytest.mark.parametrize("body", ["", "[1,]", "{'a': 1}", "[1] 2", "\ufeff{}"])
def test_what_is_no_json_is_refused_with_the_usual_error(body: str) -> None:
    """Callers catch the standard library's error."""
    with pytest.raises(json.JSONDecodeError):
        quick_json.loads(body)


def test_every_character_is_written_alike() -> None:
    """Controls are escaped, and nothing else."""
    everything = "".join(chr(code) for code in range(0xD800)) + "\U0001f600"
    assert quick_json.dumps(everything) == written(everything)
