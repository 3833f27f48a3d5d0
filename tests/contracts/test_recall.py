"""An engine that compares some vectors finds almost all that comparing every one would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.index import open_engine
from broadsheet.model import Filters
from tests.support_engine import indexed, keys, storable

if TYPE_CHECKING:
    import numpy.typing as npt

    from broadsheet.ports import Engine

DIM = 64
EVERY = (1, 10, 100, 1000)  # which share of the papers passes: one in so many
QUERIES = 30
ENOUGH = 0.9  # of the ten nearest, in the mean


def near_topics(count: int, *, seed: int) -> npt.NDArray[np.float32]:
    """Return unit vectors around 300 topics of unequal size, spread within each."""
    topics = np.random.default_rng(1).normal(size=(300, DIM))
    chance = np.random.default_rng(seed)
    chosen = (300 * chance.random(count) ** 2).astype(int)  # the first topics have most papers
    made = topics[chosen] + chance.normal(size=(count, DIM))
    return storable(made)


class Held:
    """An approximate engine, and beside it all its vectors."""

    def __init__(self, engine: Engine, count: int) -> None:
        self.engine = engine
        self.numbers = np.arange(1, count + 1)
        self.vectors = near_topics(count, seed=2)
        self.is_there = np.ones(count, dtype=bool)
        papers = [
            indexed(key, categories=tuple(f"every.{step}" for step in EVERY if key % step == 0))
            for key in self.numbers.tolist()
        ]
        engine.apply(papers, [], position=1)
        engine.put_vectors(self.numbers.tolist(), self.vectors, encoder="space/one")
        engine.optimize()

    def replace(self, numbers: npt.NDArray[np.int64], *, seed: int) -> None:
        """Give papers other vectors, as a better encoder does."""
        self.vectors[numbers - 1] = near_topics(len(numbers), seed=seed)
        self.engine.put_vectors(numbers.tolist(), self.vectors[numbers - 1], encoder="space/two")

    def remove(self, numbers: npt.NDArray[np.int64]) -> None:
        """Take papers away."""
        self.is_there[numbers - 1] = False
        self.engine.apply([], numbers.tolist(), position=2)

    def recall(self, every: int) -> float:
        """Return the mean share of the true ten nearest that are found."""
        is_passing = self.is_there & (self.numbers % every == 0)
        filters = Filters(categories=(f"every.{every}",)) if every > 1 else Filters()
        shares = []
        for query in near_topics(QUERIES, seed=3):
            cosines = np.where(is_passing, self.vectors @ query, -2)
            truth = self.numbers[np.argsort(-cosines)[: min(10, is_passing.sum())]]
            found = keys(self.engine.dense(query, filters, k=10, among=None))
            assert is_passing[np.array(found) - 1].all()
            shares.append(len(np.intersect1d(truth, found)) / len(truth))
        return float(np.mean(shares))


@pytest.mark.parametrize("count", [2_000, 9_000])
def test_nine_of_the_ten_nearest_are_found(
    tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    """At every size and filter; after vectors were replaced in place, and after papers went."""
    folder = tmp_path_factory.mktemp("index")
    engine = open_engine(folder, dim=DIM, exact_limit=count - 1, threads=1)
    held = Held(engine, count)
    told = {f"trained, {every}": held.recall(every) for every in EVERY}
    held.replace(held.numbers[::11], seed=4)
    told |= {f"replaced, {every}": held.recall(every) for every in EVERY}
    held.remove(held.numbers[::13])
    told |= {f"removed, {every}": held.recall(every) for every in EVERY}

    assert engine.status().kind == "ivf-pq"
    assert {case: found for case, found in told.items() if found < ENOUGH} == {}
    engine.close()
