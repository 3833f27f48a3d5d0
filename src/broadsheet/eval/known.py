"""Does search find the one paper somebody has in mind? Queries made from a corpus, of known answer.

Five kinds, all made with chance that a seed decides: a title as it is, a title with one slip of
the finger, a title in other words (`paraphrase`), one sentence of the abstract, and the first
author's family name with the year. Papers fall into "dev" and "test" by a digest of their
identifier, so that what is tuned on is not told.
"""

from __future__ import annotations

import random
import string
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from statistics import fmean
from typing import TYPE_CHECKING, Any

from broadsheet.eval.bench import encode_newest, filled
from broadsheet.eval.metrics import percentile
from broadsheet.eval.paraphrase import paraphrase
from broadsheet.model import Mode
from broadsheet.text import normal, sentences
from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import Paper, Results

    Progress = Callable[[int, int], None]

PAGE = 20  # hits that are looked at; further down counts as not found
MIN_SLIP = 5  # letters of a word in which a slip is made
MIN_WORDS = 8  # of a sentence
KINDS = ("title", "misspelt", "paraphrase", "sentence", "author-year")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """A query, and what it means."""

    kind: str
    text: str
    paper: Paper


@dataclass(slots=True)
class _Tally:
    ranks: list[int] = field(default_factory=list)  # from 1; 0: not on the page
    wall_ms: list[float] = field(default_factory=list)


def evaluate(
    corpus: Sequence[Path],
    /,
    *,
    papers: int,
    queries: int,
    seed: int,
    split: str,
    mode: Mode = Mode.HYBRID,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Import a corpus into a temporary library, ask for papers in it, and tell where they stand.

    Args:
        corpus: Files or folders that can be imported; their first records are taken.
        papers: How many records.
        queries: How many papers of the split are asked for, each in every kind that it allows.
        seed: Of the choice and of the slips.
        split: "dev" or "test".
        mode: Which retrievers answer; by words alone nothing is encoded.
        progress: Called with (done, all).

    Returns:
        By kind: how many queries, MRR (the mean of 1 / rank, 0 beyond the first 20), the share
        with rank 1, and latency of a page in milliseconds. An author's papers of one year are one
        answer: the first of them counts.
    """
    with filled(papers, corpus, progress, is_of_corpus_alone=True) as (library, facts):
        wanted = 0 if mode is Mode.LEXICAL else None
        encoded = encode_newest(library, wanted, progress)
        asked = known_items(_all_papers(library), queries=queries, seed=seed, split=split)
        tallies = {kind: _Tally() for kind in KINDS}
        for number, item in enumerate(asked, start=1):
            start = time.perf_counter()
            results = library.search(item.text, mode=mode, limit=PAGE)
            tallies[item.kind].wall_ms.append((time.perf_counter() - start) * 1000)
            tallies[item.kind].ranks.append(_rank(item, results))
            if progress:
                progress(number, len(asked))
        return {
            "corpus": facts["corpus"],
            "papers": facts["papers"],
            "mode": mode.value,
            "split": split,
            "seed": seed,
            "encoder": encoded["encoder"],
            "machine": facts["machine"],
            "load": facts["load"],
            "kinds": {kind: _told(tally) for kind, tally in tallies.items() if tally.ranks},
        }


def known_items(
    papers: Sequence[Paper], /, *, queries: int, seed: int, split: str
) -> list[KnownItem]:
    """Return the queries for so many papers of a split; a title of two papers is no query."""
    titles = Counter(normal.title_key(paper.title) for paper in papers)
    ordered = sorted(
        (paper for paper in papers if split_of(paper) == split),
        key=lambda paper: ordered_by(seed, paper.id),
    )
    chosen = [paper for paper in ordered if titles[normal.title_key(paper.title)] == 1][:queries]
    return [item for paper in chosen for item in _items(paper, seed)]


def split_of(paper: Paper, /) -> str:
    """Return "dev" or "test": half of all papers each, the same whatever the corpus."""
    return half_of(paper.id)


def half_of(name: str, /) -> str:
    """Return the half of a paper of this name."""
    return "test" if _digest(f"split:{name}") % 2 else "dev"


def ordered_by(seed: int, name: str, /) -> int:
    """Return by which number papers are put in an order that a seed decides."""
    return _digest(f"{seed}:{name}")


def _items(paper: Paper, seed: int) -> Iterator[KnownItem]:
    chance = random.Random(f"{seed}:{paper.id}")  # noqa: S311  # repeatable, not secret
    title = " ".join(to_text(paper.title).split())
    yield KnownItem(kind="title", text=title, paper=paper)
    slip = with_slip(title, chance)
    if slip != title:
        yield KnownItem(kind="misspelt", text=slip, paper=paper)
    said = paraphrase(title, to_text(paper.abstract), random.Random(f"other:{seed}:{paper.id}"))  # noqa: S311  # likewise
    if said:
        yield KnownItem(kind="paraphrase", text=said, paper=paper)
    told = [s for s in sentences.split(to_text(paper.abstract)) if len(s.split()) >= MIN_WORDS]
    if told:
        yield KnownItem(kind="sentence", text=chance.choice(told), paper=paper)
    if paper.authors and paper.published:
        family = _family(paper.authors[0])
        if len(family) > 1:
            year = paper.published.year
            yield KnownItem(kind="author-year", text=f"{family} {year}", paper=paper)


def with_slip(text: str, chance: random.Random, /) -> str:
    """Return a text with one letter left out, doubled, changed, or two that changed places."""
    words = text.split(" ")
    places = [n for n, word in enumerate(words) if len(word) >= MIN_SLIP and word.isalpha()]
    if not places:
        return text
    number = chance.choice(places)
    word = words[number]
    at = chance.randrange(1, len(word) - 1)
    words[number] = chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + chance.choice(string.ascii_lowercase) + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)


def _family(name: str) -> str:
    return normal.family_word(normal.name_words(name)[0])


def _rank(item: KnownItem, results: Results) -> int:
    for rank, hit in enumerate(results.hits, start=1):
        if hit.paper.key == item.paper.key or _is_as_good(item, hit.paper):
            return rank
    return 0


def _is_as_good(item: KnownItem, paper: Paper) -> bool:
    """Tell whether another paper answers: only a name and a year may mean several."""
    if item.kind != "author-year" or not (paper.published and item.paper.published):
        return False
    is_same_year = paper.published.year == item.paper.published.year
    return is_same_year and _family(item.paper.authors[0]) in map(_family, paper.authors)


def _told(tally: _Tally) -> dict[str, Any]:
    return {
        "queries": len(tally.ranks),
        "mrr": round(fmean(1 / rank if rank else 0.0 for rank in tally.ranks), 4),
        "hit@1": round(fmean(rank == 1 for rank in tally.ranks), 4),
        "latency_ms": {
            "p50": round(percentile(tally.wall_ms, 0.5), 2),
            "p95": round(percentile(tally.wall_ms, 0.95), 2),
        },
    }


def _all_papers(library: Library) -> list[Paper]:
    found: list[Paper] = []
    while more := library.store.all_papers(after=found[-1].key if found else 0):
        found += more
    return found


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
