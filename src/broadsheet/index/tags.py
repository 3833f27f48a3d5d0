"""What can a paper be filtered by? Each property is one number: a tag.

A tag is a 64-bit digest of a kind and a value, the same for words and for meaning. Among ten
million different properties the chance that any two share a number is 3 in a million.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import combinations, product
from typing import TYPE_CHECKING

from broadsheet.text import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.model import Filters, Paper

MAX_NAME_WORDS = 8  # of one author's name; a name with more is an organisation's
SUBSET = 3  # so many words of a name are looked up at once


def facet_tags(paper: Paper) -> list[int]:
    """Return the tags of a paper's sources, categories, archives, topics and links."""
    found = {tag("source", source) for source in paper.sources}
    for category in paper.categories:
        found.update(_category_tags(category))
    found.update(tag("topic", topic) for topic in paper.topics)
    found.update(tag("has", link.kind) for link in paper.links)
    return sorted(found)


def name_tags(paper: Paper) -> list[int]:
    """Return the tags of the authors' names.

    Of each name: every set of one to three of its words, those of two and three also with given
    names cut to their initials, and the name as a whole.
    """
    found: set[int] = set()
    for name in paper.authors:
        found.update(_name_tags(name))
    return sorted(found)


def facet_conditions(filters: Filters) -> list[list[int]]:
    """Return what a hit must have of ``facet_tags``: of each inner list, one tag."""
    groups = [
        [tag("source", source) for source in filters.sources],
        [tag("category", category) for category in filters.categories],
        [tag("topic", topic) for topic in filters.topics],
        *([tag("has", kind)] for kind in filters.has),
    ]
    return [group for group in groups if group]


def name_conditions(filters: Filters) -> list[list[int]]:
    """Return what a hit must have of ``name_tags``: of one inner list, all tags."""
    return [group for name in filters.authors for group in author_conditions(name)]


def author_conditions(name: str) -> list[list[int]]:
    """Return which tags a paper has when one of its authors goes by this name: all of one list.

    An author goes by a name when each word of it is a word of the author's, or an initial of a
    given name; or when the author's whole name is this one without its initials: "Christopher
    D. Manning" finds "Christopher Manning". Exact for names of up to three words; of longer ones
    every three must be together in one name. A name without any letter gives a tag that no paper
    has.
    """
    return [way for words in normal.name_words(name) for way in _ways(words[:MAX_NAME_WORDS])]


def _ways(words: list[str]) -> Iterator[list[int]]:
    """Yield the tags of each way in which an author may go by these words."""
    once = sorted(set(words))
    if len(once) <= SUBSET:
        yield [tag("author", " ".join(once))]
    else:
        yield [tag("author", " ".join(some)) for some in combinations(once, SUBSET)]
    full = [word for word in words if len(word) > 1]
    if 2 <= len(full) < len(words):  # noqa: PLR2004
        yield [tag("name", " ".join(full))]


@lru_cache(maxsize=16_384)
def tag(kind: str, value: str) -> int:
    """Return the number of one property; values are compared folded."""
    return _number(kind, normal.fold(value))


def _number(kind: str, folded: str) -> int:
    text = f"{kind}:{folded}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


@lru_cache(maxsize=1024)
def _category_tags(category: str) -> tuple[int, ...]:
    archive = category.partition(".")[0]
    return tuple({tag("category", category), tag("category", archive)})


@lru_cache(maxsize=16_384)
def _name_tags(name: str) -> tuple[int, ...]:
    found: set[tuple[str, str]] = set()
    for words in normal.name_words(name):
        once = sorted(set(words[:MAX_NAME_WORDS]))
        family = normal.family_word(words[:MAX_NAME_WORDS])
        found.add(("name", " ".join(words[:MAX_NAME_WORDS])))
        for size in range(1, min(SUBSET, len(once)) + 1):
            for some in combinations(once, size):
                found.update(("author", way) for way in _abbreviated(some, family))
    return tuple(_number(kind, value) for kind, value in found)  # names' words are folded


def _abbreviated(words: tuple[str, ...], family: str) -> Iterator[str]:
    """Yield some words of a name, with those before the family name whole and as initials."""
    if family not in words or len(words) == 1:
        yield " ".join(words)
        return
    ways = [(word,) if word == family or len(word) == 1 else (word, word[0]) for word in words]
    for way in product(*ways):
        yield " ".join(sorted(way))
