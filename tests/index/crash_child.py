"""A process to be killed: it writes to an index for ever and says what it has finished."""

from __future__ import annotations

import sys
from pathlib import Path

from broadsheet.index import open_engine
from tests.support_engine import DIM, indexed, vectors

BATCH = 40
PAPERS = 200


def apply_for_ever(folder: Path) -> None:
    """Apply round after round of the same papers, each time with another title."""
    engine = open_engine(folder, dim=DIM, exact_limit=10, threads=1)
    engine.try_lock()
    position = engine.status().position
    while True:
        first = position % PAPERS + 1
        batch = [indexed(key, f"round{position} paper{key}") for key in range(first, first + BATCH)]
        engine.apply(batch, [], position=position + BATCH)
        position += BATCH
        sys.stdout.write(f"{position}\n")
        sys.stdout.flush()


def put_for_ever(folder: Path) -> None:
    """Replace vectors in place, again and again; each is as its encoder's number says."""
    engine = open_engine(folder, dim=DIM, exact_limit=10, threads=1)
    engine.try_lock()
    batch = [indexed(key) for key in range(1, PAPERS + 1)]
    engine.apply(batch, [], position=PAPERS)
    while True:
        for seed in range(1, 6):
            for first in range(1, PAPERS + 1, BATCH):
                numbers = list(range(first, first + BATCH))
                made = vectors(*(seed * 1_000 + number for number in numbers))
                engine.put_vectors(numbers, made, encoder=f"space/{seed}")
                sys.stdout.write(f"{seed} {first}\n")
                sys.stdout.flush()
            engine.optimize()


if __name__ == "__main__":
    {"apply": apply_for_ever, "put": put_for_ever}[sys.argv[1]](Path(sys.argv[2]))
