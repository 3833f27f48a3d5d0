"""What does this field hold? JSON values taken out of an object by name, checked and cleaned."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from broadsheet.model import Precision
from broadsheet.text import normal, quick_json

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TITLE = 2_000  # characters
MAX_ABSTRACT = 100_000  # characters
MAX_NAME = 1_000  # characters of an author's name, a keyword, a venue; some hold whole teams
MAX_NAMES = 10_000  # the largest collaborations sign with 5,000
MAX_TEXT = 10_000  # characters of a comment, a summary
SHOWN = 40  # characters of a value in a message
MAX_DEPTH = 20  # lists in lists, in what is kept as `extra`
MIN_YEAR, MAX_YEAR = 1400, 2100
"""Years outside are mistakes: no paper is older than print, and 9999 stands for nothing."""

MAX_COUNT = 10**12
"""No counter of votes or stars shows more."""

_NO_VALUES: tuple[object, ...] = (None, "", [], {})
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_DIGITS = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_DAY_LENGTH = 10
_SPOILT = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")


class FieldError(Exception):
    """A field holds what it cannot; the message names the field and what was found."""


def decode(line: bytes) -> dict[str, Any]:
    """Return the JSON object that a line is.

    Raises:
        FieldError: the line is no UTF-8, no JSON, or no object.
    """
    has_spoilt = is_spoilt(line)
    if not has_spoilt and isinstance(value := quick_json.quick(line), dict):
        return value
    value = _decoded(line)
    if not isinstance(value, dict):
        raise FieldError(f"the line is {_kind(value)}, not an object in {{}}")
    if has_spoilt:
        return {clean_deep(name): clean_deep(each) for name, each in value.items()}
    return value


def is_spoilt(data: bytes) -> bool:
    """Tell whether JSON may spell lone surrogates or NUL, which `clean_deep` takes out."""
    return _SPOILT.search(data) is not None


def _decoded(line: bytes) -> Any:
    """Return the JSON value that a line is, or say what is wrong with it.

    Raises:
        FieldError: the line is no UTF-8, or no JSON.
    """
    try:
        text = line.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise FieldError(f"the line is not UTF-8: byte {error.start + 1} cannot be read") from error
    try:
        return _DECODER.decode(text.strip())
    except json.JSONDecodeError as error:
        raise FieldError(
            f"the line is not JSON: {error.msg} at character {error.pos + 1}"
        ) from error
    except RecursionError as error:
        raise FieldError("the line is nested too deeply") from error
    except ValueError as error:
        raise FieldError(f"the line is not JSON: {str(error)[:200]}") from error


def clean_deep(value: Any) -> Any:
    """Return a JSON value without lone surrogates and NUL, which databases refuse."""
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode().replace("\0", "")
    if isinstance(value, list):
        return [clean_deep(each) for each in value]
    if isinstance(value, dict):
        return {clean_deep(name): clean_deep(each) for name, each in value.items()}
    return value


class Fields:
    """The fields of one object that say something; what is taken is gone, the rest can be kept."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value not in _NO_VALUES}

    def take(self, *names: str) -> tuple[str, Any]:
        """Take the first of these fields, and its name; ("", None) for none. The others stay."""
        for name in names:
            if name in self._values:
                return name, self._values.pop(name)
        return "", None

    def put(self, name: str, value: Any) -> None:
        """Give a field back, to be kept as it is."""
        self._values[name] = value

    def has(self, *names: str) -> bool:
        """Tell whether one of these fields is there."""
        return not self._values.keys().isdisjoint(names)

    def rest(self) -> dict[str, Any]:
        """Return what was not taken, without what says nothing.

        Raises:
            FieldError: a value is nested too deeply.
        """
        for name, value in self._values.items():
            if isinstance(value, (list, dict)) and not _is_shallow(value, MAX_DEPTH):
                raise FieldError(f"{name}: lists are nested more than {MAX_DEPTH} deep")
        return self._values

    def text(self, *names: str, limit: int = MAX_NAME) -> str:
        """Take a text on one line, "" when there is none.

        Raises:
            FieldError: it is no text, or longer than ``limit``.
        """
        if self._values.keys().isdisjoint(names):
            return ""
        name, value = self._string(*names)
        if "<" in value or "&" in value:
            value = normal.strip_html(value)
        return _short(name, normal.clean(value), limit)

    def paragraphs(self, *names: str, limit: int) -> str:
        """Take a text that may have paragraphs, "" when there is none.

        Raises:
            FieldError: it is no text, or longer than ``limit``.
        """
        if self._values.keys().isdisjoint(names):
            return ""
        name, value = self._string(*names)
        return _short(name, normal.clean_paragraphs(normal.strip_html(value)), limit)

    def names(self, *names: str) -> tuple[str, ...]:
        """Take a list of names, as a list of texts or of objects with a ``name``, in order.

        Raises:
            FieldError: it is no list of names, or longer than any list of names is.
        """
        if self._values.keys().isdisjoint(names):
            return ()
        name, values = self.take(*names)
        if isinstance(values, str):
            values = [each for each in re.split(r"\s*;\s*|\s+and\s+", values) if each]
        if not isinstance(values, list):
            raise FieldError(f"{name}: expected a list of names, found {_kind(values)}")
        if len(values) > MAX_NAMES:
            raise FieldError(f"{name}: {len(values):,} names, more than {MAX_NAMES:,}")
        return tuple(filter(None, [_name(name, value) for value in values]))

    def whole(self, *names: str, least: int = 0, most: int = MAX_COUNT) -> int | None:
        """Take a whole number in [least, most]; None when there is none.

        Raises:
            FieldError: it is none, or out of range.
        """
        if self._values.keys().isdisjoint(names):
            return None
        name, number = self.take(*names)
        is_plain = type(number) is int and least <= number <= most
        return number if is_plain else _whole(name, number, least=least, most=most)

    def day(self, *names: str) -> tuple[date, Precision] | None:
        """Take a date, as "2026", "2026-03", "2026-03-04" or with a time; None for none.

        Raises:
            FieldError: there is no such day.
        """
        if self._values.keys().isdisjoint(names):
            return None
        return day_of(*self._string(*names))

    def _string(self, *names: str) -> tuple[str, str]:
        name, value = self.take(*names)
        if not isinstance(value, str):
            raise FieldError(f"{name}: expected text, found {_kind(value)}")
        return name, value


