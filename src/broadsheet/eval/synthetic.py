"""Papers that nobody wrote: the same ones every time, as many as wanted, as long as real ones.

Words follow Zipf's law over a vocabulary of the field's own words and of rare made-up ones, so
that posting lists are as uneven as real ones. Meant for measuring speed and size; the texts mean
nothing, so nothing can be said of quality.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.model import Identifier, Record, Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED = 20_260_821
FIRST_DAY = date(2024, 1, 1)
PER_DAY = 250  # papers: about what arXiv's computer science announces
RARE_WORDS = 60_000
TITLE_WORDS = (4, 13)
ABSTRACT_WORDS = (60, 260)  # arXiv's abstracts have about 160
SENTENCE_WORDS = (9, 28)

GLUE = """
    the of and to in a we for is that on with this are as by our from an can be it which at
    these show has not or than using have such both more also their between into only
""".split()  # noqa: SIM905  # fifty lines as a list
COMMON = """
    model method results data learning network approach performance training task problem
    algorithm study system analysis framework different large proposed evaluation existing
    experiments information time state number structure features based theory function effect
    measure observed field energy sample cell protein patient market risk language image graph
    sequence attention memory search query document cluster noise signal sensor robot policy
    reward agent planning bound proof convex operator spectrum galaxy stellar quantum particle
    lattice phase temperature surface material climate soil ocean species gene expression
    treatment trial outcome cohort survey network traffic security privacy attack code software
    compiler hardware latency throughput storage index retrieval ranking translation speech
    dialogue reasoning benchmark dataset annotation human user interaction design education
""".split()  # noqa: SIM905  # fifty lines as a list
CATEGORIES = ("cs.LG", "cs.CL", "cs.CV", "cs.IR", "cs.DB", "stat.ML", "math.OC", "q-bio.QM")
SYLLABLES = """
    ba ke li mo nu ra se ti vo xy da fe gi ho ju lan mer nor pol quin ros tam ver
""".split()  # noqa: SIM905  # fifty lines as a list


class SyntheticPapers:
    """A source of made-up papers; the first n are the same however many are asked for."""

    def __init__(self, count: int) -> None:
        self.count = count

    @property
    def name(self) -> str:
        """What their records carry."""
        return "synthetic"

    def read(self) -> Iterator[Record]:
        """Yield the papers, oldest first."""
        chance = random.Random(SEED)  # noqa: S311  # repeatable, not secret
        words = [*COMMON, *(_made_up(chance, 3) for _ in range(RARE_WORDS))]
        weights = [1.0 / rank for rank in range(1, len(words) + 1)]
        total = 0.0
        sums = [total := total + weight for weight in weights]
        for number in range(self.count):
            yield _paper(number, chance, words, sums)


def _paper(
    number: int, chance: random.Random, words: Sequence[str], sums: Sequence[float]
) -> Record:
    title = chance.choices(words, cum_weights=sums, k=chance.randint(*TITLE_WORDS))
    length = chance.randint(*ABSTRACT_WORDS)
    told = chance.choices(words, cum_weights=sums, k=length)
    for place in range(0, length, 2):  # every other word of a text is glue
        told[place] = GLUE[min(int(chance.expovariate(0.12)), len(GLUE) - 1)]
    day = FIRST_DAY + timedelta(days=number // PER_DAY)
    return Record(
        source="synthetic",
        source_id=str(number),
        identifiers=(Identifier(Scheme.LOCAL, f"synthetic/{number}"),),
        title=" ".join(title).capitalize(),
        abstract=_sentences(told, chance),
        authors=tuple(_name(chance) for _ in range(chance.randint(1, 8))),
        published=day,
        announced=day,
        categories=tuple(chance.sample(CATEGORIES, chance.randint(1, 2))),
    )


def _sentences(words: Sequence[str], chance: random.Random) -> str:
    sentences = []
    start = 0
    while start < len(words):
        stop = start + chance.randint(*SENTENCE_WORDS)
        sentences.append(" ".join(words[start:stop]).capitalize() + ".")
        start = stop
    return " ".join(sentences)


def _name(chance: random.Random) -> str:
    return f"{_made_up(chance, 2).capitalize()} {_made_up(chance, 3).capitalize()}"


def _made_up(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choices(SYLLABLES, k=syllables))
