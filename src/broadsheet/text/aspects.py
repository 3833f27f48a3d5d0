"""What does a sentence of an abstract speak of? The task, the method, the data or the result.

By rules: words that tell, and where in the abstract the sentence stands. Each tells for or
against an aspect with a weight; the aspect with the largest sum is the sentence's. The weights
were fitted to the labels of half of CSFCube's abstracts and rounded; docs/search.md says how
often they are right on the other half. A sentence may speak of the data beside that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from broadsheet.model import Aspect

if TYPE_CHECKING:
    from collections.abc import Sequence


MAIN = (Aspect.TASK, Aspect.METHOD, Aspect.RESULT)
Weights = tuple[float, float, float]  # for each of MAIN
_WE = (
    r"\b(?:we|i|this (?:paper|article|work|study|thesis|report)|the (?:paper|authors?))\b"
    r"[^.;]{0,40}?"
)
_CUES: tuple[tuple[Weights, str], ...] = (
    ((-0.6, -0.8, 1.3), r"\bresults?\b"),
    (
        (-0.3, -0.1, 0.4),
        r"\boutperform|state[- ]of[- ]the[- ]art|\bsuperior|\bcompetitive|better than",
    ),
    ((-0.3, -0.3, 0.7), r"\d\s?(?:%|percent\b|points?\b)|\b0?\.\d\d"),
    (
        (-0.1, -0.1, 0.2),
        (
            r"\b(?:accurac\w+|f1|f-?measure|f-?score|bleu|rouge|precision|recall|error rates?|"
            r"perplexity|performance|baselines?|gains?|improvements?)\b"
        ),
    ),
    ((-0.4, -0.2, 0.7), r"\b(?:experiment\w*|evaluat\w+|empirical\w*|findings?)\b"),
    (
        (-0.3, -0.3, 0.6),
        _WE + r"\b(?:show|find|found|demonstrate|conclude|observe|prove|achieve|obtain|discover|"
        r"report)",
    ),
    (
        (-0.4, -0.1, 0.5),
        (
            r"\b(?:shows?|shown|demonstrates?|demonstrated|reveals?|indicates?|suggests?|confirms?|"
            r"achieves?|achieved|obtains?|obtained|improves?|improved)\b"
        ),
    ),
    (
        (-0.4, -0.2, 0.6),
        r"\b(?:significant(?:ly)?|effective(?:ness)?|conclu\w+|successfully|robust)\b",
    ),
    (
        (0.6, 0.2, -0.9),
        _WE + r"\b(?:propose|present|introduce|develop|describe|design|offer|suggest)",
    ),
    (
        (0.1, 0.4, -0.4),
        _WE + r"\b(?:use|employ|apply|extend|adapt|train|combine|adopt|exploit|leverage|extract|"
        r"build|construct|formulate|model|implement|incorporate|annotate|define|compare|collect|"
        r"learn|integrate|utili[sz]e|first|then)",
    ),
    (
        (-0.5, 0.5, 0.1),
        (
            r"\b(?:our|the proposed|the presented|the|this) (?:\w+[ -]){0,3}?(?:method|model|"
            r"approach|system|algorithm|framework|architecture|technique|procedure|parser|classifier)s?\b"
        ),
    ),
    (
        (-0.1, 0.5, -0.4),
        (
            r"\b(?:algorithm|based on|using|consists? of|by means of|is trained|are trained|"
            r"architecture|features?|vectors?|parameters?|layers?|training|encod\w+|classifier)\b"
        ),
    ),
    ((-0.4, 0.5, -0.1), r"\b(?:first|second|third|then|finally|specifically|in particular|each)\b"),
    (
        (0.4, -0.1, -0.2),
        r"\b(?:problem|task|challeng\w+|goal|aims?|aimed|objective|purpose|motivat\w+)\b",
    ),
    (
        (0.6, -0.2, -0.4),
        _WE + r"\b(?:investigate|address|tackle|study|examine|explore|consider|focus|discuss|"
        r"review|survey|analy[sz]e)",
    ),
    (
        (0.6, -0.8, 0.2),
        r"\b(?:however|despite|although|unfortunately|yet|lack|limited|difficult|rarely|little)\b",
    ),
    (
        (0.3, -0.2, -0.1),
        (
            r"\b(?:recent(?:ly)?|existing|previous(?:ly)?|traditional(?:ly)?|many|most|often|"
            r"has been|have been|in recent years|widely|commonly|typically|usually|important|"
            r"crucial|essential|increasing\w*|key|fundamental|popular)\b"
        ),
    ),
    ((0.3, -0.1, -0.2), r"\b(?:is|are) (?:an?|the|one of)\b"),
    ((-0.5, 0.4, 0.2), r"\b(?:we|our)\b"),
)
_FOUND = tuple((weights, re.compile(pattern, re.IGNORECASE)) for weights, pattern in _CUES)
_ALWAYS: Weights = (2.8, 0.1, -2.9)
_PLACE: Weights = (-3.1, 1.8, 1.3)  # times the place in the abstract, from 0 to 1
_PLACE_SQUARED: Weights = (-1.8, -1.0, 2.7)
_FIRST: Weights = (1.4, -0.8, -0.6)
_LAST: Weights = (0.5, -1.5, 1.0)
_DATA = re.compile(
    r"\b(?:data ?sets?|corpus|corpora|treebanks?|benchmarks?|data|annotat\w+|gold[- ]standard|"
    r"(?:training|test) sets?|collections?|participants?|patients|cohorts?|subjects|samples?|"
    r"tweets|images (?:from|of)|recordings?|surveys?|questionnaires?|wordnet|wikipedia|newswire|"
    r"logs|crawl\w*)\b",
    re.IGNORECASE,
)


def of_sentences(sentences: Sequence[str], /) -> list[frozenset[Aspect]]:
    """Return what each sentence of an abstract speaks of: one of ``MAIN``, and maybe the data."""
    found = []
    for number, sentence in enumerate(sentences):
        sums = _sums(sentence, number, len(sentences))
        main = MAIN[max(range(len(MAIN)), key=sums.__getitem__)]  # ties: the earlier
        found.append(frozenset({main, Aspect.DATA} if _DATA.search(sentence) else {main}))
    return found


def passage(sentences: Sequence[str], aspect: Aspect, /) -> str:
    """Return the sentences of an abstract that speak of an aspect; "" where it keeps silent."""
    told = of_sentences(sentences)
    return " ".join(
        sentence for sentence, aspects in zip(sentences, told, strict=True) if aspect in aspects
    )


def _sums(sentence: str, number: int, count: int) -> list[float]:
    """Return what speaks for each of ``MAIN`` in a sentence: the ``number``th of ``count``."""
    place = number / (count - 1) if count > 1 else 0.5
    sums = [
        always + at * place + squared * place * place
        for always, at, squared in zip(_ALWAYS, _PLACE, _PLACE_SQUARED, strict=True)
    ]
    told = [weights for weights, cue in _FOUND if cue.search(sentence)]
    told += [_FIRST] if number == 0 else []
    told += [_LAST] if number == count - 1 and count > 1 else []
    for weights in told:
        sums = [one + weight for one, weight in zip(sums, weights, strict=True)]
    return sums