def day_of(name: str, value: str) -> tuple[date, Precision]:
    """Return the day that a text names, in UTC where it names a moment, and how exactly.

    Raises:
        FieldError: there is no such day, or it is out of all reason; ``name`` says where.
    """
    text = value.strip()
    try:
        partial = _PARTIAL.fullmatch(text)
        if partial:
            found = date(int(partial[1]), int(partial[2] or 1), 1)
            precision = Precision.MONTH if partial[2] else Precision.YEAR
        elif len(text) == _DAY_LENGTH:
            found, precision = date.fromisoformat(text), Precision.DAY
        else:
            moment = datetime.fromisoformat(text)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment
            found, precision = moment.date(), Precision.DAY
    except (ValueError, OverflowError) as error:
        raise FieldError(f"{name}: {shown(value)} is no date like 2026-03-04") from error
    check_year(name, found.year)
    return found, precision


def moment_of(name: str, value: str) -> datetime:
    """Return the moment that a text names, UTC; of a day its beginning.

    Raises:
        FieldError: there is no such moment.
    """
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FieldError(f"{name}: {shown(value)} is no time like 2026-03-04T05:06:07") from error
    check_year(name, moment.year)
    return moment


def check_year(name: str, year: int) -> None:
    """Refuse a year in which no paper appeared.

    Raises:
        FieldError: the year is out of all reason.
    """
    if not MIN_YEAR <= year <= MAX_YEAR:
        raise FieldError(f"{name}: the year {year} is not between {MIN_YEAR} and {MAX_YEAR}")


def shown(value: Any) -> str:
    """Return the beginning of a value, for a message."""
    if isinstance(value, str):
        return repr(value[:SHOWN])
    if isinstance(value, int) and abs(value) > MAX_COUNT:
        return "a number of many digits"
    return str(value)[:SHOWN]


def _whole(name: str, value: Any, *, least: int, most: int) -> int:
    """Return the whole number that a value of another shape is: "12", 12.0."""
    is_digits = isinstance(value, str) and _DIGITS.fullmatch(value.strip())
    is_integral = isinstance(value, float) and value.is_integer()
    number = int(value) if is_digits or is_integral else value
    if not isinstance(number, int) or isinstance(number, bool):
        raise FieldError(f"{name}: expected a whole number, found {_kind(value)}")
    if not least <= number <= most:
        raise FieldError(f"{name}: {shown(number)} is not between {least} and {most}")
    return number


def _short(name: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise FieldError(f"{name}: more than {limit:,} characters")
    return text


def _name(field: str, value: Any) -> str:
    if type(value) is str and len(value) <= MAX_NAME:
        return clean_short(value).strip(" ;,")
    if isinstance(value, dict):
        given = value.get("given") or value.get("first") or ""
        family = value.get("family") or value.get("last") or ""
        value = value.get("name") or value.get("fullname") or f"{given} {family}"
    if not isinstance(value, str):
        raise FieldError(f"{field}: expected names, found {_kind(value)} among them")
    return _short(field, normal.clean(value).strip(" ;,"), MAX_NAME)


clean_short = lru_cache(maxsize=32 * 1024)(normal.clean)
"""Clean a text of at most ``MAX_NAME`` characters; authors and topics come again and again."""


def _is_shallow(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return depth > 0 and all(_is_shallow(each, depth - 1) for each in value)


def _kind(value: Any) -> str:
    """Return what a JSON value is, in words."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, (int, float)):
        return f"a number ({shown(value)})"
    if isinstance(value, str):
        return f"text ({shown(value)})"
    return "a list" if isinstance(value, list) else "an object"


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
