"""What can a paper be filtered by? Each property is one number: a tag.

A tag is a 64-bit digest of a kind and a value, the same for words and for meaning. Among ten
million different properties the chance that any two share a number is 3 in a million.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING

from broadsheet.text import normal

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """Return the tags of the authors' names: each set of one to three words of one name."""
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
    return [author_conditions(name) for name in filters.authors]


def author_conditions(name: str) -> list[int]:
    """Return the tags that a paper has when one of its authors has every word of this name.

    Exact for names of up to three words; of longer ones every three must be together in one
    name. A name without any letter gives a tag that no paper has.
    """
    words = _words(name)
    if len(words) <= SUBSET:
        return [tag("author", " ".join(words))]
    return [tag("author", " ".join(some)) for some in combinations(words, SUBSET)]


@lru_cache(maxsize=16_384)
def tag(kind: str, value: str) -> int:
    """Return the number of one property; values are compared folded."""
    text = f"{kind}:{normal.fold(value)}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


@lru_cache(maxsize=1024)
def _category_tags(category: str) -> tuple[int, ...]:
    archive = category.partition(".")[0]
    return tuple({tag("category", category), tag("category", archive)})


@lru_cache(maxsize=16_384)
def _name_tags(name: str) -> tuple[int, ...]:
    words = _words(name)
    return tuple(
        tag.__wrapped__("author", " ".join(some))
        for size in range(1, min(SUBSET, len(words)) + 1)
        for some in combinations(words, size)
    )


def _words(name: str) -> list[str]:
    """Return the different words of a name, sorted."""
    words: Iterable[str] = normal.author_key(name).split()
    return sorted(set(list(words)[:MAX_NAME_WORDS]))
