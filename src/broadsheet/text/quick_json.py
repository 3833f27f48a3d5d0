"""JSON read and written fast, and exactly as the standard library does it.

orjson differs in a few places: it takes a whole number beyond 64 bits for a float, and writes
some floats another way; it refuses lone surrogates, NaN and what overflows. Wherever one of
these could matter the standard library does the work, so that no digest depends on which did.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

_AS_ZEROS = bytes(ord("0") if chr(byte).isdecimal() else byte for byte in range(128)) + bytes(
    range(128, 256)
)
_LONG = b"0" * 19  # digits; fewer fit 64 bits
_EXACT = frozenset({str, int, bool, type(None)})


def loads(body: str) -> Any:
    """Return what JSON text says, as ``json.loads`` does.

    Raises:
        json.JSONDecodeError: it is no JSON.
    """
    try:
        encoded = body.encode()
    except UnicodeEncodeError:
        return json.loads(body)
    found = quick(encoded)
    return json.loads(body) if found is None else found


def quick(encoded: bytes) -> Any:
    """Return what JSON says; None for null, for no JSON, and for what orjson reads differently."""
    if _LONG in encoded.translate(_AS_ZEROS):
        return None
    try:
        return orjson.loads(encoded)
    except orjson.JSONDecodeError:
        return None


def dumps(value: Any, *, is_sorted: bool = False) -> str:
    """Return the JSON of texts, whole numbers, lists and objects, without blanks.

    As ``json.dumps`` writes it. A part that came from elsewhere is to be tested with ``is_exact``.

    Raises:
        TypeError: it holds something that JSON does not know.
    """
    option = orjson.OPT_SORT_KEYS if is_sorted else 0
    try:
        return orjson.dumps(value, option=option).decode()
    except orjson.JSONEncodeError:
        return plainly(value, is_sorted=is_sorted)


def plainly(value: Any, *, is_sorted: bool = False) -> str:
    """Return the JSON of any value, by the standard library.

    Raises:
        TypeError: it holds something that JSON does not know.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=is_sorted, separators=(",", ":"))


def is_exact(value: Any) -> bool:
    """Tell whether ``dumps`` writes a value of unknown origin as the standard library would."""
    kind = type(value)
    if kind is dict:
        return all(map(is_exact, value.values()))
    return kind in _EXACT or (kind is list and all(map(is_exact, value)))
