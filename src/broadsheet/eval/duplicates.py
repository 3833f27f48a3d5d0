"""Does the rule for near-duplicates tell one work from two? Measured on works that two files hold.

The labels come from what the rule never looks at:

* *one work*: two records of different files share an identifier, or their abstracts share at
  least half of the shorter one's sentences, two or more of eight words and more.
* *two works*: an alike pair (same title, or same first author and most words of the title) whose
  abstracts share no sentence and fewer than half of their longer words; or any alike pair of one
  file without a shared sentence, because that file gave it two ids.
* every other alike pair is unsure: counted, and left out.

The rule sees title, authors and year, no identifier and no abstract. Pairs of one file are told
apart by their ids before the rule is asked; how it would fare on them blindly is reported beside.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UsageError
from broadsheet.library import matching
from broadsheet.model import Record, Scheme
from broadsheet.sources import open_files
from broadsheet.text import likeness, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Progress = Callable[[int, int], None]
    Pair = tuple[int, int]

MIN_SENTENCE = 8  # words; shorter ones ("Code is available.") stand in many abstracts
MAX_HOLDERS = 4  # records with one sentence; what more have says nothing
MIN_SHARED = 2  # sentences
MIN_SHARE = 0.5  # of the shorter abstract's sentences
MAX_OVERLAP = 0.5  # of the longer words of two abstracts that are about two things
MIN_ALIKE = 0.6  # of the words of two titles, for a pair to be hard
LONG_WORD = 5  # letters
MAX_BUCKET = 10  # records that share first author and a title word
MAX_SAMPLE = 5  # mistakes shown of each kind

_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")  # cutting an abbreviation too does no harm here


@dataclass(frozen=True)
class Item:
    """One record of one file, with what labels and rule need."""

    file: str
    record: Record

    @cached_property
    def sentences(self) -> frozenset[int]:
        """Digests of the abstract's longer sentences."""
        found = (_WORD.findall(one.lower()) for one in _SENTENCE.split(self.record.abstract))
        return frozenset(_digest(" ".join(words)) for words in found if len(words) >= MIN_SENTENCE)

    @cached_property
    def title_key(self) -> str:
        """The key under which equal titles meet."""
        return normal.title_key(self.record.title)

    @cached_property
    def title_words(self) -> frozenset[str]:
        """The title's words."""
        return frozenset(likeness.words(self.record.title))


def evaluate(folder: Path, *, split: str, progress: Progress | None = None) -> dict[str, Any]:
    """Label the pairs of a folder's files, apply the rule, and count.

    Args:
        folder: Holds two files or more that ``broadsheet import`` reads.
        split: "dev" or "test", halves by a hash of the title.
        progress: Called with (files read, files).

    Raises:
        UsageError: there are not two files.
    """
    files = sorted(each for each in folder.iterdir() if ".jsonl" in each.name)
    if len(files) < 2:  # noqa: PLR2004
        raise UsageError(f"{folder} must hold two .jsonl files or more, not {len(files)}")
    items: list[Item] = []
    for number, file in enumerate(files, start=1):
        for source in open_files([file]):
            items += (
                Item(file.name, replace(one, signals=(), links=(), extra={}))
                for one in source.read()
                if isinstance(one, Record)
            )
        if progress:
            progress(number, len(files))
    return {
        "files": [file.name for file in files],
        "records": len(items),
        "split": split,
        **measure(items, split=split),
    }


def measure(items: Sequence[Item], *, split: str) -> dict[str, Any]:
    """Return counts, precision and recall over the labelled pairs of one half."""
    labels = {
        pair: label for pair, label in label_pairs(items).items() if _half(items, pair) == split
    }
    across: dict[str, Counter[str]] = {"equal": Counter(), "unequal": Counter()}
    within: Counter[str] = Counter()
    mistakes: dict[str, list[list[str]]] = {"wrongly_one": [], "wrongly_two": []}
    for (one, other), label in sorted(labels.items()):
        if label == "unsure":
            continue
        mine, yours = items[one], items[other]
        is_one = decide(mine, yours)
        if mine.file == yours.file:
            within["wrongly_one" if is_one else "two"] += 1
            continue
        kind = "equal" if mine.title_key == yours.title_key else "unequal"
        outcome = _outcome(label, is_one=is_one)
        across[kind][outcome] += 1
        if len(shown := mistakes.get(outcome, [])) < MAX_SAMPLE and outcome in mistakes:
            shown.append([mine.record.title, yours.record.title])
    return {
        "labels": dict(Counter(labels.values())),
        "all": _figures(across["equal"] + across["unequal"]),
        "titles_equal": _figures(across["equal"]),
        "titles_not_equal": _figures(across["unequal"]),
        "one_file_ids_hidden": dict(within),
        "mistakes": mistakes,
    }


