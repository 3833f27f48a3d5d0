"""The nearest are found: exactly in a small library, almost all of them in a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from broadsheet.index import open_engine
from broadsheet.model import Filters, Query
from tests.support_engine import indexed, keys, storable, words

if TYPE_CHECKING:
    import numpy.typing as npt

    from broadsheet.ports import Engine

ALL = Filters()
DIM = 64
PAPERS = 12_000
QUERIES = 40


def clustered(count: int, *, seed: int) -> npt.NDArray[np.float32]:
    """Return unit vectors around 200 centres, spread so that neighbours are no copies."""
    centres = np.random.default_rng(1).normal(size=(200, DIM))
    chance = np.random.default_rng(seed)
    made = centres[chance.integers(200, size=count)] + chance.normal(size=(count, DIM))
    return storable(made)


@pytest.fixture(scope="module")
def vectors() -> npt.NDArray[np.float32]:
    """The vectors of the papers; paper k has row k - 1."""
    return clustered(PAPERS, seed=2)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, vectors: npt.NDArray[np.float32]) -> Engine:
    """An approximate engine: trained on most of the papers, the newest have come since."""
    made = open_engine(tmp_path_factory.mktemp("index"), dim=DIM, exact_limit=5_000, threads=1)
    numbers = list(range(1, PAPERS + 1))
    made.apply(
        [indexed(k, categories=(f"tens.{k % 10}", f"thousands.{k % 1000}")) for k in numbers],
        [],
        position=1,
    )
    old = PAPERS - 500
    made.put_vectors(numbers[:old], vectors[:old], encoder="space/one")
    made.optimize()
    made.put_vectors(numbers[old:], vectors[old:], encoder="space/one")
    made.optimize()  # too few are new: nothing to do
    return made


def recall(engine: Engine, vectors: npt.NDArray[np.float32], filters: Filters, step: int) -> float:
    """Return the mean share of the true ten nearest, among every ``step``-th paper, found."""
    shares = []
    numbers = np.arange(1, PAPERS + 1)
    allowed = numbers % step == 0
    for query in clustered(QUERIES, seed=3):
        cosines = np.where(allowed, vectors @ query, -2)
        truth = set(numbers[np.argsort(-cosines)[:10]].tolist())
        found = keys(engine.dense(query, filters, k=10, among=None))
        shares.append(len(truth & set(found)) / len(truth))
    return float(np.mean(shares))


@pytest.mark.parametrize(
    ("filters", "step"),
    [
        pytest.param(ALL, 1, id="of all"),
        pytest.param(Filters(categories=("tens.0",)), 10, id="of a tenth"),
        pytest.param(Filters(categories=("thousands.0",)), 1000, id="of a thousandth"),
    ],
)
def test_recall_of_the_approximate_index(
    engine: Engine, vectors: npt.NDArray[np.float32], filters: Filters, step: int
) -> None:
    """At least nine of the ten nearest, however few papers pass the filter."""
    assert engine.status().kind == "ivf-pq"
    assert recall(engine, vectors, filters, step) >= 0.9


def test_scores_are_exact_where_candidates_are_not(
    engine: Engine, vectors: npt.NDArray[np.float32]
) -> None:
    """Fusion compares cosines of both tiers."""
    query = clustered(1, seed=4)[0]

    found = engine.dense(query, ALL, k=50, among=None)

    assert found.scores == pytest.approx(vectors[found.keys - 1] @ query, abs=1e-3)


def test_new_replaced_and_gone_vectors_count_at_once(
    engine: Engine, vectors: npt.NDArray[np.float32]
) -> None:
    """Nobody waits for the next training."""
    query = clustered(1, seed=5)[0]
    (nearest,) = keys(engine.dense(query, ALL, k=1, among=None))

    engine.put_vectors([nearest], -query[None], encoder="space/two")
    engine.put_vectors([1], query[None], encoder="space/two")
    assert keys(engine.dense(query, ALL, k=1, among=None)) == [1]
    assert nearest not in keys(engine.dense(query, ALL, k=100, among=None))

    engine.apply([], [1], position=2)
    assert 1 not in keys(engine.dense(query, ALL, k=100, among=None))

    for number in (1, nearest):  # as they were, for other tests
        engine.apply([indexed(number, categories=("tens.1",))], [], position=3)
        engine.put_vectors([number], vectors[number - 1 : number], encoder="space/one")


def test_enough_new_vectors_are_taken_in(
    tmp_path_factory: pytest.TempPathFactory, vectors: npt.NDArray[np.float32]
) -> None:
    """Housekeeping trains once the limit is passed, again when a tenth is new, and is kept."""
    folder = tmp_path_factory.mktemp("index")
    made = open_engine(folder, dim=DIM, exact_limit=1_000, threads=1)
    made.apply([indexed(k) for k in range(1, 3_001)], [], position=1)
    kinds, files = [], []
    for first, last in ((0, 900), (900, 1_100), (1_100, 1_150), (1_150, 3_000)):
        made.put_vectors(list(range(first + 1, last + 1)), vectors[first:last], encoder="s/one")
        made.optimize()
        kinds.append(made.status().kind)
        files.append({path.name for path in folder.glob("papers-*/ivf-*.faiss")})
    made.close()

    assert kinds == ["exact", "ivf-pq", "ivf-pq", "ivf-pq"]
    assert [len(names) for names in files] == [0, 1, 1, 1]
    assert files[1] == files[2] != files[3]

    again = open_engine(folder, dim=DIM, exact_limit=1_000, threads=1)

    assert again.status().kind == "ivf-pq"
    assert keys(again.dense(vectors[2_000], ALL, k=1, among=None)) == [2_001]
    again.close()


def test_rows_that_no_longer_count_are_dropped(
    tmp_path_factory: pytest.TempPathFactory, vectors: npt.NDArray[np.float32]
) -> None:
    """A library whose papers change for years does not grow for ever, and loses nothing."""
    folder = tmp_path_factory.mktemp("index")
    made = open_engine(folder, dim=DIM, exact_limit=500, threads=1)
    reader = open_engine(folder, dim=DIM, exact_limit=500, threads=1)
    numbers = list(range(1, 1_201))
    for version in range(11):
        papers = [
            indexed(k, f"v{version}", authors=(f"Ada N{k}",), topics=(f"t{k}",)) for k in numbers
        ]
        made.apply(papers, [1_200], position=version)
    made.put_vectors(numbers[:-1], vectors[:1_199], encoder="s/one")
    before = made.status()

    made.optimize()
    reader.refresh()

    for engine in (made, reader):
        after = engine.status()
        assert (after.position, after.indexed, after.encoded) == (10, 1_200, 1_199)
        assert after.kind == "ivf-pq"
        found = engine.lexical(
            Query(text=""), Filters(authors=("n77 ada",), topics=("t77",)), k=5, among=None
        )
        assert keys(found) == [77]
        assert keys(engine.dense(vectors[76], ALL, k=1, among=None)) == [77]
        assert list(engine.pending(encoder="s/one", limit=9)) == [1_200]
        assert engine.check(numbers) == []
    assert before.indexed == 1_200
    assert sum(path.stat().st_size for path in folder.glob("papers-*/rows.bin")) < 1_300 * 56
    made.apply([indexed(5, "after")], [], position=11)
    assert keys(made.lexical(words("after"), ALL, k=5, among=None)) == [5]
    made.close()
    reader.close()
