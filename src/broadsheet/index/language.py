r"""Which words does a text have? The same answer for papers and for queries.

Two forms of each word: *exact* (folded) and *stem* (English, stop words left out). Scripts that
are written without spaces count each character as a word, so that phrases of characters find
what a reader would call a word, without a dictionary. A Greek letter on its own is its name:
"$\alpha$" and "alpha" are one word. Stems do not tell British from American spelling, exact
forms do.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import tantivy

from broadsheet.text import latex, normal, spelling
from broadsheet.text.stop_words import STOP_WORDS

MAX_TEXT = 200_000  # characters of one text that are indexed: a 10 MB title stops no batch
MAX_WORD = 100  # bytes; longer words are left out

# Kana, ideographs and Hangul syllables. Korean has spaces but glues particles to its words.
IDEOGRAPHS = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff"
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψω",
        re.split(
            r"\s",
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi "
            "rho sigma tau upsilon phi chi psi omega",
        ),
        strict=True,
    )
)
_LONE_GREEK = re.compile("(?<![\u0370-\u03ff])[α-ω](?![\u0370-\u03ff])")  # noqa: RUF001
_SINGLE = re.compile(f"[{IDEOGRAPHS}]")


def plain(text: str) -> str:
    """Return the text as the analysers read it: no LaTeX, folded, ideographs set apart."""
    folded = normal.fold(latex.to_text(text[:MAX_TEXT]))
    if folded.isascii():
        return folded
    named = _LONE_GREEK.sub(_letter_name, whole(folded))
    return _SINGLE.sub(r" \g<0> ", named)


def _letter_name(found: re.Match[str]) -> str:
    return f" {_GREEK.get(found[0], found[0])} "


def one_spelling(read: str) -> str:
    """Return a plain text as the analyser of stems reads it."""
    return spelling.american(read)


def whole(text: str) -> str:
    """Return the text with a question mark for each half of a character, which has no UTF-8."""
    return text.encode("utf-8", "replace").decode()


@cache
def exact_analyzer() -> tantivy.TextAnalyzer:
    """Return the analyser of exact forms."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(MAX_WORD))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


@cache
def stem_analyzer() -> tantivy.TextAnalyzer:
    """Return the analyser of stems; stop words leave a gap in the positions."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(MAX_WORD))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.custom_stopword(sorted(STOP_WORDS)))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def exact_words(text: str) -> list[tuple[int, str]]:
    """Return (position, exact form) of each word, in order."""
    tokens = exact_analyzer().pre_tokenize(plain(text)).tokens
    return [(token.position, token.text) for token in tokens]


def stems(text: str) -> list[tuple[int, str]]:
    """Return (position, stem) of each word that is no stop word, in order."""
    tokens = stem_analyzer().pre_tokenize(one_spelling(plain(text))).tokens
    return [(token.position, token.text) for token in tokens]


@lru_cache(maxsize=65_536)  # a few megabytes: the words of a field
def stem_of(word: str) -> str:
    """Return the stem of an exact form; of a stop word nothing."""
    tokens = stem_analyzer().pre_tokenize(one_spelling(word)).tokens
    return tokens[0].text if tokens else ""


def is_ideograph(word: str) -> bool:
    """Tell whether this word is one character of a script without spaces."""
    return len(word) == 1 and _SINGLE.match(word) is not None
