"""Which works might be one though their titles differ? Keys to look them up, and what differs.

Two records of one work whose titles are not equal are found by who signed them and when: the
first and the last author, with initials, and a span of two years make one 64-bit number, the
``team``. Whoever looks for a work asks for the two spans that its neighbouring years fall into.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from broadsheet.text import latex, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

SPAN = 2  # years that share a team number
MIN_TITLE_LIKENESS = 0.9  # of two title keys, 2 * letters in common / letters of both
MIN_WORD_LIKENESS = 0.8  # of two words that are spellings of one: "optimisation"
MIN_STEM = 4  # letters that two forms of one word begin with
MIN_STEM_SHARE = 0.6  # of the longer word: "vectorized" and "vector"

_WORD = re.compile(r"[^\W_]+")
# "with" is none: "with memory" is not "without memory".
_STOP_WORDS = frozenset(
    {"a", "an", "the", "of", "for", "in", "on", "to", "and", "via", "using", "by", "from", "at"}
    | {"as", "is", "are", "be", "towards", "toward", "through", "over", "under", "into", "its"}
    | {"their", "our", "how", "do", "does", "can"}
)
_BRITISH = (("isation", "ization"), ("ising", "izing"), ("ised", "ized"), ("our", "or"))
_PLURAL_MIN = 4  # letters before the s


@lru_cache(maxsize=16 * 1024)  # names come again and again
def author(name: str) -> str:
    """Return a name as family and first initial, "" where there is none: ``lovelace a``.

    "Noah A. Smith", "N. Smith" and "Smith, Noah" are one author under it.
    """
    words = normal.author_key(name).split()
    return f"{words[-1]} {words[0][0]}" if words else ""


def teams(authors: Sequence[str], year: int | None) -> tuple[int, ...]:
    """Return the numbers to look a work up by, its own first; none without authors and year."""
    if not authors or year is None:
        return ()
    spans = dict.fromkeys((year // SPAN, (year - 1) // SPAN, (year + 1) // SPAN))
    ends = _ends(authors)
    return tuple(_number(f"{ends}\n{span}") for span in spans)


def team(authors: Sequence[str], year: int | None) -> int | None:
    """Return the number that a work is kept under, a signed 64-bit integer."""
    if not authors or year is None:
        return None
    return _number(f"{_ends(authors)}\n{year // SPAN}")


def authors_shared(mine: Sequence[str], yours: Sequence[str]) -> float:
    """Return how much of two lists of authors is one: shared / all, 0 to 1; 0 for two empty."""
    one, other = {author(name) for name in mine}, {author(name) for name in yours}
    return len(one & other) / len(one | other) if one or other else 0.0


def keys_are_near(one: str, other: str) -> bool:
    """Tell whether two title keys are nearly equal; the order of the two does not matter.

    Keys with other numbers are not: no two spellings of one title differ in a number. What is
    quick to see is looked at first, for a large collaboration signs hundreds of papers a year.
    """
    most = 2 * min(len(one), len(other)) / max(len(one) + len(other), 1)
    if most < MIN_TITLE_LIKENESS or _numbers(one) != _numbers(other):
        return False
    matcher = SequenceMatcher(None, min(one, other), max(one, other), autojunk=False)
    return matcher.quick_ratio() >= MIN_TITLE_LIKENESS and matcher.ratio() >= MIN_TITLE_LIKENESS


@lru_cache(maxsize=16 * 1024)  # the titles of one team are compared again and again
def _numbers(key: str) -> str:
    """Return the digits of a key, in their order but without their places."""
    return "".join(sorted(filter(str.isdigit, key)))


def is_one_title(one: str, other: str) -> bool:
    """Tell whether two titles are spellings of one: no word of content and no number differs.

    Articles and prepositions, plural and singular, British and American spelling, hyphens and
    slips of the pen do not count; "rooted" and "unrooted", "Part I" and "Part II" do.
    """
    mine, yours = words(one), words(other)
    ours = list(mine)
    rest = []
    for word in yours:
        if word in ours:
            ours.remove(word)
        else:
            rest.append(word)
    if "".join(ours) == "".join(rest):
        return True
    pairs = zip(sorted(ours), sorted(rest), strict=False)
    return len(ours) == len(rest) and all(_are_kin(*pair) for pair in pairs)


def words(title: str) -> list[str]:
    """Return the words of content of a title, folded, in singular and American spelling."""
    plain = normal.fold(latex.to_text(normal.strip_html(normal.clean(title))))
    return [_stem(word) for word in _WORD.findall(plain) if word not in _STOP_WORDS]


def _stem(word: str) -> str:
    for british, american in _BRITISH:
        word = word.replace(british, american)
    is_plural = word.endswith("s") and not word.endswith("ss") and len(word) > _PLURAL_MIN
    return word[:-1] if is_plural else word


def _are_kin(one: str, other: str) -> bool:
    """Tell whether two words are forms or spellings of one."""
    if one[:MIN_STEM] != other[:MIN_STEM] or not (one + other).isalpha():
        return False
    longer = max(len(one), len(other))
    shared = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    if shared >= MIN_STEM_SHARE * longer:
        return True
    matcher = SequenceMatcher(None, min(one, other), max(one, other), autojunk=False)
    return matcher.ratio() >= MIN_WORD_LIKENESS


def _ends(authors: Sequence[str]) -> str:
    return f"{author(authors[0])}\n{author(authors[-1])}"


def _number(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
