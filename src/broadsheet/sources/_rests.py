"""What rest does an answer ask for? Retry-After, and the counters that services put in headers.

Three dialects of counters are read: `X-RateLimit-Remaining` with `X-RateLimit-Reset` (also as
`RateLimit-...` and `X-Rate-Limit-...`), the one field `RateLimit: "name";r=0;t=30` of
draft-ietf-httpapi-ratelimit-headers, and Crossref's `X-Rate-Limit-Limit` per
`X-Rate-Limit-Interval`. A header that says nonsense says nothing.
"""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RETRY_AFTER_S = 86_400.0
MAX_SPACING_S = 300.0

_PREFIXES = ("ratelimit", "x-ratelimit", "x-rate-limit")
_EPOCH_S = 1_000_000_000.0  # a reset above it is a moment since 1970, below it a span
_ITEM = re.compile(r";\s*([rt])\s*=\s*(\d{1,10})\b")
_SPAN = re.compile(r"(\d{1,6})\s*(ms|s|m|h)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def retry_after(value: str, now: float) -> float | None:
    """Return how many seconds a Retry-After header asks for: at most a day; None for none.

    Args:
        value: A number of seconds or a date (RFC 9110, 10.2.3).
        now: Seconds since 1970.
    """
    value = value.strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment.timestamp() - now, 0.0), MAX_RETRY_AFTER_S)


def asked_rest(headers: Mapping[str, str], now: float) -> float | None:
    """Return for how long an answer asks to be left alone, at most a day; None: it does not.

    Retry-After goes before counters, of which only those that have come to nothing ask.

    Args:
        headers: Names in lower case.
        now: Seconds since 1970.
    """
    said = retry_after(headers.get("retry-after", ""), now)
    return _spent(headers, now) if said is None else said


def spacing(headers: Mapping[str, str]) -> float:
    """Return the seconds between two requests that a service allows so many of per interval."""
    limit = _number(headers.get("x-rate-limit-limit", ""))
    span = _SPAN.fullmatch(headers.get("x-rate-limit-interval", "").strip().lower())
    if not limit or span is None:
        return 0.0
    return min(int(span[1]) * _UNITS[span[2]] / limit, MAX_SPACING_S)


def _spent(headers: Mapping[str, str], now: float) -> float | None:
    items = dict(_ITEM.findall(headers.get("ratelimit", "")))
    pairs = [(items.get("r", ""), items.get("t", ""))]
    pairs += [
        (headers.get(f"{prefix}-remaining", ""), headers.get(f"{prefix}-reset", ""))
        for prefix in _PREFIXES
    ]
    for remaining, reset in pairs:
        left, until = _number(remaining), _number(reset)
        if left is not None and left <= 0 and until is not None:
            span = until - now if until > _EPOCH_S else until
            return min(max(span, 0.0), MAX_RETRY_AFTER_S)
    return None


def _number(value: str) -> float | None:
    try:
        found = float(value) if value.isascii() and len(value) <= 30 else math.nan  # noqa: PLR2004
    except ValueError:
        return None
    return found if math.isfinite(found) else None