def decide(one: Item, other: Item, /) -> bool:
    """Return what the library would decide if it knew title, authors and year alone."""
    if one.title_key != other.title_key:
        return matching.is_near(one.record, other.record)
    facts = (
        replace(matching.facts_of(each.record), has_real_id=True, abstract="")
        for each in (one, other)
    )
    return matching.agreement(*facts, title=one.record.title) is not None


def label_pairs(items: Sequence[Item]) -> dict[Pair, str]:
    """Map pairs to "identifier" or "abstract" (one work), "two" or "unsure"."""
    named = set(_sharing_names(items))
    shared = Counter(_sharing_sentences(items))
    labels: dict[Pair, str] = {}
    for pair in {*shared, *_alike(items)} - named:
        labels[pair] = _label(items, pair, shared[pair])
    labels.update(dict.fromkeys(named, "identifier"))
    return {pair: label for pair, label in labels.items() if label}


def _label(items: Sequence[Item], pair: Pair, shared: int) -> str:
    one, other = (items[place] for place in pair)
    is_same_file = one.file == other.file
    shorter = min(len(one.sentences), len(other.sentences))
    if shared >= MIN_SHARED and shared >= MIN_SHARE * shorter:
        return "" if is_same_file else "abstract"  # a file that has a work twice labels nothing
    if not _are_alike(one, other):
        return ""
    is_apart = _overlap(one.record.abstract, other.record.abstract) < MAX_OVERLAP
    return "two" if not shared and (is_same_file or is_apart) else "unsure"


def _sharing_names(items: Sequence[Item]) -> Iterator[Pair]:
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        for name in item.record.identifiers:
            if name.scheme is not Scheme.LOCAL:
                holders[str(name)].append(place)
    for places in holders.values():
        if len(places) <= MAX_HOLDERS:
            for pair in combinations(places, 2):
                if items[pair[0]].file != items[pair[1]].file:
                    yield pair


def _sharing_sentences(items: Sequence[Item]) -> Iterator[Pair]:
    """Yield a pair once for each sentence that both abstracts have."""
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        for sentence in item.sentences:
            holders[sentence].append(place)
    for places in holders.values():
        if len(places) <= MAX_HOLDERS:
            yield from combinations(places, 2)


def _alike(items: Sequence[Item]) -> Iterator[Pair]:
    """Yield the pairs that a careless rule would take for one work."""
    buckets: defaultdict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        buckets[item.title_key].append(place)
        if item.record.authors:
            first = likeness.author(item.record.authors[0])
            for word in item.title_words:
                if len(word) > LONG_WORD:
                    buckets[f"{first}\n{word}"].append(place)
    for places in buckets.values():
        if 1 < len(places) <= MAX_BUCKET:
            for pair in combinations(places, 2):
                if _are_alike(items[pair[0]], items[pair[1]]):
                    yield pair


def _are_alike(one: Item, other: Item) -> bool:
    shared = len(one.title_words & other.title_words)
    return one.title_key == other.title_key or 2 * shared >= MIN_ALIKE * (
        len(one.title_words) + len(other.title_words)
    )


def _overlap(one: str, other: str) -> float:
    """Return how many of the longer words of the shorter abstract the other has, 0 to 1."""
    mine, yours = (
        {w for w in _WORD.findall(a.lower()) if len(w) >= LONG_WORD} for a in (one, other)
    )
    shorter = min(len(mine), len(yours))
    return len(mine & yours) / shorter if shorter else 1.0  # nothing known: unsure


def _half(items: Sequence[Item], pair: Pair) -> str:
    """Return the half that a pair is in; pairs of one title stay together."""
    key = min(items[place].title_key for place in pair)
    return "dev" if _digest(key) % 2 else "test"


def _outcome(label: str, *, is_one: bool) -> str:
    if label == "two":
        return "wrongly_one" if is_one else "rightly_two"
    return "rightly_one" if is_one else "wrongly_two"


def _figures(counts: Counter[str]) -> dict[str, Any]:
    ones, missed, wrong = (counts[name] for name in ("rightly_one", "wrongly_two", "wrongly_one"))
    return {
        "one_work": ones + missed,
        "two_works": counts["rightly_two"] + wrong,
        "merged": ones + wrong,
        "wrong": wrong,
        "precision": round(ones / (ones + wrong), 4) if ones + wrong else None,
        "recall": round(ones / (ones + missed), 4) if ones + missed else None,
    }


def _digest(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
