"""What may somebody be typing? Names, topics and titles that begin so, from the index's dictionary.

Authors and topics are terms of one field: what they are found by, a tab, and how they are written.
A name is found from its family name and from its first word, a topic from each of its words. The
dictionary counts how many papers have each, so the most frequent come first without a search.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from broadsheet.index import language
from broadsheet.ports import Completions
from broadsheet.text import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tantivy

    from broadsheet.index.words import Words
    from broadsheet.model import Paper

AUTHOR, TOPIC = "a", "t"
MIN_LETTERS = 2  # shorter beginnings say nothing
MAX_LENGTH = 200  # characters of what is typed
MAX_NAME = 120  # characters of a name or topic that is offered
MAX_WORDS = 12  # of a topic
_NOT_WORD = re.compile(r"[\W_]+")


def offers(paper: Paper) -> Iterator[str]:
    """Yield the terms by which a paper's authors and topics are completed."""
    for author in dict.fromkeys(paper.authors):
        name = normal.clean(author)
        words = normal.author_key(name).split()
        if not words or len(name) > MAX_NAME:
            continue
        family = normal.family_word(words)
        place = len(words) - 1 - words[::-1].index(family)
        turned = [*words[place:], *words[:place]]
        for order in {" ".join(words), " ".join(turned)}:
            yield language.whole(f"{AUTHOR}{order}\t{name}")
    for topic in dict.fromkeys(paper.topics):
        words = normal.fold(topic).split()
        if words and len(topic) <= MAX_NAME:
            for start in range(min(len(words), MAX_WORDS)):
                yield language.whole(f"{TOPIC}{' '.join(words[start:])}\t{topic}")


def complete(words: Words, text: str, limit: int, titles: tantivy.Query | None) -> Completions:
    """Return what begins so: authors and topics that most papers have, and the newest titles."""
    typed = normal.fold(normal.clean(text[:MAX_LENGTH]))
    if sum(map(str.isalnum, typed)) < MIN_LETTERS:
        return Completions()
    end = " " if text[-1:].isspace() else ""  # the last word is whole
    typed, name = typed + end, " ".join(_NOT_WORD.sub(" ", typed).split()) + end
    return Completions(
        authors=_offered(words, AUTHOR, name, limit),
        topics=_offered(words, TOPIC, typed, limit),
        titles=tuple(words.newest(titles, limit).tolist()) if titles is not None else (),
    )


def _offered(words: Words, kind: str, typed: str, limit: int) -> tuple[tuple[str, int], ...]:
    """Return (name, papers), most first; one that is found in two ways counts once."""
    best: dict[str, int] = {}
    if typed:
        for term, papers in words.beginning("offers", f"{kind}{typed}", 2 * limit):
            name = term.partition("\t")[2]
            best[name] = max(papers, best.get(name, 0))
    return tuple(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:limit])
