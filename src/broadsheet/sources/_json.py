"""JSON from the network: refused before it costs memory, read although a byte of it is wrong."""

from __future__ import annotations

import json
import math
from typing import Any

from broadsheet.sources import _fields, _text

MAX_PARTS = 3_000_000
"""Values in one answer: each may take a hundred bytes of memory, however few it has here."""


class JsonError(Exception):
    """It is no JSON that is read; the message is a sentence."""


def read(data: bytes) -> Any:
    """Return the value of an answer.

    Bytes that are no UTF-8 are read as Windows-1252, which most of them are; what no number can
    be (NaN, 1e999) is no value, and what no text can hold is left out of it.

    Raises:
        JsonError: it is no JSON, has too many parts, or is nested too deeply.
    """
    start = data.lstrip()[:1]
    if not start:
        raise JsonError("the answer is empty, not JSON")
    if start == b"<":
        raise JsonError("the answer is not JSON but a page for people")
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_PARTS:
        raise JsonError(f"the answer has more than {MAX_PARTS:,} parts")
    try:
        value = json.loads(
            _text.mended(data),
            strict=False,  # a raw tab in a title is a tab
            parse_constant=_nothing,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise JsonError(f"the answer is not JSON: {str(error)[:100]}") from error
    return _fields.clean_deep(value) if _fields.is_spoilt(data) else value


def read_object(data: bytes) -> dict[str, Any]:
    """Return the object that an answer is.

    Raises:
        JsonError: it is none.
    """
    value = read(data)
    if not isinstance(value, dict):
        raise JsonError(f"the answer is no object in {{}}: {str(value)[:100]}")
    return value


def _nothing(_constant: str) -> None:
    """Read NaN and Infinity, which are no JSON, as no value."""


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None
