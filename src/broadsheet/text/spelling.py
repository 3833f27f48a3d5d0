"""Which words are one word, spelt in Britain and in America? ``colour`` is read as ``color``.

Both spellings become the American one wherever words are compared by their stems, in papers and
in queries alike, so that either finds the other. What is quoted is compared as it is written.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_APART = {code: " " for code in range(128) if not chr(code).isalnum()}  # sooner than the regex
_MAX_LENGTH = 24  # letters; longer words are no English
_WHOLE = {
    "aeroplane": "airplane",
    "ageing": "aging",
    "aluminium": "aluminum",
    "artefact": "artifact",
    "artefacts": "artifacts",
    "cheque": "check",
    "defence": "defense",
    "draught": "draft",
    "fulfil": "fulfill",
    "grey": "gray",
    "greyscale": "grayscale",
    "judgement": "judgment",
    "judgements": "judgments",
    "licence": "license",
    "offence": "offense",
    "plough": "plow",
    "practise": "practice",
    "pretence": "pretense",
    "programme": "program",
    "programmes": "programs",
    "sceptic": "skeptic",
    "sceptical": "skeptical",
    "skilful": "skillful",
    "sulphur": "sulfur",
    "tyre": "tire",
    "tyres": "tires",
}
_OUR = (
    "arb|ard|arm|behavi|cand|clam|col|demean|enam|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|"
    "neighb|od|parl|ranc|rig|rum|sav|savi|splend|succ|tum|val|vap|vig"
)
# Words in -ise of both countries: these keep their s, for -ision, -isely or -isory go with them.
_KEPT = frozenset(
    re.split(
        r"\s",
        "adv advert appr chast circumc compr comprom conc dem deno desp dev disgu enterpr exc "
        "exerc expert franch improv inc merchand overs parad pra prec prem prom rev superv surm "
        "surpr telev treat unsuperv",
    )
)
_RULES = (
    (re.compile(rf"^((?:dis|mis|un|multi|bi|uni|re|water|techni)?(?:{_OUR}))our"), r"\1or"),
    (re.compile(r"(?<=[a-z]{3})isation(s|al|ally)?$"), r"ization\1"),
    (re.compile(r"(anal|paral|catal|dial|hydrol)ys(e|ed|er|ers|ing)$"), r"\1yz\2"),
    (re.compile(r"(cent|fib|lit|met|theat|calib|spect|lust|meag|somb|manoeuv)re(s)?$"), r"\1er\2"),
    (re.compile(r"(cent|met|calib|manoeuv)red$"), r"\1ered"),
    (re.compile(r"ogue(s)?$"), r"og\1"),
    (re.compile(r"ogu(ed|ing)$"), r"og\1"),
)
_AE = (
    ("aem", "em"),
    ("aest", "est"),
    ("paed", "ped"),
    ("gynaec", "gynec"),
    ("aeti", "eti"),
    ("oestr", "estr"),
    ("oesoph", "esoph"),
    ("oedem", "edem"),
    ("foet", "fet"),
    ("rrhoea", "rrhea"),
    ("manoeuver", "maneuver"),
    ("mould", "mold"),
    ("sulph", "sulf"),
)
_HINT = re.compile("|".join(["our", "ys", "re", "ogu", "is[aei]", *(one for one, _ in _AE)]))
"""What a word has that any of the rules could change; most words have none of it."""

MAX_SAME = 100_000
_same: set[str] = set()
"""Words that no rule changes, met before: a few megabytes, the words of a field."""

_ISE = re.compile(r"(?P<root>[a-z]{3,})is(?P<end>e|ed|es|er|ers|ing|ingly|able)$")


def american(text: str) -> str:
    """Return a folded text with British words spelt as in America; in linear time."""
    words = text.translate(_APART).split() if text.isascii() else _WORD.findall(text)
    unknown = {word for word in set(words).difference(_same) if len(word) <= _MAX_LENGTH}
    if not unknown:  # of most texts
        return text
    other = {word: spelt for word in unknown if (spelt := _word(word)) != word}
    if len(_same) > MAX_SAME:
        _same.clear()
    _same.update(unknown.difference(other))
    if not other:
        return text
    return _WORD.sub(lambda found: other.get(found[0], found[0]), text)


@lru_cache(maxsize=8192)
def _word(word: str) -> str:
    """Return one word of up to 24 letters as it is spelt in America."""
    if len(word) < 4 or not word.isascii():  # noqa: PLR2004  # "are", "ore" are no British words
        return word
    if word in _WHOLE:
        return _WHOLE[word]
    if _HINT.search(word) is None:
        return word
    for rule, spelt in _RULES:
        word = rule.sub(spelt, word)
    for british, spelt in _AE:
        word = word.replace(british, spelt)
    found = _ISE.fullmatch(word)
    if found and found["root"] not in _KEPT and not found["root"].endswith(("w", "tr")):
        return f"{found['root']}iz{found['end']}"
    return word
