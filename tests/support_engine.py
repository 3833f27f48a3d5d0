"""Makers of what engines hold: papers that are saved already, queries, vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.index.vectors import packed, unpacked
from broadsheet.model import Clause, ClauseKind, Identifier, Occur, Paper, PaperId, Query, Scheme

if TYPE_CHECKING:
    import numpy.typing as npt

    from broadsheet.ports import Engine, Scored

DIM = 8


def indexed(key: int, title: str = "", /, **changes: Any) -> Paper:
    """Return a saved paper."""
    values: dict[str, Any] = {
        "id": PaperId(f"local:{key}"),
        "identifiers": (Identifier(Scheme.LOCAL, str(key)),),
        "title": title or f"Paper {key}",
    }
    return Paper(key=key, **(values | changes))


def words(*texts: str, **changes: Any) -> Query:
    """Return the query for these words, each a wish unless said otherwise."""
    return Query(text=" ".join(texts), clauses=tuple(Clause(text=t, **changes) for t in texts))


def phrase(text: str, **changes: Any) -> Query:
    """Return the query for a quoted phrase, which must be there."""
    values: dict[str, Any] = {"kind": ClauseKind.PHRASE, "occur": Occur.MUST}
    return words(text, **(values | changes))


def vectors(*seeds: int, dim: int = DIM) -> npt.NDArray[np.float32]:
    """Return a unit vector per seed, (n, dim), that is stored as it is."""
    return storable(np.stack([np.random.default_rng(seed).normal(size=dim) for seed in seeds]))


def storable(made: npt.NDArray[Any], /) -> npt.NDArray[np.float32]:
    """Return unit vectors, (n, dim), near these, that are stored as they are."""
    return unpacked(packed(made.astype(np.float32)))


def keys(found: Scored) -> list[int]:
    """Return the keys found, best first."""
    listed: list[int] = found.keys.tolist()
    return listed


def put(engine: Engine, *numbers: int, encoder: str = "space/one") -> None:
    """Give papers the vectors of which their keys are the seeds."""
    engine.put_vectors(list(numbers), vectors(*numbers), encoder=encoder)
