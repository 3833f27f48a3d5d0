"""How is a person's name split? The formats that want a family name get one from here."""

from __future__ import annotations

from dataclasses import dataclass

# Lower-case words that open a family name: "Émilie du Châtelet", "Laurens van der Maaten".
_PARTICLES = frozenset(
    {"af", "al", "ap", "ben", "bin", "bint", "da", "das", "de", "dei", "del", "della", "den"}
    | {"der", "des", "di", "do", "dos", "du", "el", "la", "le", "lo", "los", "ten", "ter"}
    | {"van", "vom", "von", "zu", "zum", "zur"}
)
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in the two parts that citation formats know."""

    family: str  # never empty unless the name was
    given: str = ""  # empty: one word, a group, or a script that is written without spaces

    @property
    def inverted(self) -> str:
        """The form "Family, Given", or the family name alone."""
        return f"{self.family}, {self.given}" if self.given else self.family


def split(name: str, /) -> Name:
    """Split "Given Family" as far as its form tells.

    Particles and suffixes stay with the family name. A comma means that the name is inverted
    already, unless a suffix follows it. No rule is right for every culture: what the source
    said is kept whole wherever a format allows it.
    """
    name = " ".join(name.split())
    head, comma, tail = name.partition(",")
    if comma and tail.strip().casefold() not in _SUFFIXES:
        return Name(
            family=head.strip() or tail.strip() or name, given=tail.strip() if head.strip() else ""
        )
    words = name.replace(",", "").split()
    if len(words) <= 1:
        return Name(family=name.strip(", ") or name)
    start = len(words) - 1
    if words[start].casefold() in _SUFFIXES and start > 1:
        start -= 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    return Name(family=" ".join(words[start:]), given=" ".join(words[:start]))
