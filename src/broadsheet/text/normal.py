"""Which strings are the same? Clean text, folded text, keys of titles and names."""
# ruff: noqa: RUF001  # letters that look like others are what it folds

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from broadsheet.text import latex

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_KEY_LENGTH = 200
"""Longer title keys keep their beginning and a digest, so that they fit a database index."""

# Characters that show nothing or turn text around: controls, soft hyphen, direction marks and
# overrides, invisible operators, byte order marks, tags, noncharacters, lone surrogates.
_HARMFUL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]+"
)
# Joiners shape Persian, Indic scripts and emoji; beside anything ASCII they only hide.
_STRAY_JOINERS = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f])")
# Quotes and dashes of Windows-1252 that were taken for Latin-1 on their way.
_WINDOWS = str.maketrans({0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x96: "–", 0x97: "—"})
_ENTITY = re.compile(r"&(?:[a-z][a-z0-9]{1,30}|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_PARAGRAPH_BREAK = re.compile(r"\n[^\S\n]*\n\s*")
# Marks that may be left out in writing: Latin, Greek and Cyrillic accents, Hebrew and Arabic
# vowel points. Signs that carry a vowel or kill one (Indic, Thai, kana) stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# Letters that Unicode does not take apart.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"}
)
_JOINERS = re.compile("[\u200c\u200d\ufe0f]+")
_INITIALS = re.compile(r"(?<![\w'’-])[A-Z]{2,3}(?![\w'’-])")
_MAX_RUN = 8  # longer runs of foreign letters hardly come twice
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
_NOT_WORD = re.compile(r"[\W_]+")
_INLINE_TAGS = (
    "a|abbr|b|big|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u|var"
)
_BLOCK_TAGS = (
    "article|blockquote|body|br|button|caption|center|dd|div|dl|dt|embed|figure|footer|form|frame"
    "|h[1-6]|head|header|hr|html|iframe|img|input|label|li|link|main|meta|nav|object|ol|p|pre"
    "|script|section|select|style|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul|video"
    "|jats:[a-z-]+|mml:[a-z]+|xml"
)
# Attributes have a "=", or "a<b and c>d" would be a tag.
_TAG = re.compile(
    rf"<(?:/?(?:{_INLINE_TAGS}|(?P<block>{_BLOCK_TAGS}))(?:\s[\w:-]+\s*=[^<>]*)?\s*/?"
    r"|!--.*?--|!doctype[^<>]*)>",
    re.IGNORECASE | re.DOTALL,
)
_UNREAD = re.compile(
    r"<(script|style|svg|iframe|object)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL
)
_SHIFTED = re.compile(r"<(sup|sub)>([-+=()0-9n]{1,12})</\1>", re.IGNORECASE)


def clean(s: str) -> str:
    """Return the text on one line: NFC, nothing invisible, white space folded to one space."""
    if s.isascii():
        folded = s.strip(" ") if s.isprintable() and "  " not in s else " ".join(s.split())
        if folded.isprintable():  # then nothing was harmful: most texts end here
            return folded
    if not s.isprintable():
        s = _without_harmful(s)
    return unicodedata.normalize("NFC", " ".join(s.split()))


def clean_paragraphs(s: str) -> str:
    """Return the text as `clean` does, keeping the empty lines between paragraphs."""
    if "\n" not in s and "\r" not in s and "\u2029" not in s:
        return clean(s)
    s = s.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n\n")
    if not _PARAGRAPH_BREAK.search(s):
        return clean(s)
    pieces = (clean(piece) for piece in _PARAGRAPH_BREAK.split(s))
    return "\n\n".join(piece for piece in pieces if piece)


def strip_html(s: str) -> str:
    """Return the text of HTML: known tags and what scripts hold go, entities are read.

    ``a < b`` and tags that HTML does not know are text and stay. Simple superscripts and
    subscripts become characters: ``H<sub>2</sub>O`` is ``H₂O``. The result is plain text, to be
    escaped where it is shown like any other: it may say ``<script>`` when that was escaped.
    """
    if "<" in s:
        s = _SHIFTED.sub(_shifted, _UNREAD.sub(" ", s))
        s = _TAG.sub(lambda found: " " if found["block"] else "", s)
    return _ENTITY.sub(lambda found: html.unescape(found[0]), s) if "&" in s else s


def fold(s: str) -> str:
    """Return the text for comparing: compatibility forms unified, accents off, case folded."""
    if s.isascii():
        return s.lower()
    return _NOT_ASCII.sub(_folded, s.lower())  # no mark that stays joins a letter before it


def title_key(title: str) -> str:
    """Return the key under which spellings of one title meet.

    Only letters and digits count: not case, accents, LaTeX, HTML, spaces or punctuation. A title
    without any letter or digit is its own key. At most `MAX_KEY_LENGTH` characters.
    """
    key = letters(title)
    if len(key) <= MAX_KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return key[: MAX_KEY_LENGTH - len(digest)] + digest


def letters(text: str) -> str:
    """Return the letters and digits of a text, folded: what is left of any way to write it.

    A text without any is left as it is, but for its spaces.
    """
    plain = fold(latex.to_text(strip_html(clean(text))))
    return _NOT_WORD.sub("", plain) or "".join(plain.split())


@lru_cache(maxsize=16_384)
def author_key(name: str) -> str:
    """Return the key under which spellings of one name meet: ``Lovelace, Ada`` is ``ada lovelace``.

    Folded, without punctuation; "Family, Given" is turned around; the number that some
    sources add to tell namesakes apart goes.
    """
    plain = fold(latex.to_text(clean(name)))
    family, comma, given = plain.partition(",")
    if comma and given.strip() and not given.strip().startswith(("jr", "sr", "ii")):
        plain = f"{given} {family}"
    words = _NOT_WORD.sub(" ", plain).split()
    if len(words) > 1 and len(words[-1]) == 4 and words[-1].isdecimal():  # noqa: PLR2004
        words.pop()
    return " ".join(words)


def name_words(name: str) -> list[list[str]]:
    """Return the words of a name, as ``author_key`` reads them, in each way it may be meant.

    "Manning CD" may be ``manning cd`` or ``manning c d``: capitals beside small letters may be
    initials that were written as one word.
    """
    plain = clean(name)
    ways = [author_key(plain).split()]
    if any(map(str.islower, plain)):
        apart = author_key(_INITIALS.sub(lambda found: " ".join(found[0]), plain)).split()
        ways += [apart] if apart != ways[0] else []
    return ways


def family_word(words: Sequence[str]) -> str:
    """Return the family name's last word, of ``name_words``: the last one that is no initial."""
    return next((word for word in reversed(words) if len(word) > 1), words[-1] if words else "")


def _without_harmful(s: str) -> str:
    return _STRAY_JOINERS.sub("", _HARMFUL.sub("", s.translate(_WINDOWS)))


def _folded(found: re.Match[str]) -> str:
    run = found[0]
    return _folded_run(run) if len(run) <= _MAX_RUN else _folded_run.__wrapped__(run)


@lru_cache(maxsize=4096)
def _folded_run(s: str) -> str:
    s = unicodedata.normalize("NFKD", s).casefold()
    s = _JOINERS.sub("", _ACCENTS.sub("", unicodedata.normalize("NFKD", s)))
    return unicodedata.normalize("NFC", s.translate(_LETTERS))


def _shifted(found: re.Match[str]) -> str:
    table = latex.SUPERSCRIPTS if found[1].lower() == "sup" else latex.SUBSCRIPTS
    return "".join(table.get(letter, letter) for letter in found[2])
